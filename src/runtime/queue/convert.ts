import { resolveShape, type Shape, type ShapeRef } from "./checker.js";

const known = new WeakMap<Shape, boolean>();

/** Whether the program's value of a shape differs from its JSON anywhere. */
function converts(shape: Shape): boolean {
  const before = known.get(shape);
  if (before !== undefined) return before;
  const seen = new Set<Shape>([shape]);
  let found = false;
  for (const candidate of seen) {
    found ||= candidate.changes === true;
    for (const part of candidate.parts) seen.add(resolveShape(part));
  }
  known.set(shape, found);
  return found;
}

/** Checked JSON as programs see it: the same value where nothing differs, else a copy. */
export function read(ref: ShapeRef, value: unknown): unknown {
  const shape = resolveShape(ref);
  return shape.read !== undefined && converts(shape) ? shape.read(value) : value;
}

/** A program's value as JSON, not checked yet: the same value where nothing differs, else a copy. */
export function write(ref: ShapeRef, value: unknown): unknown {
  const shape = resolveShape(ref);
  return shape.write !== undefined && converts(shape) ? shape.write(value) : value;
}
