import { WireError } from "./error.js";

/** The value of a `required` field. @throws {WireError} when it is absent. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw missingRequired(name);
  return value;
}

/** For a message that lacks `required` fields. */
export function missingRequired(name: string, path = ""): WireError {
  return new WireError("missing_required", `${name} is required`, path);
}

/** Throws for the first `required` field whose bit is not set; `names` are those of the fields, by bit, with spaces. */
export function checkRequired(seen: number, typeName: string, names: string, path?: string): void {
  for (const [bit, name] of names.split(" ").entries()) {
    if ((seen & (1 << bit)) === 0) throw missingRequired(`${typeName}.${name}`, path);
  }
}
