import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import { emitModel, type OutputFile, type RenderCache } from "../../../src/emit.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import {
  defaultForms,
  enumForms,
  int64Forms,
  messageOf,
  timestampForms,
  type ValueForms,
} from "../../../src/model/index.js";
import { packAny, Timestamp, type Any } from "../../../src/runtime/wkt/index.js";
import {
  createRegistry,
  type Extension,
  getExtension,
  isWireError,
  type JsonValue,
  setExtension,
} from "../../../src/runtime/wire/index.js";
import { root } from "../../support/compile.js";
import { emit } from "../../support/emit.js";
import { randomMessage } from "./options-random.js";
import { type AnyType, createRandom, type Fields, hex, load, type Loaded, unhex } from "./support.js";

const path = "forms/v1/forms.proto";
const protos = { [path]: readFileSync(join(root, "fixtures/messages-forms/input", path), "utf8") };
const everything: ValueForms = { int64: "number", timestamp: "date", enums: "string" };

/** What went wrong, in words. */
function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isWireError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing";
}

describe("M3: every form has the same bytes and the same JSON", () => {
  const sources: Record<string, Record<string, string>> = {
    forms: protos,
    // with a default that a number holds
    proto2: {
      "legacy/legacy.proto": readFileSync(
        join(root, "fixtures/messages-proto2/input/legacy/legacy.proto"),
        "utf8",
      ).replace("-9223372036854775808", "-9007199254740991"),
    },
    proto3: Object.fromEntries(
      ["shop/v1/order.proto", "shop/v1/money.proto"].map((name) => [
        name,
        readFileSync(join(root, "fixtures/messages-proto3/input", name), "utf8"),
      ]),
    ),
  };
  const all: ValueForms[] = int64Forms.flatMap((int64) =>
    timestampForms.flatMap((timestamp) => enumForms.map((enums) => ({ int64, timestamp, enums }))),
  );
  const few = all.filter(
    ({ int64, timestamp }) => int64 !== "bigint" && (int64 === "number") === (timestamp === "date"),
  );

  it.each([
    ["forms", all],
    ["proto2", few],
    ["proto3", few],
  ])("of %s", { timeout: 30_000 }, async (name, combinations) => {
    const source = sources[name] ?? {};
    const { model } = await emit(source, [messages]);
    const plain = await load(source);
    const file = model.protos.find((proto) => proto.path === Object.keys(source)[0]);
    const found = file?.messages ?? [];
    expect(found.length).toBeGreaterThan(1);

    for (const forms of combinations) {
      const loaded = await load(source, forms);
      const random = createRandom(7);
      const limits = { safe: forms.int64 === "number", milliseconds: forms.timestamp === "date" };
      for (const message of found) {
        const type = loaded.type(message.name);
        const usual = plain.type(message.name);
        for (let i = 0; i < 25; i++) {
          const init = randomMessage(model, messageOf(model, message.typeName), random, limits);
          const bytes = usual.encode(init);
          const json = usual.toJson(init);
          const value = type.decode(bytes);
          const where = `${message.name} ${JSON.stringify(forms)}`;
          expect(hex(type.encode(value)), where).toBe(hex(bytes));
          expect(hex(type.encode(type.create(value))), where).toBe(hex(bytes));
          expect(type.toJson(value), where).toEqual(json);
          expect(JSON.parse(type.toJsonString(value)), where).toEqual(JSON.parse(usual.toJsonString(init)));
          expect(hex(type.encode(type.fromJson(json))), where).toBe(hex(usual.encode(usual.fromJson(json))));
        }
      }
    }
  });
});

