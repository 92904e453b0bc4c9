import { describe, expect, it } from "vitest";
import { createRegistry, isWireError, type JsonValue, type MessageType } from "../../../src/runtime/wire/index.js";
import { load } from "./support.js";

const proto = `syntax = "proto3";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Status { STATUS_UNSPECIFIED = 0; STATUS_ACTIVE = 1; STATUS_2ND = 2; }
message User {
  int64 user_id = 1;
  string name = 2;
  repeated string emails = 3;
  Status status = 4;
  repeated Status history = 5;
  map<string, int64> counters = 6;
  map<bool, string> flags = 7;
  map<int32, User> friends = 8;
  double score = 9;
  float weight = 10;
  bytes photo = 11;
  bool active = 12;
  uint32 age = 13;
  optional string note = 14;
  oneof contact { string phone = 15; User manager = 16; Status mood = 17; }
  string renamed = 18 [json_name = "other-name"];
  string proto_name = 19 [json_name = "__proto__"];
  int64 big = 20 [jstype = JS_STRING];
  int64 small = 21 [jstype = JS_NUMBER];
  repeated uint64 bigs = 22 [jstype = JS_STRING];
  map<string, Status> moods = 23;
  sfixed32 fixed = 24;
}
message Known {
  google.protobuf.Any any = 1;
  google.protobuf.Duration duration = 2;
  google.protobuf.Empty empty = 3;
  google.protobuf.FieldMask mask = 4;
  google.protobuf.Struct struct = 5;
  google.protobuf.Value value = 6;
  google.protobuf.ListValue list = 7;
  google.protobuf.NullValue null = 8;
  google.protobuf.Timestamp time = 9;
  google.protobuf.Int64Value int64 = 10;
  google.protobuf.BytesValue bytes = 11;
  google.protobuf.BoolValue bool = 12;
  repeated google.protobuf.Value values = 13;
  repeated google.protobuf.Timestamp times = 14;
  map<string, google.protobuf.Value> value_map = 15;
  oneof kind { google.protobuf.NullValue kind_null = 16; google.protobuf.Value kind_value = 17; }
  google.protobuf.DoubleValue double = 18;
}
message Deep {
  Deep next = 1;
  google.protobuf.Timestamp time = 2;
  google.protobuf.Duration duration = 3;
  google.protobuf.Int64Value int64 = 4;
  google.protobuf.FieldMask mask = 5;
}`;

