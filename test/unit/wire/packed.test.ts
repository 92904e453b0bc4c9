import { describe, expect, it } from "vitest";
import {
  cursor,
  readPackedInt32,
  readPackedSint32,
  readPackedUint32,
  writePackedInt32,
  writePackedSint32,
  writePackedUint32,
} from "../../../src/runtime/wire/index.js";
import { createRandom } from "../messages/support.js";

// The packed varints take several values' bytes at once; this is what they have to agree with.

/** A varint of 64 bits, byte for byte. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const forms = {
  int32: {
    write: writePackedInt32,
    read: readPackedInt32,
    bytes: (v: number) => varint(BigInt(v)),
    of: (bits: number) => bits | 0,
  },
  uint32: {
    write: writePackedUint32,
    read: readPackedUint32,
    bytes: (v: number) => varint(BigInt(v)),
    of: (bits: number) => bits >>> 0,
  },
  sint32: {
    write: writePackedSint32,
    read: readPackedSint32,
    bytes: (v: number) => varint(BigInt(((v << 1) ^ (v >> 31)) >>> 0)),
    of: (bits: number) => bits | 0,
  },
};

const random = createRandom(11);

/** Values of every size, the borders of the sizes among them. */
function bits(): number {
  if (random.int(4) === 0) return 2 ** random.pick([7, 14, 21, 28, 31, 32]) - random.int(3);
  return random.int(2 ** (1 + random.int(32)));
}

describe.each(Object.entries(forms))("M3: packed %s", (_, { write, read, bytes, of }) => {
  it("writes and reads what one value after the other would", () => {
    for (let length = 0; length < 120; length++) {
      const small = length % 3 === 0;
      const list = Array.from({ length }, () => of(small ? random.int(64) : bits()));
      const content = list.flatMap(bytes);
      // somewhere in a bigger array, with other bytes around
      const memory = new Uint8Array(length * 10 + 600).fill(0xff);
      const b = memory.subarray(7);
      const end = write(b, 3, 0x0a, list);
      expect([...b.subarray(3, end)]).toEqual(
        length === 0 ? [] : [0x0a, ...varint(BigInt(content.length)), ...content],
      );
      if (length === 0) continue;
      expect(read(b, 4, end, [])).toEqual(list);
      expect(cursor).toBe(end);
      expect(read(b, 4, end, [5, 6])).toEqual([5, 6, ...list]);
      // nothing behind the end of the array is needed
      const exact = b.slice(4, end);
      expect(read(exact, 0, exact.length, [])).toEqual(list);
    }
  });

  it("takes values in more bytes than they need, and no list that ends in the middle of one", () => {
    const padded = [0x81, 0x80, 0x00, 0x83, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x05];
    const values = [...padded, ...padded, ...padded];
    const wanted = [1, 3, 5, 1, 3, 5, 1, 3, 5].map((v) => (read === forms.sint32.read ? (v >>> 1) ^ -(v & 1) : v));
    expect(read(Uint8Array.of(values.length, ...values), 0, values.length + 1, [])).toEqual(wanted);
    for (const cut of [[0x80], [1, 2, 3, 4, 5, 6, 7, 8, 0x80], [...values, 0xff, 0xff]]) {
      const input = Uint8Array.of(cut.length, ...cut, 1, 1, 1, 1);
      expect(() => read(input, 0, cut.length + 1, [])).toThrow(expect.objectContaining({ code: "truncated" }));
      expect(() => read(input.subarray(0, 2), 0, 2, [])).toThrow(expect.objectContaining({ code: "truncated" }));
    }
    const endless = Array.from({ length: 11 }, (_, i) => (i === 10 ? 1 : 0x80));
    const input = Uint8Array.of(endless.length + 8, 1, 2, 3, 4, 5, 6, 7, 8, ...endless);
    expect(() => read(input, 0, input.length, [])).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});
