import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ambient, withAmbient } from "../../../src/runtime/context/index.js";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import {
  deadHeaders,
  isInboxAddress,
  isReplyError,
  jsonPayload,
  messageHeaders,
  reply,
  ReplyError,
  request,
  shape,
  wrapBroker,
  type Broker,
  type ChannelInfo,
  type OutgoingMessage,
  type ReplyInfo,
} from "../../../src/runtime/queue/index.js";
import { hubOf } from "../../../src/runtime/queue/request-hub.js";
import { createFakeClock, deadLetters, turn } from "./support.js";

interface Ask {
  sku: string;
  replyTo?: string;
  ask?: string;
}
interface Quote {
  sku: string;
  price: number;
  ask?: string;
}

const ask = jsonPayload<Ask>(
  "Ask",
  shape.object({ required: { sku: shape.string() }, optional: { replyTo: shape.string(), ask: shape.string() } }),
);
const quote = jsonPayload<Quote>(
  "Quote",
  shape.object({
    required: { sku: shape.string(), price: shape.number() },
    optional: { ask: shape.string() },
  }),
);
const quotes: ChannelInfo<Ask> = {
  id: "quotes",
  address: "quotes",
  message: ask,
  contentType: "application/json",
  bindings: {},
  consumer: { group: "pricing", deadLetter: true, concurrency: 20 },
};
const info: ReplyInfo<Quote> = { message: quote, contentType: "application/json" };

/** A memory broker on a fake clock that notes what is published. */
function noting() {
  const clock = createFakeClock();
  const sent: OutgoingMessage[] = [];
  const broker: Broker = wrapBroker(createMemoryBroker({ clock }), {
    publish: (batch, next) => {
      sent.push(...batch);
      return next(batch);
    },
  });
  return { clock, sent, broker };
}

