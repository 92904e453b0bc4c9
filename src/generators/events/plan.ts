import type { AvroCodec, EventMessage, EventsFile, NamedSchema, Schema } from "../../model/index.js";
import { pascalCase } from "../../plan/index.js";
import { referencedCodecs } from "../shared/avro-literal.js";
import { hoistSchemas } from "../shared/schema-hoist.js";
import { schemasWithInit } from "../shared/schema-types.js";
import { referencedSchemas } from "../shared/schema-validators.js";

/** How a message's payload travels and what it is to programs. */
export type PayloadPlan =
  | { readonly kind: "proto"; readonly typeName: string }
  /** JSON, Avro or plain text, of a named schema. */
  | { readonly kind: "json" | "avro" | "text"; readonly key: string }
  /** `typed`: the contract describes what is in there, but there is no codec for its content type. */
  | { readonly kind: "bytes"; readonly typed: boolean };

/** What one events file emits, before names. */
export interface EventsPlan {
  readonly schemas: readonly NamedSchema[];
  /** Keys of the schemas with a type of its own for writers. */
  readonly inits: ReadonlySet<string>;
  /** Keys of the schemas that need a shape: those of payloads and what they refer to. */
  readonly shapes: ReadonlySet<string>;
  /** Keys of the schemas that are payloads, and how they are written. */
  readonly payloads: ReadonlyMap<string, "json" | "avro" | "text">;
  /** Keys of the schemas that need an Avro codec: those of payloads and what they refer to. */
  readonly codecs: ReadonlySet<string>;
  payloadOf(message: EventMessage): PayloadPlan;
  /** The named schema of a message's headers; undefined where the contract describes none. */
  headersOf(message: EventMessage): string | undefined;
  /** @throws when the model is inconsistent, which is our bug. */
  resolve(key: string): Schema;
  /** The name that the author gave a schema. */
  authorName(key: string): string;
}

const plans = new WeakMap<EventsFile, EventsPlan>();

/** The plan of a file: declaring names and writing the file need the same one. */
export function planEvents(file: EventsFile): EventsPlan {
  let plan = plans.get(file);
  if (plan === undefined) plans.set(file, (plan = createPlan(file)));
  return plan;
}

function createPlan(file: EventsFile): EventsPlan {
  const messages = file.channels.flatMap((channel) => channel.messages);
  const own: NamedSchema[] = [...file.schemas];
  const payloadKeys = new Map<EventMessage, PayloadPlan>();
  const inline = new Map<string, string>();

  /** The key of a payload's schema; one that has no name is named after its message. */
  function keyOf(message: EventMessage, schema: Schema, avro?: AvroCodec): string {
    if (schema.kind === "ref") return schema.key;
    const { origin } = schema;
    const place = `${origin.file}:${origin.line}:${origin.column}`;
    let key = inline.get(place);
    if (key === undefined) {
      key = `payload ${place}`;
      inline.set(place, key);
      own.push({ key, name: pascalCase(message.name || message.id), schema, ...(avro && { avro }), origin });
    }
    return key;
  }

  /** The key of a headers' schema; one that has no name is named after its message. */
  function headersKeyOf(message: EventMessage, headers: Schema): string {
    if (headers.kind === "ref") return headers.key;
    const { file: at, line, column } = headers.origin;
    const key = `headers ${at}:${line}:${column}`;
    if (own.every((schema) => schema.key !== key)) {
      const name = `${pascalCase(message.name || message.id)}Headers`;
      own.push({ key, name, schema: headers, origin: headers.origin });
    }
    return key;
  }

  for (const message of messages) payloadKeys.set(message, payloadPlan(message, keyOf));
  const headerKeys = new Map<EventMessage, string>();
  // over WebSocket there are none to be typed
  for (const message of file.channels.flatMap((channel) => (channel.onBroker ? channel.messages : []))) {
    const { headers } = message;
    if (headers !== undefined && describesHeaders(headers, own))
      headerKeys.set(message, headersKeyOf(message, headers));
  }
  const schemas = hoistSchemas(own);
  const byKey = new Map(schemas.map((schema) => [schema.key, schema]));
  const payloads = new Map<string, "json" | "avro" | "text">();
  for (const plan of payloadKeys.values()) {
    if (plan.kind === "json" || plan.kind === "avro" || plan.kind === "text")
      payloads.set(plan.key, payloads.get(plan.key) ?? plan.kind);
  }

  for (const { socket } of file.channels) {
    for (const fields of [socket?.query, socket?.headers]) {
      if (fields?.kind === "ref") payloads.set(fields.key, payloads.get(fields.key) ?? "json");
    }
  }

  function find(key: string): NamedSchema {
    const found = byKey.get(key);
    if (found === undefined) throw new Error(`${file.path} has no schema ${key}`);
    return found;
  }

  const resolve = (key: string): Schema => find(key).schema;
  const roots = [...payloads.keys(), ...(file.modelsOnly ? [] : headerKeys.values())].map((key): Schema => ({
    ...resolve(key),
    kind: "ref",
    key,
  }));
  const avroRoots = [...payloads].flatMap(([key, kind]): AvroCodec[] =>
    kind === "avro" ? [{ kind: "ref", key }] : [],
  );
  return {
    schemas,
    codecs: referencedCodecs(avroRoots, (key) => find(key).avro),
    inits: schemasWithInit(schemas),
    shapes: referencedSchemas(roots, resolve),
    payloads,
    headersOf: (message) => headerKeys.get(message),
    payloadOf: (message) => payloadKeys.get(message) ?? { kind: "bytes", typed: false },
    resolve,
    authorName: (key) => find(key).name,
  };
}

