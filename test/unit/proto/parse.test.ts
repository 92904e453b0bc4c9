import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { cleanComment, packageOf, parseProto } from "../../../src/load/proto/index.js";
import { askProtobufjs } from "../../../src/load/proto/second-opinion.js";
import type { LiteralSyntax, ProtoDocument } from "../../../src/model/index.js";
import { modelOf, summaries } from "../../support/model.js";

function parse(text: string): { document: ProtoDocument; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const source = { path: "a.proto", file: "a.proto", text, hash: "", bundled: false };
  const document = parseProto(source, (found) => diagnostics.push(found));
  if (document === undefined) throw new Error("nothing usable");
  return { document, diagnostics };
}

function clean(text: string): ProtoDocument {
  const { document, diagnostics } = parse(text);
  expect(summaries(diagnostics)).toEqual([]);
  return document;
}

/** A literal without its position. */
function plain(value: LiteralSyntax | undefined): unknown {
  switch (value?.kind) {
    case "string":
      return [...value.bytes].map((byte) => String.fromCharCode(byte)).join("");
    case "list":
      return value.items.map(plain);
    case "aggregate":
      return value.fields.map((field) => [field.name, plain(field.value)]);
    case "identifier":
    case "number":
      return { [value.kind]: value.text };
    case undefined:
      return undefined;
  }
}

function optionOf(text: string): unknown {
  return plain(clean(`syntax = "proto2";\noption ${text};`).options[0]?.value);
}

describe("positions", () => {
  test("are those of the names, from 1, with their length", () => {
    const document = clean(
      [
        'syntax = "proto3";',
        "package acme.v1;",
        'import "google/protobuf/any.proto";',
        "message User {",
        "  string email = 1;",
        "  repeated",
        "      .google.protobuf.Any",
        "      details = 2;",
        "}",
        "enum E { E_A = -0x1; }".replace("-0x1", "0"),
        "service S { rpc Get(stream User) returns (User); }",
      ].join("\n"),
    );
    const file = "a.proto";
    const [user] = document.messages;
    expect(document.packageOrigin).toEqual({ file, line: 2, column: 9, length: 7 });
    expect(document.imports[0]?.origin).toEqual({ file, line: 3, column: 8, length: 27 });
    expect(document.references).toEqual([
      { target: "google/protobuf/any.proto", kind: "proto-import", origin: document.imports[0]?.origin },
    ]);
    expect(user?.origin).toEqual({ file, line: 4, column: 9, length: 4 });
    expect(user?.fields[0]).toMatchObject({
      origin: { line: 5, column: 10, length: 5 },
      typeOrigin: { line: 5, column: 3, length: 6 },
      numberOrigin: { line: 5, column: 18, length: 1 },
    });
    expect(user?.fields[1]).toMatchObject({
      type: ".google.protobuf.Any",
      label: "repeated",
      origin: { line: 8, column: 7, length: 7 },
      typeOrigin: { line: 7, column: 7, length: 20 },
    });
    expect(document.services[0]?.methods[0]).toMatchObject({
      name: "Get",
      inputStream: true,
      outputStream: false,
      inputOrigin: { line: 11, column: 28, length: 4 },
    });
  });

  test("of options, values, ranges and enum values", () => {
    const { messages, enums } = clean(
      [
        'syntax = "proto2";',
        "message M {",
        "  option (a.b).c = { x: [1, 2] };",
        '  reserved 2, 9 to max; reserved "old";',
        "  extensions 4 to 6 [(e) = -1];",
        "  optional int32 f = 1 [(a) = 1,",
        "      default = 0x10];",
        "}",
        "enum E { reserved -5 to -1; E_A = -0x2 [(v) = {}]; }",
      ].join("\n"),
    );
    const [message] = messages;
    expect(message?.options[0]?.origin).toMatchObject({ line: 3, column: 10, length: 7 });
    expect(message?.options[0]?.value).toMatchObject({
      origin: { line: 3, column: 20, length: 13 },
      fields: [
        {
          origin: { line: 3, column: 22, length: 1 },
          value: {
            origin: { column: 25, length: 6 },
            items: [{ origin: { column: 26, length: 1 } }, { origin: { column: 29, length: 1 } }],
          },
        },
      ],
    });
    expect(message?.reserved.map(({ origin }) => origin)).toMatchObject([
      { line: 4, column: 12, length: 1 },
      { line: 4, column: 15, length: 8 },
    ]);
    expect(message?.reservedNames[0]?.origin).toMatchObject({ line: 4, column: 34, length: 5 });
    expect(message?.extensionRanges[0]).toMatchObject({
      origin: { line: 5, column: 14, length: 6 },
      options: [{ origin: { column: 22, length: 3 }, value: { origin: { column: 28, length: 2 } } }],
    });
    expect(message?.fields[0]?.options.map(({ origin }) => origin)).toMatchObject([
      { line: 6, column: 25, length: 3 },
      { line: 7, column: 7, length: 7 },
    ]);
    expect(enums[0]?.reserved[0]?.origin).toMatchObject({ line: 9, column: 19, length: 8 });
    expect(enums[0]?.values[0]).toMatchObject({
      origin: { line: 9, column: 29, length: 3 },
      numberOrigin: { line: 9, column: 35, length: 4 },
      options: [{ origin: { column: 41, length: 3 } }],
    });
  });

  test("survive a byte order mark, CRLF and tabs", () => {
    const document = clean('\uFEFFsyntax = "proto3";\r\n\tmessage M {\r\n\t\tstring a = 1; // tail\r\n}\r\n');
    expect(document.messages[0]?.origin).toMatchObject({ line: 2, column: 10 });
    expect(document.messages[0]?.fields[0]?.origin).toMatchObject({ line: 3, column: 10 });
    expect(document.messages[0]?.fields[0]?.comments.trailing).toBe("tail");
  });
});

