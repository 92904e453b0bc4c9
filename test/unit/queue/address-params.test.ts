import { describe, expect, test } from "vitest";
import { createParamsReader } from "../../../src/runtime/queue/address-params.js";
import {
  deadHeaders,
  publish,
  type ChannelInfo,
  type ConsumeOptions,
  type OutgoingMessage,
} from "../../../src/runtime/queue/index.js";
import { deadLetters, itemChannel, setup, turn, type Item, type Setup } from "./support.js";
import { consume } from "../../../src/runtime/queue/consume.js";

type Region = { region: string };

const { message, contentType, bindings, consumer } = itemChannel();
const orders: ChannelInfo<Item, Item, Region> = {
  message,
  contentType,
  bindings,
  consumer,
  id: "orders",
  address: "shop.orders.{region}",
  parameters: [{ name: "region", values: ["eu", "us"] }],
};

function letter(address: string, n = 1): OutgoingMessage {
  const body = new TextEncoder().encode(JSON.stringify({ n }));
  return { address, id: `${address}-${n}`, headers: {}, contentType: "application/json", body };
}

async function consumeOrders({ broker, events }: Setup, options: ConsumeOptions = {}) {
  const seen: unknown[] = [];
  await consume(broker, orders, async ({ n }, { params, address }) => void seen.push([n, params.region, address]), {
    ...options,
    onEvent: (event) => void events.push(event),
  });
  return seen;
}

describe("values that the contract does not allow", () => {
  test("M31: a message with one is dead-lettered as invalid, with what is allowed", async () => {
    const all = setup();
    const seen = await consumeOrders(all, { deadLetter: "dead" });
    await all.broker.publish([letter("shop.orders.mars"), letter("shop.orders.eu", 2), letter("shop.orders.a%2Eb", 3)]);
    await turn();
    expect(seen).toEqual([[2, "eu", "shop.orders.eu"]]);
    const letters = await deadLetters(all.broker, "dead");
    expect(letters.map(({ headers }) => headers[deadHeaders.reason])).toEqual([
      'invalid: the address "shop.orders.mars": the parameter region is "mars", it must be one of "eu", "us"',
      'invalid: the address "shop.orders.a%2Eb": the parameter region is "a.b", it must be one of "eu", "us"',
    ]);
    expect(all.events.filter(({ kind }) => kind === "dead")).toMatchObject([
      { reason: "invalid", attempts: 1 },
      { reason: "invalid", attempts: 1 },
    ]);
  });

  test("an address that is none of the channel's is acknowledged unseen, for a broker's pattern may be wider", () => {
    const read = createParamsReader(orders, undefined);
    expect(read("shop.orders.eu")).toMatchObject({ region: "eu" });
    expect(read("shop.orders.eu.west")).toBeUndefined();
    expect(read("shop.orders.mars")).toMatchObject({ code: "invalid" });
  });

  test("of many allowed values the text has the first twenty", () => {
    const values = Array.from({ length: 25 }, (_, i) => `v${i}`);
    const read = createParamsReader({ ...orders, parameters: [{ name: "region", values }] }, undefined);
    expect(String(read(`shop.orders.${"x".repeat(200)}`))).toMatch(
      /"x{100}", it must be one of "v0", .*"v19", and 5 more$/,
    );
  });
});

describe("an address of the program", () => {
  test("M31: parameters are read out of the message's own address by the contract's template", async () => {
    const all = setup();
    const seen = await consumeOrders(all, { address: "shop.orders.us" });
    await publish(all.broker, orders, { n: 1 }, { params: { region: "us" } });
    await turn();
    expect(seen).toEqual([[1, "us", "shop.orders.us"]]);
  });

  test("one that is none of the channel's is a usage error before anything is consumed", async () => {
    const all = setup();
    await expect(consumeOrders(all, { address: "totally.else" })).rejects.toMatchObject({
      code: "usage",
      message: "channel orders: the address totally.else does not fit shop.orders.{region}",
    });
    await expect(consumeOrders(all, { address: "shop.orders.apac" })).rejects.toMatchObject({
      code: "usage",
      message: 'channel orders: shop.orders.apac: the parameter region is "apac", it must be one of "eu", "us"',
    });
    await expect(consumeOrders(all, { address: "staging.{other}" })).rejects.toMatchObject({
      code: "usage",
      message: "channel orders: the address staging.{other} has no {region}",
    });
    expect(await all.broker.publish([letter("totally.else")])).toMatchObject([{ error: { code: "unroutable" } }]);
  });

  test("one with the same parameters takes the place of the contract's", async () => {
    const all = setup();
    const seen = await consumeOrders(all, { address: "staging.orders.{region}", deadLetter: "dead" });
    await all.broker.publish([letter("staging.orders.eu"), letter("staging.orders.mars", 2)]);
    await turn();
    expect(seen).toEqual([[1, "eu", "staging.orders.eu"]]);
    expect(await deadLetters(all.broker, "dead")).toHaveLength(1);
  });

  test.each(["shop.orders.*", "shop.>", "shop.#", "+/orders/+", "#"])(
    "%s is a pattern of some broker: what comes is read one by one",
    (pattern) => {
      const read = createParamsReader(orders, pattern);
      expect(read("shop.orders.us")).toMatchObject({ region: "us" });
      expect(read("shop.bills.us")).toBeUndefined();
      expect(read("shop.orders.mars")).toMatchObject({ code: "invalid" });
    },
  );

  test("brokers with one separator tell the same address with another", () => {
    const slashed = { ...orders, address: "shop/orders/{region}" };
    expect(createParamsReader(slashed, "shop/orders/*")("shop.orders.us")).toMatchObject({ region: "us" });
    expect(createParamsReader(slashed, "shop.orders.us")("shop.orders.us")).toMatchObject({ region: "us" });
  });

  test("what arrives there under another name has the values of the place where it arrived", () => {
    const read = createParamsReader(orders, "shop.orders.us");
    expect(read("legacy-key")).toEqual(expect.objectContaining({ region: "us" }));
  });

  test("where the contract has no parameters there is nothing to read", () => {
    expect(createParamsReader(itemChannel(), "elsewhere")("elsewhere")).toEqual({});
    expect(createParamsReader(itemChannel({ address: "" }), "known.{late}")("known.x")).toMatchObject({ late: "x" });
  });
});
