import type { Field, Message, Model, OptionMessage, ProtoFile } from "../../../model/index.js";
import { noOptions } from "../../../model/index.js";
import { encodeFile } from "../../shared/descriptor/file.js";
import { neededFiles, typeFiles } from "./reach.js";

/** The files of the types that expressions of a file may see, each a `FileDescriptorProto` in base64. */
export function encodeTypes(model: Model, file: ProtoFile, also: readonly string[]): readonly string[] {
  return typeFiles(model, file, also).map((one) =>
    Buffer.from(encodeFile(model, typesOnly(model, one))).toString("base64"),
  );
}

/** A file without what expressions do not see: services, extensions, options that contracts define. */
function typesOnly(model: Model, file: ProtoFile): ProtoFile {
  const imports = neededFiles(model, file).map((path) => ({ path, kind: "plain" as const, origin: file.origin }));
  return {
    ...file,
    imports,
    services: [],
    extensions: [],
    messages: file.messages.map(plainMessage),
    enums: file.enums.map((one) => ({
      ...one,
      options: plainOptions(one.options),
      values: one.values.map((value) => ({ ...value, options: noOptions })),
    })),
    options: plainOptions(file.options),
  };
}

function plainMessage(message: Message): Message {
  return {
    ...message,
    options: plainOptions(message.options),
    fields: message.fields.map((field): Field => ({ ...field, options: plainOptions(field.options) })),
    oneofs: message.oneofs.map((oneof) => ({ ...oneof, options: noOptions })),
    messages: message.messages.map(plainMessage),
    enums: message.enums.map((one) => ({ ...one, options: plainOptions(one.options) })),
    extensions: [],
    extensionRanges: message.extensionRanges.map((range) => ({ ...range, options: noOptions })),
  };
}

/** Built-in options: those decide how messages are read. */
function plainOptions(options: OptionMessage): OptionMessage {
  return new Map(
    [...options]
      .filter(([name]) => !name.startsWith("["))
      .map(([name, value]) => [name, name === "features" && value instanceof Map ? plainOptions(value) : value]),
  );
}
