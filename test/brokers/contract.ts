import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordingTracer, withAmbient, type SpanRecord } from "../../src/runtime/context/index.js";
import {
  consume,
  deadHeaders,
  encodeMessage,
  jsonPayload,
  messageHeaders,
  PermanentError,
  publish,
  shape,
  wrapBroker,
  type Broker,
  type BrokerDelivery,
  type ChannelInfo,
  type Consumer,
  type ConsumerEvent,
  type OutgoingMessage,
} from "../../src/runtime/queue/index.js";
import { describePipeline } from "./contract-pipeline.js";
import type { BrokerSubject } from "./suite/subject.js";
import { brokerTable, type Cell, type Row } from "./suite/table.js";

interface Item {
  n: number;
  key?: string;
}

const item = jsonPayload<Item>(
  "Item",
  shape.object({ required: { n: shape.integer() }, optional: { key: shape.string() } }),
);

/**
 * What every broker must do; runs unchanged on each. `open` gives a broker of its own to a test run, all names are
 * unique, so that servers may be shared and tests run beside each other.
 */
export function describeBrokerContract(
  name: string,
  open: () => Promise<Broker>,
  cells: Readonly<Record<Row, Cell>> = brokerTable.memory,
  { pipeline = true, concurrent = false }: Pick<BrokerSubject, "pipeline" | "concurrent"> = {},
): void {
  describe(name, { concurrent, timeout: concurrent ? 40_000 : 20_000 }, () => {
    // what is the pipeline's alone
    const once = test.runIf(pipeline);
    // what can be browsed is kept whether or not a consumer is there, so these tests may publish first
    const whereKept = test.runIf(cells.browse === "yes");
    const whereOrdered = test.runIf(cells.keyOrder === "yes");
    const whereOpen = test.runIf(cells.openParameters === "yes");
    const whereRedelivered = test.runIf(cells.redelivery === "yes");
    const whereDelayed = test.runIf(cells.delayedRetry !== "no");
    let broker: Broker;
    const spans: SpanRecord[] = [];
    const tracer = recordingTracer((span) => spans.push(span));
    const consumers: Consumer[] = [];

    beforeAll(async () => {
      broker = await open();
    });
    afterAll(async () => {
      await Promise.all(consumers.map((consumer) => consumer.drain(0)));
      await broker.close();
    });

    function channelOf<Params = {}>(
      more: Partial<ChannelInfo<Item, Item, Params>> = {},
    ): ChannelInfo<Item, Item, Params> {
      const address = `t.${randomUUID().slice(0, 8)}`;
      return {
        id: "items",
        address,
        message: item,
        contentType: "application/json",
        bindings: {},
        consumer: { group: "workers" },
        ...more,
      };
    }

    async function start<T, Init, Params>(...args: Parameters<typeof consume<T, Init, Params>>): Promise<Consumer> {
      const consumer = await consume(...args);
      consumers.push(consumer);
      return consumer;
    }

    async function ensure(address: string, groups: readonly string[], retryDelaysMs: readonly number[] = []) {
      await broker.ensure({
        addresses: [
          {
            address,
            bindings: {},
            groups: groups.map((group) => ({ group, retryDelaysMs, deadLetter: undefined })),
          },
        ],
      });
    }

    function letter(address: string, n: number, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
      return {
        address,
        id: `m${n}`,
        headers: {},
        contentType: "text/plain",
        body: new TextEncoder().encode(String(n)),
        ...more,
      };
    }

    const textOf = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body);

    whereKept("M31 publish confirms every message of a batch in order, ack ends it", async () => {
      const { address } = channelOf();
      await ensure(address, ["g"]);
      const results = await broker.publish(Array.from({ length: 50 }, (_, n) => letter(address, n)));
      expect(results.map(({ ok }) => ok)).toEqual(Array.from({ length: 50 }, () => true));
      const seen: BrokerDelivery[] = [];
      const all = until(() => seen.length === 50);
      const consumer = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => {
        seen.push(...batch);
        all.check();
      });
      await all.done;
      expect(seen.map(textOf)).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
      expect(seen.map(({ attempt, redelivered }) => [attempt, redelivered])).toEqual(seen.map(() => [1, false]));
      for (const delivery of seen) await delivery.ack();
      expect(await consumer.drain(1_000)).toEqual([]);
      const left: BrokerDelivery[] = [];
      const again = await broker.consume({ address, group: "g", prefetch: 100 }, (batch) => left.push(...batch));
      await wait(100);
      expect(left).toEqual([]);
      await again.drain(0);
    });

    whereOrdered("M33 T9 more publishes than may wait for a confirm arrive in the order of their calls", async () => {
      const channel = channelOf();
      await ensure(channel.address, ["g"]);
      const got: string[] = [];
      const consumer = await broker.consume({ address: channel.address, group: "g", prefetch: 1_000 }, (batch) => {
        for (const delivery of batch) {
          got.push(textOf(delivery));
          void delivery.ack();
        }
      });
      const sent = Array.from({ length: 3_000 }, (_, n) => n);
      await Promise.all(sent.map((n) => publish(broker, channel, { n }, { key: "one" })));
      const all = until(() => got.length >= sent.length);
      const look = setInterval(all.check, 10);
      await all.done;
      clearInterval(look);
      expect(got).toEqual(sent.map((n) => JSON.stringify({ n })));
      await consumer.drain(1_000);
    });

    whereKept("M31 a message that no queue takes is an error of that message alone", async () => {
      const { address } = channelOf();
      await ensure(address, ["g"]);
      const results = await broker.publish([letter(address, 1), letter(`${address}.nobody`, 2), letter(address, 3)]);
      expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
      expect(results[1]).toMatchObject({ error: { name: "QueueError", code: "unroutable" } });
    });

    whereKept("M31 headers, key, id, content type and body travel unchanged", async () => {
      const { address } = channelOf();
      await ensure(address, ["g"]);
      const body = new Uint8Array([0, 255, 1, 254]);
      const headers = { "x-a": "ä ☃", "x-message-id": "id-1", constructor: "data" };
      await broker.publish([letter(address, 1, { id: "id-1", key: "k", headers, contentType: "application/x", body })]);
      const got = await take(address, "g");
      expect({ ...got.headers }).toMatchObject(headers);
      expect(got).toMatchObject({ address, id: "id-1", key: "k", contentType: "application/x", group: "g" });
      expect([...got.body]).toEqual([...body]);
    });

    async function take(address: string, group: string): Promise<BrokerDelivery> {
      let found: BrokerDelivery | undefined;
      const one = until(() => found !== undefined);
      const consumer = await broker.consume({ address, group, prefetch: 1 }, ([first]) => {
        found ??= first;
        one.check();
      });
      await one.done;
      await found?.ack();
      await consumer.drain(1_000);
      if (found === undefined) throw new Error("nothing was delivered");
      return found;
    }

    whereDelayed("M37 nack with a delay delivers again later as the next attempt, others keep flowing", async () => {
      const { address } = channelOf();
      await ensure(address, ["g"], [300]);
      const log: { text: string; attempt: number; at: number; carried: string | undefined }[] = [];
      const all = until(() => log.length === 5);
      const consumer = await broker.consume({ address, group: "g", prefetch: 1 }, (batch) => {
        for (const delivery of batch) {
          const { attempt, headers } = delivery;
          log.push({ text: textOf(delivery), attempt, at: Date.now(), carried: headers["x-carried"] });
          void (textOf(delivery) === "0" && attempt === 1
            ? delivery.nack(250, { "x-carried": "yes" })
            : delivery.ack());
          all.check();
        }
      });
      await broker.publish([0, 1, 2, 3].map((n) => letter(address, n)));
      await all.done;
      const runs = log.map(({ text, attempt }) => `${text}/${attempt}`);
      expect([...runs].sort()).toEqual(["0/1", "0/2", "1/1", "2/1", "3/1"]);
      // where everything is slow it may be due before the last of them
      expect(runs.slice(0, 2)).toEqual(["0/1", "1/1"]);
      const [first] = log;
      const last = log.find(({ attempt }) => attempt === 2);
      expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(240);
      expect(last?.carried).toBe("yes");
      await consumer.drain(1_000);
    });

    whereRedelivered("M37 a plain nack gives back untouched: delivered at once, no attempt counted", async () => {
      const { address } = channelOf();
      await ensure(address, ["g"]);
      const log: BrokerDelivery[] = [];
      const twice = until(() => log.length === 2);
      const consumer = await broker.consume({ address, group: "g", prefetch: 1 }, (batch) => {
        log.push(...batch);
        void (log.length === 1 ? batch[0]?.nack() : batch[0]?.ack());
        twice.check();
      });
      await broker.publish([letter(address, 7)]);
      await twice.done;
      expect(log.map(({ attempt, redelivered }) => [attempt, redelivered])).toEqual([
        [1, false],
        [1, true],
      ]);
      await consumer.drain(1_000);
    });

    whereKept(
      "M31 deliveries without a verdict come again after their consumer is gone; its late verdicts are refused",
      async () => {
        const { address } = channelOf();
        await ensure(address, ["g"]);
        await broker.publish([letter(address, 1), letter(address, 2)]);
        const first: BrokerDelivery[] = [];
        const both = until(() => first.length === 2);
        const crashing = await broker.consume({ address, group: "g", prefetch: 5 }, (batch) => {
          first.push(...batch);
          both.check();
        });
        await both.done;
        await first[0]?.ack();
        const unfinished = await crashing.drain(0);
        expect(unfinished.map(textOf)).toEqual(["2"]);
        await expect(first[1]?.ack()).rejects.toMatchObject({ code: "too_late" });
        const second = await take(address, "g");
        expect(textOf(second)).toBe("2");
        expect(second.redelivered).toBe(true);
      },
    );

    whereKept("M32 prefetch bounds deliveries without a verdict", async () => {
      const { address } = channelOf();
      await ensure(address, ["g"]);
      await broker.publish(Array.from({ length: 30 }, (_, n) => letter(address, n)));
      const held: BrokerDelivery[] = [];
      const four = until(() => held.length >= 4);
      const consumer = await broker.consume({ address, group: "g", prefetch: 4 }, (batch) => {
        held.push(...batch);
        four.check();
      });
      await four.done;
      await wait(50);
      expect(held).toHaveLength(4);
      const six = until(() => held.length >= 6);
      const check = setInterval(six.check, 5);
      await held[0]?.ack();
      await held[1]?.ack();
      await six.done;
      clearInterval(check);
      await wait(30);
      expect(held).toHaveLength(6);
      await consumer.drain(0);
    });

    test("M31 every group gets every message, the consumers of a group share them", async () => {
      // where partitions are what consumers share, there must be several
      const channel = channelOf({ bindings: { kafka: { partitions: 4 } } });
      const got: Record<string, number[]> = { a1: [], a2: [], b: [] };
      const all = until(() => (got["a1"]?.length ?? 0) + (got["a2"]?.length ?? 0) === 40 && got["b"]?.length === 40);
      const note = (who: string) => async (message: Item) => {
        got[who]?.push(message.n);
        await wait(1);
        all.check();
      };
      await start(broker, channel, note("a1"), { group: "a", buffer: 1 });
      await start(broker, channel, note("a2"), { group: "a", buffer: 1 });
      await start(broker, channel, note("b"), { group: "b" });
      for (let n = 0; n < 40; n++) await publish(broker, channel, { n });
      await all.done;
      expect([...(got["a1"] ?? []), ...(got["a2"] ?? [])].sort((x, y) => x - y)).toEqual(
        // in order where there are no partitions
        [...(got["b"] ?? [])].sort((x, y) => x - y),
      );
      expect(got["a1"]?.length).toBeGreaterThan(0);
      expect(got["a2"]?.length).toBeGreaterThan(0);
    });

    whereOpen("M31 parameters in an address stay open for consumers", async () => {
      const prefix = `t/${randomUUID().slice(0, 8)}`;
      const channel = channelOf<{ tenant: string; user: string }>({
        address: `${prefix}/{tenant}/users/{user}`,
        parameters: [{ name: "tenant" }, { name: "user" }],
      });
      const seen: unknown[] = [];
      const two = until(() => seen.length === 2);
      await start(broker, channel, async (message, { params, address }) => {
        seen.push([message.n, params.tenant, params.user, address]);
        two.check();
      });
      await publish(broker, channel, { n: 1 }, { params: { tenant: "acme", user: "a.b/c@d%" } });
      await publish(broker, channel, { n: 2 }, { params: { tenant: "x", user: "y" } });
      await two.done;
      expect(seen).toEqual([
        [1, "acme", "a.b/c@d%", `${prefix}/acme/users/a%2Eb%2Fc@d%25`],
        [2, "x", "y", `${prefix}/x/users/y`],
      ]);
    });

    whereKept(
      "M38 T11 a poison message reaches the dead letters after N attempts with all headers; the rest goes on",
      async () => {
        const channel = channelOf({
          consumer: { group: "mail", retry: { maxAttempts: 4, quick: 2, delaysMs: [100, 200] }, deadLetter: true },
        });
        const attempts: number[] = [];
        const good: number[] = [];
        const events: ConsumerEvent[] = [];
        const dead = until(() => good.length === 5 && events.some(({ kind }) => kind === "dead"));
        await start(
          broker,
          channel,
          async ({ n }, { attempt }) => {
            if (n !== 13) {
              good.push(n);
              return dead.check();
            }
            attempts.push(attempt);
            throw new TypeError("mail server is down");
          },
          {
            onEvent: (event) => {
              events.push(event);
              dead.check();
            },
          },
        );
        await publish(broker, channel, { n: 13 }, { id: "poison", key: "k13", headers: { "x-tenant": "acme" } });
        for (let n = 0; n < 5; n++) await publish(broker, channel, { n });
        await dead.done;
        expect(attempts).toEqual([1, 2, 3, 4]);
        expect(good.sort()).toEqual([0, 1, 2, 3, 4]);

        const letters = [];
        const place = broker.deadLetterAddress(channel.address, "mail", {});
        for await (const found of broker.browse(place, { limit: 10 })) letters.push(found);
        expect(letters).toHaveLength(1);
        const [found] = letters;
        expect(textOf(found ?? { body: new Uint8Array() })).toBe('{"n":13}');
        expect(found?.id).toBe("poison");
        const headers = found?.headers ?? {};
        expect(headers).toMatchObject({
          "x-tenant": "acme",
          [deadHeaders.reason]: "exhausted: mail server is down",
          [deadHeaders.class]: "TypeError",
          [deadHeaders.attempts]: "4",
          [deadHeaders.address]: channel.address,
          [deadHeaders.group]: "mail",
          [deadHeaders.key]: "k13",
          [deadHeaders.messageId]: "poison",
        });
        expect(headers[deadHeaders.stack]).toContain("TypeError: mail server is down");
        expect(headers[deadHeaders.position]).toBeTruthy();
        expect(headers["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
        const [firstAt, lastAt] = [headers[deadHeaders.firstAt] ?? "", headers[deadHeaders.lastAt] ?? ""];
        expect(Date.parse(lastAt) - Date.parse(firstAt)).toBeGreaterThanOrEqual(280);
        // still there: browsing takes nothing
        const again = [];
        for await (const letter of broker.browse(place, { limit: 10 })) again.push(letter.id);
        expect(again).toEqual(["poison"]);
      },
    );

    /** Dead letters need somebody who takes them where the broker keeps none. */
    async function subscribeToDead({ address, bindings }: Pick<ChannelInfo<Item>, "address" | "bindings">) {
      if (cells.browse === "yes") return;
      const place = broker.deadLetterAddress(address, "g", bindings);
      await broker.consume({ address: place, group: "", prefetch: 10 }, (batch) => {
        for (const delivery of batch) void delivery.ack();
      });
    }

    test("M38 what cannot be decoded, is invalid or permanently failed is dead-lettered without retry", async () => {
      const channel = channelOf({ consumer: { group: "g", deadLetter: true } });
      await subscribeToDead(channel);
      const runs: number[] = [];
      const events: (ConsumerEvent & { kind: "dead" })[] = [];
      const three = until(() => events.length === 3);
      await start(
        broker,
        channel,
        async ({ n }) => {
          runs.push(n);
          throw new PermanentError("never");
        },
        {
          onEvent: (event) => {
            if (event.kind === "dead") events.push(event);
            three.check();
          },
        },
      );
      const bytes = new TextEncoder();
      const raw = (id: string, text: string): OutgoingMessage => ({
        ...encodeMessage(channel, { n: 0 }, { id }),
        body: bytes.encode(text),
      });
      await broker.publish([raw("a", "{not json"), raw("b", '{"n":"one"}'), raw("c", '{"n":3}')]);
      await three.done;
      expect(runs).toEqual([3]);
      expect(events.map(({ id, reason, attempts }) => [id, reason, attempts])).toEqual([
        ["a", "undecodable", 1],
        ["b", "invalid", 1],
        ["c", "permanent", 1],
      ]);
      expect(events[1]?.error).toMatchObject({ issues: [{ path: "n", message: "must be an integer" }] });
    });

    whereRedelivered("M38 the original is given back when the dead letter cannot be published", async () => {
      const channel = channelOf({ consumer: { group: "g", deadLetter: true } });
      await subscribeToDead(channel);
      let refused = 0;
      const flaky = wrapBroker(broker, {
        publish: (batch, next) =>
          batch.some(({ headers }) => headers[deadHeaders.reason] !== undefined) && refused++ === 0
            ? Promise.resolve(batch.map(() => ({ ok: false, error: new Error("injected") })))
            : next(batch),
      });
      const kinds: string[] = [];
      const dead = until(() => kinds.includes("dead"));
      await start(
        flaky,
        channel,
        async () => {
          throw new PermanentError("never");
        },
        {
          onEvent: ({ kind }) => {
            kinds.push(kind);
            dead.check();
          },
        },
      );
      await publish(broker, channel, { n: 1 });
      await dead.done;
      expect(kinds.filter((kind) => kind !== "attempt" && kind !== "received")).toEqual(["unsettled", "dead"]);
      expect(kinds.filter((kind) => kind === "received")).toHaveLength(2);
    });

    once("M40 T13 trace, baggage and deadline go on into the message and its handler", async () => {
      const channel = channelOf();
      const trace = {
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        sampled: true,
        state: "vendor=1",
        baggage: "tenant=acme",
      };
      let headers: Readonly<Record<string, string>> = {};
      let deadline: number | undefined;
      const inner = channelOf();
      const seen = until(() => headers["traceparent"] !== undefined);
      await start(
        broker,
        inner,
        async (_message, delivery) => {
          ({ headers, deadline } = delivery);
          seen.check();
        },
        { tracer },
      );
      await start(
        broker,
        channel,
        async () => {
          await publish(broker, inner, { n: 2 }, { tracer });
        },
        { tracer, timeoutMs: 5_000 },
      );
      await withAmbient({ trace, deadline: 1_900_000_000_000 }, () => publish(broker, channel, { n: 1 }, { tracer }));
      await seen.done;
      await wait(10);
      expect(headers["traceparent"]).toContain(trace.traceId);
      expect(headers).toMatchObject({ tracestate: "vendor=1", baggage: "tenant=acme" });
      expect(deadline).toBeGreaterThan(Date.now());
      const mine = spans.filter((span) => span.trace.traceId === trace.traceId);
      const chain = mine.sort((a, b) => a.startedAt - b.startedAt).map(({ kind }) => kind);
      expect(chain.filter((kind) => kind === "producer")).toHaveLength(2);
      expect(chain.filter((kind) => kind === "consumer")).toHaveLength(2);
      const first = mine.find(({ parent }) => parent?.spanId === trace.spanId);
      expect(first?.kind).toBe("producer");
      const second = mine.find(({ parent }) => parent?.spanId === first?.trace.spanId);
      expect(second?.kind).toBe("consumer");
      const third = mine.find(({ parent }) => parent?.spanId === second?.trace.spanId);
      expect(third?.kind).toBe("producer");
      expect(mine.find(({ parent }) => parent?.spanId === third?.trace.spanId)?.kind).toBe("consumer");
    });

    whereOrdered("M32 order holds within a key although 8 handlers run", async () => {
      const channel = channelOf({
        key: "$message.payload#/key",
        consumer: { group: "g", order: "key", concurrency: 8 },
      });
      const byKey = new Map<string, number[]>();
      let running = 0;
      let most = 0;
      let count = 0;
      const all = until(() => count === 160);
      await start(broker, channel, async ({ n, key = "" }) => {
        most = Math.max(most, ++running);
        await wait(n % 3);
        const list = byKey.get(key) ?? [];
        list.push(n);
        byKey.set(key, list);
        running--;
        count++;
        all.check();
      });
      await broker.publish(Array.from({ length: 160 }, (_, n) => encodeMessage(channel, { n, key: `k${n % 16}` })));
      await all.done;
      for (const list of byKey.values()) expect(list).toEqual([...list].sort((a, b) => a - b));
      expect(byKey.size).toBe(16);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(8);
    });

    whereKept("M39 T12 drain finishes what runs, gives back the rest, names what does not end", async () => {
      const channel = channelOf();
      const done: number[] = [];
      let aborted = false;
      const running = until(() => started === 2);
      let started = 0;
      let draining = false;
      const released = until(() => draining);
      const consumer = await start(
        broker,
        channel,
        async ({ n }, { signal }) => {
          started++;
          running.check();
          if (n === 1) {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            aborted = true;
            return;
          }
          await released.done;
          done.push(n);
        },
        { concurrency: 2, buffer: 4 },
      );
      for (let n = 0; n < 6; n++) await publish(broker, channel, { n }, { id: `d${n}` });
      await running.done;
      const drained = consumer.drain(150);
      draining = true;
      released.check();
      expect((await drained).map(({ id }) => id)).toEqual(["d1"]);
      await wait(5);
      expect(aborted).toBe(true);
      expect(done).toEqual([0]);
      const rest: number[] = [];
      const all = until(() => rest.length === 5);
      await start(broker, channel, async ({ n }) => {
        rest.push(n);
        all.check();
      });
      await all.done;
      expect(rest.sort()).toEqual([1, 2, 3, 4, 5]);
    });

    once("M37 T2 one poison message does not slow down 1,000 good ones", async () => {
      const channel = channelOf({
        consumer: {
          group: "g",
          concurrency: 4,
          retry: { maxAttempts: 3, quick: 1, delaysMs: [100] },
          deadLetter: true,
        },
      });
      const good = new Set<number>();
      let poison = 0;
      const all = until(() => good.size === 1_000);
      const dead = until(() => poison === 3);
      await start(broker, channel, async ({ n }) => {
        if (n < 0) {
          poison++;
          dead.check();
          throw new Error("poison");
        }
        good.add(n);
        all.check();
      });
      const letters = [-1, ...Array.from({ length: 1_000 }, (_, n) => n)].map((n) => encodeMessage(channel, { n }));
      const results = await broker.publish(letters);
      expect(results.every(({ ok }) => ok)).toBe(true);
      await all.done;
      // the last attempt is at least two delays away: nobody waited for it
      expect(poison).toBeLessThanOrEqual(3);
      await dead.done;
      expect(poison).toBe(3);
    });

    whereKept("M37 T12 order strict: a drain during a retry gives back in place", async () => {
      const channel = channelOf({ consumer: { group: "g", order: "strict", deadLetter: true } });
      const retry = { maxAttempts: 5, quick: 1, delaysMs: [10, 60_000] };
      let failures = 0;
      let received = 0;
      const waits = until(() => failures === 2 && received === 4);
      const first = await start(
        broker,
        channel,
        async () => {
          failures++;
          waits.check();
          throw new Error("down");
        },
        {
          retry,
          onEvent: ({ kind }) => {
            if (kind === "received") received++;
            waits.check();
          },
        },
      );
      for (let n = 0; n < 4; n++) await publish(broker, channel, { n });
      await waits.done;
      await wait(20);
      const since = Date.now();
      expect(await first.drain(10_000)).toEqual([]);
      // what was given back must not come again to the consumer that drains, which would wait for its verdict
      expect(Date.now() - since).toBeLessThan(5_000);
      const seen: number[] = [];
      const all = until(() => seen.length === 4);
      await start(
        broker,
        channel,
        async ({ n }) => {
          seen.push(n);
          all.check();
        },
        { retry },
      );
      await all.done;
      expect(seen).toEqual([0, 1, 2, 3]);
    });

    test("M31 pause stops new handlers, resume goes on", async () => {
      const channel = channelOf();
      const got: number[] = [];
      const two = until(() => got.length === 2);
      const consumer = await start(broker, channel, async ({ n }) => {
        got.push(n);
        two.check();
      });
      consumer.pause();
      await publish(broker, channel, { n: 1 });
      await publish(broker, channel, { n: 2 });
      await wait(60);
      expect(got).toEqual([]);
      consumer.resume();
      await two.done;
      expect(got).toEqual([1, 2]);
    });

    once("M38 a channel of dead letters is consumed like any other", async () => {
      const channel = channelOf({ consumer: { group: "g", retry: { maxAttempts: 1, quick: 1, delaysMs: [] } } });
      const dead = `${channel.address}.failed`;
      const letters: ChannelInfo<Item> = { ...channelOf(), id: "failed", address: dead, queue: true };
      await start(broker, channel, () => Promise.reject(new Error("no")), { deadLetter: dead });
      let found: unknown;
      const seen = until(() => found !== undefined);
      await start(broker, letters, async ({ n }, { id, headers }) => {
        found = [n, id, headers[deadHeaders.reason], headers[messageHeaders.id]];
        seen.check();
      });
      // not every broker keeps what nobody waits for
      await publish(broker, channel, { n: 5 }, { id: "five" });
      await seen.done;
      expect(found).toEqual([5, "five", "exhausted: no", "five"]);
    });

    describePipeline({
      cells,
      pipeline,
      broker: () => broker,
      channelOf: (more) => channelOf(more),
      start: (...args) => start(...args),
      keep: (consumer) => void consumers.push(consumer),
      until,
    });

    test("M31 health", async () => {
      expect(await broker.health()).toMatchObject({ ok: true });
    });
  });
}

/** A promise that resolves once the condition holds; asked whenever `check` is called. */
export function until(condition: () => boolean): { readonly done: Promise<void>; readonly check: () => void } {
  let resolve = (): void => {};
  const done = new Promise<void>((settle) => {
    resolve = settle;
  });
  return {
    done,
    check: () => {
      if (condition()) resolve();
    },
  };
}
