import { describe, expect, test } from "vitest";
import { createBatcher, type Batcher, type BatcherOptions } from "../../../src/runtime/queue/index.js";
import { createFakeClock, turn } from "./support.js";

/** A batcher of numbers that are as many bytes as they say, and the batches it sent. */
function numbers(options: Partial<BatcherOptions<number, string>> = {}) {
  const clock = createFakeClock();
  const sent: (readonly number[])[] = [];
  const batcher: Batcher<number, string> = createBatcher({
    lingerMs: 1_000,
    sizeOf: (n) => n,
    clock,
    send: async (batch) => {
      sent.push(batch);
      return batch.map((n) => `r${n}`);
    },
    ...options,
  });
  return { clock, sent, batcher };
}

/** Sends that end when they are told to. */
function gate() {
  const open: (() => void)[] = [];
  const sent: (readonly number[])[] = [];
  const send = async (batch: readonly number[]): Promise<readonly string[]> => {
    sent.push(batch);
    await new Promise<void>((resolve) => open.push(resolve));
    return batch.map((n) => `r${n}`);
  };
  return { open, sent, send };
}

describe("T9 batcher", () => {
  test("M33 T9 count: a full batch goes at once, in order, each item with its own result", async () => {
    const { clock, sent, batcher } = numbers({ size: 3 });
    const results = Promise.all([1, 2, 3, 4].map((n) => batcher.add(n)));
    expect(sent).toEqual([[1, 2, 3]]);
    await clock.pass(999);
    expect(sent).toHaveLength(1);
    await clock.pass(1);
    expect(sent).toEqual([[1, 2, 3], [4]]);
    expect(await results).toEqual(["r1", "r2", "r3", "r4"]);
  });

  test("M33 T9 bytes: what would be too much begins the next batch, what is bigger than a batch goes alone", async () => {
    const { clock, sent, batcher } = numbers({ bytes: 10 });
    for (const n of [4, 5, 3]) void batcher.add(n);
    expect(sent).toEqual([[4, 5]]);
    void batcher.add(25);
    expect(sent).toEqual([[4, 5], [3], [25]]);
    void batcher.add(10);
    expect(sent.at(-1)).toEqual([10]);
    await turn();
    expect(clock.timers).toBe(0);
  });

  test("M33 T9 linger counts from the first item, and an empty batcher has no timer", async () => {
    const { clock, sent, batcher } = numbers();
    expect(clock.timers).toBe(0);
    void batcher.add(1);
    await clock.pass(600);
    void batcher.add(2);
    await clock.pass(399);
    expect(sent).toEqual([]);
    await clock.pass(1);
    expect(sent).toEqual([[1, 2]]);
    expect(clock.timers).toBe(0);
  });

  test("M33 T9 what is left of a full batch lingers from its own first item", async () => {
    const { clock, sent, batcher } = numbers({ bytes: 10 });
    void batcher.add(6);
    await clock.pass(900);
    void batcher.add(7);
    expect(sent).toEqual([[6]]);
    await clock.pass(999);
    expect(sent).toHaveLength(1);
    await clock.pass(1);
    expect(sent).toEqual([[6], [7]]);
  });

  test("M33 T9 two triggers at once: count and bytes met by one item, linger at the same instant, one batch", async () => {
    const { clock, sent, batcher } = numbers({ size: 2, bytes: 10 });
    // it fills the batch at the very moment at which the linger of the first one is over
    clock.after(1_000, () => void batcher.add(5));
    void batcher.add(5);
    await clock.pass(1_000);
    expect(sent).toEqual([[5, 5]]);
    expect(clock.timers).toBe(0);
    void batcher.add(3);
    void batcher.add(7);
    expect(sent.at(-1)).toEqual([3, 7]);
  });

  test("M33 T9 without linger: the items of one turn", async () => {
    const { sent, batcher } = numbers({ lingerMs: 0 });
    void batcher.add(1);
    await Promise.resolve();
    void batcher.add(2);
    expect(sent).toEqual([]);
    await turn();
    void batcher.add(3);
    await turn();
    expect(sent).toEqual([[1, 2], [3]]);
  });

  test("M33 T9 flush sends at once and waits; close does, too, and refuses what comes after", async () => {
    const { open, sent, send } = gate();
    const { batcher } = numbers({ send });
    void batcher.add(1);
    let flushed = false;
    const flush = batcher.flush().then(() => (flushed = true));
    expect(sent).toEqual([[1]]);
    // added later: the flush does not wait for it
    void batcher.add(2);
    await turn();
    expect(flushed).toBe(false);
    open.shift()?.();
    await flush;
    const closed = batcher.close();
    expect(sent).toEqual([[1], [2]]);
    await expect(batcher.add(3)).rejects.toMatchObject({ code: "closed" });
    open.shift()?.();
    await closed;
    expect(batcher.pending).toBe(0);
    await batcher.flush();
  });

  test("M33 T9 bounded: add waits for room in bytes and in items, in order; beyond that it is refused", async () => {
    const { open, sent, send } = gate();
    const { batcher } = numbers({ send, size: 1, maxPendingBytes: 10, maxWaiting: 2 });
    const done: string[] = [];
    for (const n of [6, 4, 2, 1]) void batcher.add(n).then((result) => done.push(result));
    await expect(batcher.add(1)).rejects.toMatchObject({ code: "full" });
    expect(sent).toEqual([[6], [4]]);
    expect(batcher.pendingBytes).toBe(10);
    open[0]?.();
    await turn();
    expect(sent).toEqual([[6], [4], [2], [1]]);
    for (const end of open) end();
    await turn();
    expect(done).toEqual(["r6", "r4", "r2", "r1"]);
    expect(batcher.pendingBytes).toBe(0);
  });

  test("M33 T9 a small one does not overtake a big one that waits for room", async () => {
    const { open, sent, send } = gate();
    const { batcher } = numbers({ send, size: 1, maxPendingBytes: 10 });
    // 8 is on its way; 5 has no room, 2 would have
    for (const n of [8, 5, 2]) void batcher.add(n);
    expect(sent).toEqual([[8]]);
    expect(batcher.pending).toBe(1);
    open[0]?.();
    await turn();
    expect(sent).toEqual([[8], [5], [2]]);
  });

  test("M33 T9 flush takes those with it that waited for room", async () => {
    const { open, sent, send } = gate();
    const { batcher } = numbers({ send, maxPending: 2 });
    for (const n of [1, 2, 3]) void batcher.add(n);
    let flushed = false;
    void batcher.flush().then(() => (flushed = true));
    open[0]?.();
    await turn();
    expect(sent).toEqual([[1, 2], [3]]);
    expect(flushed).toBe(false);
    open[1]?.();
    await turn();
    expect(flushed).toBe(true);
  });

  test("M33 T9 batches in flight are bounded; the next one grows meanwhile", async () => {
    const { open, sent, send } = gate();
    const { clock, batcher } = numbers({ send, size: 4, lingerMs: 10, maxInFlight: 1 });
    void batcher.add(1);
    await clock.pass(10);
    for (const n of [2, 3]) void batcher.add(n);
    await clock.pass(10);
    void batcher.add(4);
    await clock.pass(100);
    expect(sent).toEqual([[1]]);
    open[0]?.();
    await turn();
    expect(sent).toEqual([[1], [2, 3, 4]]);
  });

  test("M33 T9 a batch that fails fails its items, one with too few results those without", async () => {
    let call = 0;
    const { batcher } = numbers({
      size: 2,
      send: async () => {
        if (call++ === 0) throw new Error("away");
        return ["only one"];
      },
    });
    const settled = await Promise.allSettled([1, 2, 3, 4].map((n) => batcher.add(n)));
    expect(settled.map((result) => (result.status === "fulfilled" ? result.value : String(result.reason)))).toEqual([
      "Error: away",
      "Error: away",
      "only one",
      "QueueError: a batch came back with too few results",
    ]);
  });

  test.each([{ size: 0 }, { bytes: Number.NaN }, { lingerMs: -1 }, { maxInFlight: 0 }])(
    "options are checked: %j",
    (o) => {
      expect(() => numbers(o)).toThrow(expect.objectContaining({ code: "usage" }));
    },
  );
});
