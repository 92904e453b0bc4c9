import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BadRequest } from "../../../src/runtime/errors/index.js";
import { createGateway } from "../../../src/runtime/gateway/index.js";
import { validate } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  codeName,
  createLayer,
  findDetail,
  RpcError,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import type { Validator } from "../../../src/runtime/validate/index.js";
import { serveGateway } from "../gateway/users.js";
import { emitShop, good, type Shop } from "./shop.js";

let shop: Shop;
beforeAll(async () => void (shop = await emitShop()));

/** A handler that counts what reaches it. */
function createHandler(): { readonly handler: object; readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const handler = {
    placeOrder: async (order: { readonly id: string }) => {
      seen.push(order);
      return { id: order.id };
    },
    placeOrders: async (orders: AsyncIterable<{ readonly id: string }>) => {
      for await (const order of orders) seen.push(order);
      return { id: String(seen.length) };
    },
  };
  return { handler, seen };
}

const errorOf = async (work: Promise<unknown>): Promise<RpcError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RpcError)) throw new Error(`no RpcError: ${String(error)}`);
  return error;
};

/** The fields that an error names. */
function fieldsOf(error: RpcError): readonly string[] | undefined {
  return findDetail(error, BadRequest)?.fieldViolations.map(({ field, reason }) => `${field} ${reason}`);
}

const bad = { ...good, customer: "Ab", items: [{ sku: "1", kind: 1, weight: 1, count: 1 }, good.items[0]] };
const wrong = ["customer string.min_len", "customer string.pattern", "items[0].sku this.startsWith('sku-')"];

describe.each(["server", "client"])("M74: validate() on the %s", (side) => {
  function connect(): {
    readonly client: ReturnType<Shop["createClient"]>;
    readonly seen: unknown[];
    sent: () => number;
  } {
    const transport = createMemoryTransport();
    const { handler, seen } = createHandler();
    const layers = chain().use(validate(shop.validators));
    let calls = 0;
    const count: Interceptor = (call, next) => {
      calls++;
      return next(call);
    };
    const ownChain = side === "server" ? chain().use(count).use(validate(shop.validators)) : chain().use(count);
    shop.register(transport, handler, { chain: ownChain });
    const client = shop.createClient(transport, side === "client" ? { chain: layers } : {});
    return { client, seen, sent: () => calls };
  }

  test("lets in what keeps the rules", async () => {
    const { client, seen } = connect();
    expect(await client.placeOrder(good)).toMatchObject({ id: good.id });
    expect(await client.placeOrders([good, good])).toMatchObject({ id: "3" });
    expect(seen.length).toBe(3);
  });

  test("refuses a request with INVALID_ARGUMENT and the paths of its fields", async () => {
    const { client, seen } = connect();
    const error = await errorOf(client.placeOrder(bad));
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toContain("customer: must be at least 3 characters");
    expect(fieldsOf(error)).toEqual(wrong);
    expect(seen).toEqual([]);
  });

  test("refuses a stream at its first bad message", async () => {
    const { client, seen } = connect();
    const error = await errorOf(client.placeOrders([good, bad, good]));
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(fieldsOf(error)).toEqual(wrong);
    expect(seen.length).toBeLessThanOrEqual(1);
  });
});

/** Takes no id of fewer characters. */
let limit = 40;
beforeEach(() => void (limit = 40));
const check: Validator<{ readonly id: string }> = Object.assign(
  ({ id }: { readonly id: string }) =>
    id.length < limit ? [{ field: "id", rule: "r", ruleId: "r", message: `secret ${id}`, forKey: false }] : [],
  { typeName: "shop.v1.OrderId" },
);

describe("M74: validate()", () => {
  test("fails closed where a message has rules and no validator was given", async () => {
    const transport = createMemoryTransport({ onFailure: () => {} });
    const { handler, seen } = createHandler();
    shop.register(transport, handler, { chain: chain().use(validate([])) });
    const error = await errorOf(shop.createClient(transport).placeOrder(good));
    expect(error.code).toBe(Code.INTERNAL);
    expect(error.message).toBe("validate() has no validator for shop.v1.Order");
    expect(seen).toEqual([]);
  });

  test("says nothing to the caller of a response that breaks a rule but that it does", async () => {
    for (const responses of [true, false]) {
      const causes: unknown[] = [];
      const transport = createMemoryTransport({ onFailure: (cause) => causes.push(cause) });
      const layers = chain().use(validate([...shop.validators, check], { responses }));
      shop.register(transport, createHandler().handler, { chain: layers });
      const call = shop.createClient(transport).placeOrder(good);
      if (!responses) {
        expect(await call).toMatchObject({ id: good.id });
        continue;
      }
      const error = await errorOf(call);
      expect([error.code, error.message, error.details]).toEqual([Code.INTERNAL, "invalid response", []]);
    }
  });

  test.each(["server", "client"])("a bad response is how the call ends for layers outside, on a %s", async (side) => {
    const seen: string[] = [];
    const watch = createLayer((call) => ({ call, onEnd: ({ code }) => void seen.push(codeName(code)) }));
    const note: Interceptor = async (call, next) => {
      const reply = await next(call);
      seen.push(reply.failed === undefined ? "ok" : "failed");
      return reply;
    };
    const layers = chain()
      .use(watch)
      .use(note)
      .use(validate([...shop.validators, check], { responses: true }));
    const transport = createMemoryTransport({ onFailure: () => {} });
    const { handler } = createHandler();
    shop.register(transport, handler, { chain: side === "server" ? layers : chain() });
    const client = shop.createClient(transport, side === "client" ? { chain: layers } : {});
    for (const call of [() => client.placeOrder(good), () => client.placeOrders([good])]) {
      const error = await errorOf(call());
      expect([error.code, error.message]).toEqual([Code.INTERNAL, "invalid response"]);
      expect(seen.splice(0)).toEqual(["failed", "INTERNAL"]);
    }
    limit = 1;
    expect(await client.placeOrder(good)).toMatchObject({ id: good.id });
    expect(seen).toEqual(["ok", "OK"]);
  });

  test("a rule that fails is INTERNAL, for it is no fault of the message", async () => {
    const check: Validator<unknown> = Object.assign(
      () => {
        throw Object.assign(new Error("division by zero"), { name: "RuleError", kind: "runtime" });
      },
      { typeName: "shop.v1.Order" },
    );
    const transport = createMemoryTransport({ onFailure: () => {} });
    shop.register(transport, createHandler().handler, { chain: chain().use(validate([check])) });
    const error = await errorOf(shop.createClient(transport).placeOrder(good));
    expect([error.code, error.message]).toEqual([Code.INTERNAL, "a rule failed"]);
  });

  test("the gateway answers 400 with the paths", async () => {
    const transport = createMemoryTransport();
    const { handler, seen } = createHandler();
    shop.register(transport, handler, { chain: chain().use(validate(shop.validators)) });
    const gateway = createGateway({ routes: [shop.routes(shop.createClient(transport))] });
    const { url, close } = await serveGateway(gateway);
    try {
      const response = await fetch(`${url}/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id: good.id, customer: "Ab" }),
      });
      expect(response.status).toBe(400);
      const body = (await response.json()) as { details: { fieldViolations: { field: string }[] }[] };
      const fields = body.details[0]?.fieldViolations.map(({ field }) => field);
      expect(fields).toEqual(expect.arrayContaining(["customer", "items", "placed_at", "payment"]));
      expect(seen).toEqual([]);
    } finally {
      await close();
    }
  });
});
