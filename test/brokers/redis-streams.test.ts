import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis, type RedisOptions } from "../../src/runtime/brokers/redis.js";
import {
  bytesPayload,
  consume,
  publish,
  type Broker,
  type BrokerDelivery,
  type ChannelInfo,
  type OutgoingMessage,
} from "../../src/runtime/queue/index.js";
import { bundleProgram } from "../support/program.js";
import { startRedis } from "../support/services.js";
import { channelOf } from "./suite/worker.js";
import { eventually, processWorker } from "./suite/workers.js";

// of its own: it is emptied, its commands are counted
const starting = startRedis();
const server = await starting;

describe.skipIf(server === undefined)(`Redis ${server?.version} by its own state`, () => {
  const url = server?.url ?? "";
  const raw = createClient({ url, RESP: 2 });
  const brokers: Broker[] = [];

  beforeAll(async () => {
    await raw.connect();
  });
  afterAll(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    raw.destroy();
    await server?.stop();
  });

  async function open(options: RedisOptions = {}): Promise<Broker> {
    const broker = await connectRedis(url, { claimIdleMs: 1_500, ...options });
    brokers.push(broker);
    return broker;
  }

  const unique = (name: string): string => `${name}:${randomUUID().slice(0, 8)}`;

  async function ensure(broker: Broker, address: string, groups: readonly string[], bindings = {}) {
    const wanted = groups.map((group) => ({ group, retryDelaysMs: [], deadLetter: undefined }));
    await broker.ensure({ addresses: [{ address, groups: wanted, bindings }] });
  }

  const letter = (address: string, n: number, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
    address,
    id: `m${n}`,
    headers: {},
    contentType: "text/plain",
    body: Buffer.from(String(n)),
    ...more,
  });

  async function publishAll(broker: Broker, address: string, count: number, first = 0): Promise<void> {
    const results = await broker.publish(Array.from({ length: count }, (_, n) => letter(address, first + n)));
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  }

  async function take(broker: Broker, address: string, group: string, count: number, prefetch = 1_000) {
    const got: BrokerDelivery[] = [];
    const consumer = await broker.consume({ address, group, prefetch }, (batch) => got.push(...batch));
    await eventually(() => expect(got.length).toBeGreaterThanOrEqual(count));
    return { got, consumer };
  }

  const calls = async (command: string): Promise<number> => {
    const stats = String(await raw.sendCommand(["INFO", "commandstats"]));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  };
  const pending = async (address: string, group: string): Promise<number> =>
    Number(((await raw.sendCommand(["XPENDING", address, group])) as unknown as [number])[0]);

  test("M25: XADD, XREADGROUP and XACK by the batch: one XACK for all verdicts of a turn, at most two connections", async () => {
    const before = new Set(await clientIds());
    const broker = await open({ name: "counted" });
    const address = unique("batch");
    await ensure(broker, address, ["g"]);
    await publishAll(broker, address, 500);
    expect(await raw.sendCommand(["XLEN", address])).toBe(500);
    const { got, consumer } = await take(broker, address, "g", 500);
    expect(await pending(address, "g")).toBe(500);
    const acks = await calls("xack");
    const reads = await calls("xreadgroup");
    for (const delivery of got) void delivery.ack();
    await eventually(async () => expect(await pending(address, "g")).toBe(0));
    expect((await calls("xack")) - acks).toBe(1);
    expect(reads).toBeLessThan(20);
    expect(got.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, n) => `m${n}`));
    const mine = (await clientIds()).filter((id) => !before.has(id));
    expect(mine).toHaveLength(2);
    expect(await consumer.drain(1_000)).toEqual([]);
    // a consumer that left is not kept in Redis
    expect(await raw.sendCommand(["XINFO", "CONSUMERS", address, "g"])).toEqual([]);
  });

  async function clientIds(): Promise<string[]> {
    const list = String(await raw.sendCommand(["CLIENT", "LIST", "TYPE", "NORMAL"]));
    return [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id ?? "");
  }

  test(
    "M25: XAUTOCLAIM: pending entries of a process killed (-9) go to another, counted as an attempt",
    { timeout: 30_000 },
    async () => {
      const program = await bundleProgram(
        fileURLToPath(new URL("./suite/program.ts", import.meta.url)),
        "redis-claim",
        new Map([
          [
            fileURLToPath(new URL("./suite/client.ts", import.meta.url)),
            fileURLToPath(new URL("./clients/redis.ts", import.meta.url)),
          ],
        ]),
      );
      const broker = await open({ keyPrefix: "wirespan-tests:", claimIdleMs: 2_000 });
      const address = unique("claim");
      const key = `wirespan-tests:${address}`;
      const victim = await processWorker(program, url, "victim");
      await victim.start({ ref: "v", address, group: "g", concurrency: 3, buffer: 0, behaviour: { hangFrom: 0 } });
      const body = Buffer.from('{"n":1}');
      const letters = [1, 2, 3].map((n) =>
        letter(address, n, { contentType: channelOf({ address }).contentType, body }),
      );
      await broker.publish(letters);
      await eventually(() => expect(victim.reports("v", "started")).toHaveLength(3));
      // alive it keeps them, however long its handlers take
      const { got, consumer } = await take(broker, address, "g", 0);
      await new Promise((resolve) => setTimeout(resolve, 2_600));
      expect(got).toEqual([]);
      expect(await pending(key, "g")).toBe(3);
      await victim.kill();
      await eventually(() => expect(got.map(({ id }) => id)).toEqual(["m1", "m2", "m3"]), 8_000);
      expect(got.map(({ attempt, redelivered }) => [attempt, redelivered])).toEqual([
        [2, true],
        [2, true],
        [2, true],
      ]);
      for (const delivery of got) await delivery.ack();
      await eventually(async () => expect(await pending(key, "g")).toBe(0));
      await consumer.drain(1_000);
    },
  );

  test("M25: trimming deletes what all groups are done with and no pending or undelivered entry", async () => {
    const broker = await open({ trimEveryMs: 100 });
    const address = unique("trim");
    await ensure(broker, address, ["fast", "slow"]);
    await publishAll(broker, address, 100);
    const fast = await take(broker, address, "fast", 100);
    for (const delivery of fast.got) await delivery.ack();
    const slow = await take(broker, address, "slow", 20, 20);
    // the slow group holds 10 to 19 and has not seen 20 to 99
    for (const delivery of slow.got.slice(0, 10)) void delivery.ack();
    await eventually(() => expect(slow.got.length).toBe(30));
    await eventually(async () => {
      // the tenth stays, the others make room for the rest; those that have a verdict by now say so
      for (const delivery of slow.got.slice(11)) delivery.ack().catch(() => {});
      expect(slow.got).toHaveLength(100);
      expect(await pending(address, "slow")).toBe(1);
    });
    await eventually(async () => expect(await raw.sendCommand(["XLEN", address])).toBe(90));
    const [[first]] = (await raw.sendCommand(["XRANGE", address, "-", "+", "COUNT", "1"])) as unknown as [[string]];
    expect(first).toBe(slow.got[10]?.position);
    await slow.got[10]?.ack();
    await eventually(async () => expect(await raw.sendCommand(["XLEN", address])).toBe(0));
    await fast.consumer.drain(500);
    await slow.consumer.drain(500);
  });

  test("M25: the contract's x-redis keeps entries by length and by age, pending ones in any case", async () => {
    const broker = await open({ trimEveryMs: 80 });
    const kept = unique("kept");
    const aged = unique("aged");
    await ensure(broker, kept, ["g"], { "x-redis": { maxLength: 7 } });
    await ensure(broker, aged, ["g"], { "x-redis": { retainMs: 600_000, maxLength: 30 } });
    await publishAll(broker, kept, 50);
    await publishAll(broker, aged, 50);
    const one = await take(broker, kept, "g", 50);
    const two = await take(broker, aged, "g", 50);
    for (const { got } of [one, two]) for (const delivery of got.slice(0, 45)) void delivery.ack();
    await eventually(async () => {
      expect(await raw.sendCommand(["XLEN", kept])).toBe(7);
      expect(await raw.sendCommand(["XLEN", aged])).toBe(30);
    });
    expect(await pending(kept, "g")).toBe(5);
    await publishAll(broker, kept, 20, 50);
    await eventually(() => expect(one.got).toHaveLength(70));
    for (const delivery of one.got.slice(50)) void delivery.ack();
    // five pending ones are the oldest: longer than allowed rather than lost
    await eventually(async () => expect(await pending(kept, "g")).toBe(5));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await raw.sendCommand(["XLEN", kept])).toBe(25);
    await Promise.all([one, two].map(({ consumer }) => consumer.drain(0)));
  });

  test("M25: delayed messages lie in a sorted set and survive the process that delayed them", async () => {
    const first = await open();
    const address = unique("delay");
    await ensure(first, address, ["g"]);
    await publishAll(first, address, 2);
    const { got } = await take(first, address, "g", 2);
    await got[0]?.nack(400, { "x-note": "later" });
    await got[1]?.nack(60_000);
    expect(await raw.sendCommand(["ZCARD", `${address}:g:retry`])).toBe(2);
    expect(await pending(address, "g")).toBe(0);
    expect(await first.depth?.({ address, group: "g" })).toBe(2);
    const since = Date.now();
    const waiting = [];
    for await (const { id, attempt } of first.browse(address, { limit: 10, group: "g" })) waiting.push([id, attempt]);
    expect(waiting).toEqual([
      ["m0", 2],
      ["m1", 2],
    ]);
    await first.close();
    const second = await open();
    const later = await take(second, address, "g", 1);
    expect(Date.now() - since).toBeGreaterThanOrEqual(300);
    expect(later.got.map(({ id, attempt, headers }) => [id, attempt, headers["x-note"]])).toEqual([["m0", 2, "later"]]);
    await later.got[0]?.ack();
    await eventually(async () => expect(await raw.sendCommand(["XLEN", `${address}:g:redeliver`])).toBe(0));
    await later.consumer.drain(500);
  });

  test("M25: bodies are bytes, header names cannot collide with fields, entries of other programs are read", async () => {
    const broker = await open();
    const address = unique("fields");
    await ensure(broker, address, ["g"]);
    const headers = { body: "not the body", id: "not the id", "h:x": "odd", constructor: "data", "": "empty" };
    const body = new Uint8Array([0, 255, 13, 10, 36, 128]);
    const [sent] = await broker.publish([letter(address, 1, { key: "k", headers, body })]);
    expect(sent).toMatchObject({ ok: true });
    await raw.sendCommand(["XADD", address, "*", "user", "ada", "amount", "12"]);
    const { got, consumer } = await take(broker, address, "g", 2);
    expect(got[0]).toMatchObject({ id: "m1", key: "k", contentType: "text/plain" });
    expect({ ...got[0]?.headers }).toEqual({ ...headers, "x-message-id": "m1" });
    expect([...(got[0]?.body ?? [])]).toEqual([...body]);
    expect(got[1]).toMatchObject({ contentType: "application/json", id: got[1]?.position });
    expect(Buffer.from(got[1]?.body ?? []).toString()).toBe('{"user":"ada","amount":"12"}');
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, "v"]));
    const [refused, taken] = await broker.publish([letter(address, 2, { headers: many }), letter(address, 3)]);
    expect(refused).toMatchObject({ ok: false, error: { code: "usage" } });
    expect(taken).toMatchObject({ ok: true });
    await consumer.drain(0);
  });

  test("M25: a message with as many headers as are taken can be tried again and become a dead letter", async () => {
    const broker = await open();
    const channel = { ...channelOf({ address: unique("crowded") }), consumer: { group: "g" } };
    const headers = Object.fromEntries(Array.from({ length: 255 }, (_, n) => [`x-${n}`, "v"]));
    const attempts: number[] = [];
    const consumer = await consume(
      broker,
      channel,
      async (_, { attempt }) => {
        attempts.push(attempt);
        throw new Error("no");
      },
      { deadLetter: true, retry: { maxAttempts: 2, quick: 1, delaysMs: [50] }, killSwitch: false },
    );
    const baggage = "\u2603".repeat(20_000);
    await publish(broker, channel, { n: 1 }, { id: "full", headers: { ...headers, "x-last": "v", baggage } });
    const dead = `${channel.address}:g:dead`;
    await eventually(async () => expect(await raw.sendCommand(["XLEN", dead])).toBe(1));
    expect(attempts).toEqual([1, 2]);
    for await (const letter of broker.browse(dead, { limit: 1 })) {
      expect(letter.headers).toMatchObject({ ...headers, "x-last": "v", baggage, "x-dead-attempts": "2" });
      expect(letter.headers["x-dead-stack"]).toContain("Error: no");
    }
    await consumer.drain(500);
  });

  test("M25: what cannot be delayed comes again after a second at most, and is delayed once that works", async () => {
    const broker = await open();
    const address = unique("broken");
    await ensure(broker, address, ["g"]);
    const retry = `${address}:g:retry`;
    // no sorted set: what delays fails
    await raw.set(retry, "a text");
    const at: number[] = [];
    const failed: unknown[] = [];
    const consumer = await broker.consume({ address, group: "g", prefetch: 5 }, (batch) => {
      for (const delivery of batch) {
        at.push(Date.now());
        delivery.nack(60_000).catch((error: unknown) => failed.push(error));
      }
    });
    await publishAll(broker, address, 1);
    await eventually(() => expect(at.length).toBeGreaterThanOrEqual(2));
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
    expect(String(failed[0])).toContain("WRONGTYPE");
    await raw.del(retry);
    await eventually(async () => expect(await raw.sendCommand(["ZCARD", retry])).toBe(1));
    await consumer.drain(500);
  });

  test("M25: a verdict on what another consumer has by now does nothing, and says so", async () => {
    const broker = await open();
    const address = unique("stolen");
    await ensure(broker, address, ["g"]);
    await publishAll(broker, address, 3);
    const { got, consumer } = await take(broker, address, "g", 3);
    const ids = got.map(({ position }) => position);
    await raw.sendCommand(["XCLAIM", address, "g", "thief", "0", ...ids]);
    await expect(got[0]?.nack(1_000)).rejects.toMatchObject({ code: "too_late" });
    await expect(got[1]?.nack(0, { "x-note": "again" })).rejects.toMatchObject({ code: "too_late" });
    // gives back what is its own, which this is not
    await got[2]?.nack();
    await consumer.drain(500);
    expect(await raw.sendCommand(["ZCARD", `${address}:g:retry`])).toBe(0);
    expect(await raw.sendCommand(["XLEN", `${address}:g:redeliver`])).toBe(0);
    const held = (await raw.sendCommand(["XPENDING", address, "g", "-", "+", "9"])) as unknown as [string, string][];
    expect(held.map(([id, owner]) => [id, owner])).toEqual(ids.map((id) => [id, "thief"]));
  });

  test("M25: an acknowledgement that fails is sent again; a consumer that leaves with one is not deleted", async () => {
    const user = `acks-${randomUUID().slice(0, 8)}`;
    await raw.sendCommand(["ACL", "SETUSER", user, "on", ">pass", "~*", "+@all"]);
    const broker = await connectRedis(url.replace("://", `://${user}:pass@`), { claimIdleMs: 300 });
    brokers.push(broker);
    const address = unique("acks");
    await ensure(broker, address, ["g"]);
    await publishAll(broker, address, 2);
    const { got, consumer } = await take(broker, address, "g", 2);
    await raw.sendCommand(["ACL", "SETUSER", user, "-xack"]);
    const refused = await calls("xpending");
    await got[0]?.ack();
    await eventually(async () => expect(await calls("xpending")).toBeGreaterThan(refused));
    expect(await pending(address, "g")).toBe(2);
    await raw.sendCommand(["ACL", "SETUSER", user, "+xack"]);
    await eventually(async () => expect(await pending(address, "g")).toBe(1));
    await raw.sendCommand(["ACL", "SETUSER", user, "-xack"]);
    await got[1]?.ack();
    await consumer.drain(0);
    // deleted with its consumer, nobody would ever get it
    expect(await pending(address, "g")).toBe(1);
    expect(got).toHaveLength(2);
  });

  test("M25: what cannot be is said at once: no stream, a key of another kind, no memory, open parameters, no right", async () => {
    const broker = await open();
    const [nowhere] = await broker.publish([letter(unique("nobody"), 1)]);
    expect(nowhere).toMatchObject({ ok: false, error: { code: "unroutable" } });
    const taken = unique("taken");
    await raw.set(taken, "a text");
    await expect(ensure(broker, taken, ["g"])).rejects.toMatchObject({ code: "topology" });
    expect(await broker.publish([letter(taken, 1)])).toMatchObject([{ ok: false, error: { code: "topology" } }]);
    await expect(ensure(broker, "users/{id}", ["g"])).rejects.toMatchObject({ code: "usage" });
    const full = unique("full");
    await ensure(broker, full, ["g"]);
    await raw.sendCommand(["CONFIG", "SET", "maxmemory", "1"]);
    try {
      expect(await broker.publish([letter(full, 1)])).toMatchObject([{ ok: false, error: { code: "full" } }]);
    } finally {
      await raw.sendCommand(["CONFIG", "SET", "maxmemory", "0"]);
    }
    await raw.sendCommand(["ACL", "SETUSER", "reader", "on", ">pass", "+ping", "+client"]);
    const poor = await connectRedis(url.replace("://", "://reader:pass@"));
    brokers.push(poor);
    expect(await poor.publish([letter(full, 1)])).toMatchObject([{ ok: false, error: { code: "refused" } }]);
    await expect(connectRedis("localhost:6379")).rejects.toMatchObject({ code: "usage" });
  });

  test("M25: the rights that the documentation names are enough for everything", async () => {
    const rights = "+@stream +@scripting +@sortedset +@keyspace +@connection +client +time".split(" ");
    await raw.sendCommand(["ACL", "SETUSER", "worker", "on", ">pass", "~*", ...rights]);
    const broker = await connectRedis(url.replace("://", "://worker:pass@"), { claimIdleMs: 300, trimEveryMs: 50 });
    brokers.push(broker);
    const address = unique("rights");
    await ensure(broker, address, ["g"]);
    await publishAll(broker, address, 3);
    const { got, consumer } = await take(broker, address, "g", 3);
    await got[0]?.nack(50);
    await got[1]?.nack();
    await got[2]?.extend();
    await got[2]?.ack();
    await eventually(() =>
      expect(
        got
          .slice(3)
          .map(({ id }) => id)
          .sort(),
      ).toEqual(["m0", "m1"]),
    );
    for (const delivery of got.slice(3)) await delivery.ack();
    await eventually(async () => {
      expect(await broker.depth?.({ address, group: "g" })).toBe(0);
      expect(await raw.sendCommand(["XLEN", address])).toBe(0);
    });
    const replies: OutgoingMessage[] = [];
    const inbox = await broker.openInbox?.((messages) => replies.push(...messages));
    await broker.publish([letter(inbox?.address ?? "", 1)]);
    await eventually(() => expect(replies).toHaveLength(1));
    await inbox?.close();
    expect(await consumer.drain(500)).toEqual([]);
  });

  test("M25: groups that the server lost are made again; a client of the program's own gives the settings", async () => {
    const client = createClient({ url, RESP: 2 });
    const broker = await connectRedis(client, { claimIdleMs: 600 });
    brokers.push(broker);
    const address = unique("lost");
    await ensure(broker, address, ["g"]);
    const { got, consumer } = await take(broker, address, "g", 0);
    await raw.sendCommand(["DEL", address, `${address}:g:redeliver`]);
    await eventually(async () => {
      const [result] = await broker.publish([letter(address, 1)]);
      expect(result).toMatchObject({ ok: true });
    });
    await eventually(() => expect(got.length).toBeGreaterThanOrEqual(1));
    await consumer.drain(0);
    // it was never ours to open or to close
    expect(client.isOpen).toBe(false);
  });

  test("M25: what was on its way to a consumer when its connection was cut comes back, to it, after claimIdleMs", async () => {
    const broker = await open({ claimIdleMs: 600 });
    const address = unique("cut");
    await ensure(broker, address, ["g"]);
    const { got, consumer } = await take(broker, address, "g", 0);
    // with its first message it has a name at the server
    await publishAll(broker, address, 1);
    await eventually(() => expect(got).toHaveLength(1));
    await got.splice(0)[0]?.ack();
    const [{ name = "" } = {}] = await raw.xInfoConsumers(address, "g");
    // an answer that reached nobody: the server has given it out, the consumer has never heard of it
    consumer.pause();
    await eventually(async () => expect(await raw.sendCommand(["CLIENT", "LIST"])).not.toContain("cmd=xreadgroup"));
    await publishAll(broker, address, 3, 1);
    await raw.sendCommand(["XREADGROUP", "GROUP", "g", name, "COUNT", "3", "STREAMS", address, ">"]);
    consumer.resume();
    const since = Date.now();
    expect(await pending(address, "g")).toBe(3);
    await eventually(() => expect(got.map(({ id }) => id)).toEqual(["m1", "m2", "m3"]));
    expect(Date.now() - since).toBeLessThan(3_000);
    expect(got.map(({ redelivered, attempt }) => [redelivered, attempt])).toEqual([
      [true, 2],
      [true, 2],
      [true, 2],
    ]);
    await Promise.all(got.map((delivery) => delivery.ack()));
    await consumer.drain(500);
  });

  test("M31: with the values of parameters in { address } handlers find them in params", async () => {
    const broker = await open();
    const place = unique("regions");
    const channel: ChannelInfo<Uint8Array, Uint8Array, { region: string }> = {
      id: "regions",
      message: bytesPayload,
      contentType: "application/octet-stream",
      bindings: {},
      consumer: { group: "g" },
      address: `${place}.{region}`,
      parameters: [{ name: "region", values: ["eu", "us"] }],
    };
    const seen: unknown[] = [];
    const options = { address: `${place}.eu` };
    const consumer = await consume(broker, channel, async (_, { params }) => void seen.push(params.region), options);
    await publish(broker, channel, Buffer.from("1"), { params: { region: "eu" } });
    await eventually(() => expect(seen).toEqual(["eu"]));
    await consumer.drain(500);
  });

  test("M25: keys of one stream share a hash tag where that is asked for", async () => {
    const broker = await open({ hashTags: true, keyPrefix: "shop:" });
    const address = unique("slots");
    await ensure(broker, address, ["g"]);
    await publishAll(broker, address, 1);
    const { got, consumer } = await take(broker, address, "g", 1);
    await got[0]?.nack(60_000);
    const keys = (await raw.sendCommand(["KEYS", `*${address}*`])) as unknown as string[];
    expect(keys.sort()).toEqual([`{shop:${address}}`, `{shop:${address}}:g:redeliver`, `{shop:${address}}:g:retry`]);
    await consumer.drain(0);
  });
});
