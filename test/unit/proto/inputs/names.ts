import { collect, edition2023, edition2024, extending, proto2, proto3, type Input } from "./collect.js";

/** What names mean, and which may not meet. */
export const names: readonly Input[] = collect((add) => {
  add("field and oneof of one name", proto3("message M { oneof a { string b = 1; } string a = 2; }"));
  add("field and nested message of one name", proto3("message M { message a {} string a = 2; }"));
  add("field named like own message", proto3("message M { string M = 2; }"));
  add("enum value like message", proto3("message A {} enum E { A = 0; }"));
  add("nested enum value like field", proto3("message M { enum E { a = 0; } string a = 1; }"));
  add("service like message", proto3("message A {} service A {}"));
  add("method twice", proto3("message A {} service S { rpc X(A) returns (A); rpc X(A) returns (A); }"));
  add("ext like message", proto2("message A { extensions 1; } extend A { optional int32 A = 1; }"));
  add(
    "ext in nested scope like field",
    proto2("message A { extensions 1; optional int32 x = 2; extend A { optional int32 x = 1; } }"),
  );
  add("field names differ by case", proto3("message M { string a = 1; string A = 2; }"));
  add("field names differ by underscore", proto3("message M { string ab = 1; string a_b = 2; }"));
  add("type is field", proto3("message M { string a = 1; a b = 2; }"));
  add("type is method", proto3("message M {} service S { rpc A(M) returns (M); } message N { S.A x = 1; }"));
  add("type is enum value", proto3("enum E { A = 0; } message N { A x = 1; }"));
  add("type is package", proto3("message N { a x = 1; }"));
  add("type with leading dot not found", proto3("message N { .b.X x = 1; }"));
  add("type nested by outer name", proto3("message N { message I {} N.I i = 1; a.N.I j = 2; .a.N.I k = 3; }"));
  add("scoping first component", proto3("message t {} message M { message t { message foo {} } t.foo x = 1; } "));
  add("scoping innermost binds", proto3("message t { message x {} } message M { message t {} t.x a = 1; }"));
  add("scoping field blocks", proto3("message Foo { message x {} } message M { string Foo = 1; Foo.x a = 2; }"));
  add("scoping enum blocks", proto3("message Foo { message x {} } message M { enum Foo { A = 0; } Foo.x a = 2; }"));
  add(
    "scoping package first comp",
    'syntax = "proto3"; package foo.bar; import "b.proto"; message M { bar.B x = 1; }',
    { "b.proto": 'syntax = "proto3"; package bar; message B {}' },
  );
  add("scoping package ok", 'syntax = "proto3"; package foo.baz; import "b.proto"; message M { bar.B x = 1; }', {
    "b.proto": 'syntax = "proto3"; package bar; message B {}',
  });
  add(
    "scoping package of unimported file",
    'syntax = "proto3"; package foo.baz; import "b.proto"; message M { bar.B x = 1; }',
    {
      "b.proto": 'syntax = "proto3"; package bar; message B {}',
      "c.proto": 'syntax = "proto3"; package foo.bar; message C {}',
    },
  );
  add("rpc hides type", proto3("message Get {} service S { rpc Get(Get) returns (Get); }"));
  add(
    "rpc other method hides",
    proto3("message Get {} service S { rpc Get(.a.Get) returns (.a.Get); rpc List(Get) returns (a.Get); }"),
  );
  add("rpc stream type named stream", proto3("message stream {} service S { rpc A(stream) returns (stream); }"));
  add("rpc stream stream", proto3("message stream {} service S { rpc A(stream stream) returns (stream); }"));
  add(
    "rpc stream qualified",
    proto3("message stream { message X {} } service S { rpc A(stream.X) returns (stream .a.stream.X); }"),
  );
  add("rpc stream leading dot", proto3("message X {} service S { rpc A(stream .a.X) returns (.a.X); }"));
  add("group named field use", proto2("message M { optional group Foo = 1 {} optional Foo x = 2; }"));
  add("message type map", proto3("message map { } message M { map a = 1; }"));
  add("message type group proto2", proto2("message group { } message M { optional group a = 1; }"));
  add("message type group proto3", proto3("message group { } message M { group a = 1; }"));
  add("message type leading dot keyword", proto3("message string { } message M { .a.string a = 1; a.string b = 2; }"));
  add("keyword field types", proto3("message optional {} message M { optional optional = 1; }"));
  add(
    "field named keywords",
    proto3(
      "message M { string message = 1; string enum = 2; string oneof = 3; string reserved = 4; string extensions = 5; string option = 6; string map = 7; string extend = 8; string rpc = 9; string returns = 10; string to = 11; string max = 12; string true = 13; string inf = 14; string nan = 15; string syntax = 16; string import = 17; string package = 18; string group = 19; string export = 20; string local = 21; string edition = 22; string weak = 23; string public = 24; string stream = 25; string service = 26; string repeated = 27; string required = 28; string optional = 29; }",
    ),
  );
  add(
    "type names keywords",
    proto3(
      "message message {} message enum {} message oneof {} message M { .a.message a = 1; .a.enum b = 2; .a.oneof c = 3; }",
    ),
  );
  add("field of type message", proto3("message rpc {} message M { rpc a = 1; stream b = 2; } message stream {}"));
  add("field of type reserved", proto3("message reserved {} message M { reserved a = 1; }"));
  add("field of type option", proto3("message option {} message M { option a = 1; }"));
  add("field of type option in oneof", proto3("message option {} message M { oneof o { option a = 1; } }"));
  add("field of type extensions", proto3("message extensions {} message M { extensions a = 1; }"));
  add("field of type export e23", edition2023("message export {} message M { export a = 1; }"));
  add("field of type export e24", edition2024("message Export {} message M { .a.Export a = 1; }"));
  add("enum value named option", proto3("enum E { option = 0; }"));
  add("enum value named reserved", proto3("enum E { reserved = 0; }"));
  add("oneof field of type oneof", proto3("message oneof {} message M { oneof x { .a.oneof a = 1; } }"));
  add("nested oneof", proto3("message M { oneof x { oneof y { string a = 1; } } }"));
  add("message in oneof", proto3("message M { oneof x { message Y {} string a = 1; } }"));
  add(
    "option in oneof",
    proto3(extending("Oneof", "int32 o = 50001;") + "message M { oneof x { option (o) = 1; string a = 1; } }"),
  );
  add("reserved in oneof", proto3("message M { oneof x { reserved 5; string a = 1; } }"));
  add("extensions in oneof", proto2("message M { oneof x { extensions 5; string a = 1; } }"));
  add("group in oneof", proto2("message M { oneof x { group G = 1 { } } }"));
  add("group in extend", proto2("message M { extensions 1; } extend M { optional group G = 1 { } }"));
  add("map in extend", proto2("message M { extensions 1; } extend M { map<string,string> g = 1; }"));
  add("oneof in extend", proto2("message M { extensions 1; } extend M { oneof g { int32 x = 1; } }"));
  add("label none in extend proto2", proto2("message M { extensions 1; } extend M { int32 g = 1; }"));
  add("required extension", proto2("message M { extensions 1; } extend M { required int32 g = 1; }"));
  add("extend with option", proto2("message M { extensions 1; } extend M { option x = 1; }"));
  add("extend scalar", proto2("extend int32 { optional int32 g = 1; }"));
  add("extend unknown", proto2("extend Foo { optional int32 g = 1; }"));
  add("extend own nested", proto2("message M { extensions 1; message N { extend M { optional int32 g = 1; } } }"));
  add("message nested in enum", proto3("enum E { A = 0; message M {} }"));
  add("enum in service", proto3("service S { enum E { A = 0; } }"));
  add("service in message", proto3("message M { service S {} }"));
  add("rpc in message", proto3("message M { rpc A(M) returns (M); }"));
  add("import in message", proto3('message M { import "x"; }'));
  add("package in message", proto3("message M { package x; }"));
  add("top level field", proto3("string a = 1;"));
  add("top level oneof", proto3("oneof a { string x = 1; }"));
  add("top level rpc", proto3("rpc A(B) returns (C);"));
  add("missing name", proto3("message { }"));
  add("numeric name", proto3("message 1M { }"));
  add("dotted message name", proto3("message a.M { }"));
  add("dotted field name", proto3("message M { string a.b = 1; }"));
  add("string name", proto3('message "M" { }'));
  add("rpc old stream body", proto3("message M {} service S { stream A(M, M); }"));
  add("rpc missing returns", proto3("message M {} service S { rpc A(M); }"));
  add("rpc scalar", proto3("message M {} service S { rpc A(string) returns (M); }"));
  add("rpc two inputs", proto3("message M {} service S { rpc A(M, M) returns (M); }"));
  add(
    "rpc option no semicolon",
    proto3("message M {} service S { rpc A(M) returns (M) { option deprecated = true } }"),
  );
  add("rpc compact options", proto3("message M {} service S { rpc A(M) returns (M) [deprecated = true]; }"));
  add(
    "__proto__ names",
    proto3(
      "message __proto__ { string __proto__ = 1; map<string, __proto__> constructor = 2; oneof toString { int32 valueOf = 3; } enum hasOwnProperty { __proto__A = 0; } } service constructor { rpc __proto__(.a.__proto__) returns (.a.__proto__); }",
    ),
  );
  add(
    "__proto__ option aggregate",
    proto2(
      extending("File", "optional V v = 50001;") +
        'message V { optional V __proto__ = 1; map<string,string> constructor = 2; } option (v) = { __proto__ { constructor { key: "__proto__" value: "x" } } }; ',
    ),
  );
  add(
    "__proto__ option path",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional V __proto__ = 1; } option (v).__proto__.__proto__ = {};",
    ),
  );
  add(
    "__proto__ extension",
    proto2(extending("File", "optional int32 __proto__ = 50001;") + "option (__proto__) = 1;"),
  );
  add(
    "__proto__ package",
    'syntax = "proto3"; package __proto__.constructor; message toString { constructor x = 1; } message constructor {}',
  );
  add(
    "__proto__ enum value default",
    proto2("enum E { __proto__ = 0; constructor = 1; } message M { optional E e = 1 [default = __proto__]; }"),
  );
  add(
    "extension type name conflict msg in extend group",
    proto2("message M { extensions 1; } message G {} extend M { optional group G = 1 {} }"),
  );
  add("unused custom option import", proto3('import "google/api/annotations.proto"; message M {}'));
  add(
    "google.api.http",
    proto3(
      'import "google/api/annotations.proto"; message M { string id = 1; } service S { rpc A(M) returns (M) { option (google.api.http) = { get: "/v1/{id}" additional_bindings { get: "/v2" } additional_bindings: [{ get: "/v3" }] }; } }',
    ),
  );
});
