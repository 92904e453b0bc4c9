import { describe, expect, test } from "vitest";
import {
  deadHeaders,
  messageHeaders,
  PermanentError,
  publish,
  QueueError,
  wrapBroker,
  type Broker,
  type OutgoingMessage,
  type PublishResult,
} from "../../../src/runtime/queue/index.js";
import { consumeItems, deadLetters, itemChannel, setup, turn, type Setup } from "./support.js";

const channel = itemChannel();
const keyed = itemChannel({ key: "$message.payload#/key" });

/** A broker whose dead letters fare as `take` says: it returns what is wrong, throws, or lets them through. */
function judging(
  { broker }: Setup,
  take: (letter: OutgoingMessage, tries: number) => Error | undefined,
): { readonly broker: Broker; readonly tried: OutgoingMessage[] } {
  const tried: OutgoingMessage[] = [];
  const wrapped = wrapBroker(broker, {
    publish: (batch, next) => {
      const results = batch.map((message): PublishResult | undefined => {
        if (!message.address.endsWith(".dead")) return undefined;
        tried.push(message);
        const error = take(message, tried.length);
        return error && { ok: false, error };
      });
      return results.some((result) => result !== undefined)
        ? Promise.resolve(results.map((result) => result ?? { ok: true }))
        : next(batch);
    },
  });
  return { broker: wrapped, tried };
}

const kinds = ({ events }: Setup): string[] => events.map(({ kind }) => kind);

describe("dead letters that the broker does not take", () => {
  test("T11 one whose publish rejects is given back, and a later one arrives", async () => {
    const all = setup();
    const { broker } = judging(all, (_letter, tries) => {
      if (tries === 1) throw new Error("thrown by the broker");
      return undefined;
    });
    let handled = 0;
    await consumeItems(
      { ...all, broker },
      async () => {
        handled++;
        throw new PermanentError("no");
      },
      { deadLetter: true, concurrency: 1, buffer: 0 },
    );
    for (const n of [1, 2]) await publish(all.broker, channel, { n });
    await all.clock.pass(5_000);
    // a delivery without a verdict would hold the only place, and the second message would never come
    expect(handled).toBe(3);
    expect(await deadLetters(all.broker)).toHaveLength(2);
    expect(kinds(all).filter((kind) => kind === "unsettled")).toHaveLength(1);
  });

  test.each(["usage", "refused"] as const)(
    "T11 %s: again without stack and metadata, then with the fewest headers",
    async (code) => {
      const limits = [19, 15, 9];
      const fail = (): Error =>
        Object.assign(new PermanentError("x".repeat(2_000)), {
          codeName: "INTERNAL",
          info: { reason: "GONE", domain: "acme.dev", metadata: { user: "u1" } },
        });
      const given = { "x-tenant": "acme" };
      const shapes: string[][] = [];
      for (const limit of limits) {
        const one = setup();
        const { broker, tried } = judging(one, ({ headers }) =>
          Object.keys(headers).length > limit ? new QueueError(code, "too many headers") : undefined,
        );
        await consumeItems({ ...one, broker }, () => Promise.reject(fail()), { deadLetter: true });
        await publish(one.broker, channel, { n: 1 }, { id: "m", headers: given });
        await one.clock.pass(10);
        const [letter] = await deadLetters(one.broker);
        expect(letter?.headers).toMatchObject({ "x-tenant": "acme", [deadHeaders.address]: "items" });
        expect(kinds(one)).not.toContain("unsettled");
        shapes.push(Object.keys(letter?.headers ?? {}).filter((name) => name.startsWith("x-dead-")));
        expect(tried.at(-1)?.headers[deadHeaders.reason]?.length).toBeLessThanOrEqual(1_024);
      }
      const brief = ["address", "attempts", "first-at", "group", "last-at", "message-id", "position", "reason"];
      const full = ["class", "code", "error-domain", "error-metadata", "error-reason", "stack"];
      expect(shapes.map((names) => names.map((name) => name.slice("x-dead-".length)).sort())).toEqual([
        [...brief, ...full].sort(),
        brief,
        ["address", "group", "reason"],
      ]);
    },
  );

  test.each([undefined, "a"])(
    "T11 one that is refused in every form comes back after a while; its lane goes on (key %s)",
    async (key) => {
      const all = setup();
      const { broker } = judging(all, () => new QueueError("refused", "too big"));
      const seen: number[] = [];
      await consumeItems(
        { ...all, broker },
        async ({ n }) => {
          seen.push(n);
          if (n === 0) throw new PermanentError("poison");
        },
        { deadLetter: true, order: "strict" },
        key === undefined ? channel : keyed,
      );
      for (const n of [0, 1, 2]) await publish(all.broker, keyed, key === undefined ? { n } : { n, key });
      await all.clock.pass(29_000);
      expect(seen).toEqual([0, 1, 2]);
      await all.clock.pass(2_000);
      expect(seen).toEqual([0, 1, 2, 0]);
      const attempts = all.events.flatMap((event) => (event.kind === "received" ? [event.attempt] : []));
      expect(attempts).toEqual([1, 1, 1, 1]);
    },
  );

  test("T11 more of them than are fetched at a time hold nobody up", async () => {
    const all = setup();
    const { broker } = judging(all, () => new QueueError("full", "no room"));
    const good: number[] = [];
    await consumeItems(
      { ...all, broker },
      async ({ n }) => {
        if (n < 20) throw new PermanentError("poison");
        good.push(n);
      },
      { deadLetter: true, concurrency: 1, buffer: 4 },
    );
    for (let n = 0; n < 40; n++) await publish(all.broker, channel, { n });
    await all.clock.pass(500);
    expect(good).toHaveLength(20);
  });

  test("T11 a lane waits about a minute for a broker that fails in other ways, not for ever", async () => {
    const all = setup();
    const { broker } = judging(all, () => new QueueError("full", "no room"));
    const seen: number[] = [];
    await consumeItems(
      { ...all, broker },
      async ({ n }) => {
        seen.push(n);
        if (n === 0) throw new PermanentError("poison");
      },
      { deadLetter: true, order: "key" },
      keyed,
    );
    for (const n of [0, 1]) await publish(all.broker, keyed, { n, key: "a" });
    await all.clock.pass(55_000);
    expect(seen).toEqual([0]);
    await all.clock.pass(10_000);
    expect(seen).toEqual([0, 1]);
  });

  test("T12 a consumer that stops gives the message back at once", async () => {
    const all = setup();
    const { broker } = judging(all, () => new QueueError("disconnected", "away"));
    const consumer = await consumeItems({ ...all, broker }, () => Promise.reject(new PermanentError("no")), {
      deadLetter: true,
      order: "strict",
    });
    await publish(all.broker, channel, { n: 1 });
    await all.clock.pass(500);
    expect(await consumer.drain(1_000)).toEqual([]);
    expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(1);
  });
});

