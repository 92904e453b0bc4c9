import type { ProtoFile } from "../../src/model/index.js";

/** Of the run or of the text, not of what the contract says. */
const left: ReadonlySet<string> = new Set(["hash", "shape", "bundled", "emit"]);

/**
 * What two models of one file say differently, one line for each: the path to it, both values. Positions and comments
 * count, the order of option fields does not.
 */
export function modelDifferences(one: ProtoFile, other: ProtoFile): readonly string[] {
  const found: string[] = [];
  compare(plain(one), plain(other), one.path, found);
  return found;
}

function compare(one: unknown, other: unknown, path: string, found: string[]): void {
  if (typeof one === "object" && typeof other === "object" && one !== null && other !== null) {
    const [a, b]: Readonly<Record<string, unknown>>[] = [{ ...one }, { ...other }];
    for (const key of new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])) {
      compare(a?.[key], b?.[key], `${path}.${key}`, found);
    }
  } else if (one !== other) {
    found.push(`${path}: ${JSON.stringify(one)} and ${JSON.stringify(other)}`);
  }
}

/** Values that compare by `===`, lists under the names of what is in them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (value instanceof Map) {
    const entries: readonly (readonly [string, unknown])[] = [...(value as ReadonlyMap<string, unknown>)];
    return Object.fromEntries(entries.map(([key, inner]) => [`"${key}"`, plain(inner)]));
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return {
      length: items.length,
      ...Object.fromEntries(items.map((item, i) => [`${i} ${nameOf(item)}`, plain(item)])),
    };
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => (left.has(key) ? [] : [[key, plain(inner)]])),
    );
  }
  return typeof value === "number" && (Number.isNaN(value) || Object.is(value, -0)) ? `${1 / value} or NaN` : value;
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null && "name" in value ? String(value.name) : "";
}