describe("int64: number", () => {
  let longs: AnyType;
  beforeAll(async () => {
    longs = (await load(protos, { int64: "number" })).type("Longs");
  });
  const usual = (): Promise<AnyType> => load(protos).then(({ type }) => type("Longs"));

  it("is numbers everywhere but in keys, wrappers and fields with another jstype", () => {
    const json = { plain: "-5", list: ["1", "2"], byNumber: { "9007199254740993": "3" }, wrapped: "4", needed: "6" };
    expect(longs.fromJson({ ...json, whole: "7", alwaysText: "8" })).toMatchObject({
      plain: -5,
      unsigned: 0,
      maybe: undefined,
      list: [1, 2],
      byNumber: { "9007199254740993": 3 },
      alwaysText: "8",
      alwaysTexts: [],
      wrapped: { value: 4n },
      choice: { case: "whole", value: 7 },
      needed: 6,
    });
  });

  it("refuses a default that no number holds exactly, where it stands", async () => {
    const source = `syntax = "proto2";
package t;
message M {
  optional int64 most = 1 [default = 9007199254740991];
  optional sint64 least = 2 [default = -9007199254740991];
  optional int64 more = 3 [default = 9007199254740992];
  optional fixed64 wide = 4 [default = 18446744073709551615, jstype = JS_NUMBER];
  optional int64 text = 5 [default = -9007199254740992, jstype = JS_STRING];
  extensions 100;
}
extend M { optional sint64 less = 100 [default = -9007199254740992]; }
`;
    const found = async (int64: "number" | "bigint"): Promise<string[]> => {
      const { diagnostics } = await emit({ "t.proto": source }, [messages], { int64 });
      return diagnostics.map(({ code, origin, message }) => `${code} ${origin?.line} ${/\S+(?=,)/.exec(message)?.[0]}`);
    };
    expect(await found("number")).toEqual([
      "E4023 6 9007199254740992",
      "E4023 7 18446744073709551615",
      "E4023 11 -9007199254740992",
    ]);
    expect(await found("bigint")).toEqual(["E4023 7 18446744073709551615"]);
  });

  it("refuses to read what no number holds exactly, with field and value", async () => {
    const big = 2n ** 53n + 1n;
    const places: [Fields, string][] = [
      [{ plain: big }, "forms.v1.Longs.plain is 9007199254740993"],
      [{ unsigned: 2n ** 64n - 1n }, "forms.v1.Longs.unsigned is 18446744073709551615"],
      [{ maybe: -big }, "forms.v1.Longs.maybe is -9007199254740993"],
      [{ list: [1n, big] }, "forms.v1.Longs.list is 9007199254740993"],
      [{ loose: [big] }, "forms.v1.Longs.loose is 9007199254740993"],
      [{ byName: { a: big } }, "forms.v1.Longs.by_name is 9007199254740993"],
      [{ choice: { case: "half", value: big } }, "forms.v1.Longs.half is 9007199254740993"],
    ];
    for (const [init, text] of places) {
      const type = await usual();
      const message = { ...init, needed: 1n };
      expect(failure(() => longs.decode(type.encode(message)))).toContain(
        `: ${text}, which no number holds exactly (forms.v1.Longs, byte `,
      );
      expect(failure(() => longs.fromJson(type.toJson(message)))).toMatch(/: no number holds -?\d+ exactly$/);
    }
    const edge = { needed: BigInt(Number.MIN_SAFE_INTEGER), plain: BigInt(Number.MAX_SAFE_INTEGER) };
    expect(longs.decode((await usual()).encode(edge))).toMatchObject({
      needed: Number.MIN_SAFE_INTEGER,
      plain: Number.MAX_SAFE_INTEGER,
    });
  });

  it.each([Number.NaN, 1.5, 2 ** 53, Number.POSITIVE_INFINITY])("refuses to write %s", (value) => {
    for (const init of [
      { plain: value },
      { maybe: value },
      { list: [value] },
      { byName: { a: value } },
      { choice: { case: "whole", value } },
    ]) {
      for (const write of [longs.encode, longs.toJson, longs.toJsonString]) {
        expect(failure(() => write({ ...init, needed: 1 }))).toMatch(/^invalid_value/);
      }
    }
    expect(failure(() => longs.encode({ unsigned: -1, needed: 1 }))).toMatch(/^invalid_value/);
  });

  it("has defaults that are numbers", async () => {
    const { module } = await load(protos, { int64: "number" });
    expect(module["LongsDefaults"]).toEqual({ preset: -42 });
  });
});

