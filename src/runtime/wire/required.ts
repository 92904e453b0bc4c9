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
