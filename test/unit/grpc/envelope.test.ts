import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { checkLimits, EnvelopeReader, EnvelopeWriter, inflate, limitsOf } from "../../../src/runtime/grpc/index.js";
import { Code } from "../../../src/runtime/rpc/index.js";

function envelope(bytes: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

function reader(
  limit = 1_000,
  compressed = false,
): { push(chunk: Uint8Array): void; all: Buffer[]; atBoundary(): boolean } {
  const all: Buffer[] = [];
  const inner = new EnvelopeReader({
    limit,
    compressed,
    onMessage: (bytes, packed) => all.push(Buffer.from(packed ? inflate(bytes, limit) : bytes)),
  });
  return { push: (chunk) => inner.push(chunk), all, atBoundary: () => inner.atBoundary };
}

const messages = ["", "a", "bc".repeat(40), "", "d".repeat(300)].map((text) => Buffer.from(text));
const bytes = Buffer.concat(messages.map((message) => envelope(message)));

describe("reading envelopes", () => {
  test("whatever the chunks are", () => {
    for (let size = 1; size <= bytes.length; size++) {
      const { push, all, atBoundary } = reader();
      for (let at = 0; at < bytes.length; at += size) push(bytes.subarray(at, at + size));
      expect(all).toEqual(messages);
      expect(atBoundary()).toBe(true);
    }
  });

  test("a message that lies in one chunk is not copied", () => {
    let seen: Uint8Array | undefined;
    const chunk = envelope(Buffer.from("hello"));
    new EnvelopeReader({ limit: 10, compressed: false, onMessage: (message) => (seen = message) }).push(chunk);
    expect(seen?.buffer).toBe(chunk.buffer);
  });

  test("it knows when it is within a message", () => {
    const { push, atBoundary } = reader();
    push(Buffer.from([0, 0]));
    expect(atBoundary()).toBe(false);
    push(Buffer.from([0, 0, 1]));
    expect(atBoundary()).toBe(false);
    push(Buffer.from([7]));
    expect(atBoundary()).toBe(true);
  });

  test("M8: at the limit passes, one more does not, and nothing is allocated for it", () => {
    const { push, all } = reader(300);
    push(bytes);
    expect(all).toHaveLength(5);
    for (const size of [301, 0xffffffff]) {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(size, 1);
      const before = process.memoryUsage().arrayBuffers;
      // also when the prefix comes in pieces
      for (const chunks of [[prefix], [prefix.subarray(0, 2), prefix.subarray(2)]]) {
        const one = reader(300);
        expect(() => chunks.forEach((chunk) => one.push(chunk))).toThrow(
          expect.objectContaining({
            code: Code.RESOURCE_EXHAUSTED,
            message: `a message of ${size} bytes cannot be received: at most 300 bytes are allowed`,
          }),
        );
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    }
  });

  test("unknown flags, and a compressed message where none may be, are INTERNAL", () => {
    for (const flags of [1, 2, 128]) {
      expect(() => reader().push(envelope(Buffer.from("a"), flags))).toThrow(
        expect.objectContaining({ code: Code.INTERNAL }),
      );
    }
  });

  test("M16: a compressed message among others", () => {
    const { push, all } = reader(1_000, true);
    push(envelope(gzipSync("x".repeat(500)), 1));
    push(envelope(Buffer.from("plain")));
    expect(all.map(String)).toEqual(["x".repeat(500), "plain"]);
  });

  test("M8: inflation stops at the limit: 10 MB of zeros in 11 KB", () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(11 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => inflate(bomb, 4 * 1024 * 1024)).toThrow(
      expect.objectContaining({
        code: Code.RESOURCE_EXHAUSTED,
        message: `a message of 10485760 (${bomb.length} compressed) bytes cannot be received: at most 4194304 bytes are allowed`,
      }),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6 * 1024 * 1024);
    const liar = Buffer.from(bomb);
    liar.writeUInt32LE(5, liar.length - 4);
    expect(() => inflate(liar, 1_000)).toThrow("a message of more than 1000 (");
    expect(inflate(gzipSync(Buffer.alloc(1_000)), 1_000)).toHaveLength(1_000);
    expect(() => inflate(gzipSync(Buffer.alloc(1_001)), 1_000)).toThrow("1001");
    expect(inflate(gzipSync(Buffer.alloc(0)), 0)).toHaveLength(0);
    expect(() => inflate(gzipSync(Buffer.alloc(1)), 0)).toThrow("at most 0 bytes");
    expect(() => inflate(Buffer.from("no gzip"), 1_000)).toThrow(expect.objectContaining({ code: Code.INTERNAL }));
  });
});

describe("writing envelopes", () => {
  const rules = { limit: Infinity, gzip: false, threshold: 1_024 };

  test("what is written in one tick goes out in one write, and is read again", async () => {
    const writes: Uint8Array[] = [];
    const writer = new EnvelopeWriter({ write: (chunk) => writes.push(chunk) > 0 }, rules);
    for (const message of messages) writer.message(message);
    expect(writes).toHaveLength(0);
    await new Promise(setImmediate);
    expect(writes).toHaveLength(1);
    writer.message(Buffer.from("later"));
    expect(writer.take()).toEqual(envelope(Buffer.from("later")));
    expect(writer.take()).toBeUndefined();
    await new Promise(setImmediate);
    expect(Buffer.concat(writes)).toEqual(bytes);
  });

  test("much is written at once, large messages are not copied, and a full stream is waited for", async () => {
    const writes: Uint8Array[] = [];
    const writer = new EnvelopeWriter({ write: (chunk) => (writes.push(chunk), false) }, rules);
    const large = Buffer.alloc(100_000, 1);
    writer.message(Buffer.from("small"));
    writer.message(large);
    expect(writes).toContain(large);
    expect(Buffer.concat(writes)).toEqual(Buffer.concat([envelope(Buffer.from("small")), envelope(large)]));
    let room = false;
    void writer.room()?.then(() => (room = true));
    await new Promise(setImmediate);
    expect(room).toBe(false);
    writer.drained();
    await new Promise(setImmediate);
    expect(room).toBe(true);
    expect(writer.room()).toBeUndefined();
  });

  test("M8: a message above the limit is not sent", () => {
    const writer = new EnvelopeWriter({ write: () => true }, { ...rules, limit: 10 });
    writer.message(Buffer.alloc(10));
    expect(() => writer.message(Buffer.alloc(11))).toThrow(
      expect.objectContaining({
        code: Code.RESOURCE_EXHAUSTED,
        message: "a message of 11 bytes cannot be sent: at most 10 bytes are allowed",
      }),
    );
  });

  test("M16: gzip from the threshold on, as it is where that is not smaller", () => {
    const flagsOf = (message: Uint8Array): number | undefined => {
      const writer = new EnvelopeWriter({ write: () => true }, { ...rules, gzip: true });
      writer.message(message);
      return writer.take()?.[0];
    };
    expect(flagsOf(Buffer.alloc(1_023))).toBe(0);
    expect(flagsOf(Buffer.alloc(1_024))).toBe(1);
    const noise = Buffer.from(Array.from({ length: 2_000 }, (_, i) => (Math.sin(i) * 1e6) & 255));
    expect(flagsOf(noise)).toBe(0);
  });
});

test("M8: limits of one method, of several, of all", () => {
  const options = {
    maxReceiveBytes: 10,
    maxSendBytes: 20,
    methods: {
      "/a.B/*": { maxReceiveBytes: 30 },
      "/a.B/C": { maxReceiveBytes: 40 },
      "/a.*": { maxReceiveBytes: 50, compression: "gzip" as const },
    },
  };
  expect(limitsOf("/a.B/C", options)).toEqual({
    maxReceiveBytes: 40,
    maxSendBytes: 20,
    compression: "gzip",
    compressionThreshold: 1_024,
  });
  expect(limitsOf("/a.B/D", options).maxReceiveBytes).toBe(30);
  expect(limitsOf("/a.X/D", options).maxReceiveBytes).toBe(50);
  expect(limitsOf("/x.X/D", options).maxReceiveBytes).toBe(10);
  expect(limitsOf("/x.X/D", {})).toMatchObject({ maxReceiveBytes: 4 * 1024 * 1024, maxSendBytes: Infinity });
  for (const wrong of [-1, Number.NaN]) expect(() => checkLimits({ maxReceiveBytes: wrong })).toThrow(RangeError);
});
