import { create, createFileRegistry, fromBinary, type Registry } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { bytesOf } from "../../wire/index.js";

/** The messages that the expressions of one file see, with all the types they are made of. */
export interface CelTypes {
  readonly registry: Registry;
  /** A message as CEL sees it, from its bytes. */
  message(typeName: string, bytes: Uint8Array): unknown;
}

/** Types from descriptors: each a `FileDescriptorProto` in base64, behind those it needs. Read when first asked for. */
export function celTypes(files: readonly string[]): CelTypes {
  let registry: Registry | undefined;
  const types: CelTypes = {
    get registry() {
      return (registry ??= createFileRegistry(
        create(FileDescriptorSetSchema, {
          file: files.map((file) => fromBinary(FileDescriptorProtoSchema, bytesOf(file))),
        }),
      ));
    },
    message(typeName, bytes) {
      const schema = types.registry.getMessage(typeName);
      if (schema === undefined) throw new Error(`${typeName} is not among the types of its file`);
      return reflect(schema, fromBinary(schema, bytes));
    },
  };
  return types;
}
