/** Names of the scalar types by their number in `FieldDescriptorProto.Type`; empty for what is no scalar. */
export const scalarNames: readonly string[] = [
  "",
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "",
  "",
  "bytes",
  "uint32",
  "",
  "sfixed32",
  "sfixed64",
  "sint32",
  "sint64",
];

/** Numbers of `FieldDescriptorProto.Type` that are no scalars. */
export const typeNumber = { group: 10, message: 11, enum: 14 } as const;

/** Numbers of `FieldDescriptorProto.Label`. */
export const labelNumber = { required: 2, repeated: 3 } as const;
