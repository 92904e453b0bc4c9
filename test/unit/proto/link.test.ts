import { describe, expect, test } from "vitest";
import { linkProtos } from "../../../src/link/proto/index.js";
import { parseProto } from "../../../src/load/proto/index.js";
import { messageOf, type Field, type Model } from "../../../src/model/index.js";
import { modelOf, summaries } from "../../support/model.js";

function linked(files: Record<string, string>): Model {
  const { model, diagnostics } = modelOf(files);
  expect(summaries(diagnostics)).toEqual([]);
  return model;
}

function fieldsOf(text: string, message = "M"): Map<string, Field> {
  return new Map(messageOf(linked({ "a.proto": text }), message).fields.map((field) => [field.name, field]));
}

describe("scopes", () => {
  test("the innermost scope that knows the first part of a name binds it", () => {
    const fields = fieldsOf(
      `syntax = "proto3";
package acme.v1;
message Part { message Kind {} }
message M {
  message Part { message Kind {} }
  Part inner = 1; .acme.v1.Part outer = 2; acme.v1.Part whole = 3; v1.Part half = 4; Part.Kind kind = 5;
  M.Part own = 6;
}`,
      "acme.v1.M",
    );
    const types = [...fields.values()].map(({ type }) => (type.kind === "message" ? type.typeName : type.kind));
    expect(types).toEqual([
      "acme.v1.M.Part",
      "acme.v1.Part",
      "acme.v1.Part",
      "acme.v1.Part",
      "acme.v1.M.Part.Kind",
      "acme.v1.M.Part",
    ]);
  });

  test("a field does not hide the type it is called like", () => {
    const fields = fieldsOf('syntax = "proto3"; message User {} message M { User User = 1; User other = 2; }');
    expect(fields.get("other")?.type).toEqual({ kind: "message", typeName: "User" });
  });

  test("import public passes on, a plain import does not", () => {
    const files = {
      "a.proto": 'syntax = "proto3"; import "b.proto"; message A { C c = 1; }',
      "b.proto": 'syntax = "proto3"; import public "c.proto";',
      "c.proto": 'syntax = "proto3"; message C {}',
    };
    linked(files);
    const { diagnostics } = modelOf({ ...files, "b.proto": 'syntax = "proto3"; import "c.proto";' });
    expect(diagnostics.map(({ code, help }) => [code, help])).toEqual([["E2006", 'add: import "c.proto";']]);
  });

  test("what a missing import would declare is not reported a second time", () => {
    const text =
      'syntax = "proto3"; import "gone.proto"; message A { gone.B b = 1; strng c = 2; option (gone.x) = 1; }';
    expect(modelOf({ "a.proto": text }, { allowMissing: true }).diagnostics).toEqual([]);
  });
});

