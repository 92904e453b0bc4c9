import { randomUUID } from "node:crypto";
import { connect as connectRaw } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, describe, expect, test } from "vitest";
import { connectNats, type NatsOptions } from "../../src/runtime/brokers/nats.js";
import { connectNatsCore } from "../../src/runtime/brokers/nats-core.js";
import {
  bytesPayload,
  consume,
  type Broker,
  type BrokerDelivery,
  type ChannelInfo,
  type OutgoingMessage,
} from "../../src/runtime/queue/index.js";
import { openProxy } from "../support/proxy.js";
import { findNats, startNats } from "../support/services/nats.js";
import { provideService, serviceKinds } from "../support/services.js";
import { until } from "./contract.js";
import { eventually } from "./suite/workers.js";

const server = await provideService(serviceKinds.nats);
const url = server?.url ?? "";

const letter = (address: string, n: number | string, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  address,
  id: `m${n}`,
  headers: {},
  contentType: "text/plain",
  body: new TextEncoder().encode(String(n)),
  ...more,
});
const textOf = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body);
const unique = (): string => `rows.${randomUUID().slice(0, 8)}`;

describe.skipIf(server === undefined).concurrent("NATS", () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  async function open(options: NatsOptions = {}, at = url): Promise<Broker> {
    const broker = await connectNats(at, options);
    closers.push(() => broker.close());
    return broker;
  }

  async function raw(): Promise<Awaited<ReturnType<typeof connectRaw>>> {
    const connection = await connectRaw({ servers: new URL(url).host });
    closers.push(() => connection.close());
    return connection;
  }

  const declare = (broker: Broker, address: string, group = "g", bindings = {}): Promise<void> =>
    broker.ensure({
      addresses: [{ address, bindings, groups: [{ group, retryDelaysMs: [], deadLetter: undefined }] }],
    });

  test("M27: a durable consumer acknowledges, naks and terms; the server's own state says so", async () => {
    const broker = await open();
    const other = await raw();
    const jsm = await jetstreamManager(other);
    const address = unique();
    await declare(broker, address);
    await broker.publish([0, 1, 2].map((n) => letter(address, n)));
    const stream = await jsm.streams.find(address);
    const advisories: string[] = [];
    other.subscribe(`$JS.EVENT.ADVISORY.CONSUMER.*.${stream}.g`, {
      callback: (_error, { subject }) => void advisories.push(subject.split(".")[4] ?? ""),
    });
    await other.flush();
    const seen: string[] = [];
    const five = until(() => seen.length === 5);
    const consumer = await broker.consume({ address, group: "g", prefetch: 10 }, (batch) => {
      for (const delivery of batch) {
        seen.push(`${textOf(delivery)}/${delivery.attempt}/${delivery.redelivered}`);
        const first = !delivery.redelivered;
        if (textOf(delivery) === "1" && first) void delivery.nack();
        else if (textOf(delivery) === "2" && first) void delivery.nack(100, { "x-why": "later" });
        else void delivery.ack();
        five.check();
      }
    });
    const config = (await jsm.consumers.info(stream, "g")).config;
    expect(config).toMatchObject({ durable_name: "g", ack_policy: "explicit" });
    expect(config.max_ack_pending).toBeGreaterThanOrEqual(10_000);
    expect((await jsm.streams.info(stream)).config.storage).toBe("file");
    await five.done;
    expect(seen).toEqual(["0/1/false", "1/1/false", "2/1/false", "1/1/true", "2/2/true"]);
    await consumer.drain(1_000);
    await eventually(async () => {
      const { num_ack_pending, num_pending, ack_floor } = await jsm.consumers.info(stream, "g");
      expect([num_ack_pending, num_pending, ack_floor.stream_seq]).toEqual([0, 0, 3]);
      expect(await broker.depth?.({ address, group: "g" })).toBe(0);
    });
    await eventually(() => expect(advisories.sort()).toEqual(["MSG_NAKED", "MSG_TERMINATED"]));
  });

  test("M27: ten naks of 4 s with few pending do not stop the others", async () => {
    const broker = await open();
    const address = unique();
    await declare(broker, address);
    await broker.publish(Array.from({ length: 110 }, (_, n) => letter(address, n)));
    const done: number[] = [];
    let nacked = 0;
    const hundred = until(() => done.length === 100);
    const since = Date.now();
    const consumer = await broker.consume({ address, group: "g", prefetch: 10 }, (batch) => {
      for (const delivery of batch) {
        if (nacked < 10) {
          nacked++;
          void delivery.nack(4_000);
        } else {
          done.push(Number(textOf(delivery)));
          void delivery.ack();
        }
        hundred.check();
      }
    });
    await hundred.done;
    expect(Date.now() - since).toBeLessThan(2_000);
    expect(done).toEqual(Array.from({ length: 100 }, (_, n) => n + 10));
    // verdicts are on their way; ten copies remain
    await eventually(async () => expect(await broker.depth?.({ address, group: "g" })).toBe(10));
    await consumer.drain(1_000);
  });

  test("M27: core: x-nats { core: true } keeps a channel out of streams, queue groups share it", async () => {
    const broker = await open();
    const jsm = await jetstreamManager(await raw());
    const address = unique();
    const bindings = { "x-nats": { core: true } };
    await declare(broker, address, "g", bindings);
    await expect(jsm.streams.find(address)).rejects.toThrow();
    const got: string[] = [];
    const note =
      (who: string) =>
      (batch: readonly BrokerDelivery[]): void => {
        for (const delivery of batch) {
          got.push(`${who}${textOf(delivery)}`);
          void delivery.ack();
        }
      };
    await broker.consume({ address, group: "a", prefetch: 10, bindings }, note("a"));
    await broker.consume({ address, group: "a", prefetch: 10, bindings }, note("a"));
    await broker.consume({ address, group: "b", prefetch: 10, bindings }, note("b"));
    const results = await broker.publish([1, 2, 3].map((n) => letter(address, n)));
    expect(results).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    await eventually(() => expect([...got].sort()).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]));
  });

  test("M27: core: another client's request is answered through its own reply subject", async () => {
    const broker = await connectNatsCore(url);
    closers.push(() => broker.close());
    const address = unique();
    await broker.consume({ address, group: "g", prefetch: 10 }, ([delivery]) => {
      const replyTo = delivery?.headers["x-reply-to"] ?? "";
      void broker.publish([letter(replyTo, "pong")]);
      void delivery?.ack();
    });
    const answer = await (await raw()).request(address, "ping", { timeout: 2_000 });
    expect(answer.string()).toBe("pong");
  });

  test("M27: a message published twice is stored once, and the second result says so", async () => {
    const broker = await open();
    const address = unique();
    await declare(broker, address);
    const [first] = await broker.publish([letter(address, 1)]);
    const [second] = await broker.publish([letter(address, 1)]);
    expect(first).toMatchObject({ ok: true });
    expect(second).toEqual({ ok: true, position: first?.ok === true ? first.position : "", duplicate: true });
    expect(await broker.depth?.({ address, group: "g" })).toBe(1);
    // a header of the sender's decides otherwise, for one who replays
    const again = { headers: { "Nats-Msg-Id": `again-${address}` } };
    expect(await broker.publish([letter(address, 1, again)])).not.toMatchObject([{ duplicate: true }]);
    expect(await broker.depth?.({ address, group: "g" })).toBe(2);
  });

  test("M27: addresses of one stream may use the same ids; a dead letter that dies again is kept again", async () => {
    const prefix = unique();
    const broker = await open({ stream: `S-${prefix.slice(5)}` });
    const [a, b] = [`${prefix}.a`, `${prefix}.b`];
    await declare(broker, a);
    await declare(broker, b);
    const results = await broker.publish([letter(a, 1), letter(b, 1)]);
    expect(results.map((result) => result.ok && result.duplicate !== true)).toEqual([true, true]);
    expect([
      await broker.depth?.({ address: a, group: "g" }),
      await broker.depth?.({ address: b, group: "g" }),
    ]).toEqual([1, 1]);
    const dead = broker.deadLetterAddress(a, "g", {});
    await declare(broker, dead, "");
    const died = (at: string): OutgoingMessage => letter(dead, 1, { headers: { "x-dead-last-at": at } });
    await broker.publish([died("2026-01-01T00:00:00Z"), died("2026-01-01T00:00:01Z"), died("2026-01-01T00:00:01Z")]);
    const letters = [];
    for await (const found of broker.browse(dead, { limit: 10 })) letters.push(found.headers["x-dead-last-at"]);
    expect(letters).toEqual(["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"]);
  });

  test("M27: a stream that was deleted is made again by the next publish, its consumer goes on", async () => {
    const broker = await open();
    const jsm = await jetstreamManager(await raw());
    const address = unique();
    const got: string[] = [];
    await broker.consume({ address, group: "g", prefetch: 10 }, (batch) => {
      for (const delivery of batch) {
        got.push(textOf(delivery));
        void delivery.ack();
      }
    });
    await broker.publish([letter(address, 1)]);
    await eventually(() => expect(got).toEqual(["1"]));
    await jsm.streams.delete(await jsm.streams.find(address));
    expect(await broker.publish([letter(address, 2)])).toMatchObject([{ ok: true }]);
    await eventually(() => expect(got).toEqual(["1", "2"]));
  });

  test("M27: no stream, no JetStream, a subject too wide, a header that is none: errors that say so", async () => {
    const broker = await open({ createStreams: false });
    await expect(declare(broker, unique())).rejects.toMatchObject({ code: "topology", message: /no stream keeps it/ });
    const making = await open();
    const prefix = unique();
    await declare(making, `${prefix}.one`);
    await expect(declare(making, `${prefix}.{any}`)).rejects.toMatchObject({ code: "topology", message: /overlaps/ });
    const [bad, wild] = await making.publish([
      letter(`${prefix}.one`, 1, { headers: { "not a name": "x" } }),
      letter(`${prefix}.*`, 2),
    ]);
    expect(bad).toMatchObject({ ok: false, error: { code: "usage" } });
    expect(wild).toMatchObject({ ok: false, error: { code: "usage" } });
    const full = `${prefix}.full`;
    await declare(making, full, "g", { "x-jetstream": { maxMessages: 2 } });
    const results = await making.publish([1, 2, 3].map((n) => letter(full, n)));
    expect(results).toMatchObject([{ ok: true }, { ok: true }, { ok: false, error: { code: "full" } }]);
    const [large] = await making.publish([letter(`${prefix}.one`, 1, { body: new Uint8Array(2 ** 21) })]);
    expect(large).toMatchObject({ ok: false, error: { code: "refused" } });
    await expect(connectNats("http://localhost")).rejects.toMatchObject({ code: "usage" });
  });

  test("M27 M38: what the stream takes can be tried again and become a dead letter, however large", async () => {
    const broker = await open();
    const address = unique();
    const channel: ChannelInfo<Uint8Array, Uint8Array> = {
      id: "large",
      address,
      message: bytesPayload,
      contentType: "application/octet-stream",
      bindings: {},
      consumer: { group: "g" },
    };
    const attempts: number[] = [];
    const consumer = await consume(
      broker,
      channel,
      async (body, { attempt }) => {
        if (body.length < 10) return;
        attempts.push(attempt);
        throw new Error("no");
      },
      { deadLetter: true, order: "key", retry: { maxAttempts: 2, quick: 1, delaysMs: [100] }, killSwitch: false },
    );
    const limit = 1_048_576;
    const [near] = await broker.publish([letter(address, "near", { key: "k", body: new Uint8Array(limit - 8_200) })]);
    expect(near).toMatchObject({ ok: false, error: { code: "refused", message: /dead letters/ } });
    const body = new Uint8Array(limit - 8_192 - 150);
    expect(await broker.publish([letter(address, "large", { key: "k", body })])).toMatchObject([{ ok: true }]);
    const dead = broker.deadLetterAddress(address, "g", {});
    await eventually(async () => {
      const letters = [];
      for await (const found of broker.browse(dead, { limit: 10 })) letters.push([found.id, found.body.length]);
      expect(letters).toEqual([["mlarge", body.length]]);
    });
    expect(attempts).toEqual([1, 2]);
    await consumer.drain(500);
  });

  test("M27: a lost connection: what bears an id is sent again and stored once, of anything else nobody knows", async () => {
    const proxy = await openProxy(url);
    closers.push(async () => proxy.close());
    // else the server tells of its own address
    const broker = await open({ client: { ignoreClusterUpdates: true } }, proxy.url);
    const address = unique();
    await declare(broker, address);
    proxy.mute(true);
    const known = broker.publish([letter(address, 1)]);
    const anonymous = broker.publish([letter(address, 2, { headers: { "Nats-Msg-Id": "" } })]);
    const jsm = await jetstreamManager(await raw());
    const stream = await jsm.streams.find(address);
    const stored = async (): Promise<number> => (await jsm.streams.info(stream)).state.messages;
    // both are there, and their confirms are not
    await eventually(async () => expect(await stored()).toBe(2));
    proxy.cut();
    proxy.mute(false);
    expect(await known).toMatchObject([{ ok: true, duplicate: true }]);
    expect(await anonymous).toMatchObject([{ ok: false, error: { code: "disconnected" } }]);
    expect(await broker.publish([letter(address, 3)])).toMatchObject([{ ok: true }]);
    expect(await stored()).toBe(3);
  });

  test("M27: a process that lives keeps its deliveries beyond the ack wait; verdicts survive a reconnect", async () => {
    const own = await startNats(findNats());
    closers.push(() => own.stop());
    const broker = await open({ ackWaitMs: 600 }, own.url);
    const address = unique();
    await declare(broker, address);
    await broker.publish([letter(address, 1)]);
    const got: BrokerDelivery[] = [];
    const one = until(() => got.length > 0);
    const consumer = await broker.consume({ address, group: "g", prefetch: 5 }, (batch) => {
      got.push(...batch);
      one.check();
    });
    await one.done;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(got).toHaveLength(1);
    await own.kill();
    await eventually(async () => expect(await broker.health()).toMatchObject({ ok: false }));
    // kept until there is a connection
    await got[0]?.ack();
    const during = broker.publish([letter(address, 2)]);
    await own.restart();
    expect(await during).toMatchObject([{ ok: true }]);
    await eventually(() => expect(got.map(textOf)).toEqual(["1", "2"]));
    await got[1]?.ack();
    await consumer.drain(1_000);
    await eventually(async () => expect(await broker.depth?.({ address, group: "g" })).toBe(0));
  });
});
