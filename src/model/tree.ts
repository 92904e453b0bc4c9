import type { JsonEntry, JsonNode, JsonObjectNode } from "./document.js";
import type { JsonValue } from "./json.js";
import type { Origin } from "./origin.js";

const indexes = new WeakMap<JsonObjectNode, ReadonlyMap<string, JsonEntry>>();

/** The entry of that key; undefined for other nodes and other keys. */
export function entryOf(node: JsonNode | undefined, key: string): JsonEntry | undefined {
  if (node?.kind !== "object") return undefined;
  if (node.entries.length < 16) return node.entries.find((entry) => entry.key === key);
  let index = indexes.get(node);
  if (index === undefined) indexes.set(node, (index = new Map(node.entries.map((entry) => [entry.key, entry]))));
  return index.get(key);
}

/** The text of a string node; undefined for all others. */
export function stringOf(node: JsonNode | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

/** A tree as plain JSON. A key `__proto__` becomes a property of its own like any other. */
export function jsonOf(node: JsonNode): JsonValue {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "array":
      return node.items.map(jsonOf);
    case "object":
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, jsonOf(value)]));
  }
}

/** A `$ref` as it stands in a document. */
export interface WrittenRef {
  /** The object that holds it. */
  readonly node: JsonObjectNode;
  readonly value: string;
  /** Of the value. */
  readonly origin: Origin;
}

/** The `$ref` of a reference object. */
export function refOf(node: JsonNode | undefined): WrittenRef | undefined {
  const value = entryOf(node, "$ref")?.value;
  const text = stringOf(value);
  if (node?.kind !== "object" || value === undefined || text === undefined) return undefined;
  return { node, value: text, origin: value.origin };
}

/** True for `https://…` and every other target with a scheme; `C:/…` is a path. */
export function isRemote(target: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(target);
}

/** Keys whose entries are named by the author, so that an entry may be called like a keyword. */
export const nameContainers: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "definitions",
  "$defs",
  "schemas",
  "messages",
  "channels",
  "operations",
  "servers",
  "parameters",
]);

/** Keywords whose values are data of the user: a `$ref` in there refers to nothing. */
export const dataKeys: ReadonlySet<string> = new Set(["example", "examples", "default", "const", "enum"]);

/** Every `$ref` of a tree in document order, those inside of examples and other data left out. */
export function* writtenRefs(root: JsonNode): Generator<WrittenRef> {
  // aliases share nodes, so one node may be met many times
  const seen = new Set<JsonNode>();
  const stack: { readonly node: JsonNode; readonly names: boolean }[] = [{ node: root, names: false }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, names } = next;
    if (node.kind === "scalar" || seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "array") {
      for (const item of node.items.toReversed()) stack.push({ node: item, names: false });
      continue;
    }
    const ref = refOf(node);
    if (ref !== undefined) yield ref;
    for (const { key, value } of node.entries.toReversed()) {
      if (!names && dataKeys.has(key)) continue;
      stack.push({ node: value, names: !names && nameContainers.has(key) });
    }
  }
}
