import type { JsonNode, JsonObjectNode } from "./document.js";
import { dataKeys, entryOf, isRemote, nameContainers, refOf, stringOf } from "./tree.js";

/** The schemas of a document that `$id` gives a URI or, in draft 7, an anchor (`#name`). */
export interface SchemaIds {
  /** The path of the schema that a `$ref` means by its `$id`, and the JSON pointer within it; undefined: none does. */
  find(ref: JsonObjectNode, value: string): { readonly path: readonly string[]; readonly pointer: string } | undefined;
}

const known = new WeakMap<JsonNode, SchemaIds>();
const none: SchemaIds = { find: () => undefined };

/** The `$id`s below a document's root; `path` is the document's own. */
export function schemaIdsOf(root: JsonNode, path: string): SchemaIds {
  let ids = known.get(root);
  if (ids === undefined) known.set(root, (ids = collect(root, path)));
  return ids;
}

interface Visit {
  readonly node: JsonNode;
  readonly path: readonly string[];
  readonly base: string;
  /** Its keys are names, no keywords. */
  readonly names: boolean;
}

function collect(root: JsonNode, path: string): SchemaIds {
  const own = isRemote(path) ? path : `document://local/${path}`;
  const paths = new Map<string, readonly string[]>();
  const bases = new Map<JsonNode, string>();
  const seen = new Set<JsonNode>();
  const open: Visit[] = [{ node: root, path: [], base: own, names: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, names } = next;
    // aliases share nodes, and long chains of them must not cost their square
    if (node.kind === "scalar" || seen.has(node)) continue;
    seen.add(node);
    let { base } = next;
    // beside a $ref it says nothing
    const id = names || refOf(node) !== undefined ? undefined : stringOf(entryOf(node, "$id")?.value);
    const uri = id === undefined ? undefined : resolveUri(id, base);
    if (uri !== undefined) {
      const named = uri.endsWith("#") ? uri.slice(0, -1) : uri;
      if (!paths.has(named)) paths.set(named, next.path);
      if (!named.includes("#")) base = named;
    }
    if (base !== own) bases.set(node, base);
    const parts: readonly (readonly [string, JsonNode])[] =
      node.kind === "array"
        ? node.items.map((item, i) => [`${i}`, item] as const)
        : node.entries.map(({ key, value }) => [key, value] as const);
    for (const [key, value] of parts) {
      if (node.kind === "object" && !names && dataKeys.has(key)) continue;
      const inner = node.kind === "object" && !names && nameContainers.has(key);
      open.push({ node: value, path: [...next.path, key], base, names: inner });
    }
  }
  if (paths.size === 0) return none;
  return {
    find(ref, value) {
      const uri = resolveUri(value, bases.get(ref) ?? own);
      if (uri === undefined) return undefined;
      const hash = uri.indexOf("#");
      const resource = hash < 0 ? uri : uri.slice(0, hash);
      const fragment = hash < 0 ? "" : uri.slice(hash + 1);
      const whole = paths.get(fragment === "" || fragment.startsWith("/") ? resource : uri);
      return whole && { path: whole, pointer: fragment.startsWith("/") ? fragment : "" };
    },
  };
}

function resolveUri(reference: string, base: string): string | undefined {
  try {
    // a URN has no hierarchy to resolve in
    if (reference.startsWith("#")) return `${base.split("#", 1)[0] ?? ""}${reference}`;
    return new URL(reference, base).href;
  } catch {
    return undefined;
  }
}