describe("what a field means", () => {
  const body = (label: string): string => `message M {
  ${label} int32 plain = 1; ${label} M message = 2; oneof o { string member = 3; }
  repeated int32 list = 4; repeated string strings = 5; map<string, E> map = 6; ${label} E enum = 7;
}
enum E { E_A = 0; }`;

  test.each([
    ["proto2", `syntax = "proto2"; ${body("optional")}`, ["explicit", "explicit", "explicit"], false, false, true],
    ["proto3", `syntax = "proto3"; ${body("")}`, ["implicit", "explicit", "explicit"], true, true, false],
    [
      "proto3 optional",
      `syntax = "proto3"; ${body("optional")}`,
      ["explicit", "explicit", "explicit"],
      true,
      true,
      false,
    ],
    ["edition 2023", `edition = "2023"; ${body("")}`, ["explicit", "explicit", "explicit"], true, true, false],
    [
      "an edition that looks like proto2",
      `edition = "2023"; option features.repeated_field_encoding = EXPANDED; option features.utf8_validation = NONE;
       option features.enum_type = CLOSED; option features.field_presence = IMPLICIT;
       ${body("").replace(" E enum = 7;", " E enum = 7 [features.field_presence = EXPLICIT];")}`,
      ["implicit", "explicit", "explicit"],
      false,
      false,
      true,
    ],
  ] as const)("presence, packing, UTF-8 and openness: %s", (_, text, presence, packed, utf8, closed) => {
    const model = linked({ "a.proto": text });
    const fields = new Map(messageOf(model, "M").fields.map((field) => [field.name, field]));
    expect(["plain", "message", "member"].map((name) => fields.get(name)?.presence)).toEqual(presence);
    expect(fields.get("list")?.packed).toBe(packed);
    expect(fields.get("strings")?.packed).toBe(false);
    expect(fields.get("member")?.validateUtf8).toBe(utf8);
    expect(model.enums.get("E")?.closed).toBe(closed);
    expect(fields.get("map")).toMatchObject({
      type: { kind: "map", key: "string", value: { kind: "enum", typeName: "E" } },
      presence: "implicit",
      repeated: false,
    });
    expect(fields.get("member")?.oneof).toBe("o");
    expect(messageOf(model, "M").oneofs).toMatchObject([{ name: "o", fields: ["member"] }]);
  });

  test("editions: required, delimited, packed by field; messages pass features down", () => {
    const fields = fieldsOf(`edition = "2023";
option features.message_encoding = DELIMITED;
message M {
  int32 must = 1 [features.field_presence = LEGACY_REQUIRED];
  M delimited = 2;
  M prefixed = 3 [features.message_encoding = LENGTH_PREFIXED];
  map<string, M> map = 4;
  repeated int32 expanded = 5 [features.repeated_field_encoding = EXPANDED];
}`);
    expect(fields.get("must")?.presence).toBe("required");
    expect(fields.get("delimited")?.delimited).toBe(true);
    expect(fields.get("prefixed")?.delimited).toBe(false);
    expect(fields.get("map")?.delimited).toBe(false);
    expect(fields.get("expanded")?.packed).toBe(false);
  });

  test("features go from file to message to field, by the oneof where there is one", () => {
    const model = linked({
      "a.proto": `edition = "2023";
option features.field_presence = IMPLICIT;
option features.utf8_validation = NONE;
option features.json_format = LEGACY_BEST_EFFORT;
message M {
  message N { string a = 1; }
  string a = 1;
  string b = 2 [features = { field_presence: EXPLICIT utf8_validation: VERIFY }];
  oneof o { string c = 3; }
}
enum Closed { option features.enum_type = CLOSED; CLOSED_A = 1; }
enum Open { OPEN_A = 0; }`,
    });
    const show = (message: string): unknown[] =>
      messageOf(model, message).fields.map(({ presence, validateUtf8 }) => [presence, validateUtf8]);
    expect(show("M")).toEqual([
      ["implicit", false],
      ["explicit", true],
      ["explicit", false],
    ]);
    expect(show("M.N")).toEqual([["implicit", false]]);
    expect(model.enums.get("Closed")?.closed).toBe(true);
    expect(model.enums.get("Open")?.closed).toBe(false);
  });

  test("extensions have the features of where they stand, not of what they extend", () => {
    const model = linked({
      "base.proto": `edition = "2023"; package base; option features.repeated_field_encoding = EXPANDED;
option features.message_encoding = DELIMITED; option features.utf8_validation = NONE;
message B { extensions 1 to 10; B own = 20; }`,
      "a.proto": `edition = "2023"; package a; import "base.proto";
extend base.B { repeated int32 packed = 1; base.B prefixed = 2; string text = 3; }
message Scope {
  extend base.B { repeated int32 inner = 4; base.B delimited = 5 [features.message_encoding = DELIMITED]; }
}`,
    });
    expect(messageOf(model, "base.B").fields[0]?.delimited).toBe(true);
    expect(model.extensions.get("a.packed")?.packed).toBe(true);
    expect(model.extensions.get("a.prefixed")?.delimited).toBe(false);
    expect(model.extensions.get("a.text")?.validateUtf8).toBe(true);
    expect(model.extensions.get("a.Scope.inner")?.packed).toBe(true);
    expect(model.extensions.get("a.Scope.delimited")?.delimited).toBe(true);
  });

  test("an older edition knows nothing of what a newer one demands", () => {
    const text = (edition: string): string =>
      `edition = "${edition}"; package Acme; message m { string eMail = 1; message n {} } enum e { a = 0; }`;
    linked({ "a.proto": text("2023") });
    expect(modelOf({ "a.proto": text("2024") }).diagnostics.map(({ code }) => code)).toEqual(Array(6).fill("E2029"));
  });

  test("what compilers keep to themselves is not missed in what they compiled", () => {
    const text = `edition = "2024"; package a; import "b.proto"; message m { b.Outer.Inner eMail = 1; }`;
    const files = {
      "a.proto": text,
      "b.proto": 'edition = "2024"; package b; message Outer { message Inner {} }',
    };
    const documents = Object.entries(files).flatMap(([path, content]) => {
      const source = { path, file: path, text: content, hash: "", bundled: false };
      return parseProto(source, () => {}) ?? [];
    });
    const codesOf = (compiled: boolean): string[] => {
      const codes: string[] = [];
      linkProtos({ documents, emit: new Set(["a.proto"]), compiled }, ({ code }) => codes.push(code));
      return codes.sort();
    };
    expect(codesOf(false)).toEqual(["E2007", "E2029", "E2029"]);
    expect(codesOf(true)).toEqual([]);
  });

  test("proto2: groups, defaults of every type, required", () => {
    const fields = fieldsOf(String.raw`syntax = "proto2";
enum E { E_A = 1; E_B = 2; }
message M {
  optional group Result = 1 { }
  required string name = 2 [default = "a\"b"];
  optional int64 big = 3 [default = -9223372036854775808];
  optional uint64 huge = 4 [default = 0xFFFFFFFFFFFFFFFF];
  optional double inf = 5 [default = -inf];
  optional double nan = 6 [default = nan];
  optional bytes raw = 7 [default = "\xff\000"];
  optional E e = 8 [default = E_B];
  optional bool b = 9 [default = true];
  optional int32 octal = 10 [default = 017];
  optional float zero = 11 [default = -0.0];
  repeated int32 packed = 12 [packed = true];
}`);
    const defaultOf = (name: string): unknown => fields.get(name)?.default;
    expect(fields.get("result")).toMatchObject({ delimited: true, type: { kind: "message", typeName: "M.Result" } });
    expect(fields.get("name")).toMatchObject({ presence: "required", default: 'a"b' });
    expect(defaultOf("big")).toBe(-9223372036854775808n);
    expect(defaultOf("huge")).toBe(18446744073709551615n);
    expect(defaultOf("inf")).toBe(-Infinity);
    expect(defaultOf("nan")).toBeNaN();
    expect(defaultOf("raw")).toEqual(Uint8Array.of(255, 0));
    expect(defaultOf("e")).toBe("E_B");
    expect(defaultOf("b")).toBe(true);
    expect(defaultOf("octal")).toBe(15);
    expect(defaultOf("zero")).toBe(-0);
    expect(fields.get("packed")?.packed).toBe(true);
  });

  test("JSON names, jstype, deprecated", () => {
    const fields = fieldsOf(`syntax = "proto3"; message M {
  string user_id = 1; string _x = 2; string a__b = 3; string own = 4 [json_name = "@own"];
  int64 big = 5 [jstype = JS_STRING, deprecated = true]; string Caps = 6;
}`);
    expect([...fields.values()].map(({ jsonName }) => jsonName)).toEqual(["userId", "X", "aB", "@own", "big", "Caps"]);
    expect(fields.get("big")).toMatchObject({ jsType: "string", deprecated: true });
  });
});

