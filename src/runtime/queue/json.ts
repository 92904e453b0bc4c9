import type { Checker, Shape } from "./checker.js";

/** True for objects that are neither null nor arrays. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value from a contract has for properties; nothing where it is no object. For adapters, which read bindings. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** Sets a property of its own, also one called `__proto__`. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[name] = value;
  }
}

/** A deep copy of plain data; properties that are undefined are left out. Other objects stay as they are. */
export function copyPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyPlain);
  if (!isPlain(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (value[name] !== undefined) setOwn(copy, name, copyPlain(value[name]));
  }
  return copy;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The same text for equal JSON values, whatever the order of their properties. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "null";
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`).join(",")}}`;
}

const json: Shape = { check: checkJson, parts: [] };

/** Anything that JSON can say. */
export function checkJson(value: unknown, checker: Checker): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) checker.fail("must be a finite number");
      return;
    case "object":
      if (Array.isArray(value)) {
        value.forEach((item: unknown, i) => checker.at(i, item, json));
      } else if (value !== null) {
        for (const [name, part] of Object.entries(value)) {
          if (part !== undefined) checker.at(name, part, json);
        }
      }
      return;
    default:
      checker.fail("must be JSON");
  }
}
