import { isRecord, setOwn } from "../json.js";
import { type AvroReader, type AvroWriter, maxDepth, undecodable } from "./bytes.js";
import { AvroMismatch, type AvroRef, type AvroType, resolveAvro, within } from "./type.js";

export interface RecordRules {
  /** In the order of the schema. */
  readonly fields: Readonly<Record<string, AvroRef>>;
  /** In Avro's JSON, written where a program leaves the field out. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Fields that programs see under another name: `{ toString$: "toString" }`. */
  readonly names?: Readonly<Record<string, string>>;
}

interface Field {
  readonly name: string;
  /** What programs call it. */
  readonly property: string;
  readonly type: AvroRef;
  readonly hasDefault: boolean;
}

/** Fields one after the other. */
export function record(rules: RecordRules): AvroType {
  const properties = new Map(Object.entries(rules.names ?? {}).map(([property, name]) => [name, property]));
  const defaults = new Map(Object.entries(rules.defaults ?? {}));
  const fields = Object.entries(rules.fields).map(([name, type]): Field => {
    return { name, property: properties.get(name) ?? name, type, hasDefault: defaults.has(name) };
  });
  const known = new Set(fields.map(({ property }) => property));

  function valueOf(value: Readonly<Record<string, unknown>>, { name, property, type, hasDefault }: Field): unknown {
    const own = Object.hasOwn(value, property) ? value[property] : undefined;
    return own === undefined && hasDefault ? resolveAvro(type).fromDefault(defaults.get(name)) : own;
  }

  return {
    name: "record",
    fits: (value) =>
      isRecord(value) &&
      Object.keys(value).every((key) => known.has(key) || value[key] === undefined) &&
      fields.every((field) => {
        const part = Object.hasOwn(value, field.property) ? value[field.property] : undefined;
        return (part === undefined && field.hasDefault) || resolveAvro(field.type).fits(part);
      }),
    write(value, out) {
      if (!isRecord(value)) throw new AvroMismatch("must be an object");
      enter(out);
      for (const field of fields) {
        try {
          resolveAvro(field.type).write(valueOf(value, field), out);
        } catch (error) {
          throw within(error, field.name);
        }
      }
      out.depth--;
    },
    read(input) {
      enter(input);
      const result: Record<string, unknown> = {};
      for (const { property, type } of fields) setOwn(result, property, resolveAvro(type).read(input));
      input.depth--;
      return result;
    },
    fromDefault(json) {
      const result: Record<string, unknown> = {};
      const given = isRecord(json) ? json : {};
      for (const { name, property, type } of fields) {
        const part = Object.hasOwn(given, name) ? given[name] : defaults.get(name);
        if (part !== undefined) setOwn(result, property, resolveAvro(type).fromDefault(part));
      }
      return result;
    },
  };
}

function enter(bytes: AvroWriter | AvroReader): void {
  if (++bytes.depth <= maxDepth) return;
  if ("left" in bytes) throw undecodable(`more than ${maxDepth} levels`);
  throw new AvroMismatch(`must not be nested deeper than ${maxDepth} levels`);
}

/** The parts of all blocks of a list or map. */
function readBlocks(input: AvroReader, part: () => void): void {
  for (;;) {
    const count = input.count();
    if (count === 0) return;
    // a negative count is followed by the bytes of the block
    if (count < 0) input.size();
    input.parts(Math.abs(count));
    for (let i = Math.abs(count); i > 0; i--) part();
  }
}

/** A list. */
export function array(items: AvroRef): AvroType {
  return {
    name: "array",
    fits: (value) => Array.isArray(value) && value.every((item) => resolveAvro(items).fits(item)),
    write(value, out) {
      if (!Array.isArray(value)) throw new AvroMismatch("must be an array");
      const list: readonly unknown[] = value;
      enter(out);
      const type = resolveAvro(items);
      if (list.length > 0) out.int(list.length);
      for (let i = 0; i < list.length; i++) {
        try {
          type.write(list[i], out);
        } catch (error) {
          throw within(error, i);
        }
      }
      out.byte(0);
      out.depth--;
    },
    read(input) {
      enter(input);
      const type = resolveAvro(items);
      const list: unknown[] = [];
      readBlocks(input, () => list.push(type.read(input)));
      input.depth--;
      return list;
    },
    fromDefault: (json) => (Array.isArray(json) ? json.map((item) => resolveAvro(items).fromDefault(item)) : []),
  };
}

/** Values by text. */
export function map(values: AvroRef): AvroType {
  return {
    name: "map",
    fits: (value) =>
      isRecord(value) &&
      !(value instanceof Uint8Array) &&
      Object.values(value).every((part) => part === undefined || resolveAvro(values).fits(part)),
    write(value, out) {
      if (!isRecord(value)) throw new AvroMismatch("must be an object");
      enter(out);
      const type = resolveAvro(values);
      const entries = Object.entries(value).filter(([, part]) => part !== undefined);
      if (entries.length > 0) out.int(entries.length);
      for (const [key, part] of entries) {
        out.text(key);
        try {
          type.write(part, out);
        } catch (error) {
          throw within(error, key);
        }
      }
      out.byte(0);
      out.depth--;
    },
    read(input) {
      enter(input);
      const type = resolveAvro(values);
      const result: Record<string, unknown> = {};
      readBlocks(input, () => setOwn(result, input.text(), type.read(input)));
      input.depth--;
      return result;
    },
    fromDefault(json) {
      const result: Record<string, unknown> = {};
      for (const [key, part] of Object.entries(isRecord(json) ? json : {})) {
        setOwn(result, key, resolveAvro(values).fromDefault(part));
      }
      return result;
    },
  };
}

/** One of several types: the first that the value fits. */
export function union(branches: readonly AvroRef[]): AvroType {
  return {
    name: "union",
    fits: (value) => branches.some((branch) => resolveAvro(branch).fits(value)),
    write(value, out) {
      const index = branches.findIndex((branch) => resolveAvro(branch).fits(value));
      const branch = branches[index];
      if (branch === undefined) return refuse(value, out);
      out.int(index);
      resolveAvro(branch).write(value, out);
    },
    read(input) {
      const branch = branches[input.size()];
      if (branch === undefined) throw undecodable("a union has no such branch");
      enter(input);
      const value = resolveAvro(branch).read(input);
      input.depth--;
      return value;
    },
    // Avro: a default is of the first branch
    fromDefault: (json) => (branches[0] === undefined ? json : resolveAvro(branches[0]).fromDefault(json)),
  };

  /** Where only one branch is meant, its own error tells more. */
  function refuse(value: unknown, out: AvroWriter): never {
    const meant = branches.map(resolveAvro).filter(({ name }) => name !== "null");
    const [only] = meant;
    if (value !== null && value !== undefined && meant.length === 1) only?.write(value, out);
    throw new AvroMismatch(`must be ${branches.map((branch) => resolveAvro(branch).name).join(" or ")}`);
  }
}
