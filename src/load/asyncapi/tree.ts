import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Pair, type Scalar } from "yaml";
import { type Code, diagnostic, type Params, type Related, type Report } from "../../diagnostics/index.js";
import type { JsonEntry, JsonNode, JsonObjectNode, Origin } from "../../model/index.js";
import { limits } from "./limits.js";
import type { Positions } from "./positions.js";

/** Thrown and caught in this file: the rest of the document cannot be read. */
class Stop extends Error {}

/**
 * Turns the library's tree into ours. An alias becomes the very node it names, so a document of nested aliases costs
 * nothing to hold; `limits.aliasNodes` bounds what walking it can cost.
 */
export function convertDocument(document: Document, positions: Positions, report: Report): JsonNode | undefined {
  /** What anchors name at this point of the document; undefined while that node is being converted. */
  const anchors = new Map<string, JsonNode | undefined>();
  const sizes = new Map<JsonNode, number>();
  let aliased = 0;
  let faulty = false;

  function fault<C extends Code>(code: C, origin: Origin, params: Params<C>, related: readonly Related[] = []): void {
    faulty = true;
    report(diagnostic(code, origin, params, related));
  }

  function originOf(node: { range?: readonly [number, number, number] | null | undefined }): Origin {
    const [start, end] = node.range ?? [0, 1];
    return positions.origin(start, end);
  }

  function convert(node: unknown, depth: number, fallback: Origin): JsonNode {
    if (node === null || node === undefined) return { kind: "scalar", value: null, origin: fallback };
    if (isAlias(node)) return follow(node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, undefined);
    const result = build(node, depth, fallback);
    if (anchor !== undefined) anchors.set(anchor, result);
    return result;
  }

  function build(node: unknown, depth: number, fallback: Origin): JsonNode {
    if (isScalar(node)) return scalar(node);
    if (!isMap(node) && !isSeq(node)) return { kind: "scalar", value: null, origin: fallback };
    const origin = originOf(node);
    if (depth > limits.depth) {
      const what = `more than ${limits.depth} levels of nesting`;
      fault("E3003", origin, { what, limit: `${limits.depth} levels` });
      throw new Stop();
    }
    let result: JsonNode;
    if (isSeq(node)) {
      result = { kind: "array", items: node.items.map((item) => convert(item, depth + 1, origin)), origin };
      sizes.set(
        result,
        result.items.reduce((sum, item) => sum + sizeOf(item), 1),
      );
    } else {
      result = { kind: "object", entries: entriesOf(node.items, depth, origin), origin };
      sizes.set(
        result,
        result.entries.reduce((sum, entry) => sum + sizeOf(entry.value), 1),
      );
    }
    return result;
  }

  function sizeOf(node: JsonNode): number {
    return sizes.get(node) ?? 1;
  }

  function scalar(node: Scalar): JsonNode {
    const { value } = node;
    const origin = originOf(node);
    if (typeof value === "number" && !Number.isFinite(value)) {
      return { kind: "scalar", value: node.source ?? String(value), origin };
    }
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", value, origin };
    }
    return { kind: "scalar", value: node.source ?? String(value), origin };
  }

  function follow(alias: Alias): JsonNode {
    const origin = originOf(alias);
    if (!anchors.has(alias.source)) {
      fault("E3001", origin, { reason: `no anchor &${alias.source} stands before this alias` });
      throw new Stop();
    }
    const node = anchors.get(alias.source);
    if (node === undefined) {
      fault("E3001", origin, { reason: `the anchor &${alias.source} contains its own alias` });
      throw new Stop();
    }
    countAliased(sizeOf(node), origin);
    return node;
  }

  function countAliased(size: number, origin: Origin): void {
    aliased += size;
    if (aliased <= limits.aliasNodes) return;
    fault("E3003", origin, { what: "what its aliases expand to", limit: `${limits.aliasNodes} nodes` });
    throw new Stop();
  }

  function entriesOf(pairs: readonly Pair[], depth: number, origin: Origin): readonly JsonEntry[] {
    const entries = new Map<string, JsonEntry>();
    const merged: { readonly value: JsonNode; readonly origin: Origin }[] = [];
    for (const pair of pairs) {
      const key = keyOf(pair.key, origin);
      if (key === undefined) continue;
      const value = convert(pair.value, depth + 1, key.origin);
      if (key.merge) {
        merged.push({ value, origin: key.origin });
        continue;
      }
      const first = entries.get(key.name);
      if (first !== undefined) {
        const related = [{ message: "first given here", origin: first.origin }];
        fault("E3002", key.origin, { key: key.name }, related);
        continue;
      }
      entries.set(key.name, { key: key.name, origin: key.origin, value });
    }
    for (const { value, origin: at } of merged) {
      for (const source of mergeSources(value, at)) {
        for (const entry of source.entries) {
          if (entries.has(entry.key)) continue;
          countAliased(1, at);
          entries.set(entry.key, entry);
        }
      }
    }
    return [...entries.values()];
  }

  function keyOf(node: unknown, fallback: Origin): { name: string; origin: Origin; merge: boolean } | undefined {
    if (node === null || node === undefined) return { name: "", origin: fallback, merge: false };
    const origin = originOf(isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? node : {});
    const value = convert(node, limits.depth, origin);
    if (value.kind !== "scalar") {
      fault("E3004", origin, { what: value.kind === "array" ? "a list" : "an object" });
      return undefined;
    }
    if (!isScalar(node)) return { name: String(value.value), origin, merge: false };
    const name = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
    return { name, origin, merge: name === "<<" && node.type === "PLAIN" };
  }

  function mergeSources(value: JsonNode, origin: Origin): readonly JsonObjectNode[] {
    const sources = value.kind === "array" ? value.items : [value];
    const objects = sources.filter((source) => source.kind === "object");
    if (objects.length !== sources.length) {
      fault("E3001", origin, { reason: "a merge key takes an object or a list of objects" });
    }
    return objects;
  }

  try {
    const root = convert(document.contents, 0, positions.origin(0, 1));
    return faulty ? undefined : root;
  } catch (error) {
    if (error instanceof Stop) return undefined;
    throw error;
  }
}
