import type { PartResult } from "../judge.js";

/** @throws {MissingTool} where Go is missing. */
export function run(parts?: readonly string[]): Promise<Readonly<Record<string, PartResult>>>;

export function readOutput(output: string): {
  readonly passed: number;
  readonly failures: ReadonlyMap<string, readonly string[]>;
};