describe("options", () => {
  const schema = `syntax = "proto2";
package opt;
import "google/protobuf/descriptor.proto";
enum Color { RED = 0; BLUE = -1; }
message Value {
  optional int64 big = 1; optional bytes raw = 2; repeated string list = 3; optional Value inner = 4;
  optional Color color = 5; optional float ratio = 6; map<string, int32> map = 7; extensions 100 to 200;
}
extend Value { optional string note = 100; }
extend google.protobuf.MessageOptions { optional Value value = 50001; repeated uint64 numbers = 50002; }
extend google.protobuf.EnumValueOptions { optional Value ev = 50001; }
`;

  test("are typed by their schema, however they are written", () => {
    const model = linked({
      "opt.proto": schema,
      "a.proto": String.raw`syntax = "proto3";
package acme;
import "opt.proto";
message M {
  option (opt.value) = { big: 9007199254740993 raw: "\xff" list: "a" list: ["b", "c"] color: BLUE ratio: 0.5
    [opt.note]: "n" map: { key: "k" value: 1 } map: { key: "l" value: 2 } };
  option (opt.value).inner.inner.color = RED;
  option (.opt.value).inner.(opt.note) = "deep";
  option (opt.numbers) = 18446744073709551615;
  option (opt.numbers) = 2;
  option deprecated = true;
}
enum E { E_A = 0 [(opt.ev) = { list: "x" }, (opt.ev).big = 1]; }`,
    });
    const message = messageOf(model, "acme.M");
    expect(message.deprecated).toBe(true);
    expect(message.options.get("[opt.numbers]")).toEqual([18446744073709551615n, 2n]);
    const inner = new Map<string, unknown>([
      ["inner", new Map([["color", "RED"]])],
      ["[opt.note]", "deep"],
    ]);
    expect(message.options.get("[opt.value]")).toEqual(
      new Map<string, unknown>([
        ["big", 9007199254740993n],
        ["raw", Uint8Array.of(255)],
        ["list", ["a", "b", "c"]],
        ["color", "BLUE"],
        ["ratio", 0.5],
        ["[opt.note]", "n"],
        [
          "map",
          [
            new Map<string, unknown>([
              ["key", "k"],
              ["value", 1],
            ]),
            new Map<string, unknown>([
              ["key", "l"],
              ["value", 2],
            ]),
          ],
        ],
        ["inner", inner],
      ]),
    );
    expect(model.enums.get("acme.E")?.values[0]?.options.get("[opt.ev]")).toEqual(
      new Map<string, unknown>([
        ["list", ["x"]],
        ["big", 1n],
      ]),
    );
  });

  test("extension ranges keep their options and declarations", () => {
    const model = linked({
      "opt.proto": schema,
      "a.proto": `syntax = "proto2"; package a; import "google/protobuf/descriptor.proto";
extend google.protobuf.ExtensionRangeOptions { optional string note = 50001; }
message M {
  extensions 4, 6 to 9 [(note) = "both"];
  extensions 10 [verification = DECLARATION, declaration = { number: 10 full_name: ".a.x" type: "int32" }];
}
extend M { optional int32 x = 10; }`,
    });
    const ranges = messageOf(model, "a.M").extensionRanges;
    expect(ranges.map(({ start, end }) => [start, end])).toEqual([
      [4, 4],
      [6, 9],
      [10, 10],
    ]);
    expect(ranges[0]?.options).toEqual(new Map([["[a.note]", "both"]]));
    expect(ranges[1]?.options).toBe(ranges[0]?.options);
    const declaration = new Map<string, unknown>([
      ["number", 10],
      ["full_name", ".a.x"],
      ["type", "int32"],
    ]);
    expect(ranges[2]?.options).toEqual(
      new Map<string, unknown>([
        ["verification", "DECLARATION"],
        ["declaration", [declaration]],
      ]),
    );
  });

  test("visibility is kept as it was declared", () => {
    const { messages, enums } = linked({
      "a.proto": `edition = "2024"; package a;
message Outer { export message Inner {} local enum Kind { KIND_A = 0; } } local message Hidden {}`,
    });
    const declared = [...messages.values(), ...enums.values()].filter(({ file }) => file === "a.proto");
    expect(Object.fromEntries(declared.map(({ name, visibility }) => [name, visibility]))).toEqual({
      Outer: undefined,
      Inner: "export",
      Kind: "local",
      Hidden: "local",
    });
  });

  test("the features of other languages come with wirespan", () => {
    const model = linked({
      "a.proto": `edition = "2024";
import option "google/protobuf/cpp_features.proto";
import option "google/protobuf/java_features.proto";
import option "google/protobuf/go_features.proto";
option features.(pb.go).api_level = API_OPEN;
message M {
  option features = { [pb.java] { nest_in_file_class: YES } };
  string a = 1 [features.(pb.cpp).string_type = VIEW];
}`,
    });
    const message = messageOf(model, "M");
    const features = (language: string, name: string, value: string): unknown =>
      new Map([["features", new Map([[language, new Map([[name, value]])]])]]);
    expect(model.files.get("a.proto")?.options).toEqual(features("[pb.go]", "api_level", "API_OPEN"));
    expect(message.options).toEqual(features("[pb.java]", "nest_in_file_class", "YES"));
    expect(message.fields[0]?.options).toEqual(features("[pb.cpp]", "string_type", "VIEW"));
    expect(model.protos.filter(({ emit }) => emit).map(({ path }) => path)).toEqual(["a.proto"]);
  });

  test("bytes that are no text are replaced in strings, with a warning, and kept in bytes", () => {
    const { model, diagnostics } = modelOf({
      "a.proto": String.raw`syntax = "proto2";
message M { optional string s = 1 [default = "a\377"]; optional bytes b = 2 [default = "a\377"]; }`,
    });
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["E2037", "warning"]]);
    expect(messageOf(model, "M").fields.map((field) => field.default)).toEqual(["a�", Uint8Array.of(97, 255)]);
  });

  test("extensions are in the model with what they extend", () => {
    const model = linked({ "opt.proto": schema });
    expect(model.extensions.get("opt.note")).toMatchObject({ extendee: "opt.Value", number: 100, scope: undefined });
    expect(model.extensions.get("opt.value")).toMatchObject({
      extendee: "google.protobuf.MessageOptions",
      type: { kind: "message", typeName: "opt.Value" },
      presence: "explicit",
    });
  });
});

