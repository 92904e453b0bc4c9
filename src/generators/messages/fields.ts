import type { Field, Message, Oneof, ScalarType } from "../../model/index.js";
import { lowerCamel, safeProperty } from "../../plan/index.js";
import type { Emit } from "./context.js";
import { nullName, valueName } from "./well-known.js";

/** A field with the names that emitted code has for it. */
export interface FieldPlan {
  readonly field: Field;
  /** The property of the message; for a member of a oneof its `case`. */
  readonly name: string;
  /** JSON null is a value of this field. */
  readonly takesNull: boolean;
}

/** A property of the message: a field, or a oneof with its fields. */
export type Property =
  | { readonly kind: "field"; readonly name: string; readonly plan: FieldPlan }
  | { readonly kind: "oneof"; readonly name: string; readonly oneof: Oneof; readonly plans: readonly FieldPlan[] };

/** The properties of a message in schema order; of two names that meet the later gets a `$`. */
export function planProperties(message: Message): readonly Property[] {
  const taken = new Set<string>();
  const claim = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name)) name += "$";
    taken.add(name);
    return name;
  };
  const properties: Property[] = [];
  const oneofs = new Set<string>();

  for (const field of message.fields) {
    if (field.oneof === undefined) {
      const name = claim(safeProperty(lowerCamel(field.name)));
      properties.push({ kind: "field", name, plan: planField(field, name) });
      continue;
    }
    if (oneofs.has(field.oneof)) continue;
    oneofs.add(field.oneof);
    const oneof = message.oneofs.find(({ name }) => name === field.oneof);
    if (oneof === undefined) throw new Error(`${message.typeName} has no oneof ${field.oneof}`);
    const cases = new Set<string>();
    const plans = message.fields
      .filter((member) => member.oneof === oneof.name)
      .map((member) => {
        let name = lowerCamel(member.name);
        while (cases.has(name)) name += "$";
        cases.add(name);
        return planField(member, name);
      });
    properties.push({ kind: "oneof", name: claim(safeProperty(lowerCamel(oneof.name))), oneof, plans });
  }
  return properties;
}

function planField(field: Field, name: string): FieldPlan {
  const { type } = field;
  const takesNull =
    !field.repeated &&
    ((type.kind === "message" && type.typeName === valueName) || (type.kind === "enum" && type.typeName === nullName));
  return { field, name, takesNull };
}

const longTypes: ReadonlySet<ScalarType> = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

/** What the 64-bit integers of a field are, those that are values of a map included; undefined for other fields. */
export function longForm({ type, jsType }: Field, { int64 }: Emit): Emit["int64"] | undefined {
  const value = type.kind === "map" ? type.value : type;
  if (value.kind !== "scalar" || !longTypes.has(value.scalar)) return undefined;
  return jsType === "normal" ? int64 : jsType;
}

/** The tag of a field as emitted: field number and wire type. */
export function tagOf(field: Field, wireType: number): string {
  return tagLiteral(field.number * 8 + wireType);
}

/** A tag as emitted. */
export function tagLiteral(tag: number): string {
  return `0x${tag.toString(16).padStart(2, "0")}`;
}

/** Bytes that the tag takes. */
export function tagSize(field: Field): number {
  const tag = field.number * 8;
  return tag < 0x80 ? 1 : tag < 0x4000 ? 2 : tag < 0x200000 ? 3 : tag < 0x10000000 ? 4 : 5;
}
