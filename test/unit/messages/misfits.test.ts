import { describe, expect, it } from "vitest";
import { FieldMask, ListValue, Struct, structFromObject } from "../../../src/runtime/wkt/index.js";
import { type AnyType, type Fields, load } from "./support.js";

// What TypeScript forbids, and JavaScript and casts let through: it is refused, and never written as something else (M3).

const proto = `syntax = "proto3";
  package t;
  import "google/protobuf/any.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  enum Color { COLOR_RED = 0; COLOR_BLUE = 1; }
  message All {
    google.protobuf.Timestamp time = 1;
    google.protobuf.Duration span = 2;
    google.protobuf.Struct data = 3;
    google.protobuf.ListValue items = 4;
    google.protobuf.FieldMask mask = 5;
    google.protobuf.Any any = 6;
    google.protobuf.Int32Value count = 7;
    google.protobuf.StringValue label = 8;
    All child = 9;
    repeated All children = 10;
    map<string, All> named = 11;
    map<string, int32> numbers = 12;
    map<int32, string> texts = 13;
    repeated string names = 14;
    repeated int32 packed = 15;
    repeated float floats = 16;
    repeated bytes blobs = 17;
    float part = 18;
    int64 wide = 19;
    repeated int64 wides = 20;
    oneof choice { string leaf = 21; All branch = 22; }
    oneof single { string only = 23; }
    string text = 24;
    map<string, float> parts = 25;
    repeated Color colors = 26;
    google.protobuf.FloatValue ratio = 27;
    map<string, string> words = 28;
  }
  message Empty {}`;

const { type } = await load({ "t.proto": proto });
const All = type("All");
const named = await load({ "t.proto": proto }, { enums: "string", int64: "number", timestamp: "date" });
const texts = await load({ "t.proto": proto }, { int64: "string", timestamp: "string" });

function refused(path: string | undefined, code = "invalid_value"): unknown {
  return expect.objectContaining(path === undefined ? { name: "WireError", code } : { name: "WireError", code, path });
}

function expectRefused(message: Fields, path?: string, on: AnyType = All): void {
  expect(() => on.encode(message)).toThrow(refused(path));
  expect(() => on.toJson(message)).toThrow(refused(path));
  expect(() => on.toJsonString(message)).toThrow(refused(path));
}

const others: readonly (readonly [string, unknown])[] = [
  ["a Date", new Date()],
  ["a number", 5],
  ["a text", "text"],
  ["a boolean", true],
  ["a bigint", 5n],
  ["a Map", new Map([["a", 1]])],
  ["a Set", new Set(["a"])],
  ["an array", []],
  ["an array of numbers", [1, 2]],
  ["bytes", Uint8Array.of(1)],
  ["null", null],
  ["a function", () => ({})],
  ["a promise", Promise.resolve({})],
];

describe.each("child time span data items mask any count label ratio".split(" "))("in place of message %s", (field) => {
  it.each(others)("%s", (_, value) => {
    expectRefused({ [field]: value }, field);
    expectRefused({ [field]: value, text: "x" }, field);
  });
});

