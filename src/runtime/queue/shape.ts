import { resolveShape, type Checker, type Shape, type ShapeRef } from "./checker.js";
import { stringFormats } from "./formats.js";
import { canonicalJson, checkJson, isRecord, setOwn } from "./json.js";
import { bytesShape, longShape } from "./shape-binary.js";
import { isMultiple } from "./multiple.js";
import { leaf } from "./leaf.js";
import { read, write } from "./convert.js";
import { allShape, notShape, onlyShape, payloadShape, switchShape, unionShape, whenShape } from "./shape-combined.js";

/** What a text must match: an expression known to be fast, or one of `linearPattern`. */
export type Pattern = Pick<RegExp, "test">;

export interface StringRules {
  /** In characters, not UTF-16 units. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: Pattern;
  readonly format?: string;
}

export interface NumberRules {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
}

export interface ArrayRules {
  /** Of every element after those of `prefix`. */
  readonly items?: ShapeRef;
  readonly prefix?: readonly ShapeRef[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  /** Of one element at least. */
  readonly contains?: ShapeRef;
}

export interface ObjectRules {
  readonly required?: Readonly<Record<string, ShapeRef>>;
  readonly optional?: Readonly<Record<string, ShapeRef>>;
  /** Properties that programs see under another name than JSON: `{ toString$: "toString" }`. */
  readonly names?: Readonly<Record<string, string>>;
  /** Filled in for readers where a property is absent. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly patterns?: readonly { readonly pattern: Pattern; readonly value: ShapeRef }[];
  /** What other properties must be; false: there must be none. */
  readonly additional?: ShapeRef | false;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  /** Of the names, as texts. */
  readonly propertyNames?: ShapeRef;
  /** Of objects that have a property. */
  readonly dependencies?: Readonly<Record<string, ShapeRef>>;
}

const noRules = {};

/**
 * The vocabulary of emitted validators: plain functions that make shapes, one for each kind of JSON Schema.
 *
 * @example const user: Shape = shape.object({ required: { id: shape.string({ minLength: 1 }) } });
 */
export const shape = {
  any: (): Shape => anything,
  never: (): Shape => leaf((_value, checker) => checker.fail("must not be there")),
  nothing: (): Shape => leaf((value, checker) => value === null || checker.fail("must be null")),
  boolean: (): Shape => leaf((value, checker) => typeof value === "boolean" || checker.fail("must be a boolean")),
  string: (rules: StringRules = noRules): Shape => leaf((value, checker) => checkString(value, rules, checker)),
  number: (rules: NumberRules = noRules): Shape =>
    leaf((value, checker) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return checker.fail("must be a number");
      checkNumber(value, rules, checker);
    }),
  integer: (rules: NumberRules = noRules): Shape =>
    leaf((value, checker) => {
      if (typeof value !== "number" || !Number.isInteger(value)) return checker.fail("must be an integer");
      checkNumber(value, rules, checker);
    }),
  bytes: bytesShape,
  long: (): Shape => longShape,
  values: valuesShape,
  array: arrayShape,
  object: objectShape,
  anyOf: (members: readonly ShapeRef[]): Shape => unionShape(members, false),
  oneOf: (members: readonly ShapeRef[]): Shape => unionShape(members, true),
  switchOn: switchShape,
  allOf: allShape,
  not: notShape,
  when: whenShape,
  only: onlyShape,
  payload: payloadShape,
} as const;

const anything = leaf(checkJson);

