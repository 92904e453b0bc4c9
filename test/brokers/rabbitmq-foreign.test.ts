import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Channel, ChannelModel } from "amqplib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import {
  consume,
  deadHeaders,
  jsonPayload,
  publish,
  shape,
  type Broker,
  type ChannelInfo,
} from "../../src/runtime/queue/index.js";
import { provideRabbitmq } from "../support/services.js";
import { lettersAt } from "./suite/subject.js";
import { eventually } from "./suite/workers.js";

const server = await provideRabbitmq();

interface Note {
  text: string;
}

describe.skipIf(server === undefined)(`RabbitMQ ${server?.version} and other clients`, () => {
  const url = server?.url ?? "";
  let raw: ChannelModel;
  let channel: Channel;
  let broker: Broker;

  beforeAll(async () => {
    const { connect } = await import("amqplib");
    raw = await connect(url);
    channel = await raw.createChannel();
    broker = await connectRabbitmq(url, { exchange: "wirespan-tests" });
  });
  afterAll(async () => {
    await broker.close();
    await raw.close();
  });

  function notes(more: Readonly<Record<string, unknown>> = {}): ChannelInfo<Note> {
    const address = `notes.${randomUUID().slice(0, 8)}`;
    return {
      id: "notes",
      address,
      message: jsonPayload<Note>("Note", shape.object({ required: { text: shape.string() } })),
      contentType: "application/json",
      bindings: { amqp: more },
      consumer: { group: "g", deadLetter: true },
    };
  }

  test("M29: a body is decompressed by the property of AMQP alone; a character set there is of no account", async () => {
    const info = notes();
    const seen: string[] = [];
    const consumer = await consume(broker, info, async ({ text }) => void seen.push(text));
    const send = (
      text: string,
      contentEncoding: string,
      body: Buffer = Buffer.from(JSON.stringify({ text })),
    ): boolean =>
      channel.publish("wirespan-tests", info.address, body, { contentType: "application/json", contentEncoding });
    const zipped = (text: string): Buffer => gzipSync(JSON.stringify({ text }));
    send("gzip", "gzip", zipped("gzip"));
    send("spring", "gzip:UTF-8", zipped("spring"));
    send("old", "X-GZIP", zipped("old"));
    send("celery", "utf-8");
    send("other", "br");
    await eventually(async () => {
      expect(seen.sort()).toEqual(["celery", "gzip", "old", "spring"]);
      const letters = await lettersAt(broker, `${info.address}.g.dead`);
      expect(letters.map(({ headers }) => headers[deadHeaders.reason])).toEqual([
        'undecodable: content-encoding "br": only gzip is known',
      ]);
    });
    await consumer.drain(1_000);
  });

  test("M29: what we compress says so in the property, whatever the binding says of what we do not", async () => {
    for (const contentEncoding of ["utf-8", "gzip"]) {
      const info = notes({ contentEncoding });
      const groups = [{ group: "g", retryDelaysMs: [], deadLetter: undefined }];
      await broker.ensure({ addresses: [{ address: info.address, groups, bindings: info.bindings }] });
      const long = "a".repeat(5_000);
      await publish(broker, info, { text: long }, { compression: "gzip" });
      await publish(broker, info, { text: "short" }, { compression: "gzip" });
      const first = await channel.get(`${info.address}.g`, { noAck: true });
      const second = await channel.get(`${info.address}.g`, { noAck: true });
      if (first === false || second === false) throw new Error("the queue of the group is empty");
      expect(first.content.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
      expect(first.properties.contentEncoding).toBe("gzip");
      expect(first.properties.headers).toMatchObject({ "content-encoding": "gzip" });
      expect(second.content.toString()).toBe('{"text":"short"}');
      expect(second.properties.contentEncoding).toBe(contentEncoding === "gzip" ? undefined : "utf-8");
      // and back
      const seen: string[] = [];
      const consumer = await consume(broker, info, async ({ text }) => void seen.push(text));
      await publish(broker, info, { text: long }, { compression: "gzip" });
      await publish(broker, info, { text: "short" });
      await eventually(() => expect(seen).toEqual([long, "short"]));
      await consumer.drain(1_000);
    }
  });

  test("M31: a pattern of the broker in { address } is consumed, each message with its own parameters", async () => {
    const { message, contentType, bindings, address } = notes();
    const info: ChannelInfo<Note, Note, { region: string }> = {
      id: "regions",
      message,
      contentType,
      bindings,
      address: `${address}.{region}`,
      parameters: [{ name: "region", values: ["eu", "us"] }],
      consumer: { group: "g" },
    };
    const dead = `${address}.dead`;
    const seen: string[] = [];
    const handler = async ({ text }: Note, { params }: { params: { region: string } }): Promise<void> =>
      void seen.push(`${text} ${params.region}`);
    const options = { address: `${address}.*`, deadLetter: dead, logging: false } as const;
    const consumer = await consume(broker, info, handler, options);
    for (const region of ["eu", "us"]) await publish(broker, info, { text: "to" }, { params: { region } });
    channel.publish("wirespan-tests", `${address}.mars`, Buffer.from('{"text":"to"}'));
    await eventually(async () => {
      expect(seen).toEqual(["to eu", "to us"]);
      const letters = await lettersAt(broker, dead);
      expect(letters.map(({ headers }) => headers[deadHeaders.reason])).toEqual([
        `invalid: the address "${address}.mars": the parameter region is "mars", it must be one of "eu", "us"`,
      ]);
    });
    await consumer.drain(1_000);
  });

  test("M23: a virtual host that does not exist is told at once, by its name", async () => {
    const nowhere = new URL(url);
    nowhere.pathname = "/no%2Fsuch%20place";
    const since = Date.now();
    await expect(connectRabbitmq(nowhere.href)).rejects.toMatchObject({
      name: "QueueError",
      code: "refused",
      message:
        'RabbitMQ denies access to the virtual host "no/such place": there is none of that name, the user has no right to it, or a limit is reached',
    });
    expect(Date.now() - since).toBeLessThan(5_000);
  });
});
