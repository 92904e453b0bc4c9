import {
  embeddedProtos,
  type EventMessage,
  jsonOf,
  type JsonValue,
  type Payload,
  type Schema,
  stringOf,
} from "../../model/index.js";
import { readBindings, textAt } from "./bindings.js";
import { isDeprecated, readTags } from "./channels.js";
import type { Context } from "./context.js";
import { checkExamples } from "./examples.js";
import { schemaFormatOf } from "./formats.js";
import { joinNames, withoutPackage } from "./names.js";
import { child, children, type Place } from "./place.js";
import { missingInPayload } from "./pointers.js";
import { wrong } from "./policy-reader.js";
import { jsonFormats } from "./schema-shapes.js";
import type { Schemas } from "./schemas.js";
import { applyTraits } from "./traits.js";

/** Reads messages: of channels, of components. */
export interface Messages {
  /**
   * The message at a place whose `$ref`s are followed.
   *
   * @param id Its key in the channel.
   * @param name What its schemas are named after.
   */
  read(place: Place, id: string, name: string): EventMessage;
}

interface PayloadSource {
  /** Undefined: the message has no payload. */
  readonly place: Place | undefined;
  readonly mediaType: string;
}

export function createMessages(context: Context, schemas: Schemas, root: Place): Messages {
  const defaultContentType = context.text(root, "defaultContentType");

  function read(written: Place, id: string, name: string): EventMessage {
    const place = applyTraits(context, written);
    const payload = payloadOf(place, name);
    const headers = child(place, "headers");
    const correlationId = context.field(place, "correlationId");
    const described = headers && headersOf(headers, name);
    checkExamples(context, schemas, place, name, payload, described);
    const bindings = readBindings(context, place, "message");
    return {
      id,
      name: context.text(place, "name") || id,
      title: context.text(place, "title"),
      summary: context.text(place, "summary"),
      description: context.text(place, "description"),
      contentType: contentTypeOf(place, bindings) || defaultContentType || impliedContentType(payload),
      payload,
      headers: described,
      correlationId: locationOf(correlationId, payload, name, "correlationId"),
      key: keyOf(place, payload, name),
      bindings,
      tags: readTags(context, place),
      deprecated: isDeprecated(place),
      examples: examplesOf(place),
      origin: written.node.origin,
    };
  }

  /** What the message says wins over what MQTT is to call it: there is one content type for all protocols. */
  function contentTypeOf(place: Place, bindings: EventMessage["bindings"]): string {
    const own = context.text(place, "contentType");
    const bound = textAt(bindings.get("mqtt"), "contentType");
    if (own === "" || bound === "" || own === bound) return own || bound;
    const at = child(context.field(context.field(place, "bindings"), "mqtt"), "contentType") ?? place;
    const reason = `the message's \`contentType\` is ${JSON.stringify(own)}`;
    context.warn("E3022", at.node.origin, { key: "bindings.mqtt.contentType", reason, nearest: undefined });
    return own;
  }

  function payloadOf(place: Place, name: string): Payload {
    const { place: payload, mediaType } = sourceOf(place);
    if (payload === undefined) return { kind: "opaque", format: "", schema: undefined };
    const { end } = context.refs.chain(payload);
    if (end?.kind === "proto") {
      context.protoFiles.add(context.input.protoFileOf(end.typeName));
      return { kind: "proto", typeName: end.typeName };
    }
    const format = schemaFormatOf(mediaType);
    const schemaName = joinNames(name, "Payload");
    const { origin } = payload.node;
    switch (format) {
      case "json":
      case "draft7":
      case "openapi":
        return { kind: "schema", schema: schemas.convertNamed(payload, schemaName, jsonFormats[format]) };
      case "avro":
        return { kind: "schema", ...schemas.convertAvro(payload, schemaName) };
      case "protobuf":
        // a broken reference was reported as such
        return end === undefined
          ? { kind: "opaque", format: mediaType, schema: undefined }
          : protoOf(payload, mediaType, name);
      case "other":
        if (end !== undefined) context.warn("E3040", origin, { message: name, format: mediaType });
        return { kind: "opaque", format: mediaType, schema: undefined };
    }
  }

  /** The message of a proto that stands in the document as text: its only one, or the one that has the name. */
  function protoOf({ node, document }: Place, mediaType: string, name: string): Payload {
    const inside = embeddedProtos(document.root, document.source.path).find((embedded) => embedded.node === node);
    if (inside === undefined) {
      context.warn("E3040", node.origin, { message: name, format: mediaType });
      return { kind: "opaque", format: mediaType, schema: undefined };
    }
    const declared = [...context.input.messages.values()].filter(
      ({ file, parent }) => file === inside.path && parent === undefined,
    );
    const [only] = declared;
    const found = declared.length === 1 ? only : declared.find((message) => message.name === name);
    if (found === undefined) {
      context.fault("E3046", node.origin, { message: name, declared: declared.map((message) => message.name) });
      return { kind: "opaque", format: mediaType, schema: undefined };
    }
    context.protoFiles.add(inside.path);
    return { kind: "proto", typeName: found.typeName };
  }

  /** 2.x has the format beside the payload, 3.x around it; a component may have it around the schema too. */
  function sourceOf(place: Place): PayloadSource {
    const payload = child(place, "payload");
    const followed = payload && context.refs.follow(payload);
    const inner = child(followed, "schema");
    const mediaType = stringOf(child(followed, "schemaFormat")?.node);
    if (inner !== undefined && mediaType !== undefined) return { place: inner, mediaType };
    return { place: payload, mediaType: context.text(place, "schemaFormat") };
  }

  function headersOf(headers: Place, name: string): Schema {
    return schemas.convert(headers, joinNames(name, "Headers"), jsonFormats.json);
  }

  function keyOf(place: Place, payload: Payload, name: string): string | undefined {
    const found = context.field(place, "x-key");
    if (found === undefined) return undefined;
    const expression = stringOf(found.node) ?? "";
    const [, source, pointer] = /^\$message\.(payload|header)#(\/.+)$/.exec(expression) ?? [];
    if (pointer === undefined) {
      return wrong(context, found.node, "x-key", "an expression like $message.payload#/id or $message.header#/key");
    }
    const missing = source === "payload" ? missingInPayload(context, schemas, payload, pointer) : undefined;
    if (missing !== undefined) {
      context.fault("E3025", found.node.origin, { key: "x-key", pointer, message: name, ...missing });
    }
    return expression;
  }

  /** Where something is found in the message; a place in the payload that cannot be there is said. */
  function locationOf(place: Place | undefined, payload: Payload, name: string, key: string): string | undefined {
    const location = context.text(place, "location");
    if (location === "") return undefined;
    const pointer = /^\$message\.payload#(\/.+)$/.exec(location)?.[1];
    const missing = pointer === undefined ? undefined : missingInPayload(context, schemas, payload, pointer);
    const at = child(place, "location")?.node.origin;
    if (pointer !== undefined && missing !== undefined && at !== undefined) {
      context.warn("E3025", at, { key, pointer, message: name, ...missing });
    }
    return location;
  }

  function examplesOf(place: Place): readonly JsonValue[] {
    return children(context.field(place, "examples")).flatMap((example) => {
      const payload = context.field(example, "payload");
      return payload === undefined ? [] : [jsonOf(payload.node)];
    });
  }

  return { read };
}

function impliedContentType(payload: Payload): string {
  switch (payload.kind) {
    case "proto":
      return "application/protobuf";
    case "schema":
      return payload.avro === undefined ? "application/json" : "avro/binary";
    case "opaque":
      return "application/octet-stream";
  }
}

/** What the schemas of a message are named after. */
export function messageName(place: Place, fallback: string): string {
  const { path, document } = place;
  const named = path.at(-2) === "messages" || (!document.entry && path.length === 1);
  return withoutPackage(named ? (path.at(-1) ?? fallback) : fallback);
}