describe("comments", () => {
  test("are attached by protoc's rules", () => {
    const { messages } = clean(`syntax = "proto3";
package a;

// detached

// leading of M
message M { // trailing of M
  // trailing of M too? no: detached

  /* leading a */
  string a = 1; /* trailing a */ // not this one
  string b = 2;
  // trailing b, on the next line

  string c = 3;
  // leading d
  string
      d = 4;
  // nobody's, before the brace
}
`);
    const [message] = messages;
    expect(message?.comments).toEqual({ leading: "leading of M", trailing: "trailing of M", detached: ["detached"] });
    const [a, b, c, d] = message?.fields ?? [];
    expect(a?.comments.leading).toBe("leading a");
    expect(a?.comments.detached).toEqual(["trailing of M too? no: detached"]);
    expect(b?.comments.trailing).toBe("trailing b, on the next line");
    expect(c?.comments).toEqual({ leading: "", trailing: "", detached: [] });
    expect(d?.comments).toMatchObject({ leading: "leading d", trailing: "nobody's, before the brace" });
  });

  test("of the head of the file become its header", () => {
    const document = clean(`// Licence.

// About the syntax.
syntax = "proto3";

// About the package.
package a; // in short
`);
    expect(document.header).toEqual(["Licence.", "About the syntax.", "About the package.", "in short"]);
  });

  test("keep Markdown and lose what belongs to the comment style", () => {
    expect(cleanComment(" A list:\n\n  - one\n    more\n\n")).toBe("A list:\n\n - one\n   more");
    expect(cleanComment("*\n The text.\n\n     code\n")).toBe("The text.\n\n    code");
    expect(cleanComment(" **Beta** thing\n")).toBe("**Beta** thing");
    const { messages } = clean('syntax = "proto3";\n/**\n * Doc.\n *  - item\n */\nmessage M {}');
    expect(messages[0]?.comments.leading).toBe("Doc.\n - item");
  });

  test("with a closing mark inside stay text", () => {
    const { messages } = clean('syntax = "proto3";\n// evil */ alert(1) /*\nmessage M {}');
    expect(messages[0]?.comments.leading).toBe("evil */ alert(1) /*");
  });
});

