import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProto,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
} from "../wkt/index.js";
import { readOptions, type OptionObject } from "./options.js";

/** A field as values are made for it. */
export interface FieldShape {
  /** The name in the contract. */
  readonly name: string;
  readonly jsonName: string;
  readonly type: Type;
  /** Full name of its message or enum; empty for scalars. */
  readonly typeName: string;
  readonly repeated: boolean;
  /** Its absence is a fault: `required` of proto2, or a rule of the contract. */
  readonly required: boolean;
  /** Its absence can be told. */
  readonly optional: boolean;
  /** The oneof that it is a member of; empty for none. */
  readonly oneof: string;
  /** What `(buf.validate.field)` says; empty without it. */
  readonly rules: OptionObject;
}

export interface MessageShape {
  readonly typeName: string;
  readonly fields: readonly FieldShape[];
  /** The two fields of an entry, for the message that stands for a map. */
  readonly entry: { readonly key: FieldShape; readonly value: FieldShape } | undefined;
}

export interface EnumShape {
  readonly typeName: string;
  readonly values: readonly { readonly name: string; readonly number: number; readonly deprecated: boolean }[];
}

/** What descriptors say of messages and enums, by full name. */
export interface Shapes {
  message(typeName: string): MessageShape | undefined;
  enum(typeName: string): EnumShape | undefined;
}

/** Reads the descriptors of `….desc.ts`. */
export function readShapes(descriptors: readonly string[]): Shapes {
  const messages = new Map<string, { readonly proto: DescriptorProto; readonly file: FileDescriptorProto }>();
  const enums = new Map<string, EnumDescriptorProto>();
  const extensions = new Map<string, FieldDescriptorProto>();
  for (const text of descriptors) {
    const file = FileDescriptorProto.decode(new Uint8Array(Buffer.from(text, "base64")));
    const addExtensions = (list: readonly FieldDescriptorProto[]): void => {
      for (const field of list) extensions.set(`${bare(field.extendee)} ${field.number}`, field);
    };
    const addEnums = (scope: string, list: readonly EnumDescriptorProto[]): void => {
      for (const one of list) enums.set(join(scope, one.name), one);
    };
    const addMessages = (scope: string, list: readonly DescriptorProto[]): void => {
      for (const proto of list) {
        const typeName = join(scope, proto.name);
        messages.set(typeName, { proto, file });
        addMessages(typeName, proto.nestedType);
        addEnums(typeName, proto.enumType);
        addExtensions(proto.extension);
      }
    };
    const scope = file.package ?? "";
    addMessages(scope, file.messageType);
    addEnums(scope, file.enumType);
    addExtensions(file.extension);
  }

  const source = {
    fields: (typeName: string) => messages.get(typeName)?.proto.field ?? [],
    extension: (extendee: string, number: number) => extensions.get(`${extendee} ${number}`),
    enumName: (typeName: string, number: number) =>
      enums.get(typeName)?.value.find((value) => value.number === number)?.name ?? String(number),
  };

  const fieldShape = (field: FieldDescriptorProto, proto: DescriptorProto, file: FileDescriptorProto): FieldShape => {
    const { name = "", label, type = Type.STRING, oneofIndex, proto3Optional = false, options } = field;
    const found = readOptions(options?.$unknown ?? [], "google.protobuf.FieldOptions", source)["buf.validate.field"];
    const rules: OptionObject = isObject(found) ? found : {};
    const isMessage = type === Type.MESSAGE || type === Type.GROUP;
    return {
      name,
      jsonName: field.jsonName ?? lowerCamel(name),
      type,
      typeName: bare(field.typeName),
      repeated: label === Label.REPEATED,
      required: label === Label.REQUIRED || rules["required"] === true || isNonEmpty(rules),
      optional: label === Label.OPTIONAL && (isMessage || proto3Optional || file.syntax !== "proto3"),
      // the oneof that `optional` stands for is none
      oneof: oneofIndex === undefined || proto3Optional ? "" : (proto.oneofDecl[oneofIndex]?.name ?? ""),
      rules,
    };
  };

  const shapes = new Map<string, MessageShape>();
  return {
    message(typeName) {
      const known = shapes.get(typeName);
      if (known !== undefined) return known;
      const found = messages.get(typeName);
      if (found === undefined) return undefined;
      const { proto, file } = found;
      const fields = proto.field.map((field) => fieldShape(field, proto, file));
      const [key, value] = fields;
      const isEntry = proto.options?.mapEntry === true && key !== undefined && value !== undefined;
      const shape = { typeName, fields, entry: isEntry ? { key, value } : undefined };
      shapes.set(typeName, shape);
      return shape;
    },
    enum(typeName) {
      const found = enums.get(typeName);
      if (found === undefined) return undefined;
      const values = found.value.map(({ name = "", number = 0, options }) => {
        return { name, number, deprecated: options?.deprecated === true };
      });
      return { typeName, values };
    },
  };
}

/** True for rules by which a list or map must have something in it. */
function isNonEmpty({ repeated, map }: OptionObject): boolean {
  const least = isObject(repeated) ? repeated["min_items"] : isObject(map) ? map["min_pairs"] : undefined;
  return least !== undefined && Number(least) > 0;
}

function isObject(value: unknown): value is OptionObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function bare(name = ""): string {
  return name.replace(/^\./, "");
}

function join(scope: string, name = ""): string {
  return scope === "" ? name : `${scope}.${name}`;
}

/** protoc's rule for JSON names. */
function lowerCamel(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}