describe("hostile names", () => {
  test("stay data", () => {
    const model = linked({
      "__proto__.proto": `syntax = "proto3";
package constructor;
message __proto__ { string constructor = 1; string toString = 2; __proto__ __proto__ = 3; map<string, string> hasOwnProperty = 4; }
message constructor { .constructor.__proto__ valueOf = 1; }
enum toString { __proto___A = 0; }
service Date { rpc Error(__proto__) returns (.constructor.constructor) { option deprecated = true; } }`,
    });
    expect(messageOf(model, "constructor.__proto__").fields.map(({ name }) => name)).toEqual([
      "constructor",
      "toString",
      "__proto__",
      "hasOwnProperty",
    ]);
    expect(model.services.get("constructor.Date")?.methods[0]?.output).toBe("constructor.constructor");
    expect(model.files.get("__proto__.proto")?.emit).toBe(true);
  });

  test.each(["constructor", "__proto__", "toString"])(
    "an option or type called %s is unknown, and that is all",
    (name) => {
      const { diagnostics } = modelOf({
        "a.proto": `syntax = "proto3"; message M { option ${name} = 1; option (${name}).a = 1; ${name} a = 1; }`,
      });
      expect(diagnostics.map(({ code }) => code)).toEqual(["E2030", "E2030", "E2001"]);
    },
  );
});

