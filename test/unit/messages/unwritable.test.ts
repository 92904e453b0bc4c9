import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { BytesValue, Int64Value, UInt64Value } from "../../../src/runtime/wkt/index.js";
import { type AnyType, type Fields, load } from "./support.js";

// What no reader would take back is refused by all three writers alike.

const integers = "int32 uint32 sint32 fixed32 sfixed32 int64 uint64 sint64 fixed64 sfixed64".split(" ");
const keys = integers.map((type, i) => `map<${type}, string> ${type}_keys = ${70 + i};`);
const values = integers.map((type, i) => `map<string, ${type}> ${type}_values = ${80 + i};`);

const proto = `syntax = "proto3";
package t;
enum Color { COLOR_RED = 0; }
message Numbers {
  ${integers.map((type, i) => `${type} ${type}_one = ${i + 1};`).join("\n  ")}
  ${integers.map((type, i) => `repeated ${type} ${type}_packed = ${i + 21};`).join("\n  ")}
  ${integers.map((type, i) => `repeated ${type} ${type}_list = ${i + 41} [packed = false];`).join("\n  ")}
  ${keys.join("\n  ")}
  ${values.join("\n  ")}
  map<bool, string> bool_keys = 91;
  map<int32, Color> color_keys = 92;
  oneof choice { int64 signed = 93; uint64 unsigned = 94; }
  int64 text = 95 [jstype = JS_STRING];
  uint64 unsigned_text = 96 [jstype = JS_STRING];
  uint64 unsigned_number = 97 [jstype = JS_NUMBER];
  repeated int64 texts = 98 [jstype = JS_STRING];
  Color color = 99;
}
message Blob {
  bytes raw = 1;
  repeated bytes more = 2;
  map<string, bytes> named = 3;
}`;

const { type } = await load({ "t.proto": proto });

function refused(code: string): unknown {
  return expect.objectContaining({ name: "WireError", code });
}

function expectRefused<T>(message: T, on: Pick<AnyType, "encode" | "toJson" | "toJsonString">, code: string): void {
  const init = message as Fields;
  expect(() => on.encode(init)).toThrow(refused(code));
  expect(() => on.toJson(init)).toThrow(refused(code));
  expect(() => on.toJsonString(init)).toThrow(refused(code));
}

const limits: Record<string, readonly [least: bigint, most: bigint]> = {
  signed32: [-(2n ** 31n), 2n ** 31n - 1n],
  unsigned32: [0n, 2n ** 32n - 1n],
  signed64: [-(2n ** 63n), 2n ** 63n - 1n],
  unsigned64: [0n, 2n ** 64n - 1n],
};

describe.each(integers)("%s", (name) => {
  const Numbers = type("Numbers");
  const wide = name.endsWith("64");
  const [least, most] = limits[`${/^(u|fixed)/.test(name) ? "unsigned" : "signed"}${name.slice(-2)}`] ?? [0n, 0n];
  const valueOf = (integer: bigint): unknown => (wide ? integer : Number(integer));
  const fields = (value: unknown): Fields[] => [
    { [`${name}One`]: value },
    { [`${name}Packed`]: [valueOf(1n), value] },
    { [`${name}List`]: [valueOf(1n), value] },
    { [`${name}Values`]: { k: value } },
  ];

  it("carries its limits everywhere", () => {
    for (const integer of [least, most, 1n]) {
      for (const message of [...fields(valueOf(integer)), { [`${name}Keys`]: { [String(integer)]: "x" } }]) {
        const whole = Numbers.create(message);
        expect(Numbers.decode(Numbers.encode(message))).toEqual(whole);
        expect(Numbers.fromJson(Numbers.toJson(message))).toEqual(whole);
        expect(Numbers.fromJsonString(Numbers.toJsonString(message))).toEqual(whole);
      }
    }
  });

  it("refuses what lies beyond them", () => {
    for (const integer of [least - 1n, most + 1n, 2n ** 64n + 5n, -(2n ** 70n)]) {
      for (const message of fields(valueOf(integer))) expectRefused(message, Numbers, "invalid_value");
      expectRefused({ [`${name}Keys`]: { [String(integer)]: "x" } }, Numbers, "invalid_value");
    }
  });

  it("refuses values of other kinds", () => {
    for (const value of [2.5, NaN, wide ? true : 0n, [2, 3], "x", "", false, {}, null]) {
      for (const message of fields(value)) expectRefused(message, Numbers, "invalid_value");
    }
    // the digits of JSON are the same for either
    if (wide) for (const message of fields(0)) expect(() => Numbers.encode(message)).toThrow(refused("invalid_value"));
    for (const key of ["", "1.5", "01", "+1", " 1", "1e3", "x", "-0"]) {
      expectRefused({ [`${name}Keys`]: { [key]: "x" } }, Numbers, "invalid_value");
    }
  });
});

