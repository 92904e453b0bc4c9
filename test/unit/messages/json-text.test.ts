import { describe, expect, it } from "vitest";
import { createRegistry, type MessageType } from "../../../src/runtime/wire/index.js";
import { Any } from "../../../src/runtime/wkt/index.js";
import { type Fields, load } from "./support.js";

const proto = `syntax = "proto3";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
message Count {
  int64 a_count = 1;
  uint64 b = 2;
  double d = 3;
  repeated int64 list = 4;
  map<string, int64> map = 5;
  Count inner = 6;
  google.protobuf.Value value = 7;
  google.protobuf.Any any = 8;
  int32 small = 9;
  repeated double doubles = 10;
  repeated int32 ints = 11;
  string text = 12;
  map<string, string> texts = 13;
}`;

describe("JSON text (M3)", async () => {
  const { type } = await load({ "t.proto": proto });
  const Count = type("Count");
  const registry = createRegistry(Count as MessageType<unknown, never>, Any as MessageType<unknown, never>);
  const url = "type.googleapis.com/t.Count";

  it.each([
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-9007199254740993", -9_007_199_254_740_993n],
    ["9007199254740993.0", 9_007_199_254_740_993n],
    ["9223372036854775807", 9_223_372_036_854_775_807n],
    ["-9223372036854775808", -9_223_372_036_854_775_808n],
    ["922337203685477580.7e1", 9_223_372_036_854_775_807n],
    ["9007199254740991", 9_007_199_254_740_991n],
    ["1e18", 10n ** 18n],
  ])("gives the integer %s as it is written, wherever it stands", (number, value) => {
    const text = `{ "b": 1, "inner": { "list": [1, ${number}], "a_count": ${number} }, "aCount":${number},
      "map": { "__proto__": ${number}, "\\u0061": ${number} }, "text": "{[\\"${number}" }`;
    const read = Count.fromJsonString(text);
    expect(read).toMatchObject({ aCount: value, b: 1n, inner: { list: [1n, value], aCount: value } });
    expect(Object.entries(read["map"] as object)).toEqual([
      ["__proto__", value],
      ["a", value],
    ]);
    expect(Object.prototype).not.toHaveProperty("a");
  });

  it("gives them in an Any, and leaves doubles and Values what they are", () => {
    const text = `{"any":{"@type":"${url}","aCount":9007199254740993},"d":9007199254740993,"value":[9007199254740993]}`;
    const read = Count.fromJsonString(text, { registry });
    const inner = Count.decode((read["any"] as { value: Uint8Array }).value);
    expect(inner["aCount"]).toBe(9_007_199_254_740_993n);
    expect(read["d"]).toBe(2 ** 53);
    expect(Count.toJson(read, { registry })).toMatchObject({ value: [2 ** 53] });
  });

  it.each([
    ['{"aCount":9007199254740993.5}', "aCount: expected a 64-bit integer, got a number"],
    ['{"any":{"@type":"type.googleapis.com/t.Count","aCount":9007199254740993.5}}', "any.aCount: expected"],
    ['{"aCount":9223372036854775808}', "aCount: expected a 64-bit integer, got a number"],
    ['{"b":-9007199254740993}', "b: expected an unsigned 64-bit integer, got a number"],
    ['{"small":9007199254740993}', "small: expected a 32-bit integer, got a number"],
    ['{"text":9007199254740993,"aCount":9007199254740993}', "text: expected a string, got a number"],
    ['{"inner":9007199254740993,"aCount":9007199254740993}', "inner: expected an object, got a number"],
  ])("refuses %s", (text, message) => {
    expect(() => Count.fromJsonString(text, { registry })).toThrow(message);
  });

  it.each([
    '{"inner":{"small":1,"small":2}}',
    '{"map":{"a":1,"a":2}}',
    '{"value":{"a":[{"b":1,"b":2}]}}',
    `{"any":{"@type":"${url}","small":1,"small":2}}`,
    `{"any":{"@type":"${url}","@type":"${url}"}}`,
    '{"unknown":{"a":1,"a":2}}',
    '{"aCount" : 1, "aCount" : 2}',
    '{"aCount" :1,"aCount":2}',
    '{"inner":{"__proto__":{"x":9007199254740993}},"inner":{}}',
    '{"small":"x","small":"y"}',
  ])("refuses the name that stands twice in %s", (text) => {
    expect(() => Count.fromJsonString(text, { registry, ignoreUnknownFields: true })).toThrow(
      "two members of this name",
    );
    expect({}).not.toHaveProperty("x");
  });

  it.each(["toJson", "toJsonString"] as const)("%s says which Any holds bytes that nobody can read", (writer) => {
    const any = { typeUrl: url, value: Uint8Array.of(0x62, 2, 0xc3, 0x28) };
    expect(() => Count[writer]({ inner: { any } }, { registry })).toThrow(
      expect.objectContaining({
        code: "invalid_utf8",
        path: "inner.any.value",
        reason: expect.stringMatching(/, at 12 of what it holds$/),
      }),
    );
  });

  it.each([String.raw`{"text":"\ud800"}`, '{"text":"\ud800"}', String.raw`{"texts":{"\udc00":""}}`])(
    "refuses half of a surrogate pair in %j",
    (text) => {
      expect(() => Count.fromJsonString(text)).toThrow("half of a surrogate pair");
    },
  );

  it.each([null, 5, {}, undefined])("takes no %j for text", (text) => {
    expect(() => Count.fromJsonString(text as never)).toThrow(
      expect.objectContaining({ name: "WireError", code: "invalid_value" }),
    );
  });

  it("writes and reads an Any of as many levels as the options allow", () => {
    let count: Fields = { small: 1 };
    for (let level = 0; level < 150; level++) count = { inner: count };
    const any = { typeUrl: url, value: Count.encode(count) };
    const options = { registry, maxDepth: 300 };
    expect(() => Count.toJson({ any }, { registry })).toThrow("nested too deeply");
    const text = Count.toJsonString({ any }, options);
    expect(Count.fromJsonString(text, options)["any"]).toEqual(any);
  });

  it("writes lists of numbers as JSON has them, be they short or long", () => {
    for (const count of [1, 8, 9, 50]) {
      const doubles = Array.from({ length: count }, (_, i) => [0.1, -0, 1e300, Number.NaN, -1.5][i % 5]!);
      const plain = Array.from({ length: count }, (_, i) => i / 4);
      const ints = Array.from({ length: count }, (_, i) => i - 3);
      for (const list of [doubles, plain]) {
        const read = Count.fromJsonString(Count.toJsonString({ doubles: list, ints }));
        expect(read).toMatchObject({ doubles: list, ints });
      }
      expect(() => Count.toJsonString({ ints: [...ints, 0.5] })).toThrow("32-bit integer");
    }
  });

  it("writes 64-bit integers up to their limits and refuses what is beyond", () => {
    const near = [
      0n,
      1n,
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
    ];
    for (const value of [...near, ...near.map((one) => -one), -(2n ** 63n)]) {
      expect(Count.toJson({ list: [value] })).toEqual({ list: [`${value}`] });
    }
    for (const value of [...near, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(Count.toJson({ b: value || undefined })).toEqual(value === 0n ? {} : { b: `${value}` });
    }
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 2n ** 64n + 5n]) {
      expect(() => Count.toJson({ aCount: value })).toThrow("a 64-bit integer");
      expect(() => Count.toJsonString({ aCount: value })).toThrow("a 64-bit integer");
    }
    for (const value of [-1n, 2n ** 64n, 2n ** 70n + 1n, 5]) {
      expect(() => Count.toJson({ b: value })).toThrow("an unsigned 64-bit integer");
      expect(() => Count.toJsonString({ b: value })).toThrow("an unsigned 64-bit integer");
    }
  });
});
