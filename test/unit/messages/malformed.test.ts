import { describe, expect, it } from "vitest";
import { isWireError } from "../../../src/runtime/wire/index.js";
import { createRandom, hex, load, unhex } from "./support.js";

const proto = `syntax = "proto3";
package t;
message M {
  string text = 1;
  bytes raw = 2;
  int32 number = 3;
  fixed64 wide = 4;
  double ratio = 5;
  M child = 6;
  repeated int32 list = 7;
  repeated double ratios = 8;
  map<string, M> children = 9;
  repeated string texts = 10;
  oneof choice { M other = 11; string word = 12; }
  int64 long = 13;
  repeated fixed32 fixed = 14;
}`;

describe("malformed input", async () => {
  const { type } = await load({ "t.proto": proto });
  const M = type("M");
  const code = (digits: string): string | undefined => {
    try {
      M.decode(unhex(digits));
    } catch (error) {
      if (isWireError(error)) return error.code;
      throw error;
    }
    return undefined;
  };

  it.each([
    ["a tag without value", "08", "truncated"],
    ["a string without length", "0a", "truncated"],
    ["a string that ends early", "0a0561", "truncated"],
    ["a length of 2 GiB", "0affffffff07", "truncated"],
    ["a length of 32 bits", "0a8480808008 61626364", "malformed"],
    ["a length beyond 32 bits", "0affffffffff7f", "malformed"],
    ["a length with bits beyond 32", "0a8480808010 61626364", "malformed"],
    ["a length of six bytes", "0a848080808000 61626364", "malformed"],
    ["a length of ten bytes", "0a84808080808080808001 61626364", "malformed"],
    ["a length with bits beyond 32 in bytes", "128480808010 61626364", "malformed"],
    ["a length with bits beyond 32 of a message", "328280808010 1801", "malformed"],
    ["a length with bits beyond 32 of a packed list", "3a8280808010 0102", "malformed"],
    ["a length with bits beyond 32 in an unknown field", "a2018480808010 61626364", "malformed"],
    ["a length that ends early", "0a848080", "truncated"],
    ["bytes of claimed 256 MiB", "128080808001", "truncated"],
    ["a packed list of claimed 256 MiB", "3a8080808001", "truncated"],
    ["packed doubles of claimed 2 GiB", "42ffffffff07", "truncated"],
    ["packed doubles of 7 bytes", "420700000000000000", "truncated"],
    ["a packed list that ends within a varint", "3a0180", "truncated"],
    ["a number that ends early", "1880", "truncated"],
    ["a fixed64 that ends early", "2100000000", "truncated"],
    ["a double that ends early", "29000000", "truncated"],
    ["a message that ends early", "320508", "truncated"],
    ["a field that reaches beyond its message", "32020a05 6162636465", "truncated"],
    ["a varint that reaches beyond its message", "320218 ff 01", "truncated"],
    ["an overlong varint", "18ffffffffffffffffffffff01", "malformed"],
    ["an overlong 64-bit varint", "68ffffffffffffffffffff01", "malformed"],
    ["field number 0", "0001", "malformed"],
    ["a tag of 33 bits", "9880808010 05", "malformed"],
    ["a tag of six bytes", "988080808000 05", "malformed"],
    ["a tag of ten bytes", "98ffffffffffffffff01 05", "malformed"],
    ["a tag of 33 bits in a map entry", "4a06 8a80808010 00", "malformed"],
    ["a tag of 33 bits in a group", "a301 8880808010 01 a401", "malformed"],
    ["wire type 6", "0e01", "malformed"],
    ["wire type 7", "0f01", "malformed"],
    ["the end of a group that did not begin", "0c", "malformed"],
    ["a group without end", "a301 0801", "truncated"],
    ["a group that ends as another", "a301 ac01", "malformed"],
    ["an unknown field that ends early", "a20105 61", "truncated"],
    ["invalid UTF-8", "0a02c328", "invalid_utf8"],
    ["overlong UTF-8", "0a02c080", "invalid_utf8"],
    ["half of a surrogate pair in UTF-8", "0a03eda080", "invalid_utf8"],
    ["invalid UTF-8 in a long string", `0a3c${"61".repeat(58)}c328`, "invalid_utf8"],
    ["invalid UTF-8 in a key", "4a040a02c328", "invalid_utf8"],
    ["a map entry that ends early", "4a030a0561", "truncated"],
  ])("refuses %s", (_, digits, expected) => {
    expect(code(digits)).toBe(expected);
  });

  it("takes every tag of 32 bits, and unknown varints of 64", () => {
    expect(M.decode(unhex("9880808000 05"))).toMatchObject({ number: 5 });
    const unknown = unhex("f8ffffff0f ffffffffffffffffff01 a301 a801 ffffffffffffffffff01 a401");
    const message = M.decode(unknown);
    expect(message["$unknown"]).toMatchObject([{ number: 2 ** 29 - 1 }, { number: 20 }]);
    expect(M.encode(message)).toEqual(unknown);
  });

  it("takes a length in up to five bytes", () => {
    expect(M.decode(unhex("0a8480808000 61626364"))).toMatchObject({ text: "abcd" });
  });

  it.each([
    ["a text", "0801"],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["a DataView", new DataView(new ArrayBuffer(2))],
    ["an array", [8, 1]],
    ["null", null],
    ["nothing", undefined],
  ])("refuses %s in place of bytes", (_, value: unknown) => {
    expect(() => M.decode(value as Uint8Array)).toThrow(
      expect.objectContaining({ name: "WireError", code: "invalid_value" }),
    );
  });

  it("takes a replacement character that was sent as such", () => {
    expect(M.decode(unhex("0a03efbfbd"))["text"]).toBe("\ufffd");
  });

  it("takes a varint of ten bytes, and drops what is beyond 32 bits", () => {
    expect(M.decode(unhex("18 ffffffffffffffffff01"))["number"]).toBe(-1);
    expect(M.decode(unhex("18 8180808010"))["number"]).toBe(1);
  });

  it("stops at 100 levels, or at the number that was asked for", () => {
    const nested = (levels: number): Uint8Array => {
      let bytes = Uint8Array.of(0x18, 1);
      for (let i = 0; i < levels; i++)
        bytes = new Uint8Array(M.encode({ raw: bytes })).map((b, at) => (at === 0 ? 0x32 : b));
      return bytes;
    };
    expect(() => M.decode(nested(100))).not.toThrow();
    expect(() => M.decode(nested(101))).toThrow(expect.objectContaining({ code: "too_deep" }));
    expect(() => M.decode(nested(3), { maxDepth: 2 })).toThrow(expect.objectContaining({ code: "too_deep" }));
    expect(() => M.decode(nested(2000))).toThrow(expect.objectContaining({ code: "too_deep" }));
    expect(code(`${"a301".repeat(5000)}`)).toBe("too_deep");
  });

  it("allocates for what is there, not for what is claimed", () => {
    const claims = unhex("3a8080808001".repeat(1));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1000; i++)
      expect(() => M.decode(claims)).toThrow(expect.objectContaining({ code: "truncated" }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  it("answers any bytes with a message or a WireError", () => {
    const { int } = createRandom(42);
    const seed = M.encode({
      text: "grüße",
      list: [1, 300, -1],
      ratios: [1.5],
      child: { texts: ["a", "b"], children: { a: { number: 1 } } },
      choice: { case: "other", value: { long: 5n } },
      fixed: [1, 2],
    });
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from(seed);
      for (let i = int(4); i >= 0; i--) bytes[int(bytes.length)] = int(256);
      const cut = bytes.subarray(0, int(bytes.length + 1));
      try {
        const message = M.decode(cut);
        expect(() => M.decode(M.encode(message))).not.toThrow();
      } catch (error) {
        if (!isWireError(error)) throw new Error(`not a WireError for ${hex(cut)}`, { cause: error });
      }
    }
  });

  it("keeps unknown fields of every wire type, in messages of every depth", () => {
    const fields = "a00105 a1010102030405060708 a2010361 62 63 a301 0801 ac0108 a401 a50101020304".replaceAll(" ", "");
    const one = fields.replace("ac0108", "");
    const child = `32${(one.length / 2).toString(16).padStart(2, "0")}${one}`;
    const message = M.decode(unhex(one + child));
    expect(message["$unknown"]).toMatchObject([
      { number: 20, wireType: 0 },
      { number: 20, wireType: 1 },
      { number: 20, wireType: 2, data: unhex("03616263") },
      { number: 20, wireType: 3, data: unhex("0801a401") },
      { number: 20, wireType: 5 },
    ]);
    expect(hex(M.encode(message))).toBe(child + one);
    expect(hex(M.encode(M.create(message)))).toBe(child + one);
  });

  it("does not let a peer reach prototypes", () => {
    const bytes = M.encode({ children: Object.fromEntries([["constructor", { number: 1 }]]) });
    const polluted = new Uint8Array(
      Buffer.from(hex(bytes).replace(hex(Buffer.from("constructor")), hex(Buffer.from("__proto__xx"))), "hex"),
    );
    expect(Object.keys(M.decode(polluted)["children"] as object)).toEqual(["__proto__xx"]);
    const real = M.decode(unhex("4a0f 0a095f5f70726f746f5f5f 12021801"));
    const children = real["children"] as Record<string, unknown>;
    expect(Object.keys(children)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(children)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["number"]).toBeUndefined();
    expect(M.decode(M.encode(real))).toEqual(real);
    expect(M.toJsonString(real)).toBe('{"children":{"__proto__":{"number":1}}}');
    const back = M.fromJsonString('{"children":{"__proto__":{"number":1}}}');
    expect(Object.keys(back["children"] as object)).toEqual(["__proto__"]);
    expect(hex(M.encode(M.create(back)))).toBe(hex(M.encode(real)));
  });
});
