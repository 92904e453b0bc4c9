import type { JsonValue } from "../wire/index.js";
import { invalid } from "./errors.js";

/** A JSON object under construction. */
export type JsonFields = { [key: string]: JsonValue };

/** Sets a property that may be called anything, `__proto__` included. */
export function setField(target: JsonFields, name: string, value: JsonValue): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

/** The object's own property. */
export function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function isFields(value: JsonValue | undefined): value is JsonFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The nested object at a path of fields, made where it is missing. A body may use contract names or JSON names. */
export function nestedFields(root: JsonFields, names: readonly string[], json: readonly string[]): JsonFields {
  let object = root;
  for (const [i, key] of json.entries()) {
    const name = names[i] ?? key;
    const used = Object.hasOwn(object, key) || !Object.hasOwn(object, name) ? key : name;
    const inner = fieldOf(object, used);
    if (isFields(inner)) {
      object = inner;
    } else if (inner === undefined || inner === null) {
      const made: JsonFields = {};
      setField(object, used, made);
      object = made;
    } else {
      throw invalid(`${names.slice(0, i + 1).join(".")} must be an object`);
    }
  }
  return object;
}
