import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { type Diagnostic, diagnostic } from "../../../src/diagnostics/index.js";
import { linkAsyncApi, type LinkAsyncApiOptions } from "../../../src/link/asyncapi/index.js";
import { parseAsyncApi } from "../../../src/load/asyncapi/index.js";
import type {
  AsyncApiDocument,
  EventsFile,
  Field,
  Message,
  ProtoDocument,
  SourceDocument,
  SourceText,
} from "../../../src/model/index.js";
import { haveCorpus } from "../../support/corpus.js";

/** The corpus of documents written by others; absent outside of our own checkouts. */
export const corpus: string = fileURLToPath(new URL("../../../../shared/corpus/asyncapi", import.meta.url));

export interface CorpusEntry {
  readonly dir: string;
  readonly entry: string;
  readonly valid: boolean;
  readonly channels: number;
  readonly operations: number;
}

export function readCorpus(): readonly CorpusEntry[] {
  if (!haveCorpus("linking documents written by others")) return [];
  return JSON.parse(readFileSync(`${corpus}/index.json`, "utf8")) as readonly CorpusEntry[];
}

export function source(path: string, text: string): SourceText {
  return { path, file: path, text, hash: createHash("sha256").update(text).digest("hex"), bundled: false };
}

export interface Linked {
  readonly file: EventsFile | undefined;
  readonly document: AsyncApiDocument | undefined;
  readonly documents: ReadonlyMap<string, AsyncApiDocument>;
  readonly diagnostics: readonly Diagnostic[];
  /** `code line:column message` of all diagnostics. */
  readonly found: readonly string[];
}

const options: LinkAsyncApiOptions = { protocol: undefined, lenient: false, strict: false };

interface LinkInput {
  /** Other files by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly messages?: readonly Message[];
  readonly options?: Partial<LinkAsyncApiOptions>;
  readonly path?: string;
}

/** Parses and links a document whose other files are given by path; plays what `load` does for remote `$ref`s. */
export function link(text: string, { files = {}, messages = [], options: more = {}, path }: LinkInput = {}): Linked {
  const diagnostics: Diagnostic[] = [];
  const report = (found: Diagnostic): void => void diagnostics.push(found);
  const entry = path ?? "doc.yaml";
  const documents = new Map<string, AsyncApiDocument>();
  const protos = new Map<string, ProtoDocument>();

  const load = (at: string, content: string, isEntry: boolean): AsyncApiDocument | undefined => {
    const parsed = parseAsyncApi(source(at, content), isEntry, report);
    if (parsed === undefined) return undefined;
    documents.set(at, parsed);
    for (const { target, kind, origin } of parsed.references) {
      if (kind === "remote") report(diagnostic("E1024", origin, { url: target }));
      const to = posix.join(posix.dirname(at), target);
      const other = files[to];
      if (other === undefined || documents.has(to)) continue;
      if (kind === "ref") load(to, other, false);
      if (kind === "proto-payload") protos.set(to, protoDocument(to));
    }
    return parsed;
  };

  const document = load(entry, text, true);
  const resolve = (from: string, target: string): SourceDocument | undefined => {
    const to = posix.join(posix.dirname(from), target);
    return documents.get(to) ?? protos.get(to);
  };
  const file =
    document &&
    linkAsyncApi(
      {
        document,
        resolve,
        messages: new Map(messages.map((message) => [message.typeName, message])),
        protoFileOf: (typeName) => messages.find((message) => message.typeName === typeName)?.file ?? "",
        options: { ...options, ...more },
      },
      report,
    );
  const found = diagnostics.map(
    ({ code, origin, message }) => `${code} ${origin?.line ?? 0}:${origin?.column ?? 0} ${message}`,
  );
  return { file, document, documents, diagnostics, found };
}

/** Errors only. */
export function errorsOf({ diagnostics }: Linked): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === "error");
}

export function codesOf({ diagnostics }: Linked): readonly string[] {
  return diagnostics.map(({ code }) => code);
}

/** Links a document of the corpus with the files beside it. */
export function linkCorpus({ dir, entry }: CorpusEntry, more: Partial<LinkAsyncApiOptions> = {}): Linked {
  const root = `${corpus}/${dir}`;
  const files = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, path) =>
        typeof path === "string" && existsSync(`${root}/${path}`) ? readFileSync(`${root}/${path}`, "utf8") : undefined,
    },
  );
  return link(readFileSync(`${root}/${entry}`, "utf8"), { files, path: entry, options: more });
}

const origin = { file: "user.proto", line: 1, column: 1, length: 1 };
const declared = {
  origin,
  comments: { leading: "", trailing: "", detached: [] },
  deprecated: false,
  options: new Map(),
};

/** A message of strings, as the proto linker would have it. */
export function protoMessage(typeName: string, file: string, fields: readonly string[]): Message {
  return {
    ...declared,
    kind: "message",
    name: typeName.split(".").at(-1) ?? "",
    typeName,
    file,
    parent: undefined,
    visibility: undefined,
    fields: fields.map((name, i): Field => ({
      ...declared,
      name,
      typeName: `${typeName}.${name}`,
      number: i + 1,
      jsonName: name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      type: { kind: "scalar", scalar: "string" },
      repeated: false,
      presence: "implicit",
      packed: false,
      delimited: false,
      validateUtf8: true,
      oneof: undefined,
      default: undefined,
      jsType: "normal",
    })),
    oneofs: [],
    messages: [],
    enums: [],
    extensions: [],
    extensionRanges: [],
    reservedRanges: [],
    reservedNames: [],
    messageSet: false,
  };
}

function protoDocument(path: string): ProtoDocument {
  return {
    kind: "proto",
    source: source(path, ""),
    references: [],
    syntax: "proto3",
    edition: "",
    package: "",
    packageOrigin: undefined,
    header: [],
    imports: [],
    options: [],
    messages: [],
    enums: [],
    services: [],
    extends: [],
  };
}
