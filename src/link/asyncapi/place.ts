import { type AsyncApiDocument, entryOf, type JsonNode, type Origin } from "../../model/index.js";

/** A node and where it stands: what a pointer says. */
export interface Place {
  /** The document whose pointer `path` is. A trait merged into the node may come from another. */
  readonly document: AsyncApiDocument;
  readonly path: readonly string[];
  readonly node: JsonNode;
}

/** The top of a document. */
export function rootOf(document: AsyncApiDocument): Place {
  return { document, path: [], node: document.root };
}

/** What an object holds under a key, `$ref`s not followed. */
export function child(place: Place | undefined, key: string): Place | undefined {
  const entry = entryOf(place?.node, key);
  if (place === undefined || entry === undefined) return undefined;
  return { document: place.document, path: [...place.path, key], node: entry.value };
}

/** An entry of an object or an item of a list. */
export interface Child extends Place {
  readonly key: string;
  /** Of the key; of the item in a list. */
  readonly origin: Origin;
}

/** The entries of an object or the items of a list, `$ref`s not followed; nothing for all others. */
export function children(place: Place | undefined): readonly Child[] {
  if (place === undefined) return [];
  const { document, path, node } = place;
  switch (node.kind) {
    case "object":
      return node.entries.map(({ key, origin, value }) => ({
        document,
        path: [...path, key],
        node: value,
        key,
        origin,
      }));
    case "array":
      return node.items.map((item, i) => ({
        document,
        path: [...path, `${i}`],
        node: item,
        key: `${i}`,
        origin: item.origin,
      }));
    case "scalar":
      return [];
  }
}

/** Path → JSON pointer. */
export function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Names a place among those of all documents. */
export function placeKey({ document, path }: Place): string {
  return `${document.source.path}#${pointerOf(path)}`;
}

/** JSON pointer → path, percent signs decoded; undefined when it is none. */
export function pathOf(fragment: string): readonly string[] | undefined {
  if (fragment === "") return [];
  if (!fragment.startsWith("/")) return undefined;
  let decoded = fragment;
  try {
    decoded = decodeURIComponent(fragment);
  } catch {
    // a percent sign that encodes nothing stands for itself
  }
  return decoded
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
