import { collect, edition2023, edition2024, extending, proto2, proto3, type Input } from "./collect.js";

/** The head of a file, its imports and its package. */
export const files: readonly Input[] = collect((add) => {
  add("no syntax", "message M { optional int32 a = 1; }");
  add("no syntax implicit", "message M { int32 a = 1; }");
  add("empty file", "");
  add("only comment", "// hi");
  add("syntax twice", 'syntax = "proto3";\nsyntax = "proto3";');
  add("edition and syntax", 'edition = "2023";\nsyntax = "proto3";');
  add("syntax after message", 'message M {}\nsyntax = "proto3";');
  add("syntax concatenated", 'syntax = "pro" "to3";');
  add("edition identifier", "edition = 2023;");
  add("edition proto2", 'edition = "proto2";');
  add("package keyword names", 'syntax = "proto3"; package message.option.syntax;');
  add("package leading dot", 'syntax = "proto3"; package .a;');
  add("package with spaces", 'syntax = "proto3"; package a . b;');
  add("package empty", 'syntax = "proto3"; package ;');
  add("package trailing dot", 'syntax = "proto3"; package a.;');
  add("long package name", `syntax = "proto3"; package ${"a".repeat(600)};`);
  add("long identifier", proto3(`message ${"A".repeat(70000)} {}`));
  add("import weak", 'syntax = "proto3"; import weak "b.proto"; message M { b.B b = 1; }', {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import weak 2024", edition2024('import weak "b.proto"; message M { b.B b = 1; }'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import public 2024", edition2024('import public "b.proto"; message M { b.B b = 1; }'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import option 2023", edition2023('import option "b.proto";'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import option proto3", proto3('import option "b.proto";'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import option used for type", edition2024('import option "b.proto"; message M { b.B x = 1; }'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import option used for option", edition2024('import option "b.proto"; option (b.o) = 1; message M { }'), {
    "b.proto":
      'syntax = "proto2"; package b; import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { optional int32 o = 50001; }',
  });
  add(
    "import option before plain import",
    edition2024(
      'import option "b.proto"; import "google/protobuf/any.proto"; option (b.o) = 1; message M { google.protobuf.Any a = 1; }',
    ),
    {
      "b.proto":
        'syntax = "proto2"; package b; import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { optional int32 o = 50001; }',
    },
  );
  add(
    "import option and plain of same",
    edition2024('import "b.proto"; import option "b.proto"; option (b.o) = 1; message M { }'),
    {
      "b.proto":
        'syntax = "proto2"; package b; import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { optional int32 o = 50001; }',
    },
  );
  add(
    "import option of file with public import",
    edition2024('import option "c.proto"; option (b.o) = 1; message M { }'),
    {
      "c.proto": 'syntax = "proto3"; import public "b.proto";',
      "b.proto":
        'syntax = "proto2"; package b; import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { optional int32 o = 50001; }',
    },
  );
  add("import public option", edition2024('import public option "b.proto";'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  add("import extendee through option import", edition2024('import option "b.proto"; extend b.B { int32 x = 1; }'), {
    "b.proto": 'syntax = "proto2"; package b; message B { extensions 1; }',
  });
  add(
    "import option extension as type's scope",
    edition2024('import option "b.proto"; message M { extend b.B { int32 x = 1; } }'),
    { "b.proto": 'syntax = "proto2"; package b; message B { extensions 1; }' },
  );
  add("import path absolute", proto3('import "/b.proto";'), { "b.proto": 'syntax = "proto3";' });
  add("import path dotdot", proto3('import "x/../b.proto";'), { "b.proto": 'syntax = "proto3";' });
  add("import path backslash", proto3('import "x\\\\b.proto";'), { "b.proto": 'syntax = "proto3";' });
  add("import unused", proto3('import "b.proto";'), { "b.proto": 'syntax = "proto3"; package b; message B {}' });
  add("import cycle of three", 'syntax = "proto3"; import "b.proto";', {
    "b.proto": 'syntax = "proto3"; import "c.proto";',
    "c.proto": 'syntax = "proto3"; import "a.proto";',
  });
  add("import lite from non lite", proto2('import "b.proto"; message M { optional b.B x = 1; }'), {
    "b.proto": 'syntax = "proto2"; package b; option optimize_for = LITE_RUNTIME; message B {}',
  });
  add(
    "lite imports full",
    proto2('import "b.proto"; option optimize_for = LITE_RUNTIME; message M { optional b.B x = 1; }'),
    { "b.proto": 'syntax = "proto2"; package b; message B {}' },
  );
  add(
    "lite extension of full",
    proto2('import "b.proto"; option optimize_for = LITE_RUNTIME; extend b.B { optional int32 x = 1; }'),
    { "b.proto": 'syntax = "proto2"; package b; message B { extensions 1; }' },
  );
  add(
    "lite service generic",
    proto2(
      "option optimize_for = LITE_RUNTIME; option cc_generic_services = true; message M {} service S { rpc A(M) returns (M); }",
    ),
  );
  add("symbol in imported file conflicts", proto3('import "b.proto"; message B {}'), {
    "b.proto": 'syntax = "proto3"; package a; message B {}',
  });
  add("package vs message in import", 'syntax = "proto3"; import "b.proto"; package x.y;', {
    "b.proto": 'syntax = "proto3"; package x; message y {}',
  });
  add(
    "file in two packages same prefix",
    'syntax = "proto3"; import "b.proto"; package x.y; message M { x.B b = 1; }',
    { "b.proto": 'syntax = "proto3"; package x; message B {}' },
  );
  add("import twice as public", proto3('import "b.proto"; import public "b.proto";'), {
    "b.proto": 'syntax = "proto3"; package b;',
  });
  add("import self", proto3('import "a.proto";'));
  add("type via transitive public of public", proto3('import "b.proto"; message M { d.D x = 1; }'), {
    "b.proto": 'syntax = "proto3"; package b; import public "c.proto";',
    "c.proto": 'syntax = "proto3"; package c; import public "d.proto";',
    "d.proto": 'syntax = "proto3"; package d; message D {}',
  });
  add("type via public of plain", proto3('import "b.proto"; message M { d.D x = 1; }'), {
    "b.proto": 'syntax = "proto3"; package b; import "c.proto";',
    "c.proto": 'syntax = "proto3"; package c; import public "d.proto";',
    "d.proto": 'syntax = "proto3"; package d; message D {}',
  });
  add("option via transitive import", proto3('import "b.proto"; option (d.x) = 1;'), {
    "b.proto": 'syntax = "proto3"; package b; import "d.proto";',
    "d.proto": 'syntax = "proto3"; package d; ' + extending("File", "int32 x = 50001;"),
  });
});
