import { diagnostic } from "../../diagnostics/index.js";
import type { FieldSyntax, MessageSyntax, Origin } from "../../model/index.js";
import { insteadOf, type Cursor } from "./cursor.js";
import { compactOptions, qualifiedName } from "./parse-options.js";

const mapKeys: ReadonlySet<string> = new Set(
  "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string".split(" "),
);

/** Where a field stands: what its label may be depends on it. */
export interface FieldPlace {
  readonly syntax: "proto2" | "proto3" | "editions";
  readonly oneof: string | undefined;
  readonly within: "message" | "oneof" | "extend";
}

/** The body of a group, which is a message of the scope around it. */
export type GroupBody = (name: string, origin: Origin) => MessageSyntax;

/** A field, map field or group; a group's message comes back beside it. */
export function fieldStatement(
  cursor: Cursor,
  place: FieldPlace,
  groupBody: GroupBody,
): { readonly field: FieldSyntax; readonly group: MessageSyntax | undefined } {
  const labelOrigin = cursor.origin();
  const label = takeLabel(cursor);
  const typeStart = cursor.mark();
  const isMap = cursor.at("map") && cursor.follows("<");
  const isGroup = cursor.at("group") && !cursor.follows(".");
  checkLabel(cursor, label, labelOrigin, place, isMap);
  let mapKey: string | undefined;
  let type: string;
  if (isMap) {
    cursor.next();
    cursor.expect("<");
    const keyOrigin = cursor.origin();
    mapKey = qualifiedName(cursor, "the key type of the map");
    if (!mapKeys.has(mapKey)) {
      cursor.report(diagnostic("E2017", keyOrigin, { key: mapKey }));
      mapKey = "string";
    }
    cursor.expect(",");
    type = qualifiedName(cursor, "the value type of the map");
    cursor.expect(">");
  } else {
    type = qualifiedName(cursor, "a field, or another declaration");
  }
  const typeOrigin = cursor.originFrom(typeStart);
  const origin = cursor.origin();
  const instead = label !== "none" && cursor.at("=") ? `, or ${insteadOf(label)}` : "";
  const name = cursor.identifier(`the name of the field${instead}`);
  cursor.expect("=");
  const numberOrigin = cursor.origin();
  const number = unsigned(cursor, "the number of the field");
  const options = compactOptions(cursor);
  const common = { number, numberOrigin, label, typeOrigin, mapKey, oneof: place.oneof, options };
  if (!isGroup) {
    const comments = cursor.endStatement();
    return { field: { ...common, name, origin, comments, type, group: false }, group: undefined };
  }
  if (place.syntax !== "proto2") cursor.report(diagnostic("E1017", typeOrigin, { syntax: place.syntax }));
  if (!/^[A-Z]/.test(name)) cursor.report(diagnostic("E1018", origin, { name }));
  const messageName = name.charAt(0).toUpperCase() + name.slice(1);
  const group = groupBody(messageName, origin);
  // protoc hangs the comments on the message
  const comments = { leading: "", trailing: "", detached: [] };
  return { field: { ...common, name: name.toLowerCase(), origin, comments, type: messageName, group: true }, group };
}

function takeLabel(cursor: Cursor): FieldSyntax["label"] {
  for (const label of ["optional", "required", "repeated"] as const) {
    if (cursor.take(label)) return label;
  }
  return "none";
}

function checkLabel(
  cursor: Cursor,
  label: FieldSyntax["label"],
  origin: Origin,
  { syntax, within }: FieldPlace,
  isMap: boolean,
): void {
  const refuse = (reason: string): void => cursor.report(diagnostic("E1015", origin, { label, reason }));
  if (isMap) {
    if (label !== "none") refuse("map fields are repeated by themselves");
    else if (within !== "message") cursor.report(diagnostic("E1019", origin, { within }));
  } else if (within === "oneof") {
    if (label !== "none") refuse("of the fields of a oneof at most one is set");
  } else if (label === "required" && syntax !== "proto2") {
    refuse(syntax === "proto3" ? "proto3 has no required fields" : "editions say it with features.field_presence");
  } else if (label === "required" && within === "extend") {
    refuse("a message that exists already cannot come to require an extension");
  } else if (label === "optional" && syntax === "editions") {
    refuse("in editions fields have presence unless features.field_presence says otherwise");
  } else if (label === "none" && syntax === "proto2") {
    cursor.report(diagnostic("E1016", origin, undefined));
  }
}

/** An integer as written; beyond 2^53 the nearest one, which every check refuses all the same. */
export function unsigned(cursor: Cursor, what: string): number {
  if (cursor.kind() !== "integer") cursor.fail(what);
  const value = integerValue(cursor.text());
  cursor.next();
  return value;
}

/** The same with an optional minus sign. */
export function signed(cursor: Cursor, what: string): number {
  const negative = cursor.take("-");
  const value = unsigned(cursor, what);
  return negative && value !== 0 ? -value : value;
}

function integerValue(text: string): number {
  const digits = /^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text;
  const value = Number(digits);
  // a bad literal was reported by the scanner; 1 upsets no later check
  return Number.isNaN(value) ? 1 : value;
}
