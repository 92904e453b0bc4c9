import type {
  EnumSyntax,
  ExtendSyntax,
  ExtensionRangeSyntax,
  MessageSyntax,
  MethodSyntax,
  OneofSyntax,
  RangeSyntax,
  ServiceSyntax,
} from "../../model/index.js";
import type { FileContext } from "./context.js";
import type {
  EnumDescriptor,
  FieldDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  Range,
  ServiceDescriptor,
} from "./descriptor.pb.js";
import { isMapEntry, mapEntries, readExtend, readField } from "./fields.js";

/** A message with all that it nests; `scope` is the full name around it with a leading dot. */
export function readMessage(
  context: FileContext,
  message: MessageDescriptor,
  path: string,
  scope: string,
): MessageSyntax {
  const { locations } = context;
  const origin = locations.origin(`${path},1`);
  const name = context.identifier(message.name, "a message", origin);
  const full = `${scope}.${name}`;
  const entries = mapEntries(full, message.nestedType);
  const place = { scope: full, entries, oneofs: message.oneofDecl };
  return {
    name,
    origin,
    comments: locations.comments(path),
    options: context.options(message.options, "Message", `${path},7`),
    visibility: readVisibility(message.visibility),
    fields: message.field.map((field, i) => readField(context, field, `${path},2,${i}`, place)),
    oneofs: readOneofs(context, message, path),
    messages: readMessages(context, message.nestedType, `${path},3`, full),
    enums: readEnums(context, message.enumType, `${path},4`),
    extends: readExtends(context, message.extension, `${path},6`),
    extensionRanges: message.extensionRange.map((range, i): ExtensionRangeSyntax => {
      const at = `${path},5,${i}`;
      return {
        ...readRange(context, range, at, 1),
        options: context.options(range.options, "ExtensionRange", `${at},3`),
      };
    }),
    reserved: message.reservedRange.map((range, i) => readRange(context, range, `${path},9,${i}`, 1)),
    reservedNames: message.reservedName.map((name, i) => ({ name, origin: locations.origin(`${path},10,${i}`) })),
  };
}

/** `SymbolVisibility`: what stands before the declaration. */
function readVisibility(number: number | undefined): MessageSyntax["visibility"] {
  return number === 2 ? "export" : number === 1 ? "local" : undefined;
}

/** All messages of a list but those of map fields. */
export function readMessages(
  context: FileContext,
  messages: readonly MessageDescriptor[],
  path: string,
  scope: string,
): readonly MessageSyntax[] {
  return messages.flatMap((message, i) =>
    isMapEntry(message) ? [] : [readMessage(context, message, `${path},${i}`, scope)],
  );
}

/** All enums of a list. */
export function readEnums(context: FileContext, enums: readonly EnumDescriptor[], path: string): readonly EnumSyntax[] {
  return enums.map((found, i) => readEnum(context, found, `${path},${i}`));
}

/** All extensions of a list. */
export function readExtends(
  context: FileContext,
  extensions: readonly FieldDescriptor[],
  path: string,
): readonly ExtendSyntax[] {
  return extensions.map((extension, i) => readExtend(context, extension, `${path},${i}`));
}

/** `optional` in proto3 makes a oneof of its own, which nobody wrote. */
function readOneofs(
  context: FileContext,
  { oneofDecl, field }: MessageDescriptor,
  path: string,
): readonly OneofSyntax[] {
  const synthetic = new Set(field.filter((found) => found.proto3Optional === true).map((found) => found.oneofIndex));
  return oneofDecl.flatMap((oneof, i) => {
    if (synthetic.has(i)) return [];
    const at = `${path},8,${i}`;
    const origin = context.locations.origin(`${at},1`);
    return [
      {
        name: context.identifier(oneof.name, "a oneof", origin),
        origin,
        comments: context.locations.comments(at),
        options: context.options(oneof.options, "Oneof", `${at},2`),
      },
    ];
  });
}

/** `beyond` is 1 where the end of a range is the first number behind it, as in messages. */
function readRange({ locations }: FileContext, { start, end }: Range, path: string, beyond: 0 | 1): RangeSyntax {
  return { start: start ?? 0, end: (end ?? 0) - beyond, origin: locations.origin(path) };
}

function readEnum(context: FileContext, found: EnumDescriptor, path: string): EnumSyntax {
  const { locations } = context;
  const origin = locations.origin(`${path},1`);
  return {
    name: context.identifier(found.name, "an enum", origin),
    origin,
    comments: locations.comments(path),
    options: context.options(found.options, "Enum", `${path},3`),
    visibility: readVisibility(found.visibility),
    values: found.value.map((value, i) => {
      const at = `${path},2,${i}`;
      const valueOrigin = locations.origin(`${at},1`);
      return {
        name: context.identifier(value.name, "an enum value", valueOrigin),
        origin: valueOrigin,
        comments: locations.comments(at),
        options: context.options(value.options, "EnumValue", `${at},3`),
        number: value.number ?? 0,
        numberOrigin: locations.origin(`${at},2`),
      };
    }),
    reserved: found.reservedRange.map((range, i) => readRange(context, range, `${path},4,${i}`, 0)),
    reservedNames: found.reservedName.map((name, i) => ({ name, origin: locations.origin(`${path},5,${i}`) })),
  };
}

/** A service with its methods. */
export function readService(context: FileContext, service: ServiceDescriptor, path: string): ServiceSyntax {
  const { locations } = context;
  const origin = locations.origin(`${path},1`);
  return {
    name: context.identifier(service.name, "a service", origin),
    origin,
    comments: locations.comments(path),
    options: context.options(service.options, "Service", `${path},3`),
    methods: service.method.map((method, i) => readMethod(context, method, `${path},2,${i}`)),
  };
}

function readMethod(context: FileContext, method: MethodDescriptor, path: string): MethodSyntax {
  const { locations } = context;
  const origin = locations.origin(`${path},1`);
  const inputOrigin = locations.origin(`${path},2`);
  const outputOrigin = locations.origin(`${path},3`);
  return {
    name: context.identifier(method.name, "a method", origin),
    origin,
    comments: locations.comments(path),
    options: context.options(method.options, "Method", `${path},4`),
    input: context.qualified(method.inputType, "the request of a method", inputOrigin),
    inputOrigin,
    inputStream: method.clientStreaming === true,
    output: context.qualified(method.outputType, "the response of a method", outputOrigin),
    outputOrigin,
    outputStream: method.serverStreaming === true,
  };
}
