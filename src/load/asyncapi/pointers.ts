import type { Diagnostic } from "../../diagnostics/index.js";
import type { AsyncApiDocument, JsonNode, Origin } from "../../model/index.js";

/**
 * The diagnostics with the JSON pointers of their places: documents are read by tools too, and those know pointers,
 * not lines.
 */
export function withPointers(
  diagnostics: readonly Diagnostic[],
  documents: ReadonlyMap<string, AsyncApiDocument>,
): readonly Diagnostic[] {
  const byFile = new Map([...documents.values()].map((document) => [document.source.file, document]));
  const tables = new Map<string, ReadonlyMap<string, string>>();
  return diagnostics.map((found) => {
    const document = found.origin && byFile.get(found.origin.file);
    if (found.origin === undefined || document === undefined) return found;
    const { file } = document.source;
    let table = tables.get(file);
    if (table === undefined) tables.set(file, (table = pointersOf(document.root)));
    const pointer = table.get(extentOf(found.origin)) ?? table.get(placeOf(found.origin));
    return pointer === undefined ? found : { ...found, pointer };
  });
}

/** Line and column → the pointer of the key or value that begins there. */
function pointersOf(root: JsonNode): ReadonlyMap<string, string> {
  const pointers = new Map<string, string>();
  // aliases share nodes: the first way to one names it
  const seen = new Set<JsonNode>();
  const note = (origin: Origin, pointer: string): void => {
    for (const place of [extentOf(origin), placeOf(origin)]) {
      if (!pointers.has(place)) pointers.set(place, pointer);
    }
  };
  const stack: { readonly node: JsonNode; readonly pointer: string }[] = [{ node: root, pointer: "" }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, pointer } = next;
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "array") {
      node.items.forEach((item, i) => note(item.origin, `${pointer}/${i}`));
      node.items.forEach((item, i) => stack.push({ node: item, pointer: `${pointer}/${i}` }));
    } else if (node.kind === "object") {
      for (const { key, origin, value } of node.entries) {
        const inner = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        note(origin, inner);
        note(value.origin, inner);
        stack.push({ node: value, pointer: inner });
      }
    }
  }
  note(root.origin, "");
  return pointers;
}

/** An object begins where its first key does, and is longer than that. */
function extentOf({ line, column, length }: Origin): string {
  return `${line}:${column}+${length}`;
}

function placeOf({ line, column }: Origin): string {
  return `${line}:${column}`;
}