/** Headers are named values: a schema that names none says nothing about them. */
function describesHeaders(schema: Schema, named: readonly NamedSchema[]): boolean {
  return headerProperties(schema, (key) => named.find((one) => one.key === key)?.schema).size > 0;
}

/** References that a schema of headers may go through. */
const deepest = 50;

/** The headers that a schema names, each with its schema; those of all parts of an `allOf`. */
export function headerProperties(
  schema: Schema,
  resolve: (key: string) => Schema | undefined,
  depth = 0,
): ReadonlyMap<string, Schema> {
  if (depth > deepest) return new Map();
  switch (schema.kind) {
    case "object":
      return new Map(schema.properties.map(({ name, schema: inner }) => [name, inner]));
    case "ref": {
      const target = resolve(schema.key);
      return target === undefined ? new Map() : headerProperties(target, resolve, depth + 1);
    }
    case "intersection":
    case "union":
      return new Map(schema.members.flatMap((member) => [...headerProperties(member, resolve, depth + 1)]));
    default:
      return new Map();
  }
}

function payloadPlan(
  message: EventMessage,
  keyOf: (message: EventMessage, schema: Schema, avro?: AvroCodec) => string,
): PayloadPlan {
  const { payload, contentType } = message;
  switch (payload.kind) {
    case "proto":
      return payload;
    case "opaque":
      return { kind: "bytes", typed: false };
    case "schema": {
      if (payload.schema.kind === "proto") return payload.schema;
      const essence = (contentType.split(";")[0] ?? "").trim().toLowerCase();
      // whatever its content type is: the codec can do all of them
      if (payload.avro !== undefined) return { kind: "avro", key: keyOf(message, payload.schema, payload.avro) };
      if (essence === "" || essence.endsWith("/json") || essence.endsWith("+json") || isMsgpack(essence)) {
        return { kind: "json", key: keyOf(message, payload.schema) };
      }
      const plain = essence.startsWith("text/") && payload.schema.kind !== "object";
      const key = keyOf(message, payload.schema);
      return plain ? { kind: "text", key } : { kind: "bytes", typed: true };
    }
  }
}

function isMsgpack(essence: string): boolean {
  return /^application\/(x-|vnd\.)?msgpack$|\+msgpack$/.test(essence);
}
