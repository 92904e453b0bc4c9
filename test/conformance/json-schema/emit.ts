import { posix } from "node:path";
import { type Diagnostic } from "../../../src/diagnostics/index.js";
import { emitModel } from "../../../src/emit.js";
import { events } from "../../../src/generators/events/index.js";
import { linkAsyncApi } from "../../../src/link/asyncapi/index.js";
import { parseAsyncApi } from "../../../src/load/asyncapi/index.js";
import {
  type AsyncApiDocument,
  defaultForms,
  type EventsFile,
  isRemote,
  type JsonValue,
  type Model,
} from "../../../src/model/index.js";

/** How rules are read: to the letter, or as authors of AsyncAPI documents mean them. */
export type Dialect = "draft7" | "asyncapi";

/** What became of the schemas of a run. */
export interface Emitted {
  /** The module with a payload constant `S<i>` for each schema that was taken. */
  readonly text: string;
  /** Of those that were refused, and what was said of the others. */
  readonly diagnostics: ReadonlyMap<number, readonly Diagnostic[]>;
}

/**
 * Schemas as payloads of one AsyncAPI document, through linker and generator. A schema with an error is left out.
 *
 * @param remotes What `$ref`s to other files and URLs find, by URL.
 */
export async function emitSchemas(
  schemas: readonly JsonValue[],
  remotes: Readonly<Record<string, JsonValue>>,
  dialect: Dialect,
): Promise<Emitted> {
  const diagnostics = new Map<number, readonly Diagnostic[]>();
  const good: number[] = [];
  for (const i of schemas.keys()) {
    const { found, file } = link(schemas, [i], remotes, dialect);
    if (found.length > 0) diagnostics.set(i, found);
    if (file !== undefined && found.every(({ severity }) => severity !== "error")) good.push(i);
  }
  const { file } = link(schemas, good, remotes, dialect);
  if (file === undefined) throw new Error("the document of all schemas was refused");
  const outputs: string[] = [];
  const empty = new Map<string, never>();
  const model: Model = {
    protos: [],
    events: [file],
    messages: empty,
    enums: empty,
    services: empty,
    extensions: empty,
    files: empty,
  };
  await emitModel(
    model,
    { all: [events], active: [events] },
    { version: "0.0.0", out: "gen", importExtension: "js", runtimeImport: "@wirespan/runtime", ...defaultForms },
    { deliver: ({ content }) => void outputs.push(content) },
    (found) => {
      const i = Number(/schema(\d+)\.json$/.exec(found.origin?.file ?? "")?.[1] ?? -1);
      diagnostics.set(i, [...(diagnostics.get(i) ?? []), found]);
    },
  );
  return { text: outputs.join(""), diagnostics };
}

function link(
  schemas: readonly JsonValue[],
  chosen: readonly number[],
  remotes: Readonly<Record<string, JsonValue>>,
  dialect: Dialect,
): { readonly file: EventsFile | undefined; readonly found: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const documents = new Map<string, AsyncApiDocument>();
  const parse = (path: string, value: JsonValue, entry: boolean): AsyncApiDocument | undefined => {
    const text = JSON.stringify(value, undefined, 1);
    const source = { path, file: path, text, hash: path, bundled: false };
    const document = parseAsyncApi(source, entry, (diagnostic) => found.push(diagnostic));
    if (document !== undefined) documents.set(path, document);
    return document;
  };
  const resolve = (from: string, target: string): AsyncApiDocument | undefined => {
    const path = isRemote(target)
      ? target
      : isRemote(from)
        ? new URL(target, from).href
        : posix.join(posix.dirname(from), target);
    const remote = remotes[path];
    const own = schemas[Number(/^schema(\d+)\.json$/.exec(path)?.[1] ?? -1)];
    const value = remote ?? own;
    if (value === undefined) {
      const origin = { file: from, line: 1, column: 1, length: 1 };
      found.push({
        code: "E1024",
        severity: "error",
        message: `${target} is not there`,
        origin,
        help: undefined,
        related: [],
      });
      return undefined;
    }
    return documents.get(path) ?? parse(path, value, false);
  };
  const schemaFormat =
    dialect === "draft7"
      ? "application/schema+json;version=draft-07"
      : "application/vnd.aai.asyncapi+json;version=3.0.0";
  const messages = Object.fromEntries(
    chosen.map((i) => {
      const schema = typeof schemas[i] === "boolean" ? schemas[i] : { $ref: `schema${i}.json` };
      return [`S${i}`, { name: `S${i}`, payload: { schemaFormat, schema } }];
    }),
  );
  const document = parse(
    "main.json",
    { asyncapi: "3.0.0", info: { title: "t", version: "1" }, channels: { all: { address: "all", messages } } },
    true,
  );
  const file =
    document &&
    linkAsyncApi(
      {
        document,
        resolve,
        messages: new Map(),
        protoFileOf: () => "",
        options: { protocol: "amqp", lenient: false, strict: false },
      },
      (diagnostic) => found.push(diagnostic),
    );
  return { file, found };
}
