import type { Bindings, EventMessage, EventsFile, Origin, Schema } from "../model/index.js";
import type { Fact } from "./explanation.js";

/** One fact for each protocol; `prefix` says whose bindings they are. */
export function bindingFacts(bindings: Bindings, origin: Origin, prefix = ""): readonly Fact[] {
  return [...bindings].map(([protocol, binding]): Fact => ({
    label: `${prefix}${protocol} binding`,
    value: JSON.stringify(binding),
    origin,
  }));
}

/** What the messages of a channel or operation are. Of several, each fact says whose it is. */
export function messageFacts(file: EventsFile, messages: readonly EventMessage[]): readonly Fact[] {
  const prefix = ({ name, id }: EventMessage): string => (messages.length < 2 ? "" : `${name || id}: `);
  const each = (label: string, valueOf: (message: EventMessage) => string | undefined): readonly Fact[] =>
    messages.flatMap((message) => {
      const value = valueOf(message);
      return value === undefined ? [] : { label: `${prefix(message)}${label}`, value, origin: message.origin };
    });
  return [
    ...messages.map((message): Fact => ({ label: "message", value: messageText(message), origin: message.origin })),
    ...each("headers", ({ headers }) => headers && headersText(file, headers)),
    ...each("key", ({ key }) => key),
    ...each("correlation id", ({ correlationId }) => correlationId),
    ...messages.flatMap((message) => bindingFacts(message.bindings, message.origin, `message ${message.name}: `)),
  ];
}

function messageText({ name, contentType, payload }: EventMessage): string {
  switch (payload.kind) {
    case "proto":
      return `${name}: proto message ${payload.typeName} as ${contentType}`;
    case "schema":
      return `${name}: ${payload.avro === undefined ? "JSON Schema" : "Avro schema"} as ${contentType}`;
    case "opaque":
      return `${name}: bytes${payload.format === "" ? "" : ` (${payload.format})`} as ${contentType}`;
  }
}

function headersText(file: EventsFile, headers: Schema): string {
  const known = propertiesOf(file, headers, new Set());
  const texts = [...known].map(([name, { type, required }]) => `${name} (${type}${required ? ", required" : ""})`);
  return texts.length === 0 ? "any" : texts.join(", ");
}

interface Header {
  readonly type: string;
  readonly required: boolean;
}

function propertiesOf(file: EventsFile, schema: Schema, above: Set<string>): ReadonlyMap<string, Header> {
  const found = new Map<string, Header>();
  const add = (inner: Schema): void => {
    for (const [name, header] of propertiesOf(file, inner, above)) found.set(name, header);
  };
  switch (schema.kind) {
    case "ref": {
      const target = file.schemas.find(({ key }) => key === schema.key)?.schema;
      if (target !== undefined && !above.has(schema.key)) {
        above.add(schema.key);
        add(target);
        above.delete(schema.key);
      }
      break;
    }
    case "intersection":
      schema.members.forEach(add);
      break;
    case "object":
      for (const { name, required, schema: inner } of schema.properties) {
        found.set(name, { type: typeText(file, inner), required });
      }
      break;
    default:
  }
  return found;
}

function typeText(file: EventsFile, schema: Schema): string {
  switch (schema.kind) {
    case "ref":
      return file.schemas.find(({ key }) => key === schema.key)?.name ?? "any";
    case "enum":
      return schema.values.map((value) => JSON.stringify(value)).join(" | ");
    case "string":
    case "integer":
    case "number":
      return schema.format ?? schema.kind;
    default:
      return schema.kind;
  }
}
