import type { JsonNode } from "./document.js";
import { entryOf, stringOf } from "./tree.js";

/** The text of a proto file that stands in an AsyncAPI document as the schema of a payload. */
export interface EmbeddedProto {
  /** As if it lay beside the document: `events/orders.OrderPlaced.proto`. */
  readonly path: string;
  readonly text: string;
  /** The scalar that holds it. */
  readonly node: JsonNode;
}

const known = new WeakMap<JsonNode, readonly EmbeddedProto[]>();

/** True for the media types that `schemaFormat` has for protobuf. */
export function isProtobufFormat(mediaType: string): boolean {
  const type = (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();
  return /^application\/(vnd\.google\.protobuf|x-protobuf|protobuf)$/.test(type);
}

/** The protos in a document, in its order; named after the messages they stand in. */
export function embeddedProtos(root: JsonNode, path: string): readonly EmbeddedProto[] {
  let found = known.get(root);
  if (found === undefined) known.set(root, (found = collect(root, path)));
  return found;
}

function collect(root: JsonNode, path: string): readonly EmbeddedProto[] {
  const found: EmbeddedProto[] = [];
  const stem = path.replace(/(?:\.asyncapi|\.events)?\.[^./]*$/, "");
  const taken = new Set<string>();
  const seen = new Set<JsonNode>();
  const open: { readonly node: JsonNode; readonly name: string }[] = [{ node: root, name: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, name } = next;
    if (node.kind === "scalar" || seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "array") {
      for (const item of node.items.toReversed()) open.push({ node: item, name });
      continue;
    }
    const text = protoText(node);
    if (text !== undefined) {
      const own = stringOf(entryOf(node, "name")?.value) ?? name;
      const safe = own.replace(/[^A-Za-z0-9_-]+/g, "_") || "message";
      let unique = safe;
      for (let i = 2; taken.has(unique); i++) unique = `${safe}_${i}`;
      taken.add(unique);
      found.push({ path: `${stem}.${unique}.proto`, text: stringOf(text) ?? "", node: text });
    }
    for (const { key, value } of node.entries.toReversed()) {
      open.push({ node: value, name: unnamed.has(key) ? name : key });
    }
  }
  return found;
}

/** Keys that say what something is, not what it is called. */
const unnamed: ReadonlySet<string> = new Set([
  "payload",
  "schema",
  "message",
  "messages",
  "oneOf",
  "publish",
  "subscribe",
]);

/** 2.x has the format beside the payload, 3.x around it. */
function protoText(node: JsonNode): JsonNode | undefined {
  const format = stringOf(entryOf(node, "schemaFormat")?.value);
  if (format === undefined || !isProtobufFormat(format)) return undefined;
  const value = entryOf(node, "schema")?.value ?? entryOf(node, "payload")?.value;
  return stringOf(value) === undefined ? undefined : value;
}
