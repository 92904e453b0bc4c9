import protojson from "protobufjs/ext/protojson.js";
import { describe, expect, it } from "vitest";
import { createRandom, type Fields, hex, load, peer } from "./support.js";

const scalars =
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(" ");
const keys = scalars.filter((scalar) => !/double|float|bytes/.test(scalar));

const proto = `syntax = "proto3";
package t;
enum Color { COLOR_NONE = 0; COLOR_RED = 1; COLOR_BLUE = 5; COLOR_MINUS = -3; }
message Inner { string name = 1; int32 number = 2; Inner inner = 3; }
message All {
${scalars.map((s, i) => `  ${s} one_${s} = ${i + 1};`).join("\n")}
${scalars.map((s, i) => `  optional ${s} maybe_${s} = ${i + 21};`).join("\n")}
${scalars.map((s, i) => `  repeated ${s} many_${s} = ${i + 41};`).join("\n")}
${keys.map((s, i) => `  map<${s}, Inner> by_${s} = ${i + 101};`).join("\n")}
${scalars.map((s, i) => `  map<string, ${s}> to_${s} = ${i + 201};`).join("\n")}
${scalars
  .filter((s) => !/string|bytes/.test(s))
  .map((s, i) => `  repeated ${s} loose_${s} = ${i + 301} [packed = false];`)
  .join("\n")}
  Color color = 401;
  optional Color maybe_color = 402;
  repeated Color colors = 403;
  map<int32, Color> color_by = 404;
  Inner inner = 405;
  repeated Inner inners = 536870911;
  oneof choice {
${scalars.map((s, i) => `    ${s} choice_${s} = ${i + 501};`).join("\n")}
    Inner choice_inner = 531;
    Color choice_color = 532;
  }
}`;

const values: Record<string, readonly unknown[]> = {
  double: [0, 1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, -1e300, 5e-324],
  float: [0, 1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY, 3.25],
  int32: [0, 1, -1, 127, 128, 16_384, 2_097_152, 268_435_456, 2_147_483_647, -2_147_483_648],
  uint32: [0, 1, 127, 128, 16_383, 2_147_483_648, 4_294_967_295],
  sint32: [0, 1, -1, 63, -64, 64, 2_147_483_647, -2_147_483_648],
  fixed32: [0, 1, 4_294_967_295],
  sfixed32: [0, -1, 2_147_483_647, -2_147_483_648],
  int64: [0n, 1n, -1n, 127n, 2n ** 31n, 2n ** 35n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)],
  uint64: [0n, 1n, 2n ** 28n, 2n ** 32n, 2n ** 56n, 2n ** 63n, 2n ** 64n - 1n],
  sint64: [0n, -1n, 1n, 2n ** 33n, 2n ** 63n - 1n, -(2n ** 63n)],
  fixed64: [0n, 1n, 2n ** 64n - 1n],
  sfixed64: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  bool: [false, true],
  string: [
    "",
    "a",
    "grüße",
    "日本語",
    "😀",
    "x".repeat(39),
    "x".repeat(40),
    "é".repeat(40),
    "y".repeat(200),
    "z".repeat(2000),
  ],
  bytes: [new Uint8Array(0), Uint8Array.of(0, 255, 128), new Uint8Array(300).fill(7)],
};
const colors = [0, 1, 5, -3, 77];
const capital = (s: string): string => s.slice(0, 1).toUpperCase() + s.slice(1);

function randomMessage(seed: number, minusZero = true): Fields {
  const { int, pick } = createRandom(seed);
  const value = (scalar: string): unknown => {
    const picked = pick(values[scalar] ?? []);
    return !minusZero && picked === 0 ? 0 : picked;
  };
  const list = <T>(make: () => T): T[] => Array.from({ length: pick([0, 1, 3, 40]) }, make);
  const inner = (depth: number): Fields => ({
    name: value("string"),
    number: value("int32"),
    inner: depth > 0 && int(2) === 0 ? inner(depth - 1) : undefined,
  });
  const message: Fields = {};
  const maybe = (name: string, make: () => unknown): void => {
    if (int(3) !== 0) message[name] = make();
  };
  for (const scalar of scalars) {
    const name = capital(scalar);
    maybe(`one${name}`, () => value(scalar));
    maybe(`maybe${name}`, () => value(scalar));
    maybe(`many${name}`, () => list(() => value(scalar)));
    maybe(`to${name}`, () => Object.fromEntries(list(() => [`k${int(9)}`, value(scalar)])));
    if (!/string|bytes/.test(scalar)) maybe(`loose${name}`, () => list(() => value(scalar)));
  }
  for (const key of keys)
    maybe(`by${capital(key)}`, () => Object.fromEntries(list(() => [String(value(key)), inner(1)])));
  maybe("color", () => pick(colors));
  maybe("maybeColor", () => pick(colors));
  maybe("colors", () => list(() => pick(colors)));
  maybe("colorBy", () => ({ 1: pick(colors), [-7]: pick(colors) }));
  maybe("inner", () => inner(3));
  maybe("inners", () => list(() => inner(2)));
  maybe("choice", () => {
    const scalar = pick(scalars);
    return pick([
      { case: `choice${capital(scalar)}`, value: value(scalar) },
      { case: "choiceInner", value: inner(1) },
      { case: "choiceColor", value: pick(colors) },
    ]);
  });
  return message;
}