describe("in place of a message elsewhere", () => {
  it.each(others)("%s", (_, value) => {
    expectRefused({ children: [{}, value] }, "children[1]");
    expectRefused({ named: { k: value } }, "named.k");
    expectRefused({ choice: { case: "branch", value } }, "choice.value");
    expect(() => All.encode(value as Fields)).toThrow(refused(""));
    expect(() => All.toJson(value as Fields)).toThrow(refused(""));
    expect(() => All.toJsonString(value as Fields)).toThrow(refused(""));
    // what is false in a condition stays as it is, and is refused when it is written
    expect(() => All.encode(All.create({ child: value }))).toThrow(refused("child"));
    expect(() => All.encode(All.create({ children: [value] }))).toThrow(refused("children[0]"));
  });

  it("says what was found and what is wanted", () => {
    expect(() => All.encode({ time: new Date() })).toThrow("time: expected a message, got a Date");
    expect(() => All.encode({ child: 5 })).toThrow("child: expected a message, got the number 5");
    expect(() => All.decode(new ArrayBuffer(3) as never)).toThrow("expected a Uint8Array, got an ArrayBuffer");
    expect(() => All.decode("CAE=" as never)).toThrow("expected a Uint8Array, got a string");
  });

  it("takes messages with nothing in them, of whatever make", () => {
    class Child {
      readonly text = "";
      get [Symbol.toStringTag](): string {
        return "Child";
      }
    }
    for (const child of [{}, Object.create(null), new Child(), All.create(), { text: "", other: 5 }]) {
      expect(Buffer.from(All.encode({ child })).toString("hex")).toBe("4a00");
      expect(All.toJson({ child })).toEqual({ child: {} });
      expect(All.toJsonString({ child })).toBe('{"child":{}}');
    }
    expect(type("Empty").encode({})).toHaveLength(0);
  });
});

describe("JSON in place of a Struct", () => {
  it.each<[string, Fields]>([
    ["an object", { a: 1 }],
    ["an object with nested ones", { a: { b: {} } }],
  ])("%s", (_, data) => {
    expectRefused({ data }, "data.fields");
    expect(() => All.create({ data })).toThrow(/^data.fields: expected the fields of a Struct, which structFromObject/);
    expect(() => Struct.encode(data)).toThrow(refused(undefined));
    expect(All.decode(All.encode({ data: structFromObject(data as never) }))["data"]).toEqual(
      structFromObject(data as never),
    );
  });

  it("takes an empty Struct", () => {
    expect(Struct.encode({})).toHaveLength(0);
    expect(Struct.toJson({ fields: {} })).toEqual({});
    expect(() => ListValue.encode([1] as never)).toThrow(refused(""));
  });
});

describe("in place of a list", () => {
  it.each<[string, unknown]>([
    ["a text", "text"],
    ["an empty text", ""],
    ["a Set", new Set(["a"])],
    ["a Map", new Map()],
    ["an object", {}],
    ["a number", 0],
    ["null", null],
    ["a typed array", Float64Array.of(1)],
  ])("%s", (_, value) => {
    for (const field of "children names packed floats blobs wides colors".split(" ")) {
      expectRefused({ [field]: value }, field);
      expectRefused({ [field]: value }, field, named.type("All"));
      expectRefused({ [field]: value }, field, texts.type("All"));
    }
  });
});

describe("in place of a map", () => {
  it.each<[string, unknown]>([
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set(["a"])],
    ["an empty array", []],
    ["an array", [1]],
    ["a text", "text"],
    ["a number", 5],
    ["a Date", new Date()],
    ["null", null],
  ])("%s", (_, value) => {
    for (const field of "named numbers texts parts".split(" ")) {
      expectRefused({ [field]: value }, field);
      expect(() => All.encode(All.create({ [field]: value }))).toThrow(refused(field));
    }
  });
});

describe("in place of a oneof", () => {
  it.each<[string, unknown]>([
    ["a name that it lacks", { case: "laef", value: "x" }],
    ["the name of another field", { case: "text", value: "x" }],
    ["no name", { value: "x" }],
    ["a value", "x"],
    ["null", null],
    ["the field", { leaf: "x" }],
  ])("%s", (_, value) => {
    expectRefused({ choice: value });
    expectRefused({ single: value });
    expect(() => All.encode(All.create({ choice: value }))).toThrow(refused(undefined));
  });
});

