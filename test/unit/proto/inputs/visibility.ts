import { collect, edition2023, edition2024, proto3, type Input } from "./collect.js";

/** `export` and `local`. */
export const visibility: readonly Input[] = collect((add) => {
  add(
    "vis export message e24",
    edition2024("export message M {} local message N {} export enum E { E_A = 0; } local enum F { F_A = 0; }"),
  );
  add("vis export nested", edition2024("message M { export message N {} local enum E { E_A = 0; } }"));
  add("vis e23", edition2023("export message M {}"));
  add("vis proto3", proto3("local message M {}"));
  add("vis on service", edition2024("export service S {}"));
  add("vis on extend", edition2024("message M { extensions 1; } export extend M { int32 x = 1; }"));
  add("vis on field", edition2024("message M { export int32 x = 1; }"));
  add("vis on field local name", edition2024("message M { local x = 1; } message local {}"));
  add("vis on oneof", edition2024("message M { export oneof x { int32 a = 1; } }"));
  add("vis twice", edition2024("export export message M { }"));
  add("vis both", edition2024("export local message M { }"));
  add("vis comment between", edition2024("export /* c */ message M { } local\n// d\nenum E { E_A = 0; }"));
  add("vis local used elsewhere", edition2024('import "b.proto"; message M { b.B b = 1; }'), {
    "b.proto": 'edition = "2024"; package b; local message B {}',
  });
  add("vis nested default used elsewhere", edition2024('import "b.proto"; message M { b.B.C b = 1; }'), {
    "b.proto": 'edition = "2024"; package b; message B { message C {} }',
  });
  add("vis nested export used elsewhere", edition2024('import "b.proto"; message M { b.B.C b = 1; }'), {
    "b.proto": 'edition = "2024"; package b; message B { export message C {} }',
  });
  add("vis nested export in local", edition2024('import "b.proto"; message M { b.B.C b = 1; }'), {
    "b.proto": 'edition = "2024"; package b; local message B { export message C {} }',
  });
  add("vis EXPORT_ALL", edition2024('import "b.proto"; message M { b.B.C b = 1; }'), {
    "b.proto":
      'edition = "2024"; package b; option features.default_symbol_visibility = EXPORT_ALL; message B { message C {} }',
  });
  add("vis LOCAL_ALL", edition2024('import "b.proto"; message M { b.B b = 1; }'), {
    "b.proto":
      'edition = "2024"; package b; option features.default_symbol_visibility = LOCAL_ALL; message B { message C {} }',
  });
  add("vis aggregate LOCAL_ALL", edition2024('import "b.proto"; message M { b.B b = 1; }'), {
    "b.proto":
      'edition = "2024"; package b; option features = { default_symbol_visibility: LOCAL_ALL }; message B { message C {} }',
  });
  add("vis STRICT top", edition2024('import "b.proto"; message M { b.B b = 1; }'), {
    "b.proto": 'edition = "2024"; package b; option features.default_symbol_visibility = STRICT; message B { }',
  });
  add("vis STRICT top export", edition2024('import "b.proto"; message M { b.B b = 1; }'), {
    "b.proto": 'edition = "2024"; package b; option features.default_symbol_visibility = STRICT; export message B { }',
  });
  add("vis STRICT nested export", edition2024("message X {}"), {
    "b.proto":
      'edition = "2024"; package b; option features.default_symbol_visibility = STRICT; message B { export message C {} }',
  });
  add("vis STRICT nested enum in empty local msg", edition2024("message X {}"), {
    "b.proto":
      'edition = "2024"; package b; option features.default_symbol_visibility = STRICT; local message B { export enum C { C_A = 0; } reserved 1 to max; }',
  });
  add("vis STRICT nested enum in empty msg not reserved", edition2024("message X {}"), {
    "b.proto":
      'edition = "2024"; package b; option features.default_symbol_visibility = STRICT; local message B { export enum C { C_A = 0; } }',
  });
  add(
    "vis default symbol unknown",
    edition2024("option features.default_symbol_visibility = DEFAULT_SYMBOL_VISIBILITY_UNKNOWN;"),
  );
  add("vis local in rpc", edition2024('import "b.proto"; service S { rpc A(b.B) returns (b.B); }'), {
    "b.proto": 'edition = "2024"; package b; local message B {}',
  });
  add("vis local in extend", edition2024('import "b.proto"; extend b.B { int32 x = 1; }'), {
    "b.proto": 'edition = "2024"; package b; local message B { extensions 1; }',
  });
  add("vis local in map", edition2024('import "b.proto"; message M { map<string, b.B> x = 1; }'), {
    "b.proto": 'edition = "2024"; package b; local message B { }',
  });
  add("vis local enum from proto3", proto3('import "b.proto"; message M { b.B x = 1; }'), {
    "b.proto": 'edition = "2024"; package b; local enum B { B_A = 0; }',
  });
  add("vis local in same package other file", edition2024('import "b.proto"; message M { B x = 1; }'), {
    "b.proto": 'edition = "2024"; package a; local message B { }',
  });
  add("vis local in aggregate option ok", edition2024('import option "b.proto"; option (b.o) = { x: 1 }; '), {
    "b.proto":
      'edition = "2024"; package b; import "google/protobuf/descriptor.proto"; local message B { int32 x = 1; } extend google.protobuf.FileOptions { B o = 50001; }',
  });
  const S = (b: string) => ({
    "b.proto": `edition = "2024"; package b; option features.default_symbol_visibility = STRICT; ${b}`,
  });
  add(
    "strict: local msg with enum + field",
    edition2024("message X {}"),
    S("local message B { export enum C { C_A = 0; } int32 a = 1; }"),
  );
  add(
    "strict: export msg with enum",
    edition2024("message X {}"),
    S("export message B { export enum C { C_A = 0; } reserved 1 to max; }"),
  );
  add(
    "strict: default msg with enum",
    edition2024("message X {}"),
    S("message B { export enum C { C_A = 0; } reserved 1 to max; }"),
  );
  add(
    "strict: local msg with two enums",
    edition2024("message X {}"),
    S("local message B { export enum C { C_A = 0; } export enum D { D_A = 0; } reserved 1 to max; }"),
  );
  add(
    "strict: local msg with message",
    edition2024("message X {}"),
    S("local message B { export enum C { C_A = 0; } message D {} reserved 1 to max; }"),
  );
  add(
    "strict: local msg split reserve",
    edition2024("message X {}"),
    S("local message B { export enum C { C_A = 0; } reserved 1 to 10; reserved 11 to max; }"),
  );
  add(
    "strict: deeper",
    edition2024("message X {}"),
    S("local message A { local message B { export enum C { C_A = 0; } reserved 1 to max; } }"),
  );
  const inPackage = (name: string): Record<string, string> => ({
    "b.proto": `edition = "2024"; package ${name}; message B {}`,
  });
  add("type in a package local", edition2024('import "b.proto"; message M { local.B b = 1; }'), inPackage("local"));
  add(
    "type in a package export",
    edition2024(
      'import "b.proto"; message M { oneof o { export.B b = 1; } repeated export.B c = 2; .export.B d = 3; }',
    ),
    inPackage("export"),
  );
});
