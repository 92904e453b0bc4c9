import { expect, test } from "vitest";
import {
  consumeBatch,
  encodeMessage,
  publish,
  publishBatch,
  reply,
  ReplyError,
  request,
  type Broker,
  type ChannelInfo,
  type Consumer,
  type consume,
} from "../../src/runtime/queue/index.js";
import { createMemoryIdempotencyStore } from "../../src/runtime/stores/index.js";
import type { Cell, Row } from "./suite/table.js";

interface Item {
  n: number;
  key?: string;
}

/** What the tests of a broker's contract have in common. */
export interface PipelineContext {
  readonly cells: Readonly<Record<Row, Cell>>;
  /** False: what is the pipeline's alone runs elsewhere. */
  readonly pipeline: boolean;
  broker(): Broker;
  channelOf(more?: Partial<ChannelInfo<Item>>): ChannelInfo<Item>;
  /** A consumer that ends with the tests. */
  start(...args: Parameters<typeof consume<Item, Item, {}>>): Promise<Consumer>;
  /** The same for consumers that were made otherwise. */
  keep(consumer: Consumer): void;
  until(condition: () => boolean): { readonly done: Promise<void>; readonly check: () => void };
}

const upTo = (count: number): Item[] => Array.from({ length: count }, (_, n) => ({ n }));

/** Batches, dedupe, compression, requests: the pipeline's work on a broker. */
export function describePipeline({ cells, pipeline, broker, channelOf, start, keep, until }: PipelineContext): void {
  const once = test.runIf(pipeline);
  test.runIf(cells.batch === "yes")(
    "M34 a batch handler gets many, one verdict ends them, only what failed comes again",
    async () => {
      const channel = channelOf({ consumer: { group: "g", retry: { maxAttempts: 3, quick: 1, delaysMs: [100] } } });
      const runs: { readonly n: number; readonly attempt: number; readonly size: number }[] = [];
      const all = until(() => runs.length === 220);
      const consumer = await consumeBatch(
        broker(),
        channel,
        async (deliveries) => {
          for (const { message, attempt } of deliveries) runs.push({ n: message.n, attempt, size: deliveries.length });
          all.check();
          const failed = deliveries.filter(({ message, attempt }) => message.n % 10 === 0 && attempt === 1);
          return { failed: failed.map((delivery) => ({ delivery, error: new Error("down") })) };
        },
        { batch: { size: 50, lingerMs: 50 }, deadLetter: true, killSwitch: false },
      );
      keep(consumer);
      const results = await publishBatch(broker(), channel, upTo(200));
      expect(results.every(({ ok }) => ok)).toBe(true);
      await all.done;
      expect(new Set(runs.filter(({ attempt }) => attempt === 1).map(({ n }) => n)).size).toBe(200);
      const again = runs.filter(({ attempt }) => attempt === 2).map(({ n }) => n);
      expect(again.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n * 10));
      expect(Math.max(...runs.map(({ size }) => size))).toBeGreaterThan(10);
      expect(await consumer.drain(5_000)).toEqual([]);
    },
  );

  once("M39 T10 what is published three times is handled once, also where it failed at first", async () => {
    const channel = channelOf({ consumer: { group: "g", retry: { maxAttempts: 3, quick: 3, delaysMs: [] } } });
    const handled = new Map<number, number>();
    const failed = new Set<number>();
    let skipped = 0;
    const all = until(() => skipped === 200);
    const store = createMemoryIdempotencyStore();
    await start(
      broker(),
      channel,
      async ({ n }) => {
        if (n % 20 === 0 && !failed.has(n)) {
          failed.add(n);
          throw new Error("down");
        }
        handled.set(n, (handled.get(n) ?? 0) + 1);
      },
      {
        idempotency: { store },
        concurrency: 8,
        deadLetter: true,
        onEvent: ({ kind }) => {
          if (kind === "skipped") skipped++;
          all.check();
        },
      },
    );
    for (let round = 0; round < 3; round++) {
      const letters = upTo(100).map((item) =>
        // without a `Nats-Msg-Id`, for JetStream would keep the second and the third from us
        encodeMessage(channel, item, { id: `${channel.address}#${item.n}`, headers: { "Nats-Msg-Id": "" } }),
      );
      const results = await broker().publish(letters);
      expect(results.every(({ ok }) => ok)).toBe(true);
    }
    await all.done;
    expect(handled.size).toBe(100);
    expect([...handled.values()].every((count) => count === 1)).toBe(true);
  });

  once("M33 a compressed message arrives as it was", async () => {
    const channel = channelOf();
    let found = "";
    const seen = until(() => found !== "");
    await start(broker(), channel, async ({ key = "" }, { headers }) => {
      expect(headers["content-encoding"]).toBe("gzip");
      found = key;
      seen.check();
    });
    const key = "ä☃".repeat(20_000);
    await publish(broker(), channel, { n: 1, key }, { compression: "gzip" });
    await seen.done;
    expect(found === key).toBe(true);
  });

  test.runIf(cells.requestReply === "yes")(
    "requests get their own replies, errors come back as such, no reply is a timeout",
    async () => {
      const channel = channelOf({ consumer: { group: "answering" } });
      const info = { message: channel.message, contentType: channel.contentType };
      keep(
        await reply(
          broker(),
          channel,
          info,
          async ({ n }) => {
            if (n === 13) throw new ReplyError("unlucky", "not this one");
            if (n === 14) await new Promise(() => {});
            return { n: n * 10 };
          },
          { concurrency: 30 },
        ),
      );
      const replies = await Promise.all(upTo(10).map((item) => request(broker(), channel, info, item)));
      expect(replies.map(({ n }) => n)).toEqual(upTo(10).map(({ n }) => n * 10));
      await expect(request(broker(), channel, info, { n: 13 })).rejects.toMatchObject({ code: "unlucky" });
      await expect(request(broker(), channel, info, { n: 14 }, { timeoutMs: 200 })).rejects.toMatchObject({
        code: "timeout",
      });
    },
  );
}