describe("int64: string", () => {
  it("is decimal text, checked when it is written", async () => {
    const { type, module } = await load(protos, { int64: "string" });
    const longs = type("Longs");
    expect(module["LongsDefaults"]).toEqual({ preset: "-42" });
    const whole = longs.create({ needed: "1", list: ["18446744073709551615"] });
    expect(whole).toMatchObject({ plain: "0", needed: "1", alwaysNumber: 0 });
    expect(failure(() => longs.encode(whole))).toMatch(/^invalid_value/);
    for (const value of ["", "x", "1.5", "0x10", "1e3", " 1", "9223372036854775808", "-9223372036854775809"]) {
      for (const write of [longs.encode, longs.toJson, longs.toJsonString]) {
        expect(
          failure(() => write({ plain: value, needed: "1" })),
          value,
        ).toMatch(/^invalid_value/);
        expect(
          failure(() => write({ byName: { a: value || "-1" }, needed: "1" })),
          value,
        ).toMatch(value === "9223372036854775808" ? /nothing/ : /^invalid_value/);
      }
    }
    for (const value of [5n, ["5"], new Number(5), true]) {
      expect(failure(() => longs.encode({ plain: value, needed: "1" }))).toMatch(/^invalid_value/);
    }
    const limits = { needed: "-9223372036854775808", unsigned: "18446744073709551615", list: ["0", "-1"] };
    expect(longs.decode(longs.encode(limits))).toMatchObject(limits);
    // a zero takes no bytes, however it is written
    expect(hex(longs.encode({ needed: "0", plain: "0" }))).toBe("900100");
  });
});

describe("timestamp: date", () => {
  let times: AnyType;
  let loaded: Loaded;
  const at = new Date("2024-02-29T12:30:45.678Z");
  beforeAll(async () => {
    loaded = await load(protos, { timestamp: "date" });
    times = loaded.type("Times");
  });

  it("is a Date in every position", () => {
    const init = {
      at,
      list: [at, new Date(0)],
      byName: { a: at },
      byNumber: { 1: at },
      grouped: at,
      choice: { case: "until", value: at },
      parent: { at, needed: at },
      needed: at,
    };
    const back = times.decode(times.encode(init));
    expect(back).toMatchObject(init);
    expect(times.fromJsonString(times.toJsonString(init))).toEqual(back);
    expect((times.toJson(init) as { at: JsonValue }).at).toBe("2024-02-29T12:30:45.678Z");
    // a whole message shares no Date with what it was made of
    expect(times.create(init)).toEqual(back);
    expect(times.create(init)["at"]).not.toBe(at);
  });

  it.each([
    [{}, "a message|an object|an Object"],
    [{ seconds: 1n }, "object"],
    [{ getTime: (): number => 5 }, "object"],
    [new Date(Number.NaN), "a Date"],
    ["2024-01-01", "a string"],
  ])("M3: refuses %o by the name of the property", (value, found) => {
    expect(() => times.encode({ needed: at, at: value })).toThrow(
      expect.objectContaining({
        path: "at",
        reason: expect.stringMatching(`^expected a valid Date, got .*(${found})`),
      }),
    );
  });

  it("cuts what is finer than milliseconds, before the epoch as well", () => {
    const json = { at: "1969-12-31T23:59:59.999999999Z", needed: "2024-01-01T00:00:00.123999999Z" };
    const message = times.fromJson(json);
    expect(message["at"]).toEqual(new Date(-1));
    expect(message["needed"]).toEqual(new Date("2024-01-01T00:00:00.123Z"));
  });

  it("takes Dates of other realms and of any year, and refuses invalid ones", () => {
    const foreign: unknown = runInNewContext("new Date(5)");
    expect(foreign).not.toBeInstanceOf(Date);
    expect(times.decode(times.encode({ needed: foreign }))["needed"]).toEqual(new Date(5));
    for (const far of [new Date(8.64e15), new Date(-8.64e15)]) {
      expect(times.decode(times.encode({ needed: far }))["needed"]).toEqual(far);
      expect(failure(() => times.toJson({ needed: far }))).toMatch(/^invalid_value/);
    }
    for (const wrong of [new Date(Number.NaN), "2024-01-01T00:00:00Z", 5, null, {}]) {
      expect(failure(() => times.encode({ at: wrong, needed: at }))).toMatch(/^invalid_value/);
      expect(failure(() => times.toJson({ at: wrong, needed: at }))).toMatch(/^invalid_value/);
      expect(failure(() => times.toJsonString({ list: [wrong], needed: at }))).toMatch(/^invalid_value/);
    }
  });

  it("refuses seconds that no Date reaches", async () => {
    const far = (await load(protos)).type("Times").encode({ needed: { seconds: 2n ** 62n } });
    expect(failure(() => times.decode(far))).toContain("10: no Date holds a Timestamp of 4611686018427387904 seconds");
  });

  it("merges what comes in two parts, and reads an entry without a value as the epoch", () => {
    const [seconds, nanos] = ["0a02 0805", "0a05 1080e59a77"];
    expect(times.decode(unhex(`${seconds} ${nanos} 5200`))["at"]).toEqual(new Date(5250));
    expect(times.decode(unhex("1a03 0a0161 5200"))["byName"]).toEqual({ a: new Date(0) });
  });

  it("leaves Any as it is", () => {
    const stamp = Timestamp.create({ seconds: 5n, nanos: 1 });
    const message = times.create({ anything: packAny(Timestamp, stamp), needed: at });
    const registry = createRegistry(Timestamp);
    const json = times.toJson(message, { registry });
    expect(json).toMatchObject({ anything: { value: "1970-01-01T00:00:05.000000001Z" } });
    const back = times.fromJson(json, { registry })["anything"] as Any;
    expect(Timestamp.decode(back.value)).toEqual(stamp);
  });
});

