import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as prettier from "prettier";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import type { Broker, ChannelInfo, Consumer, Delivery, OutgoingMessage } from "../../../src/runtime/queue/index.js";
import type { PayloadType } from "../../../src/runtime/wire/index.js";
import { emittedModules } from "../../support/load-emitted.js";
import { linkCorpus, readCorpus } from "../asyncapi/support.js";
import { emitFromModel } from "../../support/emit.js";
import { modelOf } from "../../support/model.js";
import { events } from "../../../src/generators/events/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { emitEvents } from "./support.js";

const fixture = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../fixtures/events-channels/input/${path}`, import.meta.url)), "utf8");
const proto = "acme/user/v1/user.proto";
const shop = await emitEvents(fixture("shop.events.yaml"), { [proto]: fixture(proto) }, "shop.events.yaml");
const load = emittedModules(shop.files);

type Handler = (message: never, delivery: never) => Promise<void>;
type Consume = (broker: Broker, handler: Handler, options?: object) => Promise<Consumer>;
type Publish = (broker: Broker, ...rest: unknown[]) => Promise<string | undefined>;
type Encode = (...rest: unknown[]) => OutgoingMessage;

/** The members of the emitted module that tests use; their exact types are checked where fixtures are compiled. */
async function loadShop() {
  const module = await load("shop.events.ts");
  return {
    fn: <T>(name: string): T => module[name] as T,
    channel: (name: string) => module[name] as ChannelInfo<unknown>,
    payload: (name: string) => module[name] as PayloadType<Record<string, unknown>>,
  };
}

const order = {
  id: "8f14e45f-ceea-467f-a8f4-3a5c1f1f3d5e",
  customer: { id: "ada" },
  lines: [{ sku: "a", parts: [{ sku: "b" }] }],
  status: "open",
};

describe("emitted events", () => {
  test("F1 a proto payload is the message of the .pb file: the same codec object", async () => {
    const { channel } = await loadShop();
    const pb = await load("acme/user/v1/user.pb.ts");
    expect(channel("userCreated").message).toBe(pb["UserCreated"]);
  });

  test("M23 M31 publish → broker → handler, with defaults filled in and proto messages inside of JSON", async () => {
    const { fn } = await loadShop();
    const broker = createMemoryBroker();
    const seen: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      void fn<Consume>("consumeOrderPlaced")(broker, async (message, delivery: Delivery<unknown>) => {
        seen.push(message, delivery.group, delivery.key);
        resolve();
      }).then(() =>
        fn<Publish>("publishOrderPlaced")(broker, {
          ...order,
          user: { userId: "u1", number: 7n, contact: { case: "email", value: "a@b.c" } },
        }),
      );
    });
    await done;
    expect(seen[0]).toMatchObject({
      ...order,
      currency: "EUR",
      lines: [{ sku: "a", quantity: 1, parts: [{ sku: "b", quantity: 1 }] }],
      user: { userId: "u1", number: 7n, contact: { case: "email", value: "a@b.c" } },
    });
    expect(seen.slice(1)).toEqual(["onOrder", "ada"]);
    await broker.close();
  });

  test("what does not fit the contract is not published", async () => {
    const { fn } = await loadShop();
    const broker = createMemoryBroker();
    await expect(
      fn<Publish>("publishOrderPlaced")(broker, { ...order, lines: [], customer: { id: "Ada" }, more: 1 }),
    ).rejects.toMatchObject({
      code: "invalid",
      issues: [
        { path: "customer.id", message: "must match /^[a-z0-9]+(-[a-z0-9]+)*$/u" },
        { path: "lines", message: "must have at least 1 items" },
        { path: "more", message: "is not a property of the contract" },
      ],
    });
  });

  test("names that every object inherits stay data", async () => {
    const { payload } = await loadShop();
    const text = JSON.stringify(order).replace(/^\{/, '{"__proto__":"p","constructor":"c",');
    const read = payload("Order").fromJsonString(text);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect([read["__proto__$"], read["constructor$"], read["toString$"]]).toEqual(["p", "c", undefined]);
    expect(Object.keys(read)).not.toContain("__proto__");
    expect(payload("Order").toJsonString(read)).toContain('"__proto__":"p"');
  });

  test("several messages on a channel are told apart by the header, parameters come back", async () => {
    const { fn } = await loadShop();
    const broker = createMemoryBroker();
    const seen: unknown[] = [];
    await fn<Consume>("consumeUserEvents")(broker, async (message, { params }: Delivery<unknown, unknown>) => {
      seen.push([message, params]);
    });
    const publish = fn<Publish>("publishUserEvents");
    await publish(broker, { tenant: "a/b" }, { case: "userRenamed", value: { type: "renamed", id: "1", name: "x" } });
    // the operation does not handle this one
    await publish(broker, { tenant: "t", region: "us" }, { case: "userCreated", value: { userId: "u" } });
    await publish(
      broker,
      { tenant: "t", region: "us" },
      { case: "userRenamed", value: { type: "renamed", id: "2", name: "y" } },
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).toEqual([
      [
        { case: "userRenamed", value: { type: "renamed", id: "1", name: "x" } },
        { tenant: "a/b", region: "eu" },
      ],
      [
        { case: "userRenamed", value: { type: "renamed", id: "2", name: "y" } },
        { tenant: "t", region: "us" },
      ],
    ]);
    await expect(publish(broker, { tenant: "t", region: "xx" }, { case: "userRenamed", value: {} })).rejects.toThrow();
    const encoded = fn<Encode>("encodeUserEvents")({ tenant: "t" }, { case: "userCreated", value: { userId: "u" } });
    expect(encoded).toMatchObject({ address: "users/t/eu", key: "u", contentType: "application/protobuf" });
    expect(encoded.headers["x-message-name"]).toBe("UserCreated");
    await broker.close();
  });

  test("M32 keys of proto payloads are found by proto name, also inside of a oneof", async () => {
    const { fn, channel } = await loadShop();
    expect(channel("userCreated").key).toBe("$message.payload#/contact/value");
    const encode = fn<Encode>("encodeUserCreated");
    expect(encode({ contact: { case: "email", value: "a@b.c" } }).key).toBe("a@b.c");
    expect(encode({}).key).toBeUndefined();
  });

  test("operations, policies, queues and dead letters are data", async () => {
    const { channel } = await loadShop();
    expect(channel("orderPlaced").consumer).toEqual({
      group: "onOrder",
      concurrency: 8,
      order: "key",
      timeoutMs: 30_000,
      retry: { maxAttempts: 5, quick: 2, delaysMs: [5_000, 60_000, 600_000] },
      deadLetter: "orders.failed",
    });
    expect(channel("userCreated").operations).toEqual([
      { id: "mail", group: "mail", deadLetter: true },
      { id: "audit", group: "auditors", buffer: 100, deadLetter: true },
    ]);
    expect(channel("ordersFailed").queue).toBe(true);
    expect(channel("jobs")).toMatchObject({ queue: true, consumer: { group: "work" } });
    expect(channel("userEvents").consumer.messages).toEqual(["UserRenamed"]);
  });

  test("F7: an operation that wants no dead letters has none, whatever its channel says", async () => {
    const { text } = await emitEvents(`asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: amqp } }
