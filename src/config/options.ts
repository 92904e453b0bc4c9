import {
  brokers,
  enumForms,
  generatorIds,
  int64Forms,
  socketProtocol,
  timestampForms,
  type GeneratorId,
} from "../model/index.js";
import type { WirespanConfig } from "./define.js";

/** What values an option takes. */
export type OptionType =
  | { readonly kind: "string" }
  | { readonly kind: "boolean" }
  | { readonly kind: "strings" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  /** One of these or another name of it, such as `amqps` for `amqp`. */
  | { readonly kind: "name"; readonly values: readonly string[] }
  | { readonly kind: "choices"; readonly values: readonly string[] }
  /** Defaults for methods, see `PolicyConfig`. */
  | { readonly kind: "policies" };

/** One option: the configuration, its JSON Schema, the command's flag and the docs all derive from this. */
export interface OptionSpec {
  readonly type: OptionType;
  /** A path, relative to the configuration file or, as a flag, to the working directory. */
  readonly path: boolean;
  /** The value when nobody says anything; undefined: see `doc`. */
  readonly default: string | boolean | readonly string[] | undefined;
  /** One sentence for help texts, without a full stop. */
  readonly doc: string;
  readonly example: string;
  /** The flag of the command line as commander spells it; undefined: positional arguments. */
  readonly flag: string | undefined;
}

/** What documents that name no protocol may be given; a server asks for NATS without JetStream by another key. */
const protocols: readonly string[] = [
  ...brokers.filter(({ id }) => id !== "nats-core").map(({ protocol }) => protocol),
  socketProtocol,
];

/** Every option there is, in the order in which help texts list them. */
export const options: { readonly [K in keyof WirespanConfig]-?: OptionSpec } = {
  inputs: {
    type: { kind: "strings" },
    path: true,
    default: [],
    doc: "contracts: files, folders or globs (default: every contract below the project folder)",
    example: '["contracts"]',
    flag: undefined,
  },
  include: {
    type: { kind: "strings" },
    path: true,
    default: [],
    doc: "a folder that imports and output paths start from; repeat it for more",
    example: '["contracts"]',
    flag: "-I, --include <dir>",
  },
  out: {
    type: { kind: "string" },
    path: true,
    default: "src/gen",
    doc: "the output folder",
    example: '"src/gen"',
    flag: "-o, --out <dir>",
  },
  only: {
    type: { kind: "choices", values: generatorIds },
    path: false,
    default: undefined,
    doc: "the generators that write, separated by commas (default: all that the contracts call for, except docs)",
    example: '["messages", "rpc"]',
    flag: "--only <generators>",
  },
  importExtension: {
    type: { kind: "choice", values: ["auto", "js", "ts", "none"] },
    path: false,
    default: "auto",
    doc: "the ending of relative imports in emitted code; auto asks the nearest tsconfig.json",
    example: '"ts"',
    flag: "--import-extension <ending>",
  },
  runtimeImport: {
    type: { kind: "string" },
    path: false,
    default: "@wirespan/runtime",
    doc: "what emitted code imports the runtime from",
    example: '"#runtime"',
    flag: "--runtime-import <specifier>",
  },
  int64: {
    type: { kind: "choice", values: int64Forms },
    path: false,
    default: "bigint",
    doc: "what 64-bit fields without jstype are; number refuses what it cannot hold exactly",
    example: '"number"',
    flag: "--int64 <form>",
  },
  timestamp: {
    type: { kind: "choice", values: timestampForms },
    path: false,
    default: "message",
    doc: "what Timestamp fields are; date cuts what is finer than milliseconds, string is RFC 3339",
    example: '"date"',
    flag: "--timestamp <form>",
  },
  enums: {
    type: { kind: "choice", values: enumForms },
    path: false,
    default: "const",
    doc: "what enum values are: const for the numbers of a constant object, string for the names of its members",
    example: '"string"',
    flag: "--enums <form>",
  },
  reflection: {
    type: { kind: "boolean" },
    path: false,
    default: false,
    doc: "write descriptors beside services, ….desc.ts, for servers with gRPC reflection",
    example: "true",
    flag: "--reflection",
  },
  formatter: {
    type: { kind: "choice", values: ["none", "prettier"] },
    path: false,
    default: "none",
    doc: "prettier formats the outputs with the project's prettier settings",
    example: '"prettier"',
    flag: "--formatter <name>",
  },
  protocol: {
    type: { kind: "name", values: protocols },
    path: false,
    default: undefined,
    doc: "the protocol of AsyncAPI documents that name none (default: such documents give models only)",
    example: '"amqp"',
    flag: "--protocol <id>",
  },
  policies: {
    type: { kind: "policies" },
    path: false,
    default: undefined,
    doc: "what holds for every method unless its file, its service or itself says otherwise (docs/policies.md)",
    example: '{ "timeout": "PT5S" }',
    flag: undefined,
  },
  lenient: {
    type: { kind: "boolean" },
    path: false,
    default: false,
    doc: "list the faults of AsyncAPI documents as warnings and go on where the rest is usable",
    example: "true",
    flag: "--lenient",
  },
  strict: {
    type: { kind: "boolean" },
    path: false,
    default: false,
    doc: "turn doubtful contracts into errors, such as a protocol without a broker of ours",
    example: "true",
    flag: "--strict",
  },
  allowRemoteRefs: {
    type: { kind: "boolean" },
    path: false,
    default: false,
    doc: "follow $refs to http(s) addresses",
    example: "true",
    flag: "--allow-remote-refs",
  },
};

/** A key of the configuration. */
export type OptionName = keyof WirespanConfig;

/** The keys of the configuration. */
export const optionNames: readonly OptionName[] = Object.keys(options).filter((name): name is OptionName =>
  Object.hasOwn(options, name),
);

/** True for the name of a generator. */
export function isGeneratorId(name: string): name is GeneratorId {
  return generatorIds.some((id) => id === name);
}
