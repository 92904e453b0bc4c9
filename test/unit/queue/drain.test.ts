import { describe, expect, test } from "vitest";
import type { Clock } from "../../../src/runtime/context/index.js";
import {
  consume,
  encodeMessage,
  publish,
  wrapBroker,
  wrapDelivery,
  type Broker,
  type BrokerDelivery,
} from "../../../src/runtime/queue/index.js";
import { consumeItems, deadLetters, itemChannel, setup, turn, type Setup } from "./support.js";

const channel = itemChannel();
const depth = ({ broker }: Setup): Promise<number | undefined> | undefined =>
  broker.depth?.({ address: "items", group: "g" });

/** The same broker, what was asked of its consumers, and the way by which it delivers. */
function watched(inner: Broker) {
  const asked: string[] = [];
  const hand: { deliver: (batch: readonly BrokerDelivery[]) => void } = { deliver: () => {} };
  const broker: Broker = {
    ...wrapBroker(inner, {}),
    async consume(source, deliver) {
      hand.deliver = deliver;
      const consumer = await inner.consume(source, deliver);
      return {
        pause: () => (asked.push("pause"), consumer.pause()),
        resume: () => (asked.push("resume"), consumer.resume()),
        drain: (withinMs) => (asked.push(`drain ${withinMs}`), consumer.drain(withinMs)),
      };
    },
  };
  return { broker, asked, hand };
}

describe("drain", () => {
  test("T12 ends in time although the broker does not take back what has not begun", async () => {
    const all = setup();
    const broker = wrapBroker(all.broker, {
      deliver: (delivery) => wrapDelivery(delivery, { nack: () => new Promise<void>(() => {}) }),
    });
    const consumer = await consumeItems(
      { ...all, broker },
      () => new Promise((resolve) => void all.clock.after(50, resolve)),
    );
    for (let n = 0; n < 5; n++) await publish(broker, channel, { n });
    await turn();
    let over = false;
    const draining = consumer.drain(200).finally(() => (over = true));
    await all.clock.pass(199);
    expect(over).toBe(false);
    await all.clock.pass(1);
    expect(over).toBe(true);
    // the handler that ran has ended: nothing of it is unfinished
    expect(await draining).toEqual([]);
  });

  test("T12 the broker gets what is left of the time; none of it where a handler did not end", async () => {
    for (const [handlerMs, expected] of [
      [300, "drain 700"],
      [5_000, "drain 0"],
    ] as const) {
      const all = setup();
      const { broker, asked } = watched(all.broker);
      // timers round, and may fire a little early
      const clock: Clock = { now: () => all.clock.now(), after: (ms, run) => all.clock.after(ms * 0.999, run) };
      const consumer = await consumeItems(
        { ...all, broker },
        () => new Promise((resolve) => void all.clock.after(handlerMs, resolve)),
        { clock },
      );
      await publish(broker, channel, { n: 1 });
      await turn();
      const draining = consumer.drain(1_000);
      await all.clock.pass(1_000);
      expect(await draining).toHaveLength(handlerMs > 1_000 ? 1 : 0);
      expect(asked).toEqual(["pause", expected]);
    }
  });

  test("T12 a handler that ends after it was given up does not acknowledge: the message was told of as unfinished", async () => {
    const all = setup();
    let end = (): void => {};
    const consumer = await consumeItems(all, () => new Promise<void>((resolve) => (end = resolve)));
    await publish(all.broker, channel, { n: 1 });
    await turn();
    const draining = consumer.drain(100);
    await all.clock.pass(100);
    expect(await draining).toHaveLength(1);
    end();
    await turn();
    expect(await depth(all)).toBe(1);
    expect(all.events.at(-1)?.kind).toBe("unsettled");
  });

  test("T12 what is delivered after the stop is given back, unseen", async () => {
    const all = setup();
    const { broker, hand } = watched(all.broker);
    const consumer = await consumeItems({ ...all, broker }, async () => {});
    await consumer.drain(100);
    const verdicts: string[] = [];
    const verdict = (name: string) => async (): Promise<void> => void verdicts.push(name);
    const late: BrokerDelivery = {
      ...encodeMessage(channel, { n: 1 }),
      group: "g",
      position: "1",
      attempt: 1,
      redelivered: false,
      ack: verdict("ack"),
      nack: verdict("nack"),
      extend: verdict("extend"),
    };
    // one whose verdict comes too late is delivered again all the same
    hand.deliver([late, { ...late, nack: () => Promise.reject(new Error("too late")) }, late]);
    await turn();
    expect(verdicts).toEqual(["nack", "nack"]);
    expect(all.events).toEqual([]);
  });

  test("T12 a message whose last attempt fails while the consumer stops is given back, not dead", async () => {
    const all = setup();
    let fail = (): void => {};
    const consumer = await consumeItems(
      all,
      () => new Promise((_, reject) => (fail = () => reject(new Error("the database is being stopped, too")))),
      { retry: false, deadLetter: true },
    );
    await publish(all.broker, channel, { n: 1 });
    await turn();
    const draining = consumer.drain(1_000);
    await turn();
    fail();
    expect(await draining).toEqual([]);
    expect(await deadLetters(all.broker)).toEqual([]);
    expect(await depth(all)).toBe(1);
  });
});

test("a switch that trips while the broker's consumer is being made pauses it as soon as it is there", async () => {
  const all = setup();
  const { broker: inner, asked } = watched(all.broker);
  let ready = (): void => {};
  const made = new Promise<void>((resolve) => (ready = resolve));
  // delivers at once, and answers later
  const broker: Broker = {
    ...inner,
    async consume(source, deliver) {
      const consumer = await inner.consume(source, deliver);
      await made;
      return consumer;
    },
  };
  await all.broker.ensure({
    addresses: [{ address: "items", bindings: {}, groups: [{ group: "g", retryDelaysMs: [], deadLetter: undefined }] }],
  });
  await publish(all.broker, channel, { n: 1 });
  const started = consume(broker, channel, () => Promise.reject(new Error("down")), {
    retry: { maxAttempts: 9, quick: 1, delaysMs: [60_000] },
    killSwitch: { minimum: 1, pauseMs: 1_000 },
  });
  await turn();
  expect(asked).toEqual([]);
  ready();
  await started;
  expect(asked).toEqual(["pause"]);
  await all.clock.pass(1_000);
  expect(asked).toEqual(["pause", "resume"]);
});
