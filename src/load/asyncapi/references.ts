import { isRemote, type JsonNode, type Reference, schemaIdsOf, writtenRefs } from "../../model/index.js";

/** What a document needs from elsewhere: each target once, with the place that names it first. */
export function collectReferences(root: JsonNode, path: string): readonly Reference[] {
  const references = new Map<string, Reference>();
  const ids = schemaIdsOf(root, path);
  for (const { node, value, origin } of writtenRefs(root)) {
    const target = value.split("#", 1)[0] ?? "";
    if (target === "" || references.has(target)) continue;
    // a schema of this document has that `$id`
    if (ids.find(node, value) !== undefined) continue;
    references.set(target, { target, kind: kindOf(target), origin });
  }
  return [...references.values()];
}

function kindOf(target: string): Reference["kind"] {
  if (isRemote(target)) return "remote";
  return target.endsWith(".proto") ? "proto-payload" : "ref";
}
