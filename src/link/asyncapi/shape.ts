import { createHash } from "node:crypto";

/** What tells people something and changes no code but comments, and where it stands. */
const ignored: ReadonlySet<string> = new Set(["origin", "description", "summary", "hash", "shape"]);

/** A hash of linked data that stays the same when only positions and descriptions change. */
export function shapeOf(value: object): string {
  return createHash("sha256").update(JSON.stringify(value, replace)).digest("hex");
}

function replace(key: string, value: unknown): unknown {
  if (ignored.has(key)) return undefined;
  return value instanceof Map ? [...value] : value;
}
