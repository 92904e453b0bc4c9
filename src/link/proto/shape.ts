import { createHash, type Hash } from "node:crypto";
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
    const hash = createHash("sha256");
    write(hash, file);
    for (const next of [...(used.get(path) ?? [])].sort()) hash.update(`${next}=${shapeOf(next)};`);
    running.delete(path);
    const shape = hash.digest("hex").slice(0, 32);
    shapes.set(path, shape);
    return shape;
  }

  for (const { path } of files) shapeOf(path);
  return shapes;
}

/** Feeds a value into the hash so that different values never look the same. */
function write(hash: Hash, value: unknown): void {
  if (typeof value === "string") {
    hash.update(`"${value.length}:${value}`);
  } else if (value instanceof Uint8Array) {
    hash.update(`x${value.length}:`).update(value);
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length}:`);
    for (const item of value) write(hash, item);
  } else if (value instanceof Map) {
    hash.update(`{${value.size}:`);
    for (const [key, item] of value) {
      write(hash, key);
      write(hash, item);
    }
  } else if (typeof value === "object" && value !== null) {
    hash.update("(");
    for (const [key, item] of Object.entries(value)) {
      if (left.has(key)) continue;
      hash.update(`${key}:`);
      write(hash, item);
    }
    hash.update(")");
  } else {
    // numbers, bigints, booleans, undefined; -0 and NaN included
    hash.update(`${typeof value}:${Object.is(value, -0) ? "-0" : String(value)};`);
  }
}