describe("option values", () => {
  test("keep 64-bit digits, signs and spellings", () => {
    expect(optionOf("a = 9223372036854775807")).toEqual({ number: "9223372036854775807" });
    expect(optionOf("a = -0x7f")).toEqual({ number: "-0x7f" });
    expect(optionOf("a = 1.5e-3")).toEqual({ number: "1.5e-3" });
    expect(optionOf("a = -inf")).toEqual({ identifier: "-inf" });
  });

  test("tell identifiers from strings", () => {
    expect(optionOf("a = FOO")).toEqual({ identifier: "FOO" });
    expect(optionOf('a = "FOO"')).toBe("FOO");
  });

  test("join strings and apply every escape to bytes", () => {
    expect(optionOf(`a = "x" 'y' "z"`)).toBe("xyz");
    expect(optionOf(String.raw`a = "\n\t\"\\\'\?\a\x41\101\377"`)).toBe("\n\t\"\\'?\x07AA\xff");
    expect(optionOf(String.raw`a = "\477"`)).toBe("?");
    expect(optionOf(String.raw`a = "\u00e4\U0001F600\ud83d\ude00"`)).toBe(
      Buffer.from("ä😀😀", "utf8").toString("latin1"),
    );
  });

  test("read messages, lists, extensions and Any", () => {
    const text = `(a.b) = {
      x: 1, y: "s"; z { n: TRUE }
      list: [1, 2] empty: [] list2: [{ a: 1 }, { a: 2 }]
      [ext.name]: 3
      [type.googleapis.com/acme.Any] { q: 1.0 }
    }`;
    expect(optionOf(text)).toEqual([
      ["x", { number: "1" }],
      ["y", "s"],
      ["z", [["n", { identifier: "TRUE" }]]],
      ["list", [{ number: "1" }, { number: "2" }]],
      ["empty", []],
      ["list2", [[["a", { number: "1" }]], [["a", { number: "2" }]]]],
      ["[ext.name]", { number: "3" }],
      ["[type.googleapis.com/acme.Any]", [["q", { number: "1.0" }]]],
    ]);
  });

  test("keep extension names in paths whole, and every occurrence", () => {
    const { options } = clean(`syntax = "proto2";
option (buf.validate.field).float.(a.b.c) = 1;
option features.(pb.cpp).string_type = VIEW;
option (.acme.list) = 1;
option (.acme.list) = 2;
`);
    expect(options.map(({ name }) => name)).toEqual([
      ["[buf.validate.field]", "float", "[a.b.c]"],
      ["features", "[pb.cpp]", "string_type"],
      ["[.acme.list]"],
      ["[.acme.list]"],
    ]);
  });
});

describe("declarations", () => {
  test("imports of every kind", () => {
    const document = clean(
      'edition = "2024";\nimport "a.proto";\nimport public "b.proto";\nimport weak "c.proto";\nimport option "d.proto";',
    );
    expect(document).toMatchObject({ syntax: "editions", edition: "2024" });
    expect(document.imports.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "plain a.proto",
      "public b.proto",
      "weak c.proto",
      "option d.proto",
    ]);
  });

  test("groups are a field and a message", () => {
    const { messages, extends: extended } = clean(`
message M { optional group Result = 1 { required string url = 2; } extensions 10 to max [verification = UNVERIFIED]; }
extend M { repeated group Extra = 11 { } }
`);
    expect(messages.map(({ name }) => name)).toEqual(["M", "Extra"]);
    expect(messages[0]?.fields[0]).toMatchObject({ name: "result", type: "Result", group: true, number: 1 });
    expect(messages[0]?.messages[0]?.fields[0]).toMatchObject({ name: "url", label: "required" });
    expect(messages[0]?.extensionRanges).toMatchObject([{ start: 10, end: 536_870_911, options: [{}] }]);
    expect(extended[0]).toMatchObject({ extendee: "M", fields: [{ name: "extra", group: true }] });
  });

  test("names that are words of the language, or of JavaScript", () => {
    const { messages, enums } = clean(`syntax = "proto3";
message __proto__ { string constructor = 1; string toString = 2; string __proto__ = 3; string message = 4;
  string optional = 5; map<string, string> map = 6; string stream = 7; }
enum constructor { __proto__x = 0; hasOwnProperty = 1; }
`);
    expect(messages[0]?.fields.map(({ name }) => name)).toEqual([
      "constructor",
      "toString",
      "__proto__",
      "message",
      "optional",
      "map",
      "stream",
    ]);
    expect(enums[0]?.values.map(({ name }) => name)).toEqual(["__proto__x", "hasOwnProperty"]);
  });

  test("reserved ranges and names, enum numbers with signs", () => {
    const { messages, enums } = clean(`syntax = "proto3";
message M { reserved 2, 9 to 11, 1000 to max; reserved "a", "b" "c"; }
enum E { reserved -5 to -1, 100 to max; E_A = 0; E_B = -10; E_C = 0x10; }
`);
    expect(messages[0]?.reserved).toMatchObject([
      { start: 2, end: 2 },
      { start: 9, end: 11 },
      { start: 1000, end: 536_870_911 },
    ]);
    expect(messages[0]?.reservedNames.map(({ name }) => name)).toEqual(["a", "bc"]);
    expect(enums[0]?.reserved).toMatchObject([
      { start: -5, end: -1 },
      { start: 100, end: 2_147_483_647 },
    ]);
    expect(enums[0]?.values.map(({ number }) => number)).toEqual([0, -10, 16]);
  });
});

