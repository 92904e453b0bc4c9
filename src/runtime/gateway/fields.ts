import { jsonName } from "../wire/json-name.js";

/**
 * How the text of a path segment or query parameter becomes JSON: `text` for all that ProtoJSON takes as a string
 * (numbers, bytes, Timestamp and the other types written as strings included); `opaque` has no form in a URL.
 */
export type FieldKind = "text" | "bool" | "enum" | "mask" | "message" | "opaque";

/**
 * A field of a request message as URLs see it: its contract name where it is a text with the usual JSON name, else
 * what `textField`, `boolField` and their like return.
 */
export type RequestField = string | RequestFieldInfo;

/** The fields of a message; a function because messages may be recursive, and so that unused ones cost nothing. */
export type RequestFields = () => readonly RequestField[];

/** A field with all there is to say about it. */
export interface RequestFieldInfo {
  /** The name in the contract, `page_size`. */
  readonly name: string;
  /** The name in JSON, `pageSize`; URLs may use either. */
  readonly json: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** The fields of a nested message. */
  readonly fields: RequestFields | undefined;
}

/** What a field may have beside its name. */
export interface FieldOptions {
  /** The name in JSON; by default the contract name in lowerCamel form. */
  readonly json?: string;
}

/** A field that ProtoJSON takes as a string: strings, numbers, bytes, Timestamp. @example textField("id", { json: "ID" }) */
export function textField(name: string, options?: FieldOptions): RequestFieldInfo {
  return field("text", name, options);
}

/** A field that is `true` or `false` in a URL. @example boolField("active") */
export function boolField(name: string, options?: FieldOptions): RequestFieldInfo {
  return field("bool", name, options);
}

/** A field whose value a URL names, or gives by number. @example enumField("state") */
export function enumField(name: string, options?: FieldOptions): RequestFieldInfo {
  return field("enum", name, options);
}

/** A field of type `google.protobuf.FieldMask`. @example maskField("update_mask") */
export function maskField(name: string, options?: FieldOptions): RequestFieldInfo {
  return field("mask", name, options);
}

/** A nested message, whose fields a URL reaches by dotted names. @example messageField("address", addressFields) */
export function messageField(name: string, fields: RequestFields, options?: FieldOptions): RequestFieldInfo {
  return { ...field("message", name, options), fields };
}

/** What no URL can hold: maps, lists of messages, free-form JSON. @example opaqueField("labels") */
export function opaqueField(name: string, options?: FieldOptions): RequestFieldInfo {
  return field("opaque", name, options);
}

/** A list, which a URL gives by repeating the parameter. @example repeatedField(enumField("states")) */
export function repeatedField(item: RequestField): RequestFieldInfo {
  return { ...fieldInfo(item), repeated: true };
}

/** A field with its defaults filled in. */
export function fieldInfo(item: RequestField): RequestFieldInfo {
  return typeof item === "string" ? textField(item) : item;
}

function field(kind: FieldKind, name: string, { json = jsonName(name) }: FieldOptions = {}): RequestFieldInfo {
  return { name, json, kind, repeated: false, fields: undefined };
}
