import {
  collect,
  edition2023,
  edition2024,
  edition2026,
  importDescriptor,
  proto2,
  proto3,
  type Input,
} from "./collect.js";

/** Labels, types and built-in options of fields. */
export const fields: readonly Input[] = collect((add) => {
  add("required proto3", proto3("message M { required string a = 1; }"));
  add("optional e23", edition2023("message M { optional string a = 1; }"));
  add("required e23", edition2023("message M { required string a = 1; }"));
  add("group e23", edition2023("message M { repeated group A = 1 {} }"));
  add("group proto3", proto3("message M { repeated group A = 1 {} }"));
  add("group without label proto2", proto2("message M { group A = 1 {} }"));
  add("label none proto2", proto2("message M { string a = 1; }"));
  add("two labels", proto2("message M { optional repeated string a = 1; }"));
  add("map label", proto2("message M { optional map<string,string> a = 1; }"));
  add("map key float", proto3("message M { map<float,string> a = 1; }"));
  add("map key bytes", proto3("message M { map<bytes,string> a = 1; }"));
  add("map key enum", proto3("enum E { A = 0; } message M { map<E,string> a = 1; }"));
  add("map key message", proto3("message M { map<M,string> a = 1; }"));
  add("map key unknown", proto3("message M { map<Foo,string> a = 1; }"));
  add("map value map", proto3("message M { map<string,map<string,string>> a = 1; }"));
  add("map value repeated", proto3("message M { map<string,repeated string> a = 1; }"));
  add("map in oneof", proto3("message M { oneof o { map<string,string> a = 1; } }"));
  add("map entry name conflict", proto3("message M { message FooEntry {} map<string,string> foo = 1; }"));
  add("map entry two fields", proto3("message M { map<string,string> foo_bar = 1; map<string,string> fooBar = 2; }"));
  add("map entry used as type", proto3("message M { map<string,string> foo = 1; FooEntry x = 2; }"));
  add("map with spaces", proto3("message M { map < string , string > foo = 1; }"));
  add("map default", proto2("message M { map<string,string> foo = 1 [default = 1]; }"));
  add("map packed", proto2("message M { map<string,string> foo = 1 [packed = true]; }"));
  add("proto3 optional", proto3("message M { optional string a = 1; optional M m = 2; optional int32 _b = 3; }"));
  add("proto3 optional name clash", proto3("message M { optional string a = 1; string _a = 2; }"));
  add("proto3 optional in oneof", proto3("message M { oneof o { optional string a = 1; } }"));
  add(
    "proto3 optional in extend",
    proto3(importDescriptor + "extend google.protobuf.FileOptions { optional int32 x = 50001; }"),
  );
  add("proto3 optional clash oneof", proto3("message M { oneof _a { string b = 2; } optional string a = 1; }"));
  add("proto3_optional explicit", proto3("message M { string a = 1 [proto3_optional = true]; }"));
  add("oneof empty", proto3("message M { oneof o { } }"));
  add("oneof with option only", proto3("message M { oneof o { option deprecated = true; } }"));
  add("packed string", proto2("message M { repeated string a = 1 [packed = true]; }"));
  add("packed singular", proto2("message M { optional int32 a = 1 [packed = true]; }"));
  add("packed false string", proto2("message M { repeated string a = 1 [packed = false]; }"));
  add("packed false singular", proto2("message M { optional string a = 1 [packed = false]; }"));
  add("packed e23", edition2023("message M { repeated int32 a = 1 [packed = true]; }"));
  add("packed enum", proto2("enum E { A = 0; } message M { repeated E a = 1 [packed = true]; }"));
  add("lazy scalar", proto2("message M { optional int32 a = 1 [lazy = true]; }"));
  add("lazy false scalar", proto2("message M { optional int32 a = 1 [lazy = false]; }"));
  add("lazy message", proto2("message M { optional M a = 1 [lazy = true]; }"));
  add("lazy group", proto2("message M { optional group A = 1 [lazy = true] {} }"));
  add("lazy repeated message", proto2("message M { repeated M a = 1 [lazy = true]; }"));
  add("lazy map", proto2("message M { map<string,M> a = 1 [lazy = true]; }"));
  add("lazy delimited e23", edition2023("message M { M a = 1 [lazy = true, features.message_encoding = DELIMITED]; }"));
  add("unverified_lazy scalar", proto2("message M { optional int32 a = 1 [unverified_lazy = true]; }"));
  add("jstype int32", proto2("message M { optional int32 a = 1 [jstype = JS_STRING]; }"));
  add("jstype normal int32", proto2("message M { optional int32 a = 1 [jstype = JS_NORMAL]; }"));
  add(
    "jstype int64",
    proto2("message M { optional int64 a = 1 [jstype = JS_NUMBER]; repeated sfixed64 b = 2 [jstype = JS_STRING]; }"),
  );
  add("jstype double", proto2("message M { optional double a = 1 [jstype = JS_NUMBER]; }"));
  add("jstype map", proto2("message M { map<int64,int64> a = 1 [jstype = JS_NUMBER]; }"));
  add("jstype unknown", proto2("message M { optional int64 a = 1 [jstype = JS_FOO]; }"));
  add("ctype int", proto2("message M { optional int32 a = 1 [ctype = CORD]; }"));
  add("ctype string", proto2("message M { optional string a = 1 [ctype = CORD]; }"));
  add("ctype e23", edition2023("message M { string a = 1 [ctype = CORD]; }"));
  add("ctype int e23", edition2023("message M { int32 a = 1 [ctype = CORD]; }"));
  add("ctype ext e23", edition2023("message M { extensions 1; } extend M { string a = 1 [ctype = CORD]; }"));
  add(
    "ctype ext STRING e23",
    edition2023("message M { extensions 1; } extend M { string a = 1 [ctype = STRING_PIECE]; }"),
  );
  add("ctype e24", edition2024("message M { string a = 1 [ctype = CORD]; }"));
  add("weak field", proto2("message M { optional M a = 1 [weak = true]; }"));
  add("weak field int", proto2("message M { optional int32 a = 1 [weak = true]; }"));
  add("weak field e24", edition2024("message M { M a = 1 [weak = true]; }"));
  add("weak field e26", edition2026("message M { M a = 1 [weak = true]; }"));
  add("java_multiple_files e24", edition2024("option java_multiple_files = true;"));
  add("java_multiple_files e23", edition2023("option java_multiple_files = true;"));
  add("cc_enable_arenas e24", edition2024("option cc_enable_arenas = true;"));
  add("cc_enable_arenas e26", edition2026("option cc_enable_arenas = true;"));
  add("java_string_check_utf8 e23", edition2023("option java_string_check_utf8 = true;"));
  add("java_string_check_utf8 e24", edition2024("option java_string_check_utf8 = true;"));
  add("java_generate_equals_and_hash e24", edition2024("option java_generate_equals_and_hash = true;"));
  add("cc_generic_services e24", edition2024("option cc_generic_services = true;"));
  add("java_outer_classname e24", edition2024('option java_outer_classname = "X";'));
  add(
    "edition_defaults on field",
    proto2(
      importDescriptor +
        'message M { optional int32 a = 1 [edition_defaults = { edition: EDITION_2023, value: "1" }]; }',
    ),
  );
});