describe("recovery", () => {
  test("what stands around an error is read", () => {
    const { document, diagnostics } = parse(`syntax = "proto3";
message A { string a = ; string b = 2; }
massage B { string x = 1; }
service S { rpc Bad() returns; rpc Good(A) returns (A) { option (x) = { a: ; b: { c: 1 } }; } }
message C {}
`);
    expect(summaries(diagnostics).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "E1001 2:24",
      "E1001 3:1",
      "E1001 4:21",
      "E1001 4:76",
    ]);
    expect(document.messages.map(({ name, fields }) => [name, fields.map((field) => field.name)])).toEqual([
      ["A", ["b"]],
      ["C", []],
    ]);
    expect(document.services[0]?.methods.map(({ name }) => name)).toEqual(["Good"]);
  });

  test("a file that holds nothing usable is undefined", () => {
    const diagnostics: Diagnostic[] = [];
    const source = { path: "a.proto", file: "a.proto", text: "{ } = ;", hash: "", bundled: false };
    expect(parseProto(source, (found) => diagnostics.push(found))).toBeUndefined();
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  test("any bytes end in diagnostics, never in an exception", () => {
    const whole = 'syntax = "proto3"; message M { oneof o { map<string, A> m = 1 [(a).b = { c: "\\x" }]; } } /* c */';
    for (let cut = 0; cut < whole.length; cut++) {
      const source = {
        path: "a.proto",
        file: "a.proto",
        text: `${whole.slice(0, cut)}\0}{"`,
        hash: "",
        bundled: false,
      };
      let reported = 0;
      parseProto(source, () => reported++);
      expect(reported).toBeGreaterThan(0);
    }
  });

  test("300 levels of messages, groups, values and names are a diagnostic, 10,000 too, 200 are none", () => {
    const nested: readonly ((n: number) => string)[] = [
      (n) => `${"message M {".repeat(n)}${"}".repeat(n)}`,
      (n) => `message M {${"optional group G = 1 {".repeat(n - 1)}${"}".repeat(n)}`,
      (n) => `option (o) = ${"{ x ".repeat(n - 1)}{}${"}".repeat(n - 1)};`,
      (n) => `option (o) = { x: ${"[".repeat(n - 1)}${"]".repeat(n - 1)} };`,
      (n) => `option (o)${".x".repeat(n - 1)} = 1;`,
    ];
    for (const text of nested) {
      const codesOf = (n: number): string[] => {
        const found: string[] = [];
        const source = { path: "a", file: "a", text: `syntax = "proto2";\n${text(n)}`, hash: "", bundled: false };
        parseProto(source, ({ code }) => found.push(code));
        return found;
      };
      expect(codesOf(200)).toEqual([]);
      expect(codesOf(300)).toEqual(["E1011"]);
      expect(codesOf(10_000)).toEqual(["E1011"]);
    }
  });

  test("protobufjs is asked about files that we find clean, and warns only", () => {
    const { document, diagnostics } = parse('syntax = "proto2";\noption (a) = { w < v: -2 > };');
    expect(diagnostics).toEqual([]);
    askProtobufjs(document, (found) => diagnostics.push(found));
    expect(summaries(diagnostics)).toEqual(["E1010 2:1 protobufjs cannot read this file: illegal value '<'"]);
    expect(diagnostics[0]?.severity).toBe("warning");
    expect(plain(document.options[0]?.value)).toEqual([["w", [["v", { number: "-2" }]]]]);
  });
});

test("wide and deep contracts take linear time", () => {
  const fields = Array.from({ length: 20_000 }, (_, i) => `Unknown${i} f${i} = ${i + 20_000};`).join("\n");
  const bindings = Array.from({ length: 20_000 }, (_, i) => `b { get: "/v${i}" }`).join("\n");
  const oneofs = Array.from({ length: 20_000 }, (_, i) => `oneof o${i} { string f${i} = ${i + 20_000}; }`).join("\n");
  const started = performance.now();
  for (const body of [`message M { ${fields} }`, `option (http) = { ${bindings} };`, `message M { ${oneofs} }`]) {
    modelOf({ "a.proto": `syntax = "proto3";\n${body}` });
  }
  // with anything quadratic in it, a minute
  expect(performance.now() - started).toBeLessThan(15_000);
});

test.each([
  ["package acme.user.v1;", "acme.user.v1"],
  ['// package no;\nsyntax = "proto3"; /* package no; */ package\n  a . b /* c */ ;', "a.b"],
  ['option x = "package no;";\npackage yes;', "yes"],
  ["message M { string package = 1; }", ""],
  ["syntax = 'proto3';", ""],
])("packageOf(%j) is %j", (text, name) => {
  expect(packageOf(text)).toBe(name);
});
