import type { GeneratorId, ValueForms } from "../model/index.js";

/**
 * What `wirespan.config.ts` (`.mts`, `.js`, `.mjs`, `.json`, `.yaml`) or the key `wirespan` of `package.json` may say.
 * Every key has a default; paths are relative to the file. Flags of the command line win over it.
 *
 * @example
 * export default defineConfig({
 *   inputs: ["contracts"],
 *   include: ["contracts"],
 *   out: "src/gen",
 * });
 */
export interface WirespanConfig {
  /** Contracts: files, folders or globs. Default: every contract below the configuration file. */
  readonly inputs?: readonly string[] | undefined;
  /** Folders that imports and output paths start from. Default: what the packages of the protos imply. */
  readonly include?: readonly string[] | undefined;
  /** The output folder. Default: `src/gen`. */
  readonly out?: string | undefined;
  /** The generators that write. Default: all that the contracts call for, except `docs`. */
  readonly only?: readonly GeneratorId[] | undefined;
  /** The ending of relative imports in emitted code. Default: `auto`, what the nearest `tsconfig.json` asks for. */
  readonly importExtension?: "auto" | "js" | "ts" | "none" | undefined;
  /** What emitted code imports the runtime from. Default: `@wirespan/runtime`. */
  readonly runtimeImport?: string | undefined;
  /** What 64-bit fields without `jstype` are in messages. Default: `bigint`. */
  readonly int64?: ValueForms["int64"] | undefined;
  /** What Timestamp fields are in messages: the message, a `Date` or RFC 3339 text. Default: `message`. */
  readonly timestamp?: ValueForms["timestamp"] | undefined;
  /** What enum values are in messages: numbers or the names of the members. Default: `const`, numbers. */
  readonly enums?: ValueForms["enums"] | undefined;
  /** Writes `….desc.ts` beside services: descriptors for the reflection service. Default: false. */
  readonly reflection?: boolean | undefined;
  /** `prettier` formats outputs with the project's prettier settings. Default: `none`. */
  readonly formatter?: "none" | "prettier" | undefined;
  /** The protocol of AsyncAPI documents that name none: `amqp`, `kafka`, … Default: such documents give models only. */
  readonly protocol?: string | undefined;
  /** What holds for every method unless its file, its service or itself says otherwise. Default: nothing. */
  readonly policies?: PolicyConfig | undefined;
  /** Lists the faults of AsyncAPI documents as warnings and goes on where the rest is usable. Default: false. */
  readonly lenient?: boolean | undefined;
  /** Turns doubtful contracts into errors: a protocol without a broker of ours, for example. Default: false. */
  readonly strict?: boolean | undefined;
  /** Follows `$ref`s to http(s) addresses. Default: false. */
  readonly allowRemoteRefs?: boolean | undefined;
}

/**
 * Defaults for the methods of all contracts. Durations are ISO 8601, `PT0.5S`; what the values mean, and what they may
 * be, stands in `wirespan/options.proto`.
 *
 * @example { timeout: "PT5S", limit: { concurrency: 100 }, scopes: { "users.read": "See users." } }
 */
export interface PolicyConfig {
  /** How long a call may take in all. */
  readonly timeout?: string;
  /** When a failed call of an idempotent method is tried again. */
  readonly retry?: {
    readonly maxAttempts?: number;
    readonly initialBackoff?: string;
    readonly backoffMultiplier?: number;
    readonly maxBackoff?: string;
    /** Names of gRPC's status codes. */
    readonly codes?: readonly string[];
    readonly attemptTimeout?: string;
  };
  /** When further copies of a call of an idempotent method are sent. */
  readonly hedge?: {
    readonly maxAttempts?: number;
    readonly delay?: string;
    readonly nonFatalCodes?: readonly string[];
  };
  /** How many calls a server takes of each method. */
  readonly limit?: {
    readonly rate?: number;
    readonly burst?: number;
    readonly key?: "method" | "peer" | { readonly claim: string };
    readonly concurrency?: number;
    readonly maxQueue?: number;
  };
  /** Who may call. */
  readonly auth?: {
    readonly public?: boolean;
    readonly scopes?: readonly string[];
  };
  /** How long answers of unary methods without side effects are good for. */
  readonly cache?: {
    readonly ttl?: string;
    readonly keyFields?: readonly string[];
    readonly invalidatedBy?: readonly string[];
  };
  /** When calls fail at once instead of reaching a server that is down. */
  readonly breaker?: {
    readonly kind?: "ramp" | "classic" | "sre";
    readonly window?: string;
    readonly minCalls?: number;
    readonly failureRatio?: number;
    readonly open?: string;
    readonly maxProbes?: number;
    readonly variant?: "aegis" | "go-zero";
  };
  /** Scopes that methods may ask for: names with their descriptions. */
  readonly scopes?: Readonly<Record<string, string>>;
}

/**
 * Gives an editor the types of the configuration; returns what it gets.
 *
 * @example export default defineConfig({ out: "src/gen" });
 */
export function defineConfig(config: WirespanConfig): WirespanConfig {
  return config;
}
