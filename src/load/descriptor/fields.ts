import type { ExtendSyntax, FieldSyntax, OptionSyntax } from "../../model/index.js";
import type { FileContext } from "./context.js";
import { readDefaultValue } from "./default-value.js";
import type { FieldDescriptor, MessageDescriptor, OneofDescriptor } from "./descriptor.pb.js";
import { hasFlag } from "./flags.js";
import { labelNumber, scalarNames, typeNumber } from "./types.js";

/** The message around a field. */
export interface FieldPlace {
  /** Full name with a leading dot. */
  readonly scope: string;
  readonly entries: ReadonlyMap<string, MessageDescriptor>;
  readonly oneofs: readonly OneofDescriptor[];
}

/** The messages that map fields bring with them, by full name with a leading dot. */
export function mapEntries(
  scope: string,
  nested: readonly MessageDescriptor[],
): ReadonlyMap<string, MessageDescriptor> {
  return new Map(nested.filter(isMapEntry).map((entry) => [`${scope}.${entry.name}`, entry]));
}

/** True for the message of a map field, which nobody wrote. */
export function isMapEntry({ options }: MessageDescriptor): boolean {
  return options.length > 0 && hasFlag(options, 7);
}

/** A field of a message, or with `place` undefined an extension. */
export function readField(
  context: FileContext,
  field: FieldDescriptor,
  path: string,
  place: FieldPlace | undefined,
): FieldSyntax {
  const { locations, syntax } = context;
  const origin = locations.origin(`${path},1`);
  const name = context.identifier(field.name, "a field", origin);
  const typeOrigin = locations.firstOrigin(`${path},6`, `${path},5`, `${path},1`);
  const entry = place?.entries.get(field.typeName ?? "");
  const [key, value] = entry?.field ?? [];
  const isMap = key !== undefined && value !== undefined;
  const optional = field.proto3Optional === true;
  const oneof =
    optional || field.oneofIndex === undefined || place === undefined
      ? undefined
      : oneofName(context, field.oneofIndex, place, path);
  // editions have the encoding in their features
  const group = syntax === "proto2" && field.type === typeNumber.group;
  return {
    name,
    origin,
    comments: locations.comments(path),
    options: [
      ...pseudoOptions(context, field, path, place === undefined),
      ...context.options(field.options, "Field", `${path},8`),
    ],
    number: field.number ?? 0,
    numberOrigin: locations.origin(`${path},3`),
    label: isMap ? "none" : labelOf(field, syntax, oneof !== undefined, optional),
    type: typeName(context, isMap ? value : field, path, group),
    typeOrigin,
    mapKey: isMap ? typeName(context, key, path, false) : undefined,
    oneof,
    group,
  };
}

/** Each extension is an `extend` block of its own: descriptors do not say which stood together. */
export function readExtend(context: FileContext, field: FieldDescriptor, path: string): ExtendSyntax {
  const origin = context.locations.firstOrigin(`${path},2`, `${path},1`);
  const extendee = context.qualified(field.extendee, "the message of an extension", origin);
  return { extendee, origin, fields: [readField(context, field, path, undefined)] };
}

function oneofName(context: FileContext, index: number, place: FieldPlace, path: string): string | undefined {
  const oneof = place.oneofs[index];
  if (oneof === undefined) context.fault(`there is no oneof ${index} for a field`, context.locations.origin(path));
  return oneof?.name;
}

function labelOf(
  { label }: FieldDescriptor,
  syntax: FileContext["syntax"],
  inOneof: boolean,
  proto3Optional: boolean,
): FieldSyntax["label"] {
  if (label === labelNumber.repeated) return "repeated";
  if (proto3Optional) return "optional";
  if (syntax !== "proto2" || inOneof) return "none";
  return label === labelNumber.required ? "required" : "optional";
}

function typeName(context: FileContext, field: FieldDescriptor, path: string, group: boolean): string {
  const { locations } = context;
  const origin = locations.firstOrigin(`${path},6`, `${path},5`, `${path},1`);
  const scalar = scalarNames[field.type ?? 0] ?? "";
  if (scalar !== "") return scalar;
  const known = field.type === typeNumber.message || field.type === typeNumber.enum || field.type === typeNumber.group;
  if (!known) {
    context.fault(`a field has the type ${field.type ?? 0}, which does not exist`, origin);
    return "int32";
  }
  const name = context.qualified(field.typeName, "the type of a field", origin);
  // text format names a group by its type, as it is written
  return group ? name.slice(name.lastIndexOf(".") + 1) : name;
}

/** `default` and `json_name`, which are written like options. */
function pseudoOptions(
  { locations }: FileContext,
  field: FieldDescriptor,
  path: string,
  extension: boolean,
): readonly OptionSyntax[] {
  const found: OptionSyntax[] = [];
  if (field.defaultValue !== undefined) {
    const origin = locations.firstOrigin(`${path},7`, `${path},1`);
    found.push({ name: ["default"], value: readDefaultValue(field.defaultValue, field.type ?? 0, origin), origin });
  }
  // compilers fill it in for all fields, and for extensions, which cannot have one
  if (field.jsonName !== undefined && !extension) {
    const origin = locations.firstOrigin(`${path},10`, `${path},1`);
    const bytes = new TextEncoder().encode(field.jsonName);
    found.push({ name: ["json_name"], value: { kind: "string", bytes, origin }, origin });
  }
  return found;
}