describe("64-bit integers of other forms", () => {
  const Numbers = type("Numbers");

  it.each([
    ["a member of a oneof", { choice: { case: "signed", value: 2n ** 63n } }],
    ["an unsigned member of a oneof", { choice: { case: "unsigned", value: -1n } }],
    ["a string beyond 64 bits", { text: "9223372036854775808" }],
    ["a string that is no integer", { text: "1e3" }],
    ["a negative unsigned string", { unsignedText: "-1" }],
    ["a negative unsigned number", { unsignedNumber: -1 }],
    ["a number that is no integer", { unsignedNumber: 1.5 }],
    ["a number beyond 2^53", { unsignedNumber: 2 ** 53 }],
    ["a string in a list", { texts: ["1", "99999999999999999999"] }],
  ])("refuses %s", (_, message) => expectRefused(message, Numbers, "invalid_value"));

  it("writes strings as the reader wants them", () => {
    const message = { text: "-007", unsignedText: "18446744073709551615" };
    const expected = Numbers.create({ text: "-7", unsignedText: "18446744073709551615" });
    expect(Numbers.decode(Numbers.encode(message))).toEqual(expected);
    expect(Numbers.fromJsonString(Numbers.toJsonString(message))).toEqual(expected);
    expect(Numbers.fromJson(Numbers.toJson(message))).toEqual(expected);
  });

  it("refuses them in wrappers", () => {
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n + 5n]) {
      expectRefused({ value }, Int64Value as unknown as AnyType, "invalid_value");
    }
    for (const value of [2n ** 64n, -1n]) {
      expectRefused({ value }, UInt64Value as unknown as AnyType, "invalid_value");
    }
  });

  it("refuses keys that are no booleans, keys of enums, and enums beyond 32 bits", () => {
    expectRefused({ boolKeys: { yes: "x" } }, Numbers, "invalid_value");
    expectRefused({ colorKeys: { "2147483648": 0 } }, Numbers, "invalid_value");
    expectRefused({ color: 2 ** 31 }, Numbers, "invalid_value");
  });
});

describe("bytes", () => {
  const Blob = type("Blob");

  it("are a Uint8Array, of whatever realm", () => {
    const foreign: unknown = runInNewContext("Uint8Array.of(1, 2, 255)");
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    for (const raw of [Uint8Array.of(1, 2, 255), Buffer.from([1, 2, 255]), foreign]) {
      expect(Buffer.from(Blob.encode({ raw })).toString("hex")).toBe("0a030102ff");
      expect(Blob.toJsonString({ raw })).toBe('{"raw":"AQL/"}');
      expect(Blob.toJson({ raw })).toEqual({ raw: "AQL/" });
    }
  });

  it.each([
    ["a Float64Array", Float64Array.of(1, 2)],
    ["an Int8Array", Int8Array.of(-1)],
    ["a DataView", new DataView(new ArrayBuffer(3))],
    ["an ArrayBuffer", new ArrayBuffer(3)],
    ["an array", [1, 2]],
    ["a string", "AQL/"],
  ])("refuses %s", (_, value) => {
    expectRefused({ more: [value] }, Blob, "invalid_value");
    expectRefused({ named: { k: value } }, Blob, "invalid_value");
    expectRefused({ value }, BytesValue as unknown as AnyType, "invalid_value");
    expectRefused({ raw: value }, Blob, "invalid_value");
  });
});

