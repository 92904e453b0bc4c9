import { collect, edition2023, edition2024, edition2026, type Input } from "./collect.js";

/** Naming style from edition 2024 on. */
export const style: readonly Input[] = collect((add) => {
  const style = (b: string) => [
    edition2024(b),
    edition2023(b),
    edition2024("option features.enforce_naming_style = STYLE_LEGACY;\n" + b),
    edition2026(b),
  ];
  for (const [n, b] of Object.entries({
    "message lower": "message foo {}",
    "message under": "message Foo_Bar {}",
    "message ok": "message FooBar1 {}",
    "field camel": "message M { int32 fooBar = 1; }",
    "field upper": "message M { int32 Foo = 1; }",
    "field underscore digit": "message M { int32 foo_1 = 1; }",
    "field digit": "message M { int32 foo1 = 1; }",
    "field double underscore": "message M { int32 foo__bar = 1; }",
    "field trailing underscore": "message M { int32 foo_ = 1; }",
    "field leading underscore": "message M { int32 _foo = 1; }",
    "enum lower": "enum foo { FOO_A = 0; }",
    "enum value lower": "enum Foo { foo_a = 0; }",
    "enum value camel": "enum Foo { FooA = 0; }",
    "enum value digit": "enum Foo { FOO_1 = 0; }",
    "enum value no prefix": "enum Foo { A = 0; }",
    "oneof camel": "message M { oneof fooBar { int32 a = 1; } }",
    "service lower": "service foo {}",
    "method lower": "message M {} service Foo { rpc get(M) returns (M); }",
    "method under": "message M {} service Foo { rpc Get_It(M) returns (M); }",
    "ext camel": "message M { extensions 1; } extend M { int32 fooBar = 1; }",
    "enum acronym": "enum HTTPMethod { HTTP_METHOD_A = 0; }",
    "message digit start": "message F00 {}",
    "message all caps": "message FOO {}",
    "map field camel": "message M { map<string,string> fooBar = 1; }",
    "field with digit then letter": "message M { int32 foo1bar = 1; }",
    "field under digit letter": "message M { int32 foo_1bar = 1; }",
  })) {
    const [a, b2, l, d] = style(b);
    add("style e24 " + n, a!);
    add("style e23 " + n, b2!);
    add("style legacy " + n, l!);
    add("style e26 " + n, d!);
  }
  add("style package upper e24", 'edition = "2024"; package Foo.bar;');
  add("style package camel e24", 'edition = "2024"; package foo.fooBar;');
  add("style package digit e24", 'edition = "2024"; package foo.v1.foo_bar;');
  add("style package under digit e24", 'edition = "2024"; package foo.bar_1;');
  add(
    "style on message",
    edition2024(
      "message M { option features.enforce_naming_style = STYLE_LEGACY; int32 fooBar = 1; message foo { int32 barBar = 1; } }",
    ),
  );
  add("style on message self", edition2024("message m_m { option features.enforce_naming_style = STYLE_LEGACY; }"));
  add("style on field", edition2024("message M { int32 fooBar = 1 [features.enforce_naming_style = STYLE_LEGACY]; }"));
  add("style on enum", edition2024("enum foo { option features.enforce_naming_style = STYLE_LEGACY; a = 0; }"));
  add(
    "style on service",
    edition2024(
      "message M {} service foo { option features.enforce_naming_style = STYLE_LEGACY; rpc a(M) returns (M); }",
    ),
  );
  add(
    "style on oneof",
    edition2024("message M { oneof fooBar { option features.enforce_naming_style = STYLE_LEGACY; int32 aB = 1; } }"),
  );
  add("style on enum value", edition2024("enum Foo { fooA = 0 [features.enforce_naming_style = STYLE_LEGACY]; }"));
  add(
    "style several errors",
    edition2024("message m { int32 fooBar = 1; oneof aB { int32 cD = 2; } enum e { a = 0; } }"),
  );
  add("style STYLE2026 in 2024", edition2024("option features.enforce_naming_style = STYLE2026;"));
  add(
    "style STYLE2024 in 2026",
    edition2026("option features.enforce_naming_style = STYLE2024; message M { int32 fooBar = 1; }"),
  );
  add("style unknown", edition2024("option features.enforce_naming_style = ENFORCE_NAMING_STYLE_UNKNOWN;"));
});
