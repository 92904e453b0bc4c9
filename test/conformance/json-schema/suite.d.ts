import type { JsonValue } from "../../../src/model/index.js";

export interface Group {
  readonly name: string;
  readonly schema: JsonValue;
  readonly tests: readonly { readonly description: string; readonly data: JsonValue; readonly valid: boolean }[];
}

export declare function groupsOf(path: string): readonly Group[];
export declare function remotes(): Readonly<Record<string, JsonValue>>;