describe("values of other kinds", async () => {
  const { type } = await load({
    "t.proto": `syntax = "proto3";
      package t;
      enum Color { COLOR_RED = 0; }
      message All {
        bool flag = 1;
        string text = 2;
        double ratio = 3;
        float part = 4;
        Color color = 5;
        repeated bool flags = 6;
        repeated double ratios = 7;
        repeated float parts = 8;
        repeated bool loose_flags = 9 [packed = false];
        map<string, bool> flag_of = 10;
        optional bool maybe = 11;
        repeated string texts = 12;
        map<string, string> text_of = 13;
        All child = 14;
        repeated All children = 15;
      }`,
  });
  const All = type("All");

  it.each<[name: string, wrong: readonly unknown[]]>([
    ["flag", ["no", "", 0, 1, NaN, 0n, null, {}]],
    ["maybe", ["no", 0, 1, null]],
    ["text", [0, 5, false, NaN, 0n, null, {}]],
    ["ratio", ["abc", "", 1n, 0n, false, null, {}]],
    ["part", ["abc", "", 1n, 0n, false, null, {}]],
    ["color", [NaN, "", "COLOR_RED", 0n, false, null]],
  ])("%s refuses them", (name, wrong) => {
    for (const value of wrong) expectRefused({ [name]: value }, All, "invalid_value");
  });

  it.each<[name: string, wrong: readonly unknown[]]>([
    ["flags", ["yes", 1, null, undefined]],
    ["looseFlags", ["yes", 1, null, undefined]],
    ["ratios", ["abc", 1n, null, undefined]],
    ["parts", ["abc", 1n, null, undefined]],
  ])("a list refuses them: %s", (name, wrong) => {
    for (const value of wrong) expectRefused({ [name]: [value] }, All, "invalid_value");
  });

  it("a map refuses them", () => {
    for (const value of ["yes", 1, null]) expectRefused({ flagOf: { k: value } }, All, "invalid_value");
  });

  it("refuses messages of another shape", () => {
    for (const message of [{ texts: null }, { textOf: null }, { child: null }, { children: [undefined] }]) {
      expect(() => All.encode(message)).toThrow(refused("invalid_value"));
    }
    for (const message of [null, undefined, 5, "text"]) {
      expect(() => All.encode(message as unknown as Fields)).toThrow(refused("invalid_value"));
    }
  });

  it("refuses unknown fields that are none", () => {
    const data = Uint8Array.of(1);
    for (const wrong of [
      { number: 1e12, wireType: 0, data },
      { number: 2 ** 29, wireType: 0, data },
      { number: 0, wireType: 0, data },
      { number: 1.5, wireType: 0, data },
      { number: 1, wireType: 4, data },
      { number: 1, wireType: 6, data },
      { number: 1, wireType: 0, data: "x" },
    ]) {
      expect(() => All.encode({ $unknown: [wrong] })).toThrow(refused("invalid_value"));
    }
    expect(Buffer.from(All.encode({ $unknown: [{ number: 2 ** 29 - 1, wireType: 0, data }] })).toString("hex")).toBe(
      "f8ffffff0f01",
    );
  });

  it("writes no zero", () => {
    const zeros = { flag: false, text: "", ratio: 0, part: 0, color: 0 };
    expect(All.encode(zeros)).toHaveLength(0);
    expect(All.toJsonString(zeros)).toBe("{}");
  });
});
