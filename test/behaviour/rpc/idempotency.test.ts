import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { ambient } from "../../../src/runtime/context/index.js";
import {
  auth,
  idempotency,
  idempotencyKeys,
  type IdempotencyOptions,
} from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  composeChain,
  createCall,
  createMetadata,
  okReply,
  oneMessage,
  RpcError,
  type CallContext,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryIdempotencyStore, type IdempotencyStore } from "../../../src/runtime/stores/index.js";
import { Echo, gate, rejection, within, type Gate } from "./echo.js";
import {
  emitOrders,
  eventually,
  fakeClock,
  openOrders,
  settled,
  throughGateway,
  type EmittedOrders,
  type FakeClock,
  type OpenOrders,
  type OrdersHandler,
} from "./orders.js";

let emitted: EmittedOrders;
beforeAll(async () => {
  emitted = await emitOrders({ placeOrder: { idempotencyKey: "intent.request_id" } });
});

const byHeader = (key: string): { metadata: Record<string, string> } => ({ metadata: { "idempotency-key": key } });
const byField = (requestId: string): { intent: { requestId: string } } => ({ intent: { requestId } });

describe.each(openOrders)("over $id", ({ open }) => {
  let orders: OpenOrders;
  let clock: FakeClock;
  let store: IdempotencyStore;
  let calls = 0;
  afterEach(() => orders.close());

  async function start(
    placeOrder: OrdersHandler["placeOrder"] = () => ({ id: `order-${calls}` }),
    options: Partial<IdempotencyOptions> = {},
    outer: readonly Interceptor[] = [],
  ): Promise<void> {
    clock = fakeClock();
    store = createMemoryIdempotencyStore({ clock });
    calls = 0;
    const counted: OrdersHandler["placeOrder"] = (request, context) => {
      calls++;
      return placeOrder(request, context);
    };
    let server = chain();
    for (const layer of outer) server = server.use(layer);
    orders = await open(
      emitted,
      { placeOrder: counted, getOrder: () => ({ total: BigInt(++calls) }) },
      { server: server.use(idempotency({ store, clock, ...options })) },
    );
  }

  test("T10: the same key gets the same reply: message, header and trailer, and a word that it is an old one", async () => {
    await start((_, { header, trailer }) => {
      header.set("x-served-by", "a");
      header.set("set-cookie", "session=secret");
      trailer.set("x-cost-bin", Uint8Array.of(1, 255));
      return { id: `order-${calls}`, total: 5n };
    });
    const seen: unknown[] = [];
    const options = {
      onHeader: (header: CallContext["header"]) =>
        void seen.push([header.get("x-served-by"), header.get("idempotent-replayed"), header.get("set-cookie")]),
      onTrailer: (trailer: CallContext["trailer"]) => void seen.push(trailer.getBytes("x-cost-bin")),
    };
    const first = await orders.client.placeOrder(byField("a"), options);
    first.lines.push("changed by the caller");
    expect(await orders.client.placeOrder(byField("a"), options)).toEqual({ id: "order-1", total: 5n, lines: [] });
    expect(calls).toBe(1);
    expect(seen).toEqual([
      ["a", undefined, undefined],
      Uint8Array.of(1, 255),
      ["a", "true", undefined],
      Uint8Array.of(1, 255),
    ]);
    expect(await orders.client.placeOrder(byField("b"))).toMatchObject({ id: "order-2" });
    clock.advance(86_400_000);
    expect(await orders.client.placeOrder(byField("a"))).toMatchObject({ id: "order-3" });
  });

  test("T10: the key is the field of the contract, else the header; without one, nothing happens", async () => {
    await start();
    await orders.client.placeOrder({}, byHeader("k"));
    expect(await orders.client.placeOrder({}, byHeader("k"))).toMatchObject({ id: "order-1" });
    // what looks like the other kind of key is another key
    expect(await orders.client.placeOrder(byField("k"), byHeader("k"))).toMatchObject({ id: "order-2" });
    for (let i = 3; i < 5; i++) expect(await orders.client.placeOrder({})).toMatchObject({ id: `order-${i}` });
    // nothing that could be done twice
    await orders.client.getOrder({}, byHeader("k"));
    expect((await orders.client.getOrder({}, byHeader("k"))).total).toBe(6n);
    const twice = { metadata: { "idempotency-key": ["a", "b"] } };
    expect(await rejection(orders.client.placeOrder({}, twice))).toMatchObject({ code: Code.INVALID_ARGUMENT });
    const long = byHeader("x".repeat(256));
    expect(await rejection(orders.client.placeOrder({}, long))).toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  test("T10: a key may be demanded", async () => {
    await start(undefined, { required: ({ name }) => name === "PlaceOrder" });
    expect(await rejection(orders.client.placeOrder({}))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: "PlaceOrder needs an idempotency key: intent.request_id",
    });
    await orders.client.placeOrder(byField("k"));
    expect(calls).toBe(1);
  });

  test("T10: the same key with another request is ALREADY_EXISTS; maps in another order are no other request", async () => {
    await start();
    await orders.client.placeOrder({ ...byField("k"), labels: { a: "1", b: "2" } });
    const again = { ...byField("k"), labels: { b: "2", a: "1" } };
    expect(await orders.client.placeOrder(again)).toMatchObject({ id: "order-1" });
    expect(await rejection(orders.client.placeOrder({ ...byField("k"), labels: { a: "1" } }))).toMatchObject({
      code: Code.ALREADY_EXISTS,
    });
    expect(calls).toBe(1);
  });

  test("T10: who asks again while the first is under way waits for its reply; another request is refused at once", async () => {
    const go = gate();
    await start(async () => {
      await go.promise;
      return { id: `order-${calls}` };
    });
    const all = Promise.all(Array.from({ length: 20 }, () => orders.client.placeOrder(byField("k"))));
    await eventually(() => calls).toBe(1);
    const other = { ...byField("k"), order: { total: 1n } };
    expect(await rejection(orders.client.placeOrder(other))).toMatchObject({ code: Code.ALREADY_EXISTS });
    go.open();
    const ids = new Set((await all).map(({ id }) => id));
    expect([calls, ids]).toEqual([1, new Set(["order-1"])]);
    await eventually(() => clock.armed).toBe(0);
  });

  test("T10: a failure frees the key, and one of those who waited tries next", async () => {
    const go = gate();
    await start(async () => {
      if (calls === 1) {
        await go.promise;
        throw new RpcError(Code.FAILED_PRECONDITION, "the card was refused");
      }
      return { id: `order-${calls}` };
    });
    const first = rejection(orders.client.placeOrder(byField("k")));
    await eventually(() => calls).toBe(1);
    const second = orders.client.placeOrder(byField("k"));
    await settled();
    go.open();
    expect(await first).toMatchObject({ code: Code.FAILED_PRECONDITION, message: "the card was refused" });
    expect(await second).toMatchObject({ id: "order-2" });
    expect(await orders.client.placeOrder(byField("k"))).toMatchObject({ id: "order-2" });
  });

  test("T10: a call whose caller left is carried out once: its handler is not cancelled, and who asks again gets its reply", async () => {
    const go = gate();
    const signals: (AbortSignal | undefined)[] = [];
    await start(async (_, { signal }) => {
      signals.push(signal, ambient().signal);
      await go.promise;
      return { id: `order-${calls}` };
    });
    const controller = new AbortController();
    const left = rejection(orders.client.placeOrder(byField("k"), { signal: controller.signal }));
    await eventually(() => calls).toBe(1);
    controller.abort();
    expect(await left).toMatchObject({ code: Code.CANCELLED });
    const again = orders.client.placeOrder(byField("k"));
    await settled();
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, false]);
    go.open();
    expect(await within(10_000, again)).toMatchObject({ id: "order-1" });
    expect(calls).toBe(1);
  });

  test("T10: one that does not end is told to stop in time, and its key stays taken until the lease is over", async () => {
    const aborted: Gate = gate();
    await start(
      async (_, { signal }) => {
        if (calls > 1) return { id: `order-${calls}` };
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        aborted.open();
        // it may still do something
        return new Promise(() => {});
      },
      { finishWithinMs: 10_000, leaseMs: 30_000 },
    );
    const controller = new AbortController();
    const left = rejection(orders.client.placeOrder(byField("k"), { signal: controller.signal }));
    await eventually(() => calls).toBe(1);
    controller.abort();
    await left;
    await settled();
    clock.advance(9_999);
    await settled();
    clock.advance(1);
    await within(10_000, aborted.promise);
    await settled();
    const waiting = orders.client.placeOrder(byField("k"));
    await settled();
    // the lease was renewed for the last time no later than when it was stopped
    clock.advance(29_000 - 10_000);
    await settled();
    expect(calls).toBe(1);
    for (let i = 0; i < 30; i++) {
      clock.advance(500);
      await settled(3);
    }
    expect(await within(10_000, waiting)).toMatchObject({ id: "order-2" });
  });

  test("T10: a call of a process that died is made again by another when its lease has run out", async () => {
    // timers of the dead do not run: its lease is not renewed
    const dead = fakeClock();
    await start(() => (calls === 1 ? new Promise(() => {}) : { id: `order-${calls}` }), { clock: dead });
    const layers = chain().use(idempotency({ store, clock }));
    const other = await open(emitted, { placeOrder: () => ({ id: `other-${++calls}` }) }, { server: layers });
    const lost = rejection(orders.client.placeOrder(byField("k")));
    await eventually(() => calls).toBe(1);
    const retried = other.client.placeOrder(byField("k"));
    await eventually(() => clock.armed).toBe(1);
    clock.advance(29_999);
    await settled();
    expect(calls).toBe(1);
    clock.advance(500);
    expect(await within(10_000, retried)).toMatchObject({ id: "other-2" });
    await other.close();
    await orders.transport.close(1);
    await lost;
  });

  test("T10: a long call keeps its lease", async () => {
    const go = gate();
    await start(async () => {
      await go.promise;
      return { id: `order-${calls}` };
    });
    const slow = orders.client.placeOrder(byField("k"));
    await eventually(() => calls).toBe(1);
    for (let i = 0; i < 30; i++) {
      clock.advance(10_000);
      await settled(2);
    }
    const duplicate = orders.client.placeOrder(byField("k"));
    await settled();
    go.open();
    expect(await Promise.all([slow, duplicate])).toMatchObject([{ id: "order-1" }, { id: "order-1" }]);
    expect(calls).toBe(1);
  });

  test("T10: keys belong to who sent them, also when the token is a fresh one", async () => {
    const verify = (token: string): object => ({ claims: { iss: "i", sub: token.split("-")[0], jti: token } });
    await start(undefined, {}, [auth({ verify })]);
    const as = (token: string): { metadata: Record<string, string> } => ({
      metadata: { authorization: `Bearer ${token}`, "idempotency-key": "k" },
    });
    expect(await orders.client.placeOrder({}, as("ada-1"))).toMatchObject({ id: "order-1" });
    expect(await orders.client.placeOrder({}, as("eve-1"))).toMatchObject({ id: "order-2" });
    expect(await orders.client.placeOrder({}, as("ada-2"))).toMatchObject({ id: "order-1" });
  });

  test("T10: a store that is down fails calls before they are made, not after", async () => {
    const reported: unknown[] = [];
    const up = createMemoryIdempotencyStore();
    let down: "claim" | "complete" | undefined = "claim";
    const failing: IdempotencyStore = {
      ...up,
      claim: async (...args) => (down === "claim" ? Promise.reject(new Error("down")) : up.claim(...args)),
      complete: async (...args) => (down === "complete" ? Promise.reject(new Error("down")) : up.complete(...args)),
    };
    await start(undefined, { store: failing, onError: (cause) => reported.push(String(cause)) });
    expect(await rejection(orders.client.placeOrder(byField("k")))).toMatchObject({ code: Code.UNAVAILABLE });
    expect([calls, reported]).toEqual([0, []]);
    down = "complete";
    expect(await orders.client.placeOrder(byField("k"))).toMatchObject({ id: "order-1" });
    expect([calls, reported]).toEqual([1, ["Error: down"]]);
  });

  test("T10: a client names each call once, and all its attempts by the same key", async () => {
    const keys: (string | undefined)[] = [];
    const twice: Interceptor = async (call, next) => {
      await next(call);
      return next(call);
    };
    await start((_, { metadata }) => {
      keys.push(metadata.get("idempotency-key"));
      return { id: `order-${calls}` };
    });
    const client = orders.connect({
      chain: chain()
        .use(idempotencyKeys({ methods: "*" }))
        .use(twice),
    });
    expect(await client.placeOrder({})).toMatchObject({ id: "order-1" });
    expect(await client.placeOrder({})).toMatchObject({ id: "order-2" });
    expect(await client.placeOrder({}, byHeader("own"))).toMatchObject({ id: "order-3" });
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/), "own"]);
    expect(new Set(keys).size).toBe(3);
    // by default only where the request has no key of its own
    const plain = orders.connect({ chain: chain().use(idempotencyKeys()) });
    await plain.placeOrder({});
    expect(keys.at(-1)).toBeUndefined();
  });
});

