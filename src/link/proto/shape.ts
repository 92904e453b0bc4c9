import { hash } from "node:crypto";
import type { ProtoFile } from "../../model/index.js";

/** What other files cannot see of a file, and what would change with every edit. */
const left: ReadonlySet<string> = new Set(["origin", "comments", "header", "hash", "shape", "emit", "bundled"]);

/**
 * The shape of every file: a hash of its linked structure without comments and positions, and of the shapes of the
 * files its types refer to. Equal shapes: whatever else was edited, no other file's output changes.
 */
export function computeShapes(
  files: readonly Omit<ProtoFile, "emit" | "shape">[],
  used: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const shapes = new Map<string, string>();
  const running = new Set<string>();

  function shapeOf(path: string): string {
    const known = shapes.get(path);
    if (known !== undefined) return known;
    const file = byPath.get(path);
    // import cycles were reported; this only keeps us from running in circles
    if (file === undefined || running.has(path)) return "";
    running.add(path);
    const others = [...(used.get(path) ?? [])].sort().map((next) => `${next}=${shapeOf(next)};`);
    running.delete(path);
    const shape = hash("sha256", textOf(file) + others.join(""), "hex").slice(0, 32);
    shapes.set(path, shape);
    return shape;
  }

  for (const { path } of files) shapeOf(path);
  return shapes;
}

/** The text of a value, so that different values never look the same. One hash of one text costs least. */
function textOf(value: unknown): string {
  if (typeof value === "string") return `"${value.length}:${value}`;
  if (value instanceof Uint8Array) return `x${value.length}:${Buffer.from(value).toString("latin1")}`;
  let text: string;
  if (Array.isArray(value)) {
    text = `[${value.length}:`;
    for (const item of value) text += textOf(item);
    return text;
  }
  if (value instanceof Map) {
    text = `{${value.size}:`;
    for (const [key, item] of value) text += textOf(key) + textOf(item);
    return text;
  }
  if (typeof value === "object" && value !== null) {
    text = "(";
    for (const key in value) {
      if (!left.has(key)) text += `${key}:${textOf(value[key as keyof typeof value])}`;
    }
    return `${text})`;
  }
  // numbers, bigints, booleans, undefined; -0 and NaN included
  return `${typeof value}:${Object.is(value, -0) ? "-0" : String(value)};`;
}