describe("timestamp: string", () => {
  it("is RFC 3339 without loss", async () => {
    const times = (await load(protos, { timestamp: "string" })).type("Times");
    const exact = "9999-12-31T23:59:59.999999999Z";
    expect(times.create({ needed: exact })).toMatchObject({ at: undefined, needed: exact });
    expect(times.decode(times.encode({ needed: exact, list: [exact] }))).toMatchObject({
      needed: exact,
      list: [exact],
    });
    // an offset is taken, and UTC given back
    expect(times.decode(times.encode({ needed: "2024-01-01T02:00:00+02:00" }))["needed"]).toBe("2024-01-01T00:00:00Z");
    expect(times.toJson({ needed: "2024-01-01T02:00:00+02:00" })).toEqual({ needed: "2024-01-01T00:00:00Z" });
    expect(times.decode(unhex("1a03 0a0161 5200"))).toMatchObject({
      byName: { a: "1970-01-01T00:00:00Z" },
      needed: "1970-01-01T00:00:00Z",
    });
    // two parts of one value are merged
    expect(times.decode(unhex("0a02 0805 0a05 1080e59a77 5200"))["at"]).toBe("1970-01-01T00:00:05.250Z");
    for (const wrong of ["", "2024-01-01", "2024-02-30T00:00:00Z", "yesterday"]) {
      expect(
        failure(() => times.encode({ at: wrong, needed: exact })),
        wrong,
      ).toMatch(/^invalid_value/);
      expect(
        failure(() => times.toJson({ at: wrong, needed: exact })),
        wrong,
      ).toMatch(/^invalid_value/);
      expect(
        failure(() => times.toJsonString({ at: wrong, needed: exact })),
        wrong,
      ).toMatch(/^invalid_value/);
    }
    const far = (await load(protos)).type("Times").encode({ needed: { seconds: 253_402_300_800n } });
    expect(failure(() => times.decode(far))).toContain("10: a Timestamp lies outside of the years 1 to 9999");
  });
});