function checkString(value: unknown, rules: StringRules, checker: Checker): void {
  if (typeof value !== "string") return checker.fail("must be a string");
  const { minLength, maxLength, pattern, format } = rules;
  if (minLength !== undefined && (value.length < minLength || characters(value) < minLength)) {
    checker.fail(minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters`);
  }
  if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) {
    return checker.fail(`must have at most ${maxLength} characters`);
  }
  if (pattern !== undefined && !pattern.test(value)) checker.fail(`must match ${pattern}`);
  if (format !== undefined && stringFormats[format]?.(value) === false) checker.fail(`must be a ${format}`);
}

function characters(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++, count++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return count;
}

function checkNumber(value: number, rules: NumberRules, checker: Checker): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = rules;
  if (minimum !== undefined && value < minimum) checker.fail(`must be at least ${minimum}`);
  if (maximum !== undefined && value > maximum) checker.fail(`must be at most ${maximum}`);
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) checker.fail(`must be above ${exclusiveMinimum}`);
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) checker.fail(`must be below ${exclusiveMaximum}`);
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) checker.fail(`must be a multiple of ${multipleOf}`);
}

function valuesShape(values: readonly unknown[]): Shape {
  const scalars = new Set(values.filter((value) => typeof value !== "object" || value === null));
  const others = new Set(values.filter((value) => !scalars.has(value)).map(canonicalJson));
  const text = values.map((value) => JSON.stringify(value)).join(", ");
  const message = `must be ${values.length === 1 ? "" : "one of "}${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
  return leaf((value, checker) => {
    if (scalars.has(value)) return;
    if (others.size > 0 && typeof value === "object" && value !== null && others.has(canonicalJson(value))) return;
    checker.fail(message);
  });
}

function arrayShape(rules: ArrayRules): Shape {
  const { items, prefix = [], minItems, maxItems, uniqueItems, contains } = rules;
  const shapeAt = (index: number): ShapeRef | undefined => prefix[index] ?? items;
  const map = (value: unknown, convert: (ref: ShapeRef, item: unknown) => unknown): unknown =>
    Array.isArray(value)
      ? value.map((item: unknown, i) => {
          const ref = shapeAt(i);
          return ref === undefined ? item : convert(ref, item);
        })
      : value;
  return {
    parts: items === undefined ? prefix : [...prefix, items],
    check(value, checker) {
      if (!Array.isArray(value)) return checker.fail("must be an array");
      const list: readonly unknown[] = value;
      if (minItems !== undefined && list.length < minItems) checker.fail(`must have at least ${minItems} items`);
      if (maxItems !== undefined && list.length > maxItems) {
        return checker.fail(`must have at most ${maxItems} items`);
      }
      for (let i = 0; i < list.length && !checker.full; i++) {
        const ref = shapeAt(i);
        if (ref !== undefined) checker.at(i, list[i], ref);
      }
      if (uniqueItems === true && checker.ok && new Set(list.map(canonicalJson)).size < list.length) {
        checker.fail("must not have equal items");
      }
      if (contains !== undefined && !list.some((item) => checker.fits(item, contains))) {
        checker.fail("must contain an item of the form that the contract asks for");
      }
    },
    read: (value) => map(value, read),
    write: (value) => map(value, write),
  };
}

function objectShape(rules: ObjectRules): Shape {
  const { patterns = [], additional, minProperties, maxProperties, propertyNames } = rules;
  const dependencies = Object.entries(rules.dependencies ?? {});
  const required = Object.entries(rules.required ?? {});
  const optional = Object.entries(rules.optional ?? {});
  const defaults = Object.entries(rules.defaults ?? {});
  const known = new Map<string, ShapeRef>([...required, ...optional]);
  const open = patterns.length > 0 || additional !== undefined;
  const counted = minProperties !== undefined || maxProperties !== undefined || propertyNames !== undefined;
  // what the contract requires is written, also where the program left it to the default
  const written = defaults.filter(([name]) => Object.hasOwn(rules.required ?? {}, name));
  const toName = new Map(Object.entries(rules.names ?? {}));
  const toProperty = new Map([...toName].map(([property, name]) => [name, property]));

  function shapeOf(name: string): ShapeRef | undefined {
    const own = known.get(name);
    if (own !== undefined) return own;
    return patterns.find(({ pattern }) => pattern.test(name))?.value ?? (additional === false ? undefined : additional);
  }

  function readObject(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const ref = shapeOf(name);
      setOwn(result, toProperty.get(name) ?? name, ref === undefined ? value[name] : read(ref, value[name]));
    }
    for (const [name, fallback] of defaults) {
      const property = toProperty.get(name) ?? name;
      if (!Object.hasOwn(result, property)) setOwn(result, property, readDefault(name, fallback));
    }
    return result;
  }

  /** Defaults stand in the contract as JSON. */
  function readDefault(name: string, fallback: unknown): unknown {
    const ref = known.get(name);
    const copy = structuredClone(fallback);
    return ref === undefined ? copy : read(ref, copy);
  }

  function writeObject(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const property of Object.keys(value)) {
      const part = value[property];
      if (part === undefined) continue;
      const name = toName.get(property) ?? property;
      const ref = shapeOf(name);
      setOwn(result, name, ref === undefined ? part : write(ref, part));
    }
    for (const [name, fallback] of written) {
      if (!Object.hasOwn(result, name)) setOwn(result, name, structuredClone(fallback));
    }
    return result;
  }

  function checkOthers(value: Readonly<Record<string, unknown>>, names: readonly string[], checker: Checker): void {
    for (const name of names) {
      if (known.has(name) && patterns.length === 0) continue;
      if (value[name] === undefined) continue;
      let matched = known.has(name);
      for (const { pattern, value: ref } of patterns) {
        if (!pattern.test(name)) continue;
        matched = true;
        checker.at(name, value[name], ref);
      }
      if (matched) continue;
      if (additional === false) checker.at(name, undefined, unexpected);
      else if (additional !== undefined) checker.at(name, value[name], additional);
    }
  }

  return {
    parts: [...known.values(), ...patterns.map(({ value }) => value), ...(additional ? [additional] : [])],
    check(value, checker) {
      if (!isRecord(value)) return checker.fail("must be an object");
      for (const [name, ref] of required) {
        const part = Object.hasOwn(value, name) ? value[name] : undefined;
        checker.at(name, part, part === undefined ? missing : ref);
      }
      for (const [name, ref] of optional) {
        const part = Object.hasOwn(value, name) ? value[name] : undefined;
        if (part !== undefined) checker.at(name, part, ref);
      }
      for (const [name, ref] of dependencies) {
        if (Object.hasOwn(value, name) && value[name] !== undefined) resolveShape(ref).check(value, checker);
      }
      if (!counted && !open) return;
      const names = Object.keys(value);
      if (propertyNames !== undefined) {
        for (const name of names) if (value[name] !== undefined) checker.at(name, name, propertyNames);
      }
      if (open) checkOthers(value, names, checker);
      const count = names.filter((name) => value[name] !== undefined).length;
      if (minProperties !== undefined && count < minProperties) {
        checker.fail(`must have at least ${minProperties} properties`);
      }
      if (maxProperties !== undefined && count > maxProperties) {
        checker.fail(`must have at most ${maxProperties} properties`);
      }
    },
    ...(defaults.length > 0 || toName.size > 0 ? { changes: true } : {}),
    read: (value) => (isRecord(value) ? readObject(value) : value),
    write: (value) => (isRecord(value) ? writeObject(value) : value),
  };
}

const missing: Shape = leaf((_value, checker) => checker.fail("is required"));
const unexpected: Shape = leaf((_value, checker) => checker.fail("is not a property of the contract"));
