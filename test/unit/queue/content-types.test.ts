import { describe, expect, test } from "vitest";
import {
  bytesPayload,
  consume,
  deadHeaders,
  encodeMessage,
  messageUnion,
  shape,
  textPayload,
  type ChannelInfo,
} from "../../../src/runtime/queue/index.js";
import { deadLetters, itemChannel, setup, turn } from "./support.js";

/** What the handler got of one body in several content types, and why the others are dead letters. */
async function receive<T>(channel: ChannelInfo<T>, text: string, contentTypes: readonly string[]) {
  const { broker } = setup();
  const seen: unknown[] = [];
  await consume(broker, channel, async (message, { contentType }) => void seen.push([contentType, message]), {
    deadLetter: "dead",
    logging: false,
  });
  const body = new TextEncoder().encode(text);
  await broker.publish(
    contentTypes.map((contentType) => ({ address: "items", id: contentType, headers: {}, contentType, body })),
  );
  await turn();
  const letters = await deadLetters(broker, "dead");
  return { seen, dead: letters.map(({ headers }) => headers[deadHeaders.reason]) };
}

const text: ChannelInfo<string> = {
  id: "texts",
  address: "items",
  message: textPayload<string>("Line", shape.string()),
  contentType: "text/plain",
  bindings: {},
  consumer: { group: "g" },
};

describe("content types of messages that come", () => {
  test("M35: one that the payload has no codec for is dead-lettered as undecodable", async () => {
    const { seen, dead } = await receive(itemChannel(), '{"n":1}', ["text/csv", "image/png", "application/json"]);
    expect(seen).toEqual([["application/json", { n: 1 }]]);
    expect(dead).toEqual([
      'undecodable: Item: has no codec for "text/csv"',
      'undecodable: Item: has no codec for "image/png"',
    ]);
  });

  test("a message that does not say how it is written is read as the contract says", async () => {
    const { seen, dead } = await receive(itemChannel(), '{"n":1}', ["", "application/octet-stream"]);
    expect(seen).toEqual([
      ["", { n: 1 }],
      ["application/octet-stream", { n: 1 }],
    ]);
    expect(dead).toEqual([]);
  });

  test("the contract's own is read whatever it is called, also with parameters", async () => {
    const channel = itemChannel({ contentType: "application/x-items;v=1" });
    const { seen } = await receive(channel, '{"n":1}', ["application/x-items", "Application/X-Items; v=2"]);
    expect(seen).toHaveLength(2);
    expect(encodeMessage(channel, { n: 1 }).contentType).toBe("application/x-items;v=1");
  });

  test("texts are texts of any kind, and bytes are bytes of any name", async () => {
    const lines = await receive(text, "a,b", ["text/csv", "text/plain; charset=utf-8", "image/png"]);
    expect(lines.seen).toEqual([
      ["text/csv", "a,b"],
      ["text/plain; charset=utf-8", "a,b"],
    ]);
    expect(lines.dead).toEqual(['undecodable: Line: has no codec for "image/png"']);
    const bytes = { ...text, message: bytesPayload, contentType: "application/pdf" };
    expect((await receive(bytes, "a", ["image/png", "avro/binary"])).seen).toHaveLength(2);
  });

  test("of several messages those are asked that have a codec for it", async () => {
    const members = [
      { case: "number", name: "Number", type: itemChannel().message, contentType: "application/json" },
      { case: "line", name: "Line", type: text.message, contentType: "text/plain" },
    ];
    const channel: ChannelInfo<{ case: string; value: unknown }> = {
      ...text,
      message: messageUnion<{ case: string; value: unknown }>({ typeName: "both", members }),
    };
    const { seen, dead } = await receive(channel, '{"n":1}', ["text/csv", "application/json;a=b", "image/png"]);
    expect(seen).toEqual([
      ["text/csv", { case: "line", value: '{"n":1}' }],
      ["application/json;a=b", { case: "number", value: { n: 1 } }],
    ]);
    expect(dead).toEqual(['undecodable: both: has no codec for "image/png"']);
  });
});