describe("enums: string", () => {
  let enums: AnyType;
  let loaded: Loaded;
  beforeAll(async () => {
    loaded = await load(protos, { enums: "string" });
    enums = loaded.type("Enums");
  });

  it("has names in every position, and a constant that gives them", () => {
    expect(loaded.module["Status"]).toEqual({
      UNSPECIFIED: "UNSPECIFIED",
      PAID: "PAID",
      SHIPPED: "SHIPPED",
      MINUS: "MINUS",
    });
    const init = {
      status: "PAID",
      maybe: "UNSPECIFIED",
      closed: "SECOND",
      list: ["MINUS", "PAID"],
      loose: ["SHIPPED"],
      closedList: ["FIRST"],
      closedLoose: ["SECOND"],
      byName: { a: "SHIPPED" },
      closedByNumber: { 1: "TIGHT" },
      choice: { case: "other", value: "FIRST" },
      needed: "SECOND",
    };
    const back = enums.decode(enums.encode(init));
    expect(back).toMatchObject(init);
    expect(back).toMatchObject({ preset: undefined, alias: "ZERO", nested: "UNSPECIFIED" });
    expect(enums.fromJson(enums.toJson(init))).toEqual(back);
    expect(enums.fromJsonString(enums.toJsonString(init))).toEqual(back);
    expect(enums.toJson(init)).toMatchObject({ status: "STATUS_PAID", byName: { a: "STATUS_SHIPPED" } });
    expect(loaded.module["EnumsDefaults"]).toEqual({ preset: "PAID", aliasPreset: "ONE" });
  });

  it("gives an alias the name of the first", () => {
    expect(loaded.module["Alias"]).toEqual({
      ZERO: "ZERO",
      NONE: "ZERO",
      ONE: "ONE",
      UNO: "ONE",
      constructor$: "constructor$",
    });
    expect(enums.fromJson({ alias: "ALIAS_UNO", needed: 1 })["alias"]).toBe("ONE");
    const renamed = { alias: "constructor$", needed: "FIRST" };
    expect(enums.toJson(renamed)).toMatchObject({ alias: "ALIAS_constructor" });
    expect(enums.decode(enums.encode(renamed))).toMatchObject(renamed);
  });

  it("keeps unknown numbers of open enums, and of closed ones as unknown fields", () => {
    const bytes = "0863 3a026301 4a0363 0264 800101";
    const message = enums.decode(unhex(bytes));
    expect(message).toMatchObject({ status: 99, list: [99, "PAID"], closedList: ["SECOND"] });
    expect((message["$unknown"] as readonly unknown[]).length).toBe(2);
    expect(hex(enums.encode(message))).toBe("08633a0263014a010280010148634864");
    expect(enums.toJson(message)).toMatchObject({ status: 99, list: [99, "STATUS_PAID"] });
    expect(enums.fromJson({ status: 99, needed: 1 })["status"]).toBe(99);
    expect(failure(() => enums.fromJson({ closed: 99, needed: 1 }))).toMatch(/^invalid_value/);
    expect(enums.fromJson({ closed: 99, list: ["NO", 1], needed: 1 }, { ignoreUnknownFields: true })).toMatchObject({
      closed: undefined,
      list: ["PAID"],
    });
  });

  it("writes no zero, whether it is a name or a number, and refuses what is no member", () => {
    expect(hex(enums.encode({ status: "UNSPECIFIED", needed: "FIRST" }))).toBe("800101");
    expect(hex(enums.encode({ status: 0, needed: 1 }))).toBe("800101");
    expect(enums.toJson({ status: "UNSPECIFIED", needed: "FIRST" })).toEqual({ needed: "CLOSED_FIRST" });
    for (const init of [
      { status: "NOPE" },
      { status: "STATUS_PAID" },
      { status: "constructor" },
      { status: "__proto__" },
      { maybe: "toString" },
      { list: ["NOPE"] },
      { byName: { a: "NOPE" } },
      { choice: { case: "one", value: "NOPE" } },
      { status: 1.5 },
    ]) {
      for (const write of [enums.encode, enums.toJson, enums.toJsonString]) {
        expect(
          failure(() => write({ ...init, needed: 1 })),
          JSON.stringify(init),
        ).toMatch(/^invalid_value/);
      }
    }
  });

  it("leaves enums of the runtime numbers", async () => {
    const source = `syntax = "proto3"; import "google/protobuf/struct.proto"; import "google/protobuf/type.proto";
      message M { google.protobuf.NullValue none = 1; google.protobuf.Syntax syntax = 2; optional google.protobuf.NullValue maybe = 3; }`;
    const { type } = await load({ "m.proto": source }, everything);
    const m = type("M");
    expect(m.decode(m.encode({ syntax: 1, maybe: 0 }))).toMatchObject({ none: 0, syntax: 1, maybe: 0 });
    expect(m.toJson({ syntax: 1, maybe: 0 })).toEqual({ syntax: "SYNTAX_PROTO3", maybe: null });
  });
});

