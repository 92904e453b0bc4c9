import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { check } from "prettier";
import { afterAll, describe, expect, it } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { compile, compilers, resolutions, root } from "../../support/compile.js";
import { emit } from "../../support/emit.js";
import { load } from "./support.js";

const globals =
  "Date Error Map Object Uint8Array String Number BigInt Promise Array Boolean Symbol JSON Bytes MessageType".split(
    " ",
  );

const clashes = `syntax = "proto3";
package t;
${globals.map((name) => `message ${name} { string x = 1; bytes raw = 2; double d = 3; map<string, ${name}> m = 4; int64 i = 5; }`).join("\n")}
message __proto__ { __proto__ child = 1; string constructor = 2; string toString = 3; string __proto__ = 4; string hasOwnProperty = 5; }
message m { m b = 1; m p = 2; repeated m e = 3; map<string, m> d = 4; oneof t { m c = 5; string k = 6; } }
message class { string new = 1; bool delete = 2; }
message undefined { string NaN = 1; }
message writeString { string cursor = 1; }
message readInt32 { int32 x = 1; }
message createFoo { string x = 1; }
message Foo { string x = 1; message Init { string y = 1; } Init init = 2; }
message FooInit { string x = 1; }
message Foo_Init { string z = 1; }
message FooToJson { string x = 1; }
message fooToJson { string x = 1; }
enum EnumInfo { ENUM_INFO_ZERO = 0; ENUM_INFO_constructor = 1; ENUM_INFO___proto__ = 2; }
enum toString { A = 0; toString_B = 1; }
message Names {
  oneof constructor { string value = 4; string toJSON = 5; }
  EnumInfo e = 6;
}
// ends */ here, goes \\u2028 on
message Comment {
  // */ alert(1) /*
  string x = 1; // trailing */
  /** \`\${x}\` {@link Foo} */
  string y = 2 [json_name = "*/\\"\\u2028'"];
}
`.replaceAll("\\u2028", "\u2028");

describe("hostile names", async () => {
  const loaded = await load({ "t.proto": clashes });

  it("declares messages named like globals, and they work", () => {
    for (const name of globals) {
      const type = loaded.type(name);
      const message = { x: "a", raw: Uint8Array.of(1), d: -0, m: { k: { x: "b" } }, i: 5n };
      expect(type.typeName).toBe(`t.${name}`);
      expect(type.decode(type.encode(message))).toEqual(type.create(message));
      expect(type.fromJsonString(type.toJsonString(message))).toEqual(type.create(message));
    }
  });

  it("keeps __proto__, constructor and toString data", () => {
    const type = loaded.type("__proto__");
    const message = {
      child: { constructor$: "c" },
      constructor$: "a",
      toString$: "b",
      Proto: "d",
      hasOwnProperty$: "e",
    };
    expect(type.decode(type.encode(message))).toEqual(type.create(message));
    expect(type.toJson(message)).toEqual({
      child: { constructor: "c" },
      constructor: "a",
      toString: "b",
      Proto: "d",
      hasOwnProperty: "e",
    });
    expect(type.fromJson(type.toJson(message))).toEqual(type.create(message));
    expect(loaded.module["EnumInfo"]).toEqual({ ZERO: 0, constructor$: 1, __proto__$: 2 });
    expect(loaded.type("Names").toJson({ e: 1 })).toEqual({ e: "ENUM_INFO_constructor" });
    expect(loaded.type("Names").fromJson({ e: "ENUM_INFO___proto__" })).toMatchObject({ e: 2 });
  });

  it("gives the later of two names that meet a dollar", () => {
    const names = Object.keys(loaded.module);
    expect(names).toEqual(expect.arrayContaining(["Foo", "FooInit$", "Foo_Init", "Foo_Init$", "class$", "undefined$"]));
    expect(loaded.type("FooInit$").typeName).toBe("t.FooInit");
    expect(loaded.type("Foo_Init").typeName).toBe("t.Foo.Init");
    expect(loaded.type("Foo_Init$").typeName).toBe("t.Foo_Init");
    expect(loaded.type("Names").create({ constructor$: { case: "toJSON", value: "x" } })).toMatchObject({
      constructor$: { case: "toJSON", value: "x" },
    });
  });

  it("keeps fields apart whose names meet", async () => {
    const { type } = await load({
      "t.proto": `syntax = "proto2"; package t;
        message Names { optional string foo_bar = 1; optional string foo__bar = 2 [json_name = "third"]; }`,
    });
    const message = { fooBar: "a", fooBar$: "b" };
    expect(type("Names").toJson(message)).toEqual({ fooBar: "a", third: "b" });
    expect(type("Names").fromJson({ foo_bar: "a", foo__bar: "b" })).toEqual(message);
    expect(type("Names").decode(type("Names").encode(message))).toEqual(message);
  });

  it("uses its own short names for what a contract calls so", () => {
    const type = loaded.type("m");
    const message = { b: { t: { case: "k", value: "x" } }, e: [{}], d: { a: {} }, t: { case: "c", value: { p: {} } } };
    expect(type.decode(type.encode(message))).toEqual(type.create(message));
    expect(type.fromJsonString(type.toJsonString(message))).toEqual(type.create(message));
  });

  it("neutralises comments and names", () => {
    const text = loaded.files.get("t.pb.ts") ?? "";
    expect(text).toContain(" * *\\/ alert(1) /*".replace(" * ", ""));
    expect(text).not.toContain("\u2028");
    const json = loaded.type("Comment").toJsonString({ y: "v" });
    expect(JSON.parse(json)).toEqual({ "*/\"\u2028'": "v" });
    expect(loaded.type("Comment").fromJsonString(json)).toMatchObject({ y: "v" });
  });
});