describe("what a dead letter is", () => {
  async function letterOf(error: Error, message: Partial<OutgoingMessage> = {}): Promise<OutgoingMessage> {
    const all = setup();
    await consumeItems(all, () => Promise.reject(error), { retry: false, deadLetter: true });
    await all.broker.publish([
      {
        address: "items",
        id: "m",
        headers: {},
        contentType: "application/json",
        body: Buffer.from('{"n":1}'),
        ...message,
      },
    ]);
    await all.clock.pass(10);
    const [letter] = await deadLetters(all.broker);
    if (letter === undefined) throw new Error("no dead letter");
    return letter;
  }

  test("T11 it does not expire, though its message did", async () => {
    const { clock } = setup();
    const at = clock.now() + 60_000;
    const letter = await letterOf(new Error("x"), {
      expiresAt: at,
      headers: { [messageHeaders.expiresAt]: String(at), "x-own": "1" },
    });
    expect(letter.expiresAt).toBeUndefined();
    expect(letter.headers[messageHeaders.expiresAt]).toBeUndefined();
    expect(letter.headers["x-own"]).toBe("1");
  });

  test("T11 what an earlier death said of its error is gone", async () => {
    const old = {
      [deadHeaders.code]: "NOT_FOUND",
      [deadHeaders.errorReason]: "USER_NOT_FOUND",
      [deadHeaders.errorDomain]: "acme.dev",
      [deadHeaders.errorMetadata]: "{}",
      [deadHeaders.reason]: "permanent: of old",
      [deadHeaders.key]: "of-old",
    };
    const letter = await letterOf(new TypeError("now"), { headers: old });
    expect(letter.headers[deadHeaders.reason]).toBe("exhausted: now");
    expect(letter.headers[deadHeaders.class]).toBe("TypeError");
    for (const name of Object.keys(old)) if (name !== deadHeaders.reason) expect(letter.headers[name]).toBeUndefined();
  });

  test("T11 its key is the message's, in its place and as a header", async () => {
    const letter = await letterOf(new Error("x"), { key: "customer-7" });
    expect(letter.key).toBe("customer-7");
    expect(letter.headers[deadHeaders.key]).toBe("customer-7");
  });

  test("T11 its stack has 4 KiB at most, also where that cuts a character", async () => {
    const error = new Error("x");
    error.stack = `${"a".repeat(4_092)}${"ä".repeat(3_000)}`;
    const { headers } = await letterOf(error);
    const stack = headers[deadHeaders.stack] ?? "";
    expect(Buffer.byteLength(stack)).toBeLessThanOrEqual(4_096);
    expect(Buffer.byteLength(stack)).toBeGreaterThan(4_000);
    const short = new Error("x");
    short.stack = "one line";
    expect((await letterOf(short)).headers[deadHeaders.stack]).toBe("one line");
  });

  test("T11 errors that are odd in every part are told all the same", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const odd = Object.assign(new Error("odd"), {
      name: 7,
      stack: { frames: 3 },
      codeName: "INTERNAL",
      info: { reason: "R", domain: "d", metadata: circular },
    });
    const { headers } = await letterOf(odd as unknown as Error);
    expect(headers).toMatchObject({ [deadHeaders.class]: "7", [deadHeaders.errorReason]: "R" });
    expect(headers[deadHeaders.errorMetadata]).toBeUndefined();
  });
});

test("what is skipped is acknowledged, and the next turn finds nothing", async () => {
  const all = setup();
  await consumeItems(all, async () => {}, {}, itemChannel({ consumer: { group: "g", messages: ["Other"] } }));
  await publish(all.broker, channel, { n: 1 }, { headers: { [messageHeaders.name]: "Item" } });
  await turn();
  expect(kinds(all)).toEqual(["received", "skipped"]);
  expect(await all.broker.depth?.({ address: "items", group: "g" })).toBe(0);
});