describe("extensions", () => {
  it.each<[string, Partial<ValueForms>, Fields]>([
    [
      "by default",
      {},
      {
        longExtension: -5n,
        longExtensions: [7n],
        timeExtension: { seconds: 1n, nanos: 500_000_000 },
        timeExtensions: [{ seconds: 2n, nanos: 0 }],
        statusExtension: 1,
        closedExtensions: [2],
        presetExtension: 0,
      },
    ],
    [
      "as numbers, Dates and names",
      everything,
      {
        longExtension: -5,
        longExtensions: [7],
        timeExtension: new Date(1500),
        timeExtensions: [new Date(2000)],
        statusExtension: "PAID",
        closedExtensions: ["SECOND"],
        presetExtension: "UNSPECIFIED",
      },
    ],
    [
      "as texts",
      { int64: "string", timestamp: "string" },
      {
        longExtension: "-5",
        longExtensions: ["7"],
        timeExtension: "1970-01-01T00:00:01.500Z",
        timeExtensions: ["1970-01-01T00:00:02Z"],
        statusExtension: 1,
        closedExtensions: [2],
        presetExtension: 0,
      },
    ],
  ])("hold values %s, and the bytes and JSON are the same", async (_, forms, values) => {
    const { type, module } = await load(protos, forms);
    const extendable = type("Extendable");
    // what an emitted file exports by these names is an extension of the message
    const extensions = module as Record<string, Extension<Fields, unknown, unknown>>;
    const of = (name: string): Extension<Fields, unknown, unknown> =>
      extensions[name] ?? expect.fail(`no extension ${name}`);
    const message = extendable.create();
    const preset = forms.enums === "string" ? "SHIPPED" : 2;
    expect(getExtension(message, of("presetExtension"))).toBe(preset);
    for (const [name, value] of Object.entries(values)) setExtension(message, of(name), value);
    expect(hex(extendable.encode(message))).toBe(
      "a006fbffffffffffffffff01aa060107b2060808011080cab5ee01ba06020802c00601ca060102d00600",
    );
    const back = extendable.decode(extendable.encode(message));
    for (const [name, value] of Object.entries(values)) expect(getExtension(back, of(name)), name).toEqual(value);
    const registry = createRegistry(...Object.keys(values).map(of));
    expect(extendable.toJson(back, { registry })).toEqual({
      "[forms.v1.long_extension]": "-5",
      "[forms.v1.long_extensions]": ["7"],
      "[forms.v1.time_extension]": "1970-01-01T00:00:01.500Z",
      "[forms.v1.time_extensions]": ["1970-01-01T00:00:02Z"],
      "[forms.v1.status_extension]": "STATUS_PAID",
      "[forms.v1.closed_extensions]": ["CLOSED_SECOND"],
      "[forms.v1.preset_extension]": "STATUS_UNSPECIFIED",
    });
    const parsed = extendable.fromJson(extendable.toJson(back, { registry }), { registry });
    expect(hex(extendable.encode(parsed))).toBe(hex(extendable.encode(message)));
  });
});

describe("names", () => {
  it("a method that takes or gives a Timestamp itself has the message", async () => {
    const source = `syntax = "proto3"; package a; import "google/protobuf/timestamp.proto";
      message M { google.protobuf.Timestamp at = 1; }
      service Clock { rpc Shift(google.protobuf.Timestamp) returns (google.protobuf.Timestamp); rpc Get(M) returns (M); }`;
    const { files } = await emit({ "a.proto": source }, [messages, rpc], everything);
    expect(files.get("a.pb.ts")).toContain("at: Date | undefined;");
    const text = files.get("a.rpc.ts") ?? "";
    expect(text).toMatch(/request: TimestampInit/);
    expect(text).toMatch(/Promise<Timestamp>/);
    expect(text).not.toMatch(/Date/);
  });

  it("a project's own Date and its own copy of timestamp.proto are no trouble", async () => {
    const own = `syntax = "proto3"; package google.protobuf;
      message Timestamp { int64 seconds = 1; int32 nanos = 2; Timestamp self = 3; }`;
    const source = `syntax = "proto3"; package a; import "vendor/timestamp.proto";
      message Date { google.protobuf.Timestamp at = 1; }`;
    const { files, type } = await load({ "a.proto": source, "vendor/timestamp.proto": own }, everything);
    expect(files.get("a.pb.ts")).toContain("at: globalThis.Date | undefined;");
    expect(files.get("vendor/timestamp.pb.ts")).toContain("self: Timestamp | undefined;");
    const at = new Date(1234);
    expect(type("Date").decode(type("Date").encode({ at }))["at"]).toEqual(at);
  });

  it("another form renders again what the same pipeline kept", async () => {
    const { model } = await emit(protos, [messages]);
    const generators = { all: [messages], active: [messages] };
    const settings = { version: "0", out: "gen", importExtension: "js", runtimeImport: "r", ...defaultForms } as const;
    const cache: RenderCache = new Map();
    const run = async (changes: Partial<ValueForms>): Promise<string> => {
      let text = "";
      const deliver = ({ content }: OutputFile): void => void (text += content);
      await emitModel(model, generators, { ...settings, ...changes }, { deliver, cache }, () => {});
      return text;
    };
    const texts = [await run({}), await run({ int64: "number" }), await run({ timestamp: "date" })];
    texts.push(await run({ enums: "string" }));
    expect(new Set(texts).size).toBe(4);
  });

  it("the default output knows nothing of forms", async () => {
    const { files } = await emit(protos, [messages]);
    const text = files.get("forms/v1/forms.pb.ts") ?? "";
    expect(text).not.toMatch(/TimestampDate|TimestampText|enumNames|enumTo(Name|Number)|EnumNames/);
  });
});
