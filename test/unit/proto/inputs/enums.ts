import { collect, edition2023, proto2, proto3, type Input } from "./collect.js";

/** Enums and their values. */
export const enums: readonly Input[] = collect((add) => {
  add("enum empty", proto3("enum E {}"));
  add("enum only reserved", proto3("enum E { reserved 1; }"));
  add("enum first not zero", proto3("enum E { A = 1; }"));
  add("enum first not zero proto2", proto2("enum E { A = 1; }"));
  add("enum first not zero e23", edition2023("enum E { A = 1; }"));
  add("enum first not zero e23 closed", edition2023("enum E { option features.enum_type = CLOSED; A = 1; }"));
  add("enum alias", proto3("enum E { A = 0; B = 0; }"));
  add("enum alias allowed", proto3("enum E { option allow_alias = true; A = 0; B = 0; }"));
  add("enum alias allowed unused", proto3("enum E { option allow_alias = true; A = 0; B = 1; }"));
  add("enum alias false", proto3("enum E { option allow_alias = false; A = 0; B = 1; }"));
  add("enum number too big", proto3("enum E { A = 0; B = 2147483648; }"));
  add("enum number min", proto3("enum E { A = 0; B = -2147483648; }"));
  add("enum number below min", proto3("enum E { A = 0; B = -2147483649; }"));
  add("enum number hex", proto3("enum E { A = 0x0; B = -0x7; C = 017; }"));
  add("enum number float", proto3("enum E { A = 0.0; }"));
  add("enum value without number", proto3("enum E { A; }"));
  add("enum values comma", proto3("enum E { A = 0, B = 1 }"));
  add("enum prefix conflict", proto3("enum Kind { KIND_A = 0; A = 1; }"));
  add("enum prefix conflict proto2", proto2("enum Kind { KIND_A = 0; A = 1; }"));
  add("enum case conflict", proto3("enum Kind { FOO = 0; Foo = 1; }"));
  add("enum prefix conflict alias", proto3("enum Kind { option allow_alias = true; KIND_A = 0; A = 0; }"));
  add(
    "enum prefix conflict legacy",
    proto3("enum Kind { option deprecated_legacy_json_field_conflicts = true; KIND_A = 0; A = 1; }"),
  );
  add("enum prefix conflict e23", edition2023("enum Kind { KIND_A = 0; A = 1; }"));
  add("enum reserved used", proto3("enum E { reserved 0; A = 0; }"));
  add("enum reserved negative", proto3("enum E { reserved -5 to -1; A = 0; B = -3; }"));
  add("enum reserved name", proto3('enum E { reserved "A"; A = 0; }'));
  add("enum reserved name dup", proto3('enum E { reserved "B", "B"; A = 0; }'));
  add("enum reserved overlap", proto3("enum E { reserved 1 to 5, 3; A = 0; }"));
  add("enum reserved backwards", proto3("enum E { reserved 5 to 1; A = 0; }"));
  add("enum reserved max", proto3("enum E { reserved 5 to max; A = 0; }"));
  add("enum reserved max used", proto3("enum E { reserved 5 to max; A = 0; B = 2147483647; }"));
  add("enum reserved too big", proto3("enum E { reserved 5 to 2147483648; A = 0; }"));
  add("enum reserved min", proto3("enum E { reserved -2147483648 to -1; A = 0; }"));
  add("enum extensions", proto2("enum E { extensions 1; A = 0; }"));
  add("enum nested same value names", proto3("message M { enum A { X = 0; } enum B { X = 0; } }"));
  add("enum value option twice", proto3("enum A { X = 0 [deprecated = true, deprecated = true]; }"));
  add("enum value named like enum", proto3("enum A { A = 0; }"));
  add("enum in map value not zero proto2", proto2("enum E { A = 1; } message M { map<string, E> m = 1; }"));
  add("enum closed in proto3 field", 'syntax = "proto3"; import "b.proto"; message M { b.E e = 1; }', {
    "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }',
  });
  add("enum closed in proto3 map", 'syntax = "proto3"; import "b.proto"; message M { map<string, b.E> e = 1; }', {
    "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }',
  });
  add("enum closed in proto3 repeated", 'syntax = "proto3"; import "b.proto"; message M { repeated b.E e = 1; }', {
    "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }',
  });
  add("enum closed in proto3 optional", 'syntax = "proto3"; import "b.proto"; message M { optional b.E e = 1; }', {
    "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }',
  });
  add(
    "enum closed in proto3 extension",
    'syntax = "proto3"; import "b.proto"; import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { b.E e = 50001; }',
    { "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }' },
  );
  add(
    "enum closed in e23 implicit",
    edition2023('import "b.proto"; option features.field_presence = IMPLICIT; message M { b.E e = 1; }'),
    { "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }' },
  );
  add(
    "enum closed in e23 implicit repeated",
    edition2023('import "b.proto"; option features.field_presence = IMPLICIT; message M { repeated b.E e = 1; }'),
    { "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }' },
  );
  add(
    "enum closed in e23 implicit oneof",
    edition2023('import "b.proto"; option features.field_presence = IMPLICIT; message M { oneof o { b.E e = 1; } }'),
    { "b.proto": 'syntax = "proto2"; package b; enum E { A = 0; }' },
  );
  add("enum open in proto2", 'syntax = "proto2"; import "b.proto"; message M { optional b.E e = 1 [default = A]; }', {
    "b.proto": 'syntax = "proto3"; package b; enum E { A = 0; }',
  });
});