describe("ProtoJSON", async () => {
  const { type, module } = await load({ "t.proto": proto });
  const User = type("User");
  const Known = type("Known");
  const Deep = type("Deep");

  /** What both writers make of a message; they must agree. */
  const written = (of: MessageType<object, never>, message: object, options = {}): JsonValue => {
    const text = of.toJsonString(message as never, options);
    expect(JSON.parse(text)).toEqual(of.toJson(message as never, options));
    return JSON.parse(text) as JsonValue;
  };
  const refusal = (of: MessageType<object, never>, json: JsonValue): [string, string] => {
    try {
      of.fromJson(json);
    } catch (error) {
      if (isWireError(error)) return [error.code, error.message];
      throw error;
    }
    throw new Error("nothing was refused");
  };

  const user = {
    userId: 9_007_199_254_740_993n,
    name: 'a "quoted" \u2028 \ud83d\ude00 name',
    emails: ["a@b.c", ""],
    status: 1,
    history: [0, 2, 77],
    counters: { a: -1n, "b c": 2n },
    flags: { true: "yes", false: "no" },
    friends: { 7: { name: "x" } },
    score: Number.NaN,
    weight: Math.fround(0.1),
    photo: Uint8Array.of(0xfb, 0xff, 0),
    active: true,
    age: 4_294_967_295,
    note: "",
    contact: { case: "manager", value: { name: "boss" } },
    renamed: "r",
    protoName: "p",
    big: "9223372036854775807",
    small: -5,
    bigs: ["18446744073709551615"],
    moods: { now: 2, later: 99 },
    fixed: -7,
  };
  const userJson = {
    userId: "9007199254740993",
    name: user.name,
    emails: ["a@b.c", ""],
    status: "STATUS_ACTIVE",
    history: ["STATUS_UNSPECIFIED", "STATUS_2ND", 77],
    counters: { a: "-1", "b c": "2" },
    flags: { true: "yes", false: "no" },
    friends: { 7: { name: "x" } },
    score: "NaN",
    weight: 0.1,
    photo: "+/8A",
    active: true,
    age: 4_294_967_295,
    note: "",
    manager: { name: "boss" },
    "other-name": "r",
    ["__proto__"]: "p",
    big: "9223372036854775807",
    small: "-5",
    bigs: ["18446744073709551615"],
    moods: { now: "STATUS_2ND", later: 99 },
    fixed: -7,
  };

  it("writes every kind of field, as a value and as text alike", () => {
    expect(written(User, user)).toEqual(userJson);
    expect(written(User, {})).toEqual({});
    expect(written(User, User.create())).toEqual({});
  });

  it("reads what it writes", () => {
    expect(User.fromJson(userJson)).toEqual(User.create({ ...user, weight: Math.fround(0.1) }));
    expect(User.fromJsonString(User.toJsonString(user))).toEqual(User.create(user));
  });

  it("reads proto names, numbers as strings, and null as absent", () => {
    expect(
      User.fromJson({
        user_id: 5,
        proto_name: "p",
        age: "7",
        fixed: 1e2,
        score: "1.5e3",
        weight: -0,
        emails: null,
        status: 1,
        history: ["STATUS_ACTIVE", 2],
        photo: "-_8",
        manager: null,
        phone: "1",
        note: null,
      }),
    ).toEqual(
      User.create({
        userId: 5n,
        protoName: "p",
        age: 7,
        fixed: 100,
        score: 1500,
        weight: -0,
        status: 1,
        history: [1, 2],
        photo: Uint8Array.of(0xfb, 0xff),
        contact: { case: "phone", value: "1" },
      }),
    );
    expect(User.fromJson({ userId: 2 ** 53, big: "-0", counters: { a: 1 } })).toMatchObject({
      userId: 2n ** 53n,
      big: "0",
    });
  });

  it.each<[string, JsonValue, string, string]>([
    ["a number for a string", { name: 5 }, "invalid_value", "name: expected a string, got a number"],
    [
      "an element of a list",
      { emails: ["a", "b", true] },
      "invalid_value",
      "emails[2]: expected a string, got a boolean",
    ],
    [
      "a message in a map",
      { friends: { 7: { friends: { 8: { age: -1 } } } } },
      "invalid_value",
      'friends["7"].friends["8"].age: ',
    ],
    ["a key of a map", { friends: { x: {} } }, "invalid_value", "friends.x: "],
    ["a key that is no boolean", { flags: { yes: "" } }, "invalid_value", "flags.yes: "],
    ["an unknown field", { nam: "x" }, "unknown_field", "nam: the contract has no such field"],
    ["an unknown field below", { manager: { nam: "x" } }, "unknown_field", "manager.nam: "],
    ["an unknown enum name", { status: "ACTIVE" }, "invalid_value", "status: t.Status has no value of that name"],
    [
      "two members of a oneof",
      { phone: "1", manager: {} },
      "invalid_value",
      "manager: another field of the same oneof is set",
    ],
    ["null in a list", { emails: [null] }, "invalid_value", "emails[0]: expected a string, got null"],
    ["null in a map", { counters: { a: null } }, "invalid_value", "counters.a: "],
    ["an array for a map", { counters: [] }, "invalid_value", "counters: expected an object, got an array"],
    ["an object for a list", { emails: {} }, "invalid_value", "emails: expected an array, got an object"],
    ["an array for a message", [], "invalid_value", "expected an object, got an array"],
    ["null for a message", null, "invalid_value", "expected an object, got null"],
    ["a fraction for an integer", { age: 1.5 }, "invalid_value", "age: "],
    ["a negative unsigned number", { age: -1 }, "invalid_value", "age: "],
    ["too big an int64", { userId: "9223372036854775808" }, "invalid_value", "userId: "],
    ["a padded number", { userId: " 1" }, "invalid_value", "userId: "],
    ["an empty number", { age: "" }, "invalid_value", "age: "],
    ["hexadecimal digits", { age: "0x10" }, "invalid_value", "age: "],
    ["too big a float", { weight: 1e39 }, "invalid_value", "weight: "],
    ["too big a double", { score: "1e999" }, "invalid_value", "score: "],
    ["a string for a boolean", { active: "true" }, "invalid_value", "active: "],
    ["what is not base64", { photo: "a*" }, "invalid_value", "photo: the string is not base64"],
    ["half of a surrogate pair", { name: "\ud800" }, "invalid_value", "name: "],
    ["a number beyond its jstype", { small: "9007199254740993" }, "invalid_value", "small: "],
  ])("refuses %s and says where", (_, json, code, message) => {
    const [found, text] = refusal(User, json);
    expect(found).toBe(code);
    expect(text).toContain(message);
  });

  it("never shows what it was given", () => {
    expect(refusal(User, { age: "secret" })[1]).not.toContain("secret");
    expect(refusal(User, { photo: "secret!" })[1]).not.toContain("secret");
  });

  it("refuses text that is not JSON, and too many levels", () => {
    expect(() => User.fromJsonString("{")).toThrow(expect.objectContaining({ code: "invalid_json" }));
    const deep = (levels: number): string => '{"manager":'.repeat(levels) + "{}" + "}".repeat(levels);
    expect(() => User.fromJsonString(deep(100))).not.toThrow();
    expect(() => User.fromJsonString(deep(101))).toThrow(expect.objectContaining({ code: "too_deep" }));
    expect(() => User.fromJsonString(deep(5), { maxDepth: 4 })).toThrow(expect.objectContaining({ code: "too_deep" }));
    expect(() => Known.fromJsonString(`{"value":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toThrow(
      expect.objectContaining({ code: "too_deep" }),
    );
  });

  it("passes over what the contract does not know when asked to", () => {
    const options = { ignoreUnknownFields: true };
    expect(
      User.fromJson({ nope: 1, status: "NOPE", history: ["NOPE", 1], moods: { a: "NOPE" }, mood: "NOPE" }, options),
    ).toEqual(User.create({ history: [1] }));
  });

  it.each<[string, object, JsonValue]>([
    ["Timestamp", { time: { seconds: 0n, nanos: 0 } }, { time: "1970-01-01T00:00:00Z" }],
    [
      "a leap day with nanoseconds",
      { time: { seconds: 1_709_164_800n, nanos: 1 } },
      { time: "2024-02-29T00:00:00.000000001Z" },
    ],
    ["microseconds", { time: { seconds: -1n, nanos: 10_000 } }, { time: "1969-12-31T23:59:59.000010Z" }],
    ["the first second", { time: { seconds: -62_135_596_800n, nanos: 0 } }, { time: "0001-01-01T00:00:00Z" }],
    [
      "the last second",
      { time: { seconds: 253_402_300_799n, nanos: 999_999_999 } },
      { time: "9999-12-31T23:59:59.999999999Z" },
    ],
    ["Duration", { duration: { seconds: 1n, nanos: 500_000_000 } }, { duration: "1.500s" }],
    ["a negative Duration", { duration: { seconds: 0n, nanos: -5 } }, { duration: "-0.000000005s" }],
    ["FieldMask", { mask: { paths: ["user.display_name", "a_b"] } }, { mask: "user.displayName,aB" }],
    ["Empty", { empty: {} }, { empty: {} }],
    ["Int64Value", { int64: { value: 5n } }, { int64: "5" }],
    ["BytesValue", { bytes: { value: Uint8Array.of(1) } }, { bytes: "AQ==" }],
    ["BoolValue of false", { bool: { value: false } }, { bool: false }],
    ["DoubleValue", { double: { value: Number.POSITIVE_INFINITY } }, { double: "Infinity" }],
    ["repeated Timestamp", { times: [{ seconds: 1n, nanos: 0 }] }, { times: ["1970-01-01T00:00:01Z"] }],
    [
      "Struct",
      {
        struct: {
          fields: {
            a: { kind: { case: "numberValue", value: 1.5 } },
            b: { kind: { case: "listValue", value: { values: [{ kind: { case: "nullValue", value: 0 } }] } } },
            c: { kind: { case: "structValue", value: { fields: {} } } },
          },
        },
      },
      { struct: { a: 1.5, b: [null], c: {} } },
    ],
    ["Value of null", { value: { kind: { case: "nullValue", value: 0 } } }, { value: null }],
    [
      "Values",
      { values: [{ kind: { case: "boolValue", value: true } }, { kind: { case: "nullValue", value: 0 } }] },
      { values: [true, null] },
    ],
    ["a map of Values", { valueMap: { a: { kind: { case: "stringValue", value: "x" } } } }, { valueMap: { a: "x" } }],
    ["ListValue", { list: { values: [] } }, { list: [] }],
    ["NullValue in a oneof", { kind: { case: "kindNull", value: 0 } }, { kindNull: null }],
    [
      "null Value in a oneof",
      { kind: { case: "kindValue", value: { kind: { case: "nullValue", value: 0 } } } },
      { kindValue: null },
    ],
  ])("has the form of its own for %s", (_, message, json) => {
    expect(written(Known, message)).toEqual(json);
    expect(Known.fromJson(json)).toEqual(Known.create(message as never));
  });

  it("reads offsets and refuses times that do not exist", () => {
    expect(Known.fromJson({ time: "2024-03-01T01:30:00.5+02:00" })["time"]).toEqual({
      seconds: 1_709_249_400n,
      nanos: 500_000_000,
    });
    for (const time of [
      "2023-02-29T00:00:00Z",
      "2024-13-01T00:00:00Z",
      "2024-01-01T24:00:00Z",
      "2024-01-01 00:00:00Z",
      "2024-01-01T00:00:00",
      "0001-01-01T00:00:00+01:00",
      "2024-01-01T00:00:00.1234567890Z",
      "2024-01-01t00:00:00z",
      5,
      "",
    ]) {
      expect(refusal(Known, { time })[1], String(time)).toContain("time: ");
    }
    expect(() => Known.toJson({ time: { seconds: 253_402_300_800n } })).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
    for (const duration of ["1", "1.s", "s", "1.1234567890s", "315576000001s", "+1s"]) {
      expect(refusal(Known, { duration })[1], duration).toContain("duration: ");
    }
    expect(() => Known.toJson({ duration: { seconds: 1n, nanos: -1 } })).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
    expect(() => Known.toJson({ mask: { paths: ["fooBar"] } })).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
    expect(refusal(Known, { mask: "foo_bar" })[1]).toContain("mask: ");
    expect(() => Known.toJsonString({ value: {} })).toThrow(expect.objectContaining({ code: "invalid_value" }));
    expect(() => Known.toJson({ value: { kind: { case: "numberValue", value: Number.NaN } } })).toThrow(
      "expected a number that JSON has",
    );
  });

  it("packs and unpacks Any with a registry, the well-known types in their own form", async () => {
    const { Duration, packAny, unpackAny, isAny } = await import("../../../src/runtime/wkt/index.js");
    const registry = createRegistry(User as MessageType<unknown, never>, Duration as MessageType<unknown, never>);
    const any = packAny(User, { name: "x", userId: 5n });
    const json = { any: { "@type": "type.googleapis.com/t.User", userId: "5", name: "x" } };
    expect(written(Known, { any }, { registry })).toEqual(json);
    expect(Known.fromJson(json, { registry })["any"]).toEqual(any);
    expect(unpackAny(any, User)).toEqual(User.create({ name: "x", userId: 5n }));
    expect(isAny(any, Duration)).toBe(false);
    expect(() => unpackAny(any, Duration)).toThrow(expect.objectContaining({ code: "unknown_type" }));

    const duration = { any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.500s" } };
    expect(written(Known, Known.fromJson(duration, { registry }), { registry })).toEqual(duration);
    expect(written(Known, { any: {} })).toEqual({ any: {} });
    expect(() => Known.toJson({ any })).toThrow(expect.objectContaining({ code: "unknown_type" }));
    expect(() => Known.fromJson(json)).toThrow(expect.objectContaining({ code: "unknown_type", path: "any.@type" }));
    expect(() => Known.fromJson({ any: { "@type": "type.googleapis.com/t.User", userId: [] } }, { registry })).toThrow(
      "any.userId: ",
    );
  });

  it("bounds Anys in Anys, whose levels no decoder counts", async () => {
    const { Any, packAny } = await import("../../../src/runtime/wkt/index.js");
    const registry = createRegistry(Any as MessageType<unknown, never>);
    let any = Any.create();
    for (let i = 0; i < 2000; i++) any = packAny(Any, any);
    expect(() => Any.toJson(any, { registry })).toThrow(expect.objectContaining({ code: "too_deep" }));
    expect(() => Any.toJsonString(any, { registry })).toThrow(expect.objectContaining({ code: "too_deep" }));
    const url = "type.googleapis.com/google.protobuf.Any";
    const text = `{"@type":"${url}","value":`.repeat(2000) + "{}" + "}".repeat(2000);
    expect(() => Any.fromJsonString(text, { registry })).toThrow(expect.objectContaining({ code: "too_deep" }));
  });

  it("refuses what no parser may round, and takes an integer however it is written", () => {
    for (const [text, value] of [
      ["9007199254740993.0", 9_007_199_254_740_993n],
      ["90071992547409930e-1", 9_007_199_254_740_993n],
      ["922337203685477580.7e1", 9_223_372_036_854_775_807n],
      ["-0.0", 0n],
      ["-1.20E+1", -12n],
    ] as const) {
      expect(User.fromJson({ userId: text })["userId"], text).toBe(value);
    }
    for (const userId of ["1.5", "1e-1", "9223372036854775807.5", "922337203685477580.8e1", "1e400"]) {
      expect(refusal(User, { userId })[1], userId).toContain("userId: ");
    }
    for (const age of ["1.00000000000000000001", "4294967295.00000000001", "4294967296"]) {
      expect(refusal(User, { age })[1], age).toContain("age: ");
    }
    expect(User.fromJson({ age: "42949672950e-1", fixed: "-0" })).toMatchObject({ age: 4_294_967_295, fixed: 0 });
  });

  it("refuses null for a name the contract does not know, unless such names are passed over", () => {
    expect(refusal(User, { nope: null })).toEqual(["unknown_field", "nope: the contract has no such field"]);
    expect(refusal(User, { manager: { nope: null } })[1]).toContain("manager.nope: ");
    expect(refusal(Known, { empty: { nope: null } })[1]).toContain("empty.nope: ");
    expect(User.fromJson({ nope: null }, { ignoreUnknownFields: true })).toEqual(User.create());
  });

  it("takes null under one name of a field for absent", () => {
    const five = User.create({ userId: 5n });
    expect(User.fromJson({ user_id: null, userId: 5 })).toEqual(five);
    expect(User.fromJson({ user_id: 5, userId: null })).toEqual(five);
    expect(User.fromJson({ mood: null, phone: "1", manager: null })["contact"]).toEqual({ case: "phone", value: "1" });
    expect(Known.fromJson({ value_map: null, kind_value: null })["kind"]).toEqual({
      case: "kindValue",
      value: { kind: { case: "nullValue", value: 0 } },
    });
  });

  it.each<[string, JsonValue, string]>([
    ["a Value", { value: "\ud800" }, "value: "],
    ["a Value in a Struct", { struct: { a: ["\udc00"] } }, "struct.a[0]: "],
    ["a FieldMask", { mask: "a,\ud800" }, "mask: "],
    ["the key of a map", { valueMap: { "\ud800": 1 } }, "valueMap"],
    ["the type of an Any", { any: { "@type": "\ud800/t.User" } }, "any.@type: "],
  ])("refuses half of a surrogate pair in %s", (_, json, message) => {
    const [code, text] = refusal(Known, json);
    expect(code).toBe("invalid_value");
    expect(text).toContain(message);
    expect(text).toContain("half of a surrogate pair");
  });

  it.each<[string, MessageType<object, never>, object]>([
    ["a string for a double", User, { score: "abc" }],
    ["a bigint for a float", User, { weight: 1n }],
    ["a number for a string", User, { name: 5 }],
    ["a number for an optional string", User, { note: 0 }],
    ["a string for a bool", User, { active: "no" }],
    ["a number in a list of strings", User, { emails: ["a", 5] }],
    ["a number in a map of strings", User, { flags: { true: 5 } }],
    ["null for a message of a oneof", User, { contact: { case: "manager", value: null } }],
    ["null for a list", User, { emails: null }],
    ["a string for a list", User, { emails: "abc" }],
    ["null for a map", User, { counters: null }],
    ["a number for a map", User, { counters: 5 }],
    ["undefined in a list of messages", Known, { times: [undefined] }],
    ["null for a message", Known, { empty: null, any: null }],
    ["a fraction in a Timestamp", Known, { time: { seconds: 1.5 } }],
    ["a number in a Timestamp", Known, { time: { seconds: 1 } }],
    ["a string in a Duration", Known, { duration: { seconds: "1" } }],
    ["a number for the string of a Value", Known, { value: { kind: { case: "stringValue", value: 5 } } }],
    ["a string for the bool of a Value", Known, { value: { kind: { case: "boolValue", value: "no" } } }],
    ["a string for the number of a Value", Known, { value: { kind: { case: "numberValue", value: "1" } } }],
  ])("writes no JSON of %s", (_, of, message) => {
    const refused = expect.objectContaining({ name: "WireError", code: "invalid_value" });
    expect(() => of.toJson(message as never)).toThrow(refused);
    expect(() => of.toJsonString(message as never)).toThrow(refused);
  });

  it("writes no JSON of what is no message at all", () => {
    for (const message of [null, undefined, 5, "abc"]) {
      const refused = expect.objectContaining({ name: "WireError", code: "invalid_value" });
      expect(() => User.toJson(message as never), String(message)).toThrow(refused);
      expect(() => User.toJsonString(message as never), String(message)).toThrow(refused);
    }
  });

  it("finds a member that stands twice whatever all objects inherit", () => {
    // oxlint-disable-next-line eslint/no-extend-native -- what careless libraries do, which must change nothing
    Object.defineProperty(Object.prototype, "inherited", {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(() => User.fromJsonString('{"age":1,"age":2}')).toThrow("two members of this name");
      expect(User.fromJsonString('{"age":1}')).toEqual(User.create({ age: 1 }));
    } finally {
      Reflect.deleteProperty(Object.prototype, "inherited");
    }
  });

  it("counts the levels that the binary form counts", async () => {
    const { Value, ListValue, Struct } = await import("../../../src/runtime/wkt/index.js");
    const nested = (open: string, levels: number, leaf: string, close: string): string =>
      open.repeat(levels) + leaf + close.repeat(levels);
    /** The deepest JSON that is read; what it gives must come back from bytes. */
    const deepest = (of: MessageType<object, never>, text: (levels: number) => string): number => {
      for (let levels = 1; ; levels++) {
        let message;
        try {
          message = of.fromJsonString(text(levels));
        } catch (error) {
          expect(error).toMatchObject({ code: "too_deep" });
          return levels - 1;
        }
        expect(of.decode(of.encode(message as never)), `${levels} levels`).toEqual(message);
      }
    };
    const any = (type: unknown): MessageType<object, never> => type as MessageType<object, never>;
    // a Value and a ListValue each time
    expect(deepest(any(ListValue), (levels) => nested("[", levels, "", "]"))).toBe(51);
    expect(deepest(any(ListValue), (levels) => nested("[", levels, "1", "]"))).toBe(50);
    expect(deepest(any(Value), (levels) => nested("[", levels, "1", "]"))).toBe(50);
    expect(deepest(any(Struct), (levels) => nested('{"a":', levels, "{}", "}"))).toBeGreaterThan(30);
    const users = (leaf: string) => (levels: number) => nested('{"next":', levels, leaf, "}");
    for (const leaf of [
      '{"time":"2024-01-01T00:00:00Z"}',
      '{"int64":"1"}',
      '{"duration":"1s"}',
      '{"mask":"a"}',
      "{}",
    ]) {
      expect(deepest(Deep, users(leaf)), leaf).toBe(leaf === "{}" ? 100 : 99);
    }
  });

  it("reads an Any of Empty with and without a value, and nothing beside the value of a well-known type", async () => {
    const { Empty, Duration } = await import("../../../src/runtime/wkt/index.js");
    const registry = createRegistry(Empty as MessageType<unknown, never>, Duration as MessageType<unknown, never>);
    const empty = { "@type": "type.googleapis.com/google.protobuf.Empty" };
    const duration = { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s", nope: 1 };
    const read = Known.fromJson({ any: empty }, { registry });
    expect(Known.fromJson({ any: { ...empty, value: {} } }, { registry })).toEqual(read);
    expect(written(Known, read, { registry })).toEqual({ any: empty });
    expect(() => Known.fromJson({ any: { ...empty, value: { a: 1 } } }, { registry })).toThrow("any.value.a: ");
    expect(() => Known.fromJson({ any: duration }, { registry })).toThrow("any.nope: ");
    expect(() => Known.fromJson({ any: duration }, { registry, ignoreUnknownFields: true })).not.toThrow();
  });

  it("knows enums by name", () => {
    expect(module["Status"]).toEqual({ STATUS_UNSPECIFIED: 0, STATUS_ACTIVE: 1, STATUS_2ND: 2 });
  });
});