describe("request and reply", () => {
  test("many requests at once share one inbox, each gets its own reply", async () => {
    const { broker, sent } = noting();
    await reply(broker, quotes, info, async ({ sku }) => ({ sku, price: sku.length }));
    const skus = Array.from({ length: 100 }, (_, n) => "x".repeat(n + 1));
    const found = await Promise.all(skus.map((sku) => request(broker, quotes, info, { sku })));
    expect(found).toEqual(skus.map((sku) => ({ sku, price: sku.length })));
    const inboxes = new Set(
      sent.filter(({ address }) => address === "quotes").map(({ headers }) => headers["x-reply-to"]),
    );
    expect(inboxes.size).toBe(1);
    expect(isInboxAddress([...inboxes][0] ?? "")).toBe(true);
  });

  test("no reply in time is an error, the request expires then, and a late reply is dropped", async () => {
    const { broker, clock, sent } = noting();
    let answer = (): void => {};
    await reply(
      broker,
      quotes,
      info,
      ({ sku }) => new Promise((resolve) => (answer = () => resolve({ sku, price: 1 }))),
    );
    const asking = request(broker, quotes, info, { sku: "a" }, { timeoutMs: 500 });
    const outcome = expect(asking).rejects.toMatchObject({
      code: "timeout",
      message: "no reply to quotes within 500 ms",
    });
    await clock.pass(499);
    expect(sent[0]?.expiresAt).toBe(1_000_500);
    await clock.pass(1);
    await outcome;
    answer();
    await clock.pass(10);
    expect(
      await request(broker, { ...quotes, address: "none" }, info, { sku: "b" }).catch((e: unknown) => e),
    ).toMatchObject({
      code: "unroutable",
    });
    // nothing of those requests is left
    await clock.pass(10_000);
    expect(clock.timers).toBe(0);
  });

  test("the deadline and the signal of the surrounding handler hold", async () => {
    const { broker, clock } = noting();
    const deadlines: (number | undefined)[] = [];
    await reply(broker, quotes, info, () => {
      deadlines.push(ambient().deadline);
      return new Promise(() => {});
    });
    const late = withAmbient({ deadline: clock.now() + 200 }, () => request(broker, quotes, info, { sku: "a" }));
    const first = expect(late).rejects.toMatchObject({ code: "timeout" });
    await clock.pass(200);
    await first;
    expect(deadlines).toEqual([1_000_200]);
    await expect(
      withAmbient({ deadline: clock.now() - 1 }, () => request(broker, quotes, info, { sku: "a" })),
    ).rejects.toMatchObject({ code: "timeout" });
    const controller = new AbortController();
    const given = request(broker, quotes, info, { sku: "a" }, { signal: controller.signal });
    const outer = withAmbient({ signal: controller.signal }, () => request(broker, quotes, info, { sku: "a" }));
    const both = Promise.allSettled([given, outer]);
    await turn();
    controller.abort(new Error("the user left"));
    expect((await both).map((result) => result.status === "rejected" && String(result.reason))).toEqual([
      "Error: the user left",
      "Error: the user left",
    ]);
  });

  test("a handler's error travels back as a typed one; what is internal stays here", async () => {
    const { broker } = noting();
    let runs = 0;
    await reply(broker, quotes, info, ({ sku }) => {
      runs++;
      if (sku === "known") throw new ReplyError("not_found", "no price for known");
      if (sku === "call") throw Object.assign(new Error("no such user"), { codeName: "NOT_FOUND" });
      // sound here: what a program without types would return
      if (sku === "wrong") return Promise.resolve({ sku, price: "a lot" } as unknown as Quote);
      throw new Error("password of the database is hunter2");
    });
    const told = async (sku: string): Promise<unknown> => {
      const error = await request(broker, quotes, info, { sku }).catch((thrown: unknown) => thrown);
      return isReplyError(error) ? [error.code, error.message] : error;
    };
    expect(await told("known")).toEqual(["not_found", "no price for known"]);
    expect(await told("call")).toEqual(["NOT_FOUND", "no such user"]);
    expect(await told("wrong")).toEqual(["invalid", "the reply does not fit its contract"]);
    expect(await told("other")).toEqual(["internal", "the request could not be handled"]);
    // an answer was given: nothing is tried again
    expect(runs).toBe(4);
  });

  test("a reply goes to inboxes, to the contract's address, to what is allowed, and nowhere else", async () => {
    const { broker, sent } = noting();
    const own = { ...info, address: "quotes.replies" };
    const handled: string[] = [];
    await broker.ensure({
      addresses: ["quotes.replies", "orders", "partner.7"].map((address) => ({
        address,
        bindings: {},
        groups: [{ group: "", retryDelaysMs: [], deadLetter: undefined }],
      })),
    });
    await reply(
      broker,
      quotes,
      own,
      async ({ sku }) => {
        handled.push(sku);
        return { sku, price: 1 };
      },
      { allowReplyTo: (address) => address.startsWith("partner.") },
    );
    const places: Record<string, string | undefined> = {
      none: undefined,
      own: "quotes.replies",
      allowed: "partner.7",
      foreign: "orders",
      pretends: "orders.inbox",
    };
    await broker.publish(
      Object.entries(places).map(([sku, place]) => ({
        address: "quotes",
        id: sku,
        headers: place === undefined ? {} : { [messageHeaders.replyTo]: place },
        contentType: "application/json",
        body: Buffer.from(JSON.stringify({ sku })),
      })),
    );
    await turn();
    expect(handled.sort()).toEqual(["allowed", "none", "own"]);
    const letters = await deadLetters(broker, "quotes.pricing.dead");
    expect(letters.map(({ id }) => id).sort()).toEqual(["foreign", "pretends"]);
    expect(letters.find(({ id }) => id === "foreign")?.headers[deadHeaders.reason]).toBe(
      'permanent: "orders" is no place for a reply to quotes: neither an inbox nor the contract\'s',
    );
    const replies = sent.filter(({ address }) => address !== "quotes" && !address.endsWith(".dead"));
    expect(replies.map(({ address, headers }) => [address, headers["x-correlation-id"]]).sort()).toEqual([
      ["partner.7", "allowed"],
      ["quotes.replies", "none"],
      ["quotes.replies", "own"],
    ]);
  });

  test("places that the contract names: headers for the address and the id, the payload for the id", async () => {
    const { broker, sent } = noting();
    const located: ReplyInfo<Quote> = {
      ...info,
      replyTo: "$message.header#/answer-to",
      correlationId: "$message.payload#/ask",
    };
    await reply(broker, quotes, located, async ({ sku, ask: id = "" }) => ({ sku, price: 2, ask: id }));
    const found = await Promise.all([
      request(broker, quotes, located, { sku: "a", ask: "1" }),
      request(broker, quotes, located, { sku: "b", ask: "2" }),
    ]);
    expect(found.map(({ sku }) => sku)).toEqual(["a", "b"]);
    expect(sent[0]?.headers["answer-to"]).toBe(sent[0]?.headers[messageHeaders.replyTo]);
    await expect(request(broker, quotes, located, { sku: "c" })).rejects.toMatchObject({ code: "usage" });
    // somebody else's responder knows the payload's place only
    const foreign: ChannelInfo<Ask> = { ...quotes, id: "foreign", address: "foreign" };
    await broker.ensure({
      addresses: [
        { address: "foreign", bindings: {}, groups: [{ group: "f", retryDelaysMs: [], deadLetter: undefined }] },
      ],
    });
    await broker.consume({ address: "foreign", group: "f", prefetch: 1 }, ([first]) => {
      if (first === undefined) return;
      void first.ack();
      const body = Buffer.from(JSON.stringify({ sku: "f", price: 3, ask: "9" }));
      const address = first.headers["answer-to"] ?? "";
      void broker.publish([{ address, id: "r", headers: {}, contentType: "application/json", body }]);
    });
    expect(await request(broker, foreign, located, { sku: "f", ask: "9" })).toEqual({ sku: "f", price: 3, ask: "9" });
  });

  test("somebody else's responder that knows the contract's address only is heard in a group of this process's own", async () => {
    const { broker } = noting();
    const own = { ...info, address: "quotes.replies" };
    await broker.ensure({
      addresses: [
        { address: "quotes", bindings: {}, groups: [{ group: "f", retryDelaysMs: [], deadLetter: undefined }] },
      ],
    });
    await broker.consume({ address: "quotes", group: "f", prefetch: 10 }, (batch) => {
      for (const asked of batch) {
        void asked.ack();
        const { sku } = JSON.parse(Buffer.from(asked.body).toString()) as Ask;
        const headers = { [messageHeaders.correlationId]: asked.headers[messageHeaders.correlationId] ?? "" };
        const body = Buffer.from(JSON.stringify({ sku, price: sku.length }));
        void broker.publish([{ address: "quotes.replies", id: "r", headers, contentType: "application/json", body }]);
      }
    });
    const found = await Promise.all(
      ["a", "bb"].map((sku) => request(broker, quotes, own, { sku }, { replyGroup: "process-1" })),
    );
    expect(found).toEqual([
      { sku: "a", price: 1 },
      { sku: "bb", price: 2 },
    ]);
    await turn();
    expect(await broker.depth?.({ address: "quotes.replies", group: "process-1" })).toBe(0);
  });

  test("a request that the broker does not take rejects at once; replies of another kind are errors", async () => {
    const { broker } = noting();
    await expect(request(broker, quotes, info, { sku: "a" })).rejects.toMatchObject({ code: "unroutable" });
    await reply(broker, quotes, { ...info, message: ask }, async ({ sku }) => ({ sku }));
    await expect(request(broker, quotes, info, { sku: "a" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("T11 at most 10,000 requests wait at a time; one that is over makes room", async () => {
    const { broker } = noting();
    const hub = await hubOf(broker);
    const outcomes: unknown[] = [];
    const leave = Array.from({ length: 10_000 }, (_, n) =>
      hub.expect(`r${n}`, info, (outcome) => outcomes.push(outcome)),
    );
    expect(() => hub.expect("more", info, () => {})).toThrow(expect.objectContaining({ code: "full" }));
    leave[7]?.();
    expect(() => hub.expect("r8", info, () => {})).toThrow(expect.objectContaining({ code: "usage" }));
    hub.expect("more", info, () => {});
    await expect(request(broker, quotes, info, { sku: "a" })).rejects.toMatchObject({ code: "full" });
    expect(outcomes).toEqual([]);
  });

  test("T11 replies that are too big, as they come or decompressed, are errors", async () => {
    const memory = createMemoryBroker();
    let deliver: (messages: readonly OutgoingMessage[]) => void = () => {};
    const broker: Broker = {
      ...memory,
      openInbox: (receive) => {
        deliver = receive;
        return Promise.resolve({ address: "inbox", close: () => Promise.resolve() });
      },
    };
    const hub = await hubOf(broker);
    const most = 64 * 1_024 * 1_024;
    const told = (id: string, body: Uint8Array, encoding?: string): Promise<unknown> =>
      new Promise((resolve) => {
        hub.expect(id, info, (outcome) => resolve("error" in outcome ? outcome.error.message : outcome.value));
        const headers: Record<string, string> = { [messageHeaders.correlationId]: id };
        if (encoding !== undefined) headers[messageHeaders.contentEncoding] = encoding;
        deliver([{ address: "inbox", id, headers, contentType: "application/json", body }]);
      });
    expect(await told("big", new Uint8Array(most + 1))).toBe(`the body has ${most + 1} bytes, the limit is ${most}`);
    const bomb = gzipSync(new Uint8Array(most + 1), { level: 1 });
    expect(await told("bomb", bomb, "gzip")).toBe(`decompressed, the body has more than ${most} bytes`);
    const fine = gzipSync(Buffer.from(JSON.stringify({ sku: "a", price: 1 })));
    expect(await told("fine", fine, "gzip")).toEqual({ sku: "a", price: 1 });
  });

  test("a broker without replies refuses both", async () => {
    const memory = createMemoryBroker();
    const { openInbox: _, ...rest } = memory;
    const broker: Broker = { ...rest, capabilities: { ...memory.capabilities, requestReply: false } };
    await expect(request(broker, quotes, info, { sku: "a" })).rejects.toMatchObject({ code: "usage" });
    await expect(reply(broker, quotes, info, async () => ({ sku: "", price: 0 }))).rejects.toMatchObject({
      code: "usage",
    });
  });

  test.each([
    ["_INBOX.AB3DEFGHIJKLMNOPQRSTUV", true],
    ["_INBOX.AB3DEFGHIJKLMNOPQRSTUV.12345678901234567", true],
    ["inbox:memory:3f0b5c0e-2f1c-4d9a-8a51-000000000001", true],
    ["wirespan.inbox.3f0b5c0e-2f1c-4d9a-8a51-000000000001", true],
    ["wirespan/inbox/3f0b5c0e-2f1c-4d9a-8a51-000000000001", true],
    ["wirespan.replies/inbox/3/3f0b5c0e-2f1c-4d9a-8a51-000000000001", true],
    ["amq.gen-Xa2QL3vFjVkzXq1nK0bZ7w", true],
    ["amq.rabbitmq.reply-to.g1h2AA5yZXBseUA2/.abc==", true],
    ["orders", false],
    ["inbox.orders", false],
    ["orders.inbox.short", false],
    ["myinbox.AB3DEFGHIJKLMNOPQRSTUV", false],
    // a program's own: of a user
    ["mail.inbox.AB3DEFGHIJKLMNOPQRSTUV", false],
    ["mail.inbox.3f0b5c0e-2f1c-4d9a-8a51-000000000001", false],
    ["inbox/3f0b5c0e-2f1c-4d9a-8a51-000000000001", false],
    ["mail._INBOX.AB3DEFGHIJKLMNOPQRSTUV", false],
    ["_INBOX.AB3DEFGHIJKLMNOPQRSTUV.>", false],
    [`_INBOX.${"a.".repeat(400)}AB3DEFGHIJKLMNOPQRSTUV`, false],
    ["", false],
  ])("an inbox is known by its name: %s", (address, known) => {
    expect(isInboxAddress(address)).toBe(known);
  });
});