describe("binary", async () => {
  const loaded = await load({ "t.proto": proto });
  const All = loaded.type("All");
  const theirs = peer(proto, "t.All");

  it("writes the bytes that protobufjs writes, for every scalar, list, map, oneof and enum", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const bytes = All.encode(randomMessage(seed));
      const again = theirs.encode(theirs.decode(bytes)).finish();
      expect(hex(bytes), `seed ${seed}`).toBe(hex(again));
    }
  });

  it("reads what protobufjs writes, and keeps every value", () => {
    for (let seed = 201; seed <= 240; seed++) {
      const message = randomMessage(seed);
      const bytes = theirs.encode(theirs.decode(All.encode(message))).finish();
      const decoded = All.decode(bytes);
      expect(decoded).toEqual(All.create(message));
      expect(hex(All.encode(decoded)), `seed ${seed}`).toBe(hex(bytes));
    }
  });

  it("writes and reads the JSON that protobufjs does", () => {
    for (let seed = 401; seed <= 440; seed++) {
      // their writer drops the sign of -0
      const bytes = All.encode(randomMessage(seed, false));
      const message = All.decode(bytes);
      const json: unknown = JSON.parse(protojson.toJsonString(theirs, theirs.decode(bytes)));
      expect(JSON.parse(All.toJsonString(message)), `seed ${seed}`).toEqual(json);
      expect(All.toJson(message), `seed ${seed}`).toEqual(json);
      expect(hex(All.encode(All.fromJson(All.toJson(message)))), `seed ${seed}`).toBe(hex(bytes));
      expect(hex(All.encode(All.fromJsonString(All.toJsonString(message)))), `seed ${seed}`).toBe(hex(bytes));
    }
  });

  it("reads plain arrays as it reads Buffers", () => {
    const bytes = All.encode(randomMessage(7));
    expect(All.decode(new Uint8Array(bytes))).toEqual(All.decode(Buffer.from(bytes)));
    // a view into the middle of other memory
    const wide = new Uint8Array(bytes.length + 20).fill(255);
    wide.set(bytes, 9);
    expect(All.decode(wide.subarray(9, 9 + bytes.length))).toEqual(All.decode(bytes));
  });

  it("gives whole messages", () => {
    const empty = All.decode(new Uint8Array(0));
    expect(empty).toEqual(All.create());
    expect(Object.keys(empty)).toEqual(Object.keys(All.create({ oneInt32: 4 })));
    expect(empty).toMatchObject({
      oneInt64: 0n,
      oneString: "",
      manyBool: [],
      toBytes: {},
      inner: undefined,
      choice: undefined,
    });
    expect(empty["maybeString"]).toBeUndefined();
    expect(All.create({ inner: { name: "x" } })["inner"]).toEqual({ name: "x", number: 0, inner: undefined });
  });

  it("does not share lists, maps or messages with what it was created from", () => {
    const init = {
      manyInt32: [1],
      toString: undefined,
      inners: [{ name: "a" }],
      choice: { case: "choiceInt32", value: 1 },
    };
    const message = All.create(init);
    (message["manyInt32"] as number[]).push(2);
    expect(init.manyInt32).toEqual([1]);
    expect(message["choice"]).not.toBe(init.choice);
  });

  it("writes -0 and NaN, and leaves zeros out", () => {
    expect(hex(All.encode({ oneDouble: -0 }))).toBe("090000000000000080");
    expect(hex(All.encode({ oneFloat: Number.NaN }))).toBe("150000c07f");
    expect(
      All.encode({ oneDouble: 0, oneInt64: 0n, oneString: "", oneBool: false, oneBytes: new Uint8Array(0), color: 0 }),
    ).toHaveLength(0);
    expect(hex(All.encode({ maybeInt32: 0, maybeString: "" }))).toBe("b80100920200");
  });

  it("reads both encodings of a repeated number", () => {
    const { manyInt32, looseInt32 } = All.decode(
      Uint8Array.from([...tag(43, 0), 1, ...tag(43, 2), 2, 2, 3, ...tag(43, 0), 4, ...tag(303, 2), 2, 5, 6]),
    );
    expect(manyInt32).toEqual([1, 2, 3, 4]);
    expect(looseInt32).toEqual([5, 6]);
  });

  it("merges a message that comes in pieces, also in a oneof", () => {
    const first = All.encode({
      inner: { name: "a", inner: { number: 1 } },
      choice: { case: "choiceInner", value: { name: "b" } },
    });
    const second = All.encode({
      inner: { number: 2, inner: { name: "c" } },
      choice: { case: "choiceInner", value: { number: 3 } },
    });
    expect(All.decode(Buffer.concat([first, second]))).toMatchObject({
      inner: { name: "a", number: 2, inner: { name: "c", number: 1 } },
      choice: { case: "choiceInner", value: { name: "b", number: 3 } },
    });
  });

  it("keeps the last member of a oneof", () => {
    const bytes = Buffer.concat([
      All.encode({ choice: { case: "choiceInner", value: { name: "b" } } }),
      All.encode({ choice: { case: "choiceString", value: "last" } }),
    ]);
    expect(All.decode(bytes)["choice"]).toEqual({ case: "choiceString", value: "last" });
  });

  it("refuses values that are not of the field's type", () => {
    for (const wrong of [
      { oneInt32: 1.5 },
      { oneInt32: 2 ** 31 },
      { oneUint32: -1 },
      { oneString: 5 },
      { oneBytes: "text" },
      { manyInt32: ["1"] },
      { byInt32: { x: {} } },
      { byBool: { yes: {} } },
    ]) {
      expect(() => All.encode(wrong), JSON.stringify(wrong)).toThrow(
        expect.objectContaining({ code: "invalid_value" }),
      );
    }
  });
});

/** A tag as bytes. */
function tag(number: number, wireType: number): number[] {
  const bytes: number[] = [];
  let rest = number * 8 + wireType;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}
