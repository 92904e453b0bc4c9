import { collect, edition2023, extending, proto2, proto3, type Input } from "./collect.js";

/** Names of options and where they lead. */
export const options: readonly Input[] = collect((add) => {
  add("option with leading dot", proto2(extending("File", "optional int32 v = 50001;") + "option (.a.v) = 1;"));
  add("option uninterpreted_option", proto3("option uninterpreted_option = { };"));
  add("option in parens of builtin", proto3('option (go_package) = "a";'));
  add("option builtin dotted", proto3('option go_package.x = "a";'));
  add("option map_entry", proto3("message M { option map_entry = true; }"));
  add("option map_entry false", proto3("message M { option map_entry = false; }"));
  add(
    "option extension of other message",
    proto2(extending("File", "optional int32 v = 50001;") + "message M { option (v) = 1; }"),
  );
  add("option unimported descriptor", proto3("message M { option deprecated = true; }"));
  add(
    "options order before package",
    'syntax = "proto3";\noption java_package = "x";\npackage a;\nimport "google/protobuf/any.proto";\n',
  );
  add("import after message", 'syntax = "proto3";\nmessage M {}\nimport "google/protobuf/any.proto";\n');
  add("compact option trailing comma", proto3("message M { string a = 1 [deprecated = true,]; }"));
  add("compact options empty", proto3("message M { string a = 1 []; }"));
  add("option missing semicolon", proto3('option go_package = "x"\nmessage M {}'));
  add(
    "features inherit ext scope",
    edition2023("option features.utf8_validation = NONE; message M { extensions 1; extend M { string x = 1; } }"),
  );
  add(
    "required group missing in path",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional V i = 1; required int32 x = 2; } option (v).i.x = 1;",
    ),
  );
  add(
    "path and required nested aggregate",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional V i = 1; required int32 x = 2; } option (v).i = { x: 1 }; option (v).x = 2;",
    ),
  );
  add(
    "message literal in repeated ext option",
    proto2(
      extending("File", "repeated V v = 50001;") +
        "message V { optional int32 x = 2; } option (v) = { x: 1 }; option (v) = { x: 2 };",
    ),
  );
  add(
    "repeated ext path",
    proto2(extending("File", "repeated V v = 50001;") + "message V { optional int32 x = 2; } option (v).x = 1;"),
  );
  add("option list literal", proto2(extending("File", "repeated int32 v = 50001;") + "option (v) = [1, 2];"));
  add(
    "compact option list literal",
    proto2(extending("Message", "repeated int32 v = 50001;") + "message M { option (v) = 1; option (v) = 2; }"),
  );
  add("option angle literal", proto2(extending("File", "optional V v = 50001;") + "message V {} option (v) = < >;"));
  add(
    "ext in option path wrong extendee",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1; } message W { extensions 1; } extend W { optional int32 y = 1; } option (v).(y) = 1;",
    ),
  );
  add(
    "ext in option path right",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1; } extend V { optional int32 y = 1; } option (v).(a.y) = 1;",
    ),
  );
  add(
    "ext in option path right nested ext",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1; extend V { optional int32 y = 1; } } option (v).(V.y) = 1;",
    ),
  );
  add(
    "option relative in nested message scope",
    proto2(extending("Message", "optional int32 v = 50001;") + "message M { message v {} option (v) = 1; }"),
  );
  add(
    "option relative hidden by field",
    proto2(extending("Message", "optional int32 v = 50001;") + "message M { optional int32 v = 1; option (v) = 1; }"),
  );
  add(
    "option resolved from field scope",
    proto2(extending("Field", "optional int32 v = 50001;") + "message M { optional int32 v = 1 [(v) = 1]; }"),
  );
  add(
    "enum value option scope",
    proto2(extending("EnumValue", "optional int32 v = 50001;") + "enum E { v1 = 0 [(v) = 1]; }"),
  );
  add(
    "msg option with partial package",
    'syntax = "proto2"; package a.b; ' +
      extending("Message", "optional int32 v = 50001;") +
      "message M { option (b.v) = 1; option (.a.b.v) = 1; }",
  );
  add("ext range option unknown", proto2("message M { extensions 1 [foo = 1]; }"));
  add(
    "ext range option custom",
    proto2(extending("ExtensionRange", "optional int32 v = 50001;") + "message M { extensions 1 to 5, 9 [(v) = 1]; }"),
  );
  add(
    "oneof option",
    proto3(extending("Oneof", "int32 v = 50001;") + "message M { oneof o { option (v) = 1; int32 a = 1; } }"),
  );
  add(
    "service option",
    proto3(extending("Service", "int32 v = 50001;") + "service S { option (v) = 1; option deprecated = true; }"),
  );
  add(
    "method idempotency bad",
    proto3("message M {} service S { rpc A(M) returns (M) { option idempotency_level = SAFE; } }"),
  );
});