test("T10: through the gateway: the header of that name, 409 for another body", async () => {
  let calls = 0;
  const layers = chain().use(idempotency({ store: createMemoryIdempotencyStore() }));
  const ask = throughGateway(emitted, { placeOrder: () => ({ id: `order-${++calls}` }) }, layers);
  const headers = { "idempotency-key": "k" };
  const first = await ask("POST", "/v1/orders", headers, { order: { id: "a" } });
  const again = await ask("POST", "/v1/orders", headers, { order: { id: "a" } });
  expect([first.status, again.status, again.body, calls]).toEqual([200, 200, first.body, 1]);
  expect(again.headers["grpc-metadata-idempotent-replayed"]).toBe("true");
  expect((await ask("POST", "/v1/orders", headers, { order: { id: "b" } })).status).toBe(409);
});

test("T10: the same key for another method is another key", async () => {
  const layer = idempotency({ store: createMemoryIdempotencyStore() });
  const { say } = Echo.methods;
  const other = { ...say, name: "Shout", path: say.path.replace("Say", "Shout") };
  const carriedOut: string[] = [];
  for (const method of [say, other, say, other]) {
    const composed = composeChain([{ interceptor: layer, selector: undefined }], method, () => {
      carriedOut.push(method.name);
      return okReply({ text: method.name, count: 0 }) as never;
    });
    const metadata = createMetadata({ "idempotency-key": "k" });
    const reply = await composed(createCall({ method, requests: oneMessage({}), side: "server", metadata }));
    expect(await reply.messages.one()).toMatchObject({ text: method.name });
  }
  expect(carriedOut).toEqual(["Say", "Shout"]);
});

test("T10: settings that cannot be", () => {
  const store = createMemoryIdempotencyStore();
  expect(() => idempotency({ store, leaseMs: 0 })).toThrow("leaseMs is 0; it must be more than 0 milliseconds");
});
