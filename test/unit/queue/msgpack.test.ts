import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, test } from "vitest";
import { decodeMsgpack, encodeMsgpack } from "../../../src/runtime/queue/index.js";

const oracle = { useBigInt64: false, ignoreUndefined: true } as const;

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

function randomValue(random: (below: number) => number, depth: number): unknown {
  const text = (): string => [..."aé𝒳0\n".repeat(random(20))].slice(random(5)).join("");
  switch (random(depth > 0 ? 9 : 7)) {
    case 0:
      return [null, true, false][random(3)];
    case 1:
      return random(400) - 200;
    case 2:
      return (random(2) === 0 ? 1 : -1) * 2 ** random(53) + random(3);
    case 3:
      return random(1000) / 7;
    case 4:
      return text();
    case 5:
      return new Uint8Array(random(300)).fill(random(256));
    case 6:
      return new Date(random(2 ** 32) * (random(2) === 0 ? 1 : -1000) + random(1000));
    case 7:
      return Array.from({ length: random(20) }, () => randomValue(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random(20) }, (_, i) => [text() + i, randomValue(random, depth - 1)]),
      );
  }
}

describe("MessagePack", () => {
  test("M35: random values are written as @msgpack/msgpack reads them, and read as it writes them", () => {
    const random = randomNumbers(5);
    for (let round = 0; round < 600; round++) {
      const value = randomValue(random, 2);
      expect(decode(encodeMsgpack(value))).toEqual(value);
      expect(decodeMsgpack(encode(value, oracle))).toEqual(value);
      expect(decodeMsgpack(encodeMsgpack(value))).toEqual(value);
    }
  });

  test.each([
    0,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 2,
    -1,
    -32,
    -33,
    -128,
    -129,
    -32_768,
    -32_769,
  ])("M35: %i takes as few bytes as it can", (value) => {
    for (const number of [value, -value - 1]) {
      expect([...encodeMsgpack(number)]).toEqual([...encode(number)]);
      expect(decodeMsgpack(encodeMsgpack(number))).toBe(number);
    }
  });

  test("M35: sizes of texts, lists, maps and bytes at each border", () => {
    for (const size of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const values = ["x".repeat(size), "é".repeat(size), new Uint8Array(size), Array(size).fill(0)];
      const map = Object.fromEntries(Array.from({ length: size }, (_, i) => [`${i}`, i]));
      for (const value of [...values, map]) {
        const bytes = encodeMsgpack(value);
        expect(Buffer.from(bytes).equals(encode(value))).toBe(true);
        expect(decodeMsgpack(bytes)).toEqual(value);
      }
    }
  });

  test("integers of 64 bits are bigints, or texts as JSON", () => {
    for (const value of [2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n]) {
      expect(decodeMsgpack(encodeMsgpack(value))).toBe(value);
      expect(decodeMsgpack(encodeMsgpack(value), { json: true })).toBe(String(value));
    }
    expect(decodeMsgpack(encodeMsgpack(7n))).toBe(7);
    expect(() => encodeMsgpack(2n ** 64n)).toThrow("MessagePack: an integer has more than 64 bits");
  });

  test("as JSON bytes are base64 and timestamps RFC 3339, nanoseconds kept", () => {
    const value = { bytes: new Uint8Array([1, 2]), at: new Date(1_500), __proto__x: 1, nothing: undefined };
    expect(decodeMsgpack(encodeMsgpack(value), { json: true })).toEqual({
      bytes: "AQI=",
      at: "1970-01-01T00:00:01.500Z",
      __proto__x: 1,
    });
    const nanos = Uint8Array.from([0xd7, 0xff, 0, 0, 0, 4, 0, 0, 0, 1]);
    expect(decodeMsgpack(nanos, { json: true })).toBe("1970-01-01T00:00:01.000000001Z");
    expect(Object.keys(decodeMsgpack(encodeMsgpack(JSON.parse('{"__proto__":1}'))) as object)).toEqual(["__proto__"]);
  });

  const nested = (levels: number): Uint8Array => Uint8Array.from([...Array(levels).fill(0x91), 0xc0]);

  test.each<readonly [string, readonly number[] | Uint8Array]>([
    ["it ends too early", []],
    ["it ends too early", [0xa5, 97]],
    ["it ends too early", [0xdb, 0xff, 0xff, 0xff, 0xff, 97]],
    ["it ends too early", [0xdd, 0xff, 0xff, 0xff, 0xff, 1]],
    ["it ends too early", [0xdf, 0xff, 0xff, 0xff, 0xff, 1]],
    ["it ends too early", [0xc6, 0xff, 0xff, 0xff, 0xff]],
    ["it ends too early", [0xce, 1]],
    ["bytes follow it", [0xc0, 0xc0]],
    ["a byte begins no value", [0xc1]],
    ["a text is not UTF-8", [0xa1, 0xff]],
    ["a key is not a text", [0x81, 1, 1]],
    ["a key comes twice", [0x82, 0xa1, 97, 1, 0xa1, 97, 2]],
    ["extension 5 is not known", [0xd4, 5, 0]],
    ["a timestamp has no such size", [0xd4, 0xff, 0]],
    ["a timestamp is out of range", [0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0]],
    ["a timestamp is out of range", [0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
    ["more than 100 levels", nested(101)],
  ])("hostile: %s, case %#", (message, bytes) => {
    expect(() => decodeMsgpack(Uint8Array.from(bytes))).toThrow(`MessagePack: ${message}`);
  });

  test("hostile: values that hold themselves, and what JSON cannot say", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => encodeMsgpack(loop)).toThrow("MessagePack: more than 100 levels");
    expect(() => encodeMsgpack({ run: () => 1 })).toThrow("MessagePack: cannot hold a function");
    expect(() => decodeMsgpack(encodeMsgpack(Number.NaN), { json: true })).toThrow("a number is not finite");
    expect(decodeMsgpack(nested(100))).toBeInstanceOf(Array);
  });

  test("hostile: random bytes are refused as such or read", () => {
    const random = randomNumbers(9);
    for (let round = 0; round < 5_000; round++) {
      const bytes = Uint8Array.from({ length: 1 + random(30) }, () => random(256));
      try {
        decodeMsgpack(bytes, { json: random(2) === 0 });
      } catch (error) {
        expect(error).toMatchObject({ name: "QueueError", code: "undecodable" });
      }
    }
  });
});