describe("which files are emitted", () => {
  const files = {
    "app/api.proto": `syntax = "proto3"; package app;
import "app/types.proto"; import "app/options.proto"; import "google/protobuf/timestamp.proto"; import "google/rpc/status.proto";
message Req { app.Type type = 1; google.protobuf.Timestamp at = 2; google.rpc.Status status = 3 [(app.note) = "x"]; }`,
    "app/types.proto":
      'syntax = "proto3"; package app; import "app/deep.proto"; message Type { map<string, Deep> deep = 1; }',
    "app/deep.proto": 'syntax = "proto3"; package app; message Deep {}',
    "app/options.proto":
      'syntax = "proto3"; package app; import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { string note = 50000; }',
    "app/other.proto": 'syntax = "proto3"; package app; message Other {}',
  };

  test("those asked for and those whose types they use; not those of options, not those of the runtime", () => {
    const { model, diagnostics } = modelOf(files, { emit: ["app/api.proto"] });
    expect(diagnostics).toEqual([]);
    expect(model.protos.filter(({ emit }) => emit).map(({ path }) => path)).toEqual([
      "app/api.proto",
      "app/deep.proto",
      "app/types.proto",
      "google/rpc/status.proto",
    ]);
    const paths = model.protos.map(({ path }) => path);
    expect(paths).toEqual(paths.toSorted());
    expect(model.files.get("google/protobuf/timestamp.proto")).toMatchObject({ emit: false, bundled: true });
  });

  test("a file of the runtime that is asked for by name is emitted", () => {
    const { model } = modelOf(files, { emit: ["google/protobuf/timestamp.proto"] });
    expect(model.protos.filter(({ emit }) => emit).map(({ path }) => path)).toEqual([
      "google/protobuf/timestamp.proto",
    ]);
  });
});

describe("shapes", () => {
  const base = {
    "a.proto": 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }',
    "b.proto": 'syntax = "proto3"; import "c.proto"; message B { C c = 1; }',
    "c.proto": 'syntax = "proto3"; message C { string s = 1; }',
    "d.proto": 'syntax = "proto3"; import "c.proto"; message D {}',
  };
  const shapesOf = (files: Record<string, string>): Record<string, string> =>
    Object.fromEntries([...linked(files).files].map(([path, { shape }]) => [path, shape]));
  const changed = (edit: Record<string, string>): string[] => {
    const before = shapesOf(base);
    const after = shapesOf({ ...base, ...edit });
    return Object.keys(before).filter((path) => before[path] !== after[path]);
  };

  test("a comment, a blank line, a moved declaration change none", () => {
    expect(changed({ "c.proto": '// new\nsyntax = "proto3";\n\n// C\nmessage C { string s = 1; /* s */ }' })).toEqual(
      [],
    );
  });

  test("a changed field changes the file and all that refer to it, not those that only import it", () => {
    expect(changed({ "c.proto": 'syntax = "proto3"; message C { bytes s = 1; }' })).toEqual([
      "a.proto",
      "b.proto",
      "c.proto",
    ]);
  });

  test("options and order count", () => {
    expect(
      changed({ "d.proto": 'syntax = "proto3"; import "c.proto"; message D { option deprecated = true; }' }),
    ).toEqual(["d.proto"]);
  });

  test("the same files in another order make the same model", () => {
    const reversed = Object.fromEntries(Object.entries(base).reverse());
    expect(modelOf(reversed).model.protos).toEqual(modelOf(base).model.protos);
  });
});
