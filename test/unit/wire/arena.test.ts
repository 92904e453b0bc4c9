import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { createRegistry, isWireError, WireError } from "../../../src/runtime/wire/index.js";
import { Any, ListValue, packAny, Struct, Value } from "../../../src/runtime/wkt/index.js";
import { load } from "../messages/support.js";

const text = (length: number): { kind: { case: "stringValue"; value: string } } => ({
  kind: { case: "stringValue", value: "é".repeat(length) },
});

/** What gives the bytes of array buffers that are left after a collection. */
function collector(): () => Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return async () => {
    // array buffers are freed beside the program
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return process.memoryUsage().arrayBuffers;
  };
}

describe("the arena of encoders", () => {
  it("gives results that later messages leave alone", () => {
    const first = Value.encode(text(3));
    const copy = first.slice();
    const others = Array.from({ length: 20_000 }, (_, i) => Value.encode(text(i % 50)));
    expect(first).toEqual(copy);
    for (const [i, bytes] of others.entries()) {
      if (i % 97 === 0) expect(Value.decode(bytes)).toEqual(text(i % 50));
    }
  });

  it("gives plain arrays: slice copies, and nothing is a Buffer", () => {
    for (const length of [1, 3000, 300_000]) {
      const bytes = Value.encode(text(length));
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    }
  });

  it.each([0, 1, 2000, 2047, 2048, 2049, 30_000, 32_700, 70_000, 500_000, 3_000_000])(
    "takes messages of %i two-byte characters in any order",
    (length) => {
      const small = Value.encode(text(5));
      const big = Value.encode(text(length));
      const again = Value.encode(text(5));
      expect(big.length).toBeGreaterThanOrEqual(length * 2);
      expect(
        Buffer.from(big)
          .subarray(-length * 2)
          .toString(),
      ).toBe(length === 0 ? Buffer.from(big).toString() : "é".repeat(length));
      expect(again).toEqual(small);
      expect(Value.decode(small)).toEqual(text(5));
    },
  );

  it("holds every length of a string and of a message around the sizes of lengths", () => {
    for (const length of [38, 39, 40, 41, 62, 63, 64, 65, 126, 127, 128, 129, 8190, 8191, 8192, 8193, 16_383, 16_384]) {
      for (const value of [
        "a".repeat(length),
        "é".repeat(length),
        `${"a".repeat(length - 1)}日`,
        "😀".repeat(length),
      ]) {
        const message = { values: [{ kind: { case: "stringValue" as const, value } }] };
        expect(ListValue.decode(ListValue.encode(message))).toEqual(message);
      }
    }
  });

  it("survives a message that encodes another while it is being written", () => {
    let inner: Uint8Array[] = [];
    const outer = {
      fields: {
        a: text(20),
        get b(): ReturnType<typeof text> {
          inner.push(Value.encode(text(10)), Value.encode(text(100_000)));
          return text(30);
        },
        c: text(40),
      },
    };
    for (let round = 0; round < 200; round++) {
      inner = [];
      const bytes = Struct.encode(outer);
      expect(Struct.decode(bytes)).toEqual({ fields: { a: text(20), b: text(30), c: text(40) } });
      expect(Value.decode(inner[0] ?? new Uint8Array(0))).toEqual(text(10));
      expect(inner[1]).toHaveLength(200_004);
    }
  });

  it("is usable after a message that could not be written", () => {
    const before = Value.encode(text(3));
    const bad = { values: [text(10), { kind: { case: "stringValue" as const, value: 5 as never } }] };
    for (let i = 0; i < 100; i++) expect(() => ListValue.encode(bad)).toThrow(WireError);
    const thrower = {
      get values(): never {
        throw new Error("mine");
      },
    };
    expect(() => ListValue.encode(thrower)).toThrow("mine");
    expect(Value.encode(text(3))).toEqual(before);
  });

  it("recovers when somebody transfers a result's memory away", () => {
    const bytes = Value.encode(text(3));
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
    expect(bytes).toHaveLength(0);
    for (let i = 0; i < 10; i++) expect(Value.decode(Value.encode(text(i)))).toEqual(text(i));
  });

  it("M36: holds no more memory for a result than an arena, or than the result itself", () => {
    for (const length of [0, 10, 2000, 2040, 2100, 30_000, 70_000, 400_000, 600_000, 2_000_000]) {
      Value.encode(text(length));
      for (const bytes of [Value.encode(text(length)), Value.encode(text(3)), Value.encode(text(length))]) {
        const most = bytes.length <= 4096 ? 65_536 : bytes.length > 1 << 20 ? bytes.length * 2 : bytes.length;
        expect(bytes.buffer.byteLength).toBeLessThanOrEqual(most);
      }
    }
  });

  it("M36: gives the memory of a big message back", async () => {
    const settle = collector();
    const before = await settle();
    expect(Value.encode(text(5_000_000)).length).toBeGreaterThan(10_000_000);
    expect((await settle()) - before).toBeLessThan(2_500_000);
  });

  it("M36: keeps no big memory for the next packed list", async () => {
    const { type } = await load({ "t.proto": 'syntax = "proto3"; message M { repeated double list = 1; }' });
    const M = type("M");
    const settle = collector();
    const list = Array.from({ length: 1_000_000 }, (_, i) => i);
    const before = await settle();
    expect(M.encode({ list }).length).toBeGreaterThan(8_000_000);
    expect((await settle()) - before).toBeLessThan(2_500_000);
  });

  it("M36: takes no big memory for a small message that follows a big one", () => {
    const big = text(3_000_000);
    const allocations = vi.spyOn(Buffer, "allocUnsafeSlow");
    try {
      for (let i = 0; i < 5; i++) {
        Value.encode(big);
        allocations.mockClear();
        expect(Value.encode(text(3))).toHaveLength(8);
        expect(Math.max(0, ...allocations.mock.calls.map(([size]) => size))).toBeLessThanOrEqual(65_536);
      }
    } finally {
      allocations.mockRestore();
    }
  });

  it("M36: a message packed into an Any keeps no other bytes alive", () => {
    const packed = packAny(Value, text(3));
    const json = Any.fromJson(
      { "@type": "type.googleapis.com/google.protobuf.Value", value: "ééé" },
      { registry: createRegistry(Value) },
    );
    for (const { value } of [packed, json]) {
      expect(value).toHaveLength(8);
      expect(value.buffer.byteLength).toBe(8);
    }
  });

  it("copies bytes out of what it decodes", () => {
    const bytes = Any.encode({ value: Uint8Array.of(1, 2, 3) });
    const input = Buffer.from(bytes);
    const { value } = Any.decode(input);
    input.fill(0);
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
  });
});

describe("WireError", () => {
  it("is told by its mark, not by its class", () => {
    const error = new WireError("invalid_value", "no", "a.b");
    expect(error).toMatchObject({
      name: "WireError",
      code: "invalid_value",
      path: "a.b",
      reason: "no",
      message: "a.b: no",
    });
    expect(isWireError(error)).toBe(true);
    expect(isWireError(Object.assign(new Error("x"), { [Symbol.for("wirespan.WireError")]: true }))).toBe(true);
    for (const other of [new Error("x"), null, undefined, "x", {}]) expect(isWireError(other)).toBe(false);
  });
});