describe("numbers", () => {
  it("for bigints are refused in JSON, too", () => {
    for (const wrong of [1, "1"]) {
      expectRefused({ wide: wrong }, "wide");
      expectRefused({ wides: [1n, wrong] }, "wides[1]");
    }
  });

  const largest = 3.4028234663852886e38;
  // what lies less than half of the last bit above it is nearest to it
  const above = 3.4028235677973362e38;

  it("are floats or are refused", () => {
    for (const wrong of [1e39, -1e39, 3.4028235677973366e38, Number.MAX_VALUE, -Number.MAX_VALUE]) {
      expectRefused({ part: wrong }, "part");
      expectRefused({ floats: [1, wrong] }, "floats[1]");
      expectRefused({ parts: { k: wrong } }, "parts.k");
      expectRefused({ ratio: { value: wrong } });
    }
    for (const value of [largest, above, -above]) {
      const expected = Math.sign(value) * largest;
      const message = { part: value, floats: [value], parts: { k: value } };
      const whole = All.create({ part: expected, floats: [expected], parts: { k: expected } });
      expect(All.decode(All.encode(message))).toEqual(whole);
      expect(All.fromJsonString(All.toJsonString(message))).toEqual(whole);
    }
    for (const value of [Infinity, -Infinity, NaN]) {
      const whole = All.create({ part: value, floats: [value] });
      expect(All.decode(All.encode(whole))).toEqual(whole);
      expect(All.fromJson(All.toJson(whole))).toEqual(whole);
    }
  });
});

describe("texts with half of a surrogate pair", () => {
  // toJson alone gives strings as they are: that is no text yet
  const expectUnwritten = (message: Fields, path?: string): void => {
    expect(() => All.encode(message)).toThrow(refused(path));
    expect(() => All.toJsonString(message)).toThrow(refused(path));
    expect(() => All.toJson(message)).not.toThrow();
  };

  // short and long ones are written in different ways
  it.each([1, 30, 100, 5000])("%i characters before it", (length) => {
    for (const before of ["a", "é", "😀"]) {
      for (const half of ["\ud83d", "\ude00"]) {
        for (const text of [
          before.repeat(length) + half,
          half + before.repeat(length),
          `${before.repeat(length)}${half}x`,
        ]) {
          expectUnwritten({ text }, "text");
          expectUnwritten({ names: ["", text] }, "names[1]");
          expectUnwritten({ words: { k: text } }, "words.k");
          expectUnwritten({ words: { [text]: "" } });
          expectUnwritten({ label: { value: text } });
          expectUnwritten({ choice: { case: "leaf", value: text } }, "choice.value");
          expectRefused({ data: { fields: { [text]: { kind: { case: "boolValue", value: true } } } } });
        }
      }
      const whole = All.create({ text: `${before.repeat(length)}\ufffd😀` });
      expect(All.decode(All.encode(whole))).toEqual(whole);
      expect(All.fromJsonString(All.toJsonString(whole))).toEqual(whole);
    }
  });
});

describe("field masks", () => {
  it("have no empty path, nor any other that would not come back", () => {
    for (const paths of [[""], ["a", "", "b"], ["a,b"], ["aB"], [5], "a"]) {
      expect(() => FieldMask.toJson({ paths } as never)).toThrow(refused(undefined));
      expect(() => FieldMask.toJsonString({ paths } as never)).toThrow(refused(undefined));
    }
    for (const text of ["a,,b", ",", "a,", ",a", "a_b"]) {
      expect(() => All.fromJson({ mask: text })).toThrow(refused("mask"));
    }
    expect(All.fromJson({ mask: "" })["mask"]).toEqual({ paths: [] });
    expect(All.toJson({ mask: { paths: ["a_b.c", "d"] } })).toEqual({ mask: "aB.c,d" });
  });
});

describe("maxDepth", () => {
  it.each([NaN, -1, 1.5, Infinity, "5"])("%s is refused", (maxDepth) => {
    const options = { maxDepth: maxDepth as never };
    expect(() => All.decode(new Uint8Array(0), options)).toThrow(RangeError);
    expect(() => All.fromJson({}, options)).toThrow(RangeError);
    expect(() => All.fromJsonString("{}", options)).toThrow(RangeError);
    expect(() => All.toJson({ any: { typeUrl: "x/y" } }, options)).toThrow(RangeError);
  });
});
