import {
  fromBinary,
  getExtension,
  ScalarType,
  toBinary,
  type DescExtension,
  type DescField,
  type DescMessage,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { anyUnpack, AnySchema, type Any } from "@bufbuild/protobuf/wkt";
import type { OptionMessage, OptionValue } from "../../../src/model/index.js";

/** The part of a field or extension that says how one value of it looks. */
type Shape = DescField | DescExtension;

const implicit = 2;

/**
 * One line per value of an options message as protobuf-es reads it from the bytes, extensions included:
 * `[acme.rule].limits[1].max = 5`. A number that no schema declares is a line of its own.
 */
export function linesOfOptions(builtIn: DescMessage, options: Message | undefined, registry: Registry): string[] {
  if (options === undefined) return [];
  // the descriptor.proto of the set may declare options that the library was built without
  const schema = registry.getMessage(builtIn.typeName) ?? builtIn;
  return messageLines("", schema, fromBinary(schema, toBinary(builtIn, options)), registry);
}

function messageLines(path: string, schema: DescMessage, message: Message, registry: Registry): string[] {
  if (schema.typeName === AnySchema.typeName) return anyLines(path, message as Any, registry);
  const lines: string[] = [];
  const fields = reflect(schema, message);
  for (const field of schema.fields) {
    if (fields.isSet(field)) lines.push(...fieldLines(join(path, field.name), field, fields.get(field), registry));
  }
  for (const number of new Set((message.$unknown ?? []).map(({ no }) => no))) {
    const extension = registry.getExtensionFor(schema, number);
    if (extension === undefined) lines.push(`${path} has an unknown field ${number}`);
    else {
      const value: unknown = getExtension(message, extension);
      lines.push(...fieldLines(join(path, `[${extension.typeName}]`), extension, value, registry));
    }
  }
  return lines.length > 0 || path === "" ? lines : [`${path} = {}`];
}

function anyLines(path: string, any: Any, registry: Registry): string[] {
  const inner = anyUnpack(any, registry);
  const schema = inner === undefined ? undefined : registry.getMessage(inner.$typeName);
  if (inner === undefined || schema === undefined) return [`${path} holds ${any.typeUrl}, which nobody declares`];
  return messageLines(`${path}.[${any.typeUrl}]`, schema, inner, registry);
}

function fieldLines(path: string, field: Shape, value: unknown, registry: Registry): string[] {
  switch (field.fieldKind) {
    case "scalar":
      return [`${path} = ${scalarText(value, field.scalar)}`];
    case "enum":
      return [`${path} = ${String(value)}`];
    case "message":
      return messageLines(path, field.message, plain(value), registry);
    case "list":
      return [...(value as Iterable<unknown>)].flatMap((item, i) => {
        const at = `${path}[${i}]`;
        if (field.listKind === "message") return messageLines(at, field.message, plain(item), registry);
        return [`${at} = ${field.listKind === "scalar" ? scalarText(item, field.scalar) : String(item)}`];
      });
    case "map":
      return [...(value as Iterable<readonly [unknown, unknown]>)].flatMap(([key, item]) => {
        const at = `${path}{${scalarText(key, field.mapKey)}}`;
        if (field.mapKind === "message") return messageLines(at, field.message, plain(item), registry);
        return [`${at} = ${field.mapKind === "scalar" ? scalarText(item, field.scalar) : String(item)}`];
      });
  }
}

/** Messages come wrapped from `reflect` and plain from extensions. */
function plain(value: unknown): Message {
  return ((value as { readonly message?: Message }).message ?? value) as Message;
}

/** The same lines of options as the model holds them; names are looked up in the descriptors. */
export function linesOfModelOptions(builtIn: DescMessage, options: OptionMessage, registry: Registry): string[] {
  return modelMessageLines("", registry.getMessage(builtIn.typeName) ?? builtIn, options, registry);
}

function modelMessageLines(path: string, schema: DescMessage, message: OptionMessage, registry: Registry): string[] {
  const lines: string[] = [];
  for (const [key, value] of message) {
    const at = join(path, key);
    if (key.includes("/")) {
      const inner = registry.getMessage(key.slice(key.lastIndexOf("/") + 1, -1));
      lines.push(...(inner ? modelMessageLines(at, inner, value as OptionMessage, registry) : [`${at} is unknown`]));
      continue;
    }
    const field = key.startsWith("[")
      ? registry.getExtension(key.slice(1, -1))
      : schema.fields.find(({ name }) => name === key);
    if (field === undefined) lines.push(`${at} is unknown`);
    else if (!isImplicitZero(field, value)) lines.push(...modelFieldLines(at, field, value, registry));
  }
  return lines.length > 0 || path === "" ? lines : [`${path} = {}`];
}

/** Proto3 does not write a field at its zero, so no descriptor can tell that somebody set it. */
function isImplicitZero(field: Shape, value: OptionValue): boolean {
  if (field.presence !== implicit) return false;
  if (field.fieldKind === "enum") return enumNumber(field.enum, value) === 0;
  return field.fieldKind === "scalar" && (value === false || value === 0n || Object.is(value, 0) || isEmpty(value));
}

function isEmpty(value: OptionValue): boolean {
  return value === "" || (value instanceof Uint8Array && value.length === 0);
}

function modelFieldLines(path: string, field: Shape, value: OptionValue, registry: Registry): string[] {
  switch (field.fieldKind) {
    case "scalar":
      return [`${path} = ${scalarText(value, field.scalar)}`];
    case "enum":
      return [`${path} = ${enumNumber(field.enum, value)}`];
    case "message":
      return modelMessageLines(path, field.message, value as OptionMessage, registry);
    case "list":
      return (value as readonly OptionValue[]).flatMap((item, i) => {
        const at = `${path}[${i}]`;
        if (field.listKind === "message") return modelMessageLines(at, field.message, item as OptionMessage, registry);
        const text = field.listKind === "scalar" ? scalarText(item, field.scalar) : enumNumber(field.enum, item);
        return [`${at} = ${text}`];
      });
    case "map": {
      // of entries with the same key the last one counts
      const entries = new Map(
        (value as readonly OptionMessage[]).map((entry) => [
          scalarText(entry.get("key") ?? zeroOf(field.mapKey), field.mapKey),
          entry.get("value"),
        ]),
      );
      return [...entries].flatMap(([key, item]) => {
        const at = `${path}{${key}}`;
        if (field.mapKind === "message") {
          const inner = (item ?? new Map<string, OptionValue>()) as OptionMessage;
          return modelMessageLines(at, field.message, inner, registry);
        }
        if (field.mapKind === "enum") return [`${at} = ${item === undefined ? 0 : enumNumber(field.enum, item)}`];
        return [`${at} = ${scalarText(item ?? zeroOf(field.scalar), field.scalar)}`];
      });
    }
  }
}

function enumNumber({ values }: { readonly values: DescEnumValues }, value: unknown): number | string {
  if (typeof value === "number") return value;
  return values.find(({ name }) => name === value)?.number ?? `${String(value)}, which is no value`;
}

type DescEnumValues = readonly { readonly name: string; readonly number: number }[];

function zeroOf(type: ScalarType): string | number | boolean | Uint8Array {
  if (type === ScalarType.STRING) return "";
  if (type === ScalarType.BYTES) return new Uint8Array();
  return type === ScalarType.BOOL ? false : 0;
}

/** A scalar so that equal values have equal texts: floats in single precision, bytes in hex, strings in quotes. */
export function scalarText(value: unknown, type: ScalarType): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value === "string" && type === ScalarType.STRING) return JSON.stringify(value);
  if (typeof value === "number" && type === ScalarType.FLOAT) return number(Math.fround(value));
  return typeof value === "number" ? number(value) : String(value);
}

function number(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
