import { type JsonEntry, type JsonNode, type JsonObjectNode, refOf } from "../../model/index.js";
import type { Context } from "./context.js";
import { child, children, type Place } from "./place.js";

/** Two trees that both recurse would merge for ever. */
const deepest = 32;

/**
 * The object with its `traits` merged in, JSON Merge Patch in the order of the list. In 2.x a trait wins over the
 * object it is applied to, in 3.x the object wins.
 */
export function applyTraits(context: Context, place: Place): Place {
  const traits = children(context.field(place, "traits"));
  if (traits.length === 0 || place.node.kind !== "object") return place;
  const layers = traits.flatMap((trait) => {
    const followed = context.refs.follow(trait);
    return followed?.node.kind === "object" ? [followed] : [];
  });
  const own = { ...place, node: without(place.node, "traits") };
  const [first, ...rest] = context.major === 2 ? [own, ...layers] : [...layers, own];
  if (first === undefined) return place;
  const merged = rest.reduce((base, layer) => mergePatch(context, base, layer, 0), first);
  return { ...place, node: merged.node.kind === "object" ? { ...merged.node, origin: place.node.origin } : place.node };
}

function without(node: JsonObjectNode, key: string): JsonObjectNode {
  return { ...node, entries: node.entries.filter((entry) => entry.key !== key) };
}

function mergePatch(context: Context, base: Place, patch: Place, depth: number): Place {
  // a reference stays one, with the name it leads to, unless both sides have something to say
  const into = refOf(base.node) === undefined ? base : context.refs.follow(base);
  const from = refOf(patch.node) === undefined ? patch : context.refs.follow(patch);
  if (into?.node.kind !== "object" || from?.node.kind !== "object" || depth >= deepest) return patch;
  if (into.node === from.node) return patch;
  const entries = new Map<string, JsonEntry>(into.node.entries.map((entry) => [entry.key, entry]));
  for (const entry of from.node.entries) {
    const before = child(into, entry.key);
    if (isNull(entry.value)) entries.delete(entry.key);
    else if (before === undefined) entries.set(entry.key, entry);
    else {
      const after = { ...from, node: entry.value };
      entries.set(entry.key, { ...entry, value: mergePatch(context, before, after, depth + 1).node });
    }
  }
  return { ...into, node: { ...from.node, entries: [...entries.values()] } };
}

function isNull(node: JsonNode): boolean {
  return node.kind === "scalar" && node.value === null;
}
