import { collect, edition2023, edition2024, importDescriptor, proto2, proto3, type Input } from "./collect.js";

/** Where and since when an option may be set. */
export const limits: readonly Input[] = collect((add) => {
  const restricted = (t: string, of = "Message") =>
    importDescriptor +
    `extend google.protobuf.${of}Options { optional int32 o = 50001 [targets = ${t}]; optional V v = 50002; }\nmessage V { optional int32 x = 1 [targets = ${t}]; optional V inner = 2; repeated V many = 3; }\n`;
  add("target wrong on message", proto2(restricted("TARGET_TYPE_FILE") + "message M { option (o) = 1; }"));
  add("target right on message", proto2(restricted("TARGET_TYPE_MESSAGE") + "message M { option (o) = 1; }"));
  add("target wrong in aggregate", proto2(restricted("TARGET_TYPE_FILE") + "message M { option (v) = { x: 1 }; }"));
  add("target wrong in path", proto2(restricted("TARGET_TYPE_FILE") + "message M { option (v).x = 1; }"));
  add(
    "target wrong in nested aggregate",
    proto2(restricted("TARGET_TYPE_FILE") + "message M { option (v) = { inner { x: 1 } }; }"),
  );
  add(
    "target wrong in list",
    proto2(restricted("TARGET_TYPE_FILE") + "message M { option (v) = { many: [{}, { x: 1 }] }; }"),
  );
  add(
    "target two",
    proto2(
      importDescriptor +
        "extend google.protobuf.MessageOptions { optional int32 o = 50001 [targets = TARGET_TYPE_FILE, targets = TARGET_TYPE_MESSAGE]; }\nmessage M { option (o) = 1; }",
    ),
  );
  add("target unknown", proto2(restricted("TARGET_TYPE_UNKNOWN") + "message M { option (o) = 1; }"));
  for (const [of, T, use] of [
    ["Field", "FIELD", "message M { optional int32 a = 1 [(o) = 1]; }"],
    ["Oneof", "ONEOF", "message M { oneof x { option (o) = 1; int32 a = 1; } }"],
    ["Enum", "ENUM", "enum E { option (o) = 1; A = 0; }"],
    ["EnumValue", "ENUM_ENTRY", "enum E { A = 0 [(o) = 1]; }"],
    ["Service", "SERVICE", "service S { option (o) = 1; }"],
    ["Method", "METHOD", "message M {} service S { rpc A(M) returns (M) { option (o) = 1; } }"],
    ["ExtensionRange", "EXTENSION_RANGE", "message M { extensions 1 [(o) = 1]; }"],
    ["File", "FILE", "option (o) = 1;"],
  ] as const) {
    add(`target ${of} ok`, proto2(restricted(`TARGET_TYPE_${T}`, of) + use));
    add(`target ${of} wrong`, proto2(restricted(of === "Field" ? "TARGET_TYPE_FILE" : "TARGET_TYPE_FIELD", of) + use));
  }
  add(
    "target on extension field",
    proto2(
      restricted("TARGET_TYPE_FIELD", "Field") +
        "message M { extensions 1; } extend M { optional int32 y = 1 [(o) = 1]; }",
    ),
  );
  add(
    "target on map",
    proto2(restricted("TARGET_TYPE_FILE", "Field") + "message M { map<string,string> m = 1 [(o) = 1]; }"),
  );
  add(
    "target on group",
    proto2(restricted("TARGET_TYPE_FILE", "Field") + "message M { optional group G = 1 [(o) = 1] {} }"),
  );
  add(
    "retention",
    proto2(
      importDescriptor +
        "extend google.protobuf.MessageOptions { optional int32 o = 50001 [retention = RETENTION_SOURCE]; }\nmessage M { option (o) = 1; }",
    ),
  );
  add(
    "retention bad",
    proto2(
      importDescriptor +
        "extend google.protobuf.MessageOptions { optional int32 o = 50001 [retention = RETENTION_FOO]; }",
    ),
  );
  /** An option of messages in `b.proto` with that feature_support. */
  const supported = (support: string): Record<string, string> => ({
    "b.proto": `syntax = "proto2"; package b; ${importDescriptor}extend google.protobuf.MessageOptions { optional int32 o = 50001 [feature_support = { ${support} }]; }`,
  });
  for (const [n, mk] of [
    ["p2", proto2],
    ["p3", proto3],
    ["e23", edition2023],
    ["e24", edition2024],
  ] as const) {
    add(
      `feature_support introduced 2024 in ${n}`,
      mk('import "b.proto"; message M { option (b.o) = 1; }'),
      supported("edition_introduced: EDITION_2024"),
    );
    add(
      `feature_support introduced 2023 removed 2024 in ${n}`,
      mk('import "b.proto"; message M { option (b.o) = 1; }'),
      supported('edition_introduced: EDITION_2023 edition_removed: EDITION_2024 removal_error: "use other"'),
    );
    add(
      `feature_support deprecated 2023 in ${n}`,
      mk('import "b.proto"; message M { option (b.o) = 1; }'),
      supported('edition_introduced: EDITION_PROTO2 edition_deprecated: EDITION_2023 deprecation_warning: "avoid it"'),
    );
    add(
      `feature_support removed 2024 in ${n}`,
      mk('import "b.proto"; message M { option (b.o) = 1; }'),
      supported('edition_removed: EDITION_2024 removal_error: "nope"'),
    );
  }
  add(
    "feature_support no introduced deprecated",
    proto2('import "b.proto"; message M { option (b.o) = 1; }'),
    supported('edition_deprecated: EDITION_2023 deprecation_warning: "avoid it"'),
  );
  add(
    "feature_support deprecated no warning text",
    proto2('import "b.proto"; message M { option (b.o) = 1; }'),
    supported("edition_introduced: EDITION_PROTO2 edition_deprecated: EDITION_2023"),
  );
  add(
    "feature_support removed no error text",
    proto2('import "b.proto"; message M { option (b.o) = 1; }'),
    supported("edition_introduced: EDITION_PROTO2 edition_removed: EDITION_2023"),
  );
  add(
    "feature_support removed before deprecated",
    proto2('import "b.proto"; message M { option (b.o) = 1; }'),
    supported(
      'edition_introduced: EDITION_PROTO2 edition_removed: EDITION_2023 edition_deprecated: EDITION_2024 deprecation_warning: "a"',
    ),
  );
  add(
    "feature_support introduced after removed",
    proto2('import "b.proto"; message M { option (b.o) = 1; }'),
    supported("edition_introduced: EDITION_2024 edition_removed: EDITION_2023"),
  );
  const withValue =
    'import "google/protobuf/descriptor.proto"; enum E { A = 0; B = 1 [feature_support = { edition_introduced: EDITION_2024 }]; } extend google.protobuf.MessageOptions { optional E o = 50001; }';
  add("feature_support enum value 2023", edition2023('import "b.proto"; message M { option (b.o) = B; }'), {
    "b.proto": 'syntax = "proto2"; package b; ' + withValue,
  });
  add("feature_support enum value 2024", edition2024('import "b.proto"; message M { option (b.o) = B; }'), {
    "b.proto": 'syntax = "proto2"; package b; ' + withValue,
  });
  add("feature_support enum value plain use", edition2023('import "b.proto"; message M { b.E e = 1 [default = B]; }'), {
    "b.proto": 'syntax = "proto2"; package b; ' + withValue,
  });
  add("support equal introduced removed", proto2('import "b.proto";'), {
    "b.proto":
      'syntax = "proto2"; package b; ' +
      importDescriptor +
      'extend google.protobuf.MessageOptions { optional int32 o = 50001 [feature_support = { edition_introduced: EDITION_2024 edition_removed: EDITION_2024 removal_error: "x" }]; }',
  });
  add("support equal deprecated removed", proto2('import "b.proto";'), {
    "b.proto":
      'syntax = "proto2"; package b; ' +
      importDescriptor +
      'extend google.protobuf.MessageOptions { optional int32 o = 50001 [feature_support = { edition_deprecated: EDITION_2024 deprecation_warning: "d" edition_removed: EDITION_2024 removal_error: "x" }]; }',
  });
  add("support equal introduced deprecated", proto2('import "b.proto";'), {
    "b.proto":
      'syntax = "proto2"; package b; ' +
      importDescriptor +
      'extend google.protobuf.MessageOptions { optional int32 o = 50001 [feature_support = { edition_introduced: EDITION_2024 edition_deprecated: EDITION_2024 deprecation_warning: "d" }]; }',
  });
  add("support deprecated before introduced", proto2('import "b.proto";'), {
    "b.proto":
      'syntax = "proto2"; package b; ' +
      importDescriptor +
      'extend google.protobuf.MessageOptions { optional int32 o = 50001 [feature_support = { edition_introduced: EDITION_2024 edition_deprecated: EDITION_2023 deprecation_warning: "d" }]; }',
  });
  add("support on nested option field", proto2('import "b.proto"; message M { option (b.o) = { x: 1 }; }'), {
    "b.proto":
      'syntax = "proto2"; package b; ' +
      importDescriptor +
      "message V { optional int32 x = 1 [feature_support = { edition_introduced: EDITION_2024 }]; } extend google.protobuf.MessageOptions { optional V o = 50001; }",
  });
  add("support on nested option field by path", proto2('import "b.proto"; message M { option (b.o).x = 1; }'), {
    "b.proto":
      'syntax = "proto2"; package b; ' +
      importDescriptor +
      "message V { optional int32 x = 1 [feature_support = { edition_introduced: EDITION_2024 }]; } extend google.protobuf.MessageOptions { optional V o = 50001; }",
  });
  add(
    "target on intermediate",
    proto2(
      importDescriptor +
        "message V { optional W w = 1 [targets = TARGET_TYPE_FILE]; } message W { optional int32 x = 1; } extend google.protobuf.MessageOptions { optional V v = 50001; } message M { option (v).w.x = 1; }",
    ),
  );
  add(
    "target in map value",
    proto2(
      importDescriptor +
        'message V { map<string, W> w = 1; } message W { optional int32 x = 1 [targets = TARGET_TYPE_FILE]; } extend google.protobuf.MessageOptions { optional V v = 50001; } message M { option (v) = { w { key: "a" value { x: 1 } } }; }',
    ),
  );
  add(
    "target in any",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        importDescriptor +
        "message W { optional int32 x = 1 [targets = TARGET_TYPE_FILE]; } extend google.protobuf.MessageOptions { optional google.protobuf.Any v = 50001; } message M { option (v) = { [type.googleapis.com/a.W] { x: 1 } }; }",
    ),
  );
  add("support enum value in aggregate", edition2023('import "b.proto"; message M { option (b.o) = { e: B }; }'), {
    "b.proto":
      'syntax = "proto2"; package b; import "google/protobuf/descriptor.proto"; enum E { A = 0; B = 1 [feature_support = { edition_introduced: EDITION_2024 }]; } message V { optional E e = 1; } extend google.protobuf.MessageOptions { optional V o = 50001; }',
  });
});
