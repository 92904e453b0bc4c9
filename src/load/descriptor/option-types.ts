import { builtInEnums, builtInMessages } from "../../model/index.js";
import type { EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor } from "./descriptor.pb.js";
import { hasFlag } from "./flags.js";
import { scalarNames, typeNumber } from "./types.js";

/** A field that option bytes may hold. */
export interface OptionField {
  /** As option syntax names it: `name`, or `[.full.name]` for an extension. */
  readonly name: string;
  /** A number of `FieldDescriptorProto.Type`. */
  readonly type: number;
  /** Of a message or enum, without a leading dot. */
  readonly typeName: string;
  readonly repeated: boolean;
  /** Index of its oneof; undefined: in none. */
  readonly oneof: number | undefined;
}

/** The declarations that option bytes are read by: those of the descriptors at hand, and the built-in options. */
export interface OptionTypes {
  /** A field or extension of a message; undefined: nobody declares it. */
  field(message: string, number: number): OptionField | undefined;
  /** The name of an enum value, of several for one number the first. */
  valueName(enumName: string, number: number): string | undefined;
  isMessage(name: string): boolean;
  /** Its bytes are items of type id and message. */
  isMessageSet(name: string): boolean;
}

type Fields = Map<number, OptionField>;

/** Uninterpreted options: what a compiler leaves there is for itself. */
const uninterpreted = 999;

/** Field 1 of MessageOptions. */
const messageSetWireFormat = 1;

/** Tables over the declarations of all descriptors, made when something asks. */
export function createOptionTypes(files: Iterable<FileDescriptor>): OptionTypes {
  const messages = new Map<string, MessageDescriptor>();
  const enums = new Map<string, EnumDescriptor>();
  const extensions = new Map<string, Fields>();
  const fieldsOf = new Map<string, Fields>();
  const valuesOf = new Map<string, ReadonlyMap<number, string>>();
  for (const file of files) {
    const scope = file.package === undefined || file.package === "" ? "" : `${file.package}.`;
    addAll(scope, file.messageType, file.enumType, file.extension);
  }

  function addAll(
    scope: string,
    messageList: readonly MessageDescriptor[],
    enumList: readonly EnumDescriptor[],
    extensionList: readonly FieldDescriptor[],
  ): void {
    for (const found of enumList) enums.set(`${scope}${found.name}`, found);
    for (const found of extensionList) {
      const extendee = bare(found.extendee);
      let fields = extensions.get(extendee);
      if (fields === undefined) extensions.set(extendee, (fields = new Map()));
      fields.set(found.number ?? 0, toField(found, `[.${scope}${found.name}]`));
    }
    for (const found of messageList) {
      const name = `${scope}${found.name}`;
      messages.set(name, found);
      addAll(`${name}.`, found.nestedType, found.enumType, found.extension);
    }
  }

  function declared(message: string): Fields {
    let fields = fieldsOf.get(message);
    if (fields === undefined) {
      fields = readBuiltIn(message);
      for (const found of messages.get(message)?.field ?? []) {
        const number = found.number ?? 0;
        // of a descriptor.proto, which may be older or newer than we are
        if (number === uninterpreted && builtInMessages.has(message)) continue;
        fields.set(number, toField(found, found.name ?? ""));
      }
      fieldsOf.set(message, fields);
    }
    return fields;
  }

  return {
    field: (message, number) => declared(message).get(number) ?? extensions.get(message)?.get(number),
    valueName(enumName, number) {
      let values = valuesOf.get(enumName);
      if (values === undefined) valuesOf.set(enumName, (values = readValues(enumName, enums.get(enumName))));
      return values.get(number);
    },
    isMessage: (name) => messages.has(name),
    isMessageSet: (name) => hasFlag(messages.get(name)?.options ?? [], messageSetWireFormat),
  };
}

function toField({ type, typeName, label, oneofIndex }: FieldDescriptor, name: string): OptionField {
  return { name, type: type ?? 0, typeName: bare(typeName), repeated: label === 3, oneof: oneofIndex };
}

/** A full name without its leading dot. */
function bare(name: string | undefined): string {
  return name === undefined ? "" : name.replace(/^\./, "");
}

function readBuiltIn(message: string): Fields {
  const fields: Fields = new Map();
  for (const text of builtInMessages.get(message)?.split(", ") ?? []) {
    const [written = "", name = "", number = ""] = text.split(" ");
    const repeated = written.endsWith("*");
    const short = repeated ? written.slice(0, -1) : written;
    const typeName = `google.protobuf.${short}`;
    const scalar = scalarNames.indexOf(short);
    const type = scalar >= 0 ? scalar : builtInMessages.has(typeName) ? typeNumber.message : typeNumber.enum;
    fields.set(Number(number), { name, type, typeName: scalar >= 0 ? "" : typeName, repeated, oneof: undefined });
  }
  return fields;
}

function readValues(name: string, found: EnumDescriptor | undefined): ReadonlyMap<number, string> {
  const pairs: readonly (readonly [number, string])[] =
    found === undefined
      ? (builtInEnums.get(name)?.split(" ") ?? []).map((value) => {
          const [valueName = "", number = ""] = value.split("=");
          return [Number(number), valueName];
        })
      : found.value.map((value) => [value.number ?? 0, value.name ?? ""]);
  // aliases come later than what they are another name of
  return new Map([...pairs].reverse());
}
