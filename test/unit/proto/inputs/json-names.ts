import { collect, edition2023, importDescriptor, proto2, proto3, type Input } from "./collect.js";

/** Names in JSON, and defaults. */
export const jsonNames: readonly Input[] = collect((add) => {
  add("json conflict proto3", proto3("message M { string foo_bar = 1; string fooBar = 2; }"));
  add("json conflict proto2", proto2("message M { optional string foo_bar = 1; optional string fooBar = 2; }"));
  add(
    "json conflict proto2 custom",
    proto2('message M { optional string a = 1 [json_name = "x"]; optional string b = 2 [json_name = "x"]; }'),
  );
  add(
    "json conflict proto2 custom with default",
    proto2('message M { optional string a = 1 [json_name = "b"]; optional string b = 2; }'),
  );
  add("json conflict e23", edition2023("message M { string foo_bar = 1; string fooBar = 2; }"));
  add(
    "json conflict e23 legacy",
    edition2023(
      "option features.json_format = LEGACY_BEST_EFFORT; message M { string foo_bar = 1; string fooBar = 2; }",
    ),
  );
  add(
    "json conflict deprecated_legacy",
    proto3(
      "message M { option deprecated_legacy_json_field_conflicts = true; string foo_bar = 1; string fooBar = 2; }",
    ),
  );
  add("json_name swap", proto3('message M { string a = 1 [json_name = "b"]; string b = 2 [json_name = "a"]; }'));
  add("json_name empty", proto3('message M { string a = 1 [json_name = ""]; }'));
  add("json_name NUL", proto3(String.raw`message M { string a = 1 [json_name = "a\0b"]; }`));
  add("json_name brackets", proto3('message M { string a = 1 [json_name = "[foo]"]; }'));
  add("json_name open bracket", proto3('message M { string a = 1 [json_name = "[foo"]; }'));
  add("json_name in parens", proto3('message M { string a = 1 [(json_name) = "x"]; }'));
  add("json_name identifier", proto3("message M { string a = 1 [json_name = x]; }"));
  add("json_name dup", proto3('message M { string a = 1 [json_name = "x", json_name = "x"]; }'));
  add("json_name on oneof field", proto3('message M { oneof o { string a = 1 [json_name = "x"]; } }'));
  add("json_name on map", proto3('message M { map<string,string> a = 1 [json_name = "x"]; }'));
  add("default twice", proto2("message M { optional int32 a = 1 [default = 1, default = 2]; }"));
  add("default dotted", proto2("message M { optional int32 a = 1 [default.x = 1]; }"));
  for (const [n, t] of Object.entries({
    proto3: proto3('message M { string a = 1 [default = "x"]; }'),
    repeated: proto2('message M { repeated string a = 1 [default = "x"]; }'),
    message: proto2("message M { optional M a = 1 [default = {}]; }"),
    group: proto2("message M { optional group A = 1 [default = {}] {} }"),
    "string number": proto2("message M { optional string a = 1 [default = 1]; }"),
    "string identifier": proto2("message M { optional string a = 1 [default = x]; }"),
    "bool string": proto2('message M { optional bool a = 1 [default = "true"]; }'),
    "bool True": proto2("message M { optional bool a = 1 [default = True]; }"),
    "int string": proto2('message M { optional int32 a = 1 [default = "1"]; }'),
    "uint negative": proto2("message M { optional uint32 a = 1 [default = -1]; }"),
    "int32 max+1": proto2("message M { optional int32 a = 1 [default = 2147483648]; }"),
    "int32 min": proto2("message M { optional int32 a = 1 [default = -2147483648]; }"),
    "int64 min": proto2("message M { optional int64 a = 1 [default = -9223372036854775808]; }"),
    "int64 max+1": proto2("message M { optional int64 a = 1 [default = 9223372036854775808]; }"),
    "uint64 max": proto2("message M { optional uint64 a = 1 [default = 18446744073709551615]; }"),
    "enum unknown": proto2("enum E { A = 0; } message M { optional E a = 1 [default = B]; }"),
    "enum number": proto2("enum E { A = 0; } message M { optional E a = 1 [default = 0]; }"),
    "enum string": proto2('enum E { A = 0; } message M { optional E a = 1 [default = "A"]; }'),
    "enum qualified": proto2("enum E { A = 0; } message M { optional E a = 1 [default = E.A]; }"),
    bytes: proto2(String.raw`message M { optional bytes a = 1 [default = "\xff\0\"\001x"]; }`),
    oneof: proto2("message M { oneof o { int32 a = 1 [default = 3]; } }"),
    extension: proto2("message M { extensions 1; } extend M { optional int32 a = 1 [default = 3]; }"),
    "ext enum": proto2(
      "enum E { A = 0; B = 1; } message M { extensions 1; } extend M { optional E a = 1 [default = B]; }",
    ),
    "implicit e23": edition2023("message M { int32 a = 1 [default = 3, features.field_presence = IMPLICIT]; }"),
    "implicit file e23": edition2023(
      "option features.field_presence = IMPLICIT; message M { int32 a = 1 [default = 3]; }",
    ),
    "implicit oneof e23": edition2023(
      "option features.field_presence = IMPLICIT; message M { oneof o { int32 a = 1 [default = 3]; } }",
    ),
    "ext implicit e23": edition2023(
      "option features.field_presence = IMPLICIT; message M { extensions 1; } extend M { int32 a = 1 [default = 3]; }",
    ),
    e23: edition2023("message M { int32 a = 1 [default = 3]; }"),
    joined: proto2("message M { optional string a = 1 [default = \"a\" 'b']; }"),
    "float int": proto2("message M { optional float a = 1 [default = 3]; }"),
    "float neg hex": proto2("message M { optional float a = 1 [default = -0x10]; }"),
    "int -0": proto2("message M { optional int32 a = 1 [default = -0]; }"),
    "uint -0": proto2("message M { optional uint32 a = 1 [default = -0]; }"),
    list: proto2("message M { repeated int32 a = 1 [default = [1]]; }"),
    required: proto2("message M { required int32 a = 1 [default = 1]; }"),
    missing: proto2("message M { required int32 a = 1 [default = ]; }"),
    "proto3 ext": proto3(importDescriptor + "extend google.protobuf.FileOptions { int32 a = 50001 [default = 1]; }"),
  }))
    add("default " + n, t);
});
