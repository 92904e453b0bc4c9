import { collect, edition2024, edition2026, extending, proto2, proto3, type Input } from "./collect.js";

/** Sizes, depths and the limits of edition 2026. */
export const bounds: readonly Input[] = collect((add) => {
  add("2026 basic", edition2026("export message M { string a = 1; M m = 2; } export enum E { E_A = 0; }"));
  add("2026 nested", edition2026("message M { message N {} enum E { E_A = 0; } }"));
  add("2026 nested export", edition2026("message M { export message N {} }"));
  add(
    "2026 limits legacy",
    edition2026("option features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS; message M {}"),
  );
  add(
    "2026 limits on message",
    edition2026("message M { option features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS; }"),
  );
  add("2026 limits in 2024", edition2024("option features.enforce_proto_limits = PROTO_LIMITS2026;"));
  const manyF = (n: number) => Array.from({ length: n }, (_, i) => `int32 f${i} = ${i + 1};`).join(" ");
  const manyV = (n: number) => Array.from({ length: n }, (_, i) => `E_V${i} = ${i};`).join(" ");
  add("2026 fields 1500", edition2026(`message M { ${manyF(1500)} }`));
  add("2026 fields 1501", edition2026(`message M { ${manyF(1501)} }`));
  add("2024 fields 2000", edition2024(`message M { ${manyF(2000)} }`));
  add("2026 fields 2000", edition2026(`message M { ${manyF(2000)} }`));
  add("2026 enum 1700", edition2026(`enum E { ${manyV(1700)} }`));
  add("2026 enum 1701", edition2026(`enum E { ${manyV(1701)} }`));
  add("2026 enum 5000", edition2026(`enum E { ${manyV(5000)} }`));
  add(
    "2026 fields 2000 legacy",
    edition2026(`option features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS; message M { ${manyF(2000)} }`),
  );
  add("2026 message set", edition2026("message M { option message_set_wire_format = true; extensions 4 to max; }"));
  add("2026 closed", edition2026("enum E { option features.enum_type = CLOSED; E_A = 1; }"));
  add("2026 import weak", edition2026('import weak "b.proto";'), {
    "b.proto": 'syntax = "proto3"; package b; message B {}',
  });
  const nest = (n: number) => proto3("message M {".repeat(n) + "}".repeat(n));
  for (const n of [30, 31, 32, 33, 64, 100, 200]) add(`nested messages ${n}`, nest(n));
  add("nested messages 10000", nest(10000));
  add("nested groups 200", proto2("message M {" + "optional group G = 1 {".repeat(200) + "}".repeat(201)));
  add("nested groups 10000", proto2("message M {" + "optional group G = 1 {".repeat(10000) + "}".repeat(10001)));
  const agg = (n: number) =>
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional V x = 1; } option (v) = " +
        "{ x ".repeat(n) +
        "{}" +
        "}".repeat(n) +
        ";",
    );
  for (const n of [30, 31, 98, 100, 150, 200]) add(`nested aggregates ${n}`, agg(n));
  add("nested aggregates 10000", agg(10000));
  add(
    "nested path 200",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional V x = 1; } option (v)" +
        ".x".repeat(200) +
        " = {};",
    ),
  );
  add(
    "nested path 10000",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional V x = 1; } option (v)" +
        ".x".repeat(10000) +
        " = {};",
    ),
  );
  add(
    "nested lists",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { repeated V x = 1; } option (v) = { x: " +
        "[".repeat(10000) +
        "]".repeat(10000) +
        "};",
    ),
  );
  add(
    "list in list",
    proto2(extending("File", "optional V v = 50001;") + "message V { repeated V x = 1; } option (v) = { x: [[{}]] };"),
  );
  add("many dots", proto3("message M { a" + ".a".repeat(20000) + " x = 1; }"));
  add("long string", proto3(`option go_package = "${"x".repeat(2000000)}";`));
  add("long number", proto2(`message M { optional double a = 1 [default = ${"9".repeat(100000)}]; }`));
  add("long int number", proto2(`message M { optional int64 a = 1 [default = ${"9".repeat(100000)}]; }`));
  add("name 60000", proto3(`message ${"A".repeat(60000)} {}`));
  add("name 65535", proto3(`message ${"A".repeat(65533)} {}`));
  add("name 600", proto3(`message ${"A".repeat(600)} {}`));
  add("package 511", `syntax = "proto3"; package ${"a".repeat(511)};`);
  add("package 512", `syntax = "proto3"; package ${"a".repeat(512)};`);
  add("package deep 102", `syntax = "proto3"; package ${Array(102).fill("a").join(".")};`);
  add("package deep 250", `syntax = "proto3"; package ${Array(250).fill("a").join(".")};`);
  const many = (n: number, f: (i: number) => string) => Array.from({ length: n }, (_, i) => f(i)).join(" ");
  add(
    "2026 oneof fields 1501",
    edition2026(`message M { oneof o { ${many(1501, (i) => `int32 f${i} = ${i + 1};`)} } }`),
  );
  add("2026 oneofs 600", edition2026(`message M { ${many(600, (i) => `oneof o${i} { int32 f${i} = ${i + 1}; }`)} }`));
  add("2026 methods 2000", edition2026(`message M {} service S { ${many(2000, (i) => `rpc A${i}(M) returns (M);`)} }`));
  add("2026 nested 1600", edition2026(`message M { ${many(1600, (i) => `message A${i} {}`)} }`));
  add(
    "2026 exts 1600",
    edition2026(
      `message M { extensions 1 to 10000; } ${`extend M { ${many(1600, (i) => `int32 e${i} = ${i + 1};`)} }`}`,
    ),
  );
  add(
    "2026 enum optout",
    edition2026(
      `enum E { option features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS; ${many(1800, (i) => `E_V${i} = ${i};`)} }`,
    ),
  );
  add(
    "2026 optout inherit",
    edition2026(
      `message O { option features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS; message M { ${many(1600, (i) => `int32 f${i} = ${i + 1};`)} } }`,
    ),
  );
});