x-dead-letter: {}
channels: { c: { address: c, messages: { m: { payload: { type: object } } } } }
operations: { take: { action: receive, channel: { $ref: '#/channels/c' }, x-dead-letter: false } }
`);
    expect(text).toContain('consumer: { group: "take" }');
  });

  test("M38 a failing order ends in the channel that the contract names, with its original bytes", async () => {
    const { fn } = await loadShop();
    const broker = createMemoryBroker();
    const letter = new Promise<Delivery<unknown>>((resolve) => {
      void fn<Consume>("consumeOrdersFailed")(broker, async (_message, delivery: Delivery<unknown>) =>
        resolve(delivery),
      );
    });
    await fn<Consume>("consumeOrderPlaced")(broker, () =>
      Promise.reject(Object.assign(new Error("no"), { permanent: true })),
    );
    await fn<Publish>("publishOrderPlaced")(broker, order, { id: "o1" });
    const { headers, id, message } = await letter;
    expect(id).toBe("o1");
    expect(message).toMatchObject(order);
    expect(headers["x-dead-reason"]).toBe("permanent: no");
    await broker.close();
  });

  test("text and bytes, and addresses that are known at run time only", async () => {
    const { fn } = await loadShop();
    const line = fn<Encode>("encodeMessage")("ä");
    expect([line.contentType, [...line.body]]).toEqual(["text/plain", [0xc3, 0xa4]]);
    const reply = fn<Encode>("encodeReplies")(new Uint8Array([1]), { address: "reply.7" });
    expect([reply.address, reply.contentType, [...reply.body]]).toEqual(["reply.7", "application/octet-stream", [1]]);
  });

  test("M74: patterns that could stop the process are matched in linear time", async () => {
    expect(shop.diagnostics).toEqual([]);
    expect(shop.text).toContain('linearPattern("^(a+)+$")');
    const { payload } = await loadShop();
    const start = performance.now();
    const slow = { ...order, tags: ["aaa", `${"a".repeat(100_000)}!`] };
    expect(() => payload("Order").toJson(slow)).toThrow("Order: tags[1] must match /^(a+)+$/");
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe("names", () => {
  const doc = (channels: string, rest = ""): string =>
    `asyncapi: 3.0.0\ninfo: { title: T, version: "1" }\nservers: { s: { host: h, protocol: amqp } }\nchannels:\n${channels}\n${rest}`;

  test("clashes get a $, globals and helpers stay reachable", async () => {
    const { files } = await emitEvents(
      doc(
        [
          "  user.made: { address: a, messages: { Promise: { payload: { type: object, title: Promise, properties: { x: { type: string } } } } } }",
          "  userMade: { address: b, messages: { M: { payload: { type: string } } } }",
          "  publish: { address: c, messages: { Broker: { payload: { type: object, title: Broker, properties: { y: { type: string } } } } } }",
          "  shape: { address: d, messages: { Uint8Array: { payload: { type: object, title: Uint8Array, properties: { z: { type: string } } } } } }",
          "  raw: { address: e, messages: { R: { contentType: application/octet-stream } } }",
          "  default: { address: f, messages: { D: { payload: { type: boolean } } } }",
        ].join("\n"),
      ),
    );
    const module = await emittedModules(files)("doc.events.ts");
    for (const name of [
      "userMade",
      "userMade$",
      "publish",
      "shape",
      "publishPublish",
      "consumePublish",
      "publishUserMade$",
      "default$",
    ]) {
      expect(Object.keys(module)).toContain(name);
    }
    const broker = createMemoryBroker();
    let got: unknown;
    await (module["consumePublish"] as Consume)(broker, async (message) => {
      got = message;
    });
    await (module["publishPublish"] as Publish)(broker, { y: "1" });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(got).toEqual({ y: "1" });
  });

  test("documents without a broker of ours emit types and payload constants only", async () => {
    const { text, file } = await emitEvents(
      "asyncapi: 3.0.0\ninfo: { title: T, version: '1' }\nchannels:\n  c: { address: a, messages: { M: { payload: { type: object, title: Thing, properties: { x: { type: string } } } } } }\n",
    );
    expect(file.modelsOnly).toBe(true);
    expect(text).toContain("export interface Thing {");
    expect(text).toContain("export const Thing: PayloadType<Thing, ThingInit>");
    expect(text).not.toContain("publish");
    expect(text).not.toContain("ChannelInfo");
  });

  test("untrusted texts cannot leave their strings and comments", async () => {
    const evil = "*/ process.exit(1); /* \u2028 `${1}` \"'";
    const { text, files } = await emitEvents(
      doc(
        `  c:\n    address: ${JSON.stringify(evil)}\n    description: ${JSON.stringify(evil)}\n    messages: { M: { payload: { type: object, title: T, properties: { ${JSON.stringify(evil)}: { type: string, enum: [${JSON.stringify(evil)}] } } } } }`,
      ),
    );
    expect(text).not.toContain("\u2028");
    const module = await emittedModules(files)("doc.events.ts");
    expect((module["c"] as ChannelInfo<unknown>).address).toBe(evil);
  });
});

describe("documents written by others", () => {
  const entries = readCorpus();

  test.skipIf(entries.length === 0)(
    "M17 emit without `any`, laid out as prettier would",
    { timeout: 60_000 },
    async () => {
      const { model } = modelOf({});
      const changed: string[] = [];
      for (const entry of entries) {
        const { file } = linkCorpus(entry, { lenient: true, protocol: "amqp" });
        if (file === undefined) continue;
        const { files } = await emitFromModel({ ...model, events: [file] }, [messages, events]);
        for (const [path, content] of files) {
          const code = content.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\]|\\.)*"/g, "");
          expect(code.replaceAll("shape.any()", ""), entry.dir).not.toMatch(/\bany\b|@ts-|\bas\s+unknown\b/);
          if ((await prettier.format(content, { parser: "typescript" })) !== content)
            changed.push(`${entry.dir}/${path}`);
        }
      }
      expect(changed).toEqual([]);
    },
  );
});