describe("emitted code (M17, M62)", async () => {
  const scratch = mkdtempSync(join(root, "node_modules/.cache-messages-"));
  afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

  const wide = `syntax = "proto2"; package t; import "google/protobuf/struct.proto";
    message AVeryLongMessageNameThatPushesEverythingBeyondTheEdgeOfTheLine {
      optional AVeryLongMessageNameThatPushesEverythingBeyondTheEdgeOfTheLine a_very_long_field_name_that_fits_nowhere_at_all_in_eighty_columns = 1;
      repeated AVeryLongMessageNameThatPushesEverythingBeyondTheEdgeOfTheLine some_more = 2;
      map<int64, AVeryLongMessageNameThatPushesEverythingBeyondTheEdgeOfTheLine> by_key = 3;
      oneof a_choice_with_a_long_name { string first_choice_with_a_long_name = 4; AVeryLongMessageNameThatPushesEverythingBeyondTheEdgeOfTheLine second_choice = 5; Level level = 6; }
      required string needed = 7; required Level level_needed = 8;
      optional google.protobuf.Value value = 9; repeated google.protobuf.NullValue nulls = 10;
      enum Level { LOW = 1; HIGH = 2; } repeated Level levels = 11 [packed = true];
      optional int32 with_default_value_that_is_rather_long = 12 [default = -5];
      optional string text = 13 [default = "a long default text that does certainly not fit into one line of eighty"];
    }
    message Empty {}`;
  const { files } = await emit({ "t.proto": clashes, "wide.proto": wide }, [messages]);
  for (const [path, content] of files) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), content);
  }
  writeFileSync(join(scratch, "package.json"), '{"type":"module"}');

  it.each([...files.keys()])("is as prettier would print it: %s", async (path) => {
    expect(await check(files.get(path) ?? "", { filepath: path })).toBe(true);
  });

  it.each(compilers.flatMap((compiler) => resolutions.map((resolution) => ({ compiler, resolution }))))(
    "compiles with the strictest settings: TypeScript $compiler.version, $resolution.moduleResolution",
    async ({ compiler, resolution }) => {
      expect(await compile(scratch, ["**/*.ts"], { compiler, resolution })).toBe("");
    },
    60_000,
  );

  it("names no escape hatch", () => {
    for (const content of files.values())
      expect(content).not.toMatch(/\bany\b(?!.*\*\/)|@ts-|as unknown|eval\(|Function\(/);
  });
});
