/** Names of `google.protobuf` by the file that declares them, as far as contracts use them. */
const declarations: Readonly<Record<string, string>> = {
  any: "Any",
  api: "Api Method Mixin",
  duration: "Duration",
  empty: "Empty",
  field_mask: "FieldMask",
  source_context: "SourceContext",
  struct: "Struct Value NullValue ListValue",
  timestamp: "Timestamp",
  type: "Type Field Enum EnumValue Option Syntax",
  wrappers: "DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue",
};

/** Well-known types by full name: the file to import for each. They are known without being loaded. */
export const wellKnownTypes: ReadonlyMap<string, string> = new Map(
  Object.entries(declarations).flatMap(([file, names]) =>
    names.split(" ").map((name) => [`google.protobuf.${name}`, `google/protobuf/${file}.proto`] as const),
  ),
);
