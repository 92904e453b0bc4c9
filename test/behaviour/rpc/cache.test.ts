import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  chain,
  Code,
  composeChain,
  createCall,
  failedReply,
  okReply,
  oneMessage,
  RpcError,
  type CachePolicy,
  type CallContext,
  type Interceptor,
  type LayerList,
} from "../../../src/runtime/rpc/index.js";
import {
  auth,
  bearer,
  cache,
  clientChain,
  serverChain,
  type CacheLayer,
  type CacheOptions,
} from "../../../src/runtime/interceptors/index.js";
import { createBloomFilter, createMemoryCache, type CacheStore } from "../../../src/runtime/stores/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { gate, rejection, within } from "./echo.js";
import {
  emitOrders,
  eventually,
  fakeClock,
  openOrders,
  settled,
  type EmittedOrders,
  type FakeClock,
  type OpenOrders,
  type OrdersHandler,
} from "./orders.js";

const policy: CachePolicy = { ttlMs: 1_000, keyFields: ["id"], invalidatedBy: ["order.updated", "order.deleted"] };
let emitted: EmittedOrders;
let plain: EmittedOrders;
beforeAll(async () => {
  emitted = await emitOrders({ getOrder: { cache: policy } });
  plain = await emitOrders();
});

const sides = ["client", "server"] as const;
const places = openOrders.flatMap((transport) => sides.map((side) => ({ ...transport, side })));

describe.each(places)("over $id, on the $side", ({ open, side }) => {
  let orders: OpenOrders;
  let clock: FakeClock;
  let answers: CacheLayer;
  let calls = 0;
  let lookups: string[] = [];
  afterEach(() => orders.close());

  async function start(
    getOrder: OrdersHandler["getOrder"] = ({ id }) => ({ id, total: BigInt(calls) }),
    options: Partial<CacheOptions> = {},
    code = emitted,
  ): Promise<void> {
    clock = fakeClock();
    calls = 0;
    lookups = [];
    answers = cache({
      store: createMemoryCache({ clock }),
      onLookup: (result) => void lookups.push(result),
      // clients here are nobody in particular
      shared: side === "client",
      ...options,
    });
    const counted: OrdersHandler["getOrder"] = (request, context) => {
      calls++;
      return getOrder(request, context);
    };
    const layers = chain().use(answers);
    const handler = { getOrder: counted, placeOrder: () => ({ total: BigInt(++calls) }) };
    orders = await open(code, handler, side === "client" ? { chain: layers } : { server: layers });
  }
  const totalOf = async (id: string, view = ""): Promise<number> =>
    Number((await orders.client.getOrder({ id, view })).total);

  test("M67: by the contract's time and fields", async () => {
    await start();
    expect([await totalOf("a"), await totalOf("a"), await totalOf("a", "full"), await totalOf("b")]).toEqual([
      1, 1, 1, 2,
    ]);
    clock.advance(999);
    expect(await totalOf("a")).toBe(1);
    clock.advance(1);
    expect(await totalOf("a")).toBe(3);
    expect(lookups).toEqual(["miss", "hit", "hit", "miss", "hit", "miss"]);
    // not in the contract
    await orders.client.placeOrder({});
    await orders.client.placeOrder({});
    expect(calls).toBe(5);
  });

  test("M67: settings of the run time come before the contract's, field by field", async () => {
    await start(undefined, { methods: { GetOrder: { keyFields: ["id", "view"] }, PlaceOrder: { ttlMs: 50 } } });
    expect([await totalOf("a"), await totalOf("a", "full"), await totalOf("a")]).toEqual([1, 2, 1]);
    await answers.invalidate("order.updated");
    expect(await totalOf("a")).toBe(3);
    const place = async (): Promise<bigint> => (await orders.client.placeOrder({ labels: { a: "1" } })).total;
    expect([await place(), await place()]).toEqual([4n, 4n]);
    await orders.close();
    await start(undefined, { methods: { "/wirespan.test.orders.v1.Orders/GetOrder": false } });
    expect([await totalOf("a"), await totalOf("a")]).toEqual([1, 2]);
  });

  test("M67: a hundred who ask the same at once make one call; each gets a message of its own", async () => {
    const go = gate();
    await start(async ({ id }) => {
      await go.promise;
      return { id, lines: ["kept"] };
    });
    const all = Promise.all(Array.from({ length: 100 }, () => orders.client.getOrder({ id: "a" })));
    await eventually(() => calls).toBe(1);
    await settled();
    go.open();
    const got = await all;
    expect(calls).toBe(1);
    expect(lookups.toSorted()).toEqual([...Array.from({ length: 99 }, () => "joined"), "miss"]);
    for (const order of got) order.lines.push("changed");
    expect(got.map(({ lines }) => lines)).toEqual(got.map(() => ["kept", "changed"]));
    expect((await orders.client.getOrder({ id: "a" })).lines).toEqual(["kept"]);
  });

  test("M67: the first to ask may leave: the others get their answer, and the call is not made again", async () => {
    const go = gate();
    await start(async ({ id }) => {
      await go.promise;
      return { id };
    });
    const controller = new AbortController();
    const leader = rejection(orders.client.getOrder({ id: "a" }, { signal: controller.signal }));
    await eventually(() => calls).toBe(1);
    const hasty = rejection(orders.client.getOrder({ id: "a" }, { timeoutMs: 30 }));
    const follower = orders.client.getOrder({ id: "a" });
    await settled();
    controller.abort();
    expect(await leader).toMatchObject({ code: Code.CANCELLED });
    expect(await within(10_000, hasty)).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    go.open();
    expect(await within(10_000, follower)).toMatchObject({ id: "a" });
    expect(calls).toBe(1);
  });

  test("M67: a call that nobody waits for any longer is cancelled, and the next is a new one", async () => {
    const aborted = gate();
    await start(async ({ id }, { signal }) => {
      if (calls > 1) return { id };
      signal.addEventListener("abort", () => aborted.open());
      return new Promise(() => {});
    });
    const controllers = [new AbortController(), new AbortController()];
    const both = controllers.map(({ signal }) => rejection(orders.client.getOrder({ id: "a" }, { signal })));
    await eventually(() => calls).toBe(1);
    await settled();
    for (const controller of controllers) controller.abort();
    await Promise.all(both);
    await within(10_000, aborted.promise);
    expect(await within(10_000, orders.client.getOrder({ id: "a" }))).toMatchObject({ id: "a" });
  });

  test("M67: a request that its owner goes on with is asked and kept as it was", async () => {
    await start();
    const request = { id: "a", view: "" };
    const first = orders.client.getOrder(request);
    for (let turn = 0; turn < 5; turn++) {
      await Promise.resolve();
      request.id = "b";
    }
    const { id } = await first;
    expect(calls).toBe(1);
    expect((await orders.client.getOrder({ id })).total).toBe(1n);
    expect((await orders.client.getOrder({ id: id === "a" ? "b" : "a" })).id).toBe(id === "a" ? "b" : "a");
    expect(calls).toBe(2);
  });

  test("M67: failures are shared by those who wait, and not kept", async () => {
    const go = gate();
    await start(async ({ id }) => {
      if (calls > 1) return { id };
      await go.promise;
      throw new RpcError(Code.NOT_FOUND, "there is no such order");
    });
    const all = Array.from({ length: 5 }, () => rejection(orders.client.getOrder({ id: "a" })));
    await eventually(() => calls).toBe(1);
    await settled();
    go.open();
    for (const error of await Promise.all(all)) {
      expect(error).toMatchObject({ code: Code.NOT_FOUND, message: "there is no such order" });
    }
    expect(await orders.client.getOrder({ id: "a" })).toMatchObject({ id: "a" });
    expect(calls).toBe(2);
  });

  test("M67: an event makes answers stale, also those that are on their way; who asks after it gets a new one", async () => {
    const gates = [gate(), gate()];
    await start(async ({ id }) => {
      const total = BigInt(calls);
      await gates[calls - 1]?.promise;
      return { id, total };
    });
    const before = totalOf("a");
    await eventually(() => calls).toBe(1);
    await answers.invalidator("order.deleted")();
    const after = totalOf("a");
    await eventually(() => calls).toBe(2);
    for (const each of gates.toReversed()) each.open();
    expect([await before, await after, await totalOf("a")]).toEqual([1, 2, 2]);
    await answers.invalidate("order.created");
    expect(await totalOf("a")).toBe(2);
  });

  test("M67: what is known not to exist is NOT_FOUND without a call", async () => {
    const filter = createBloomFilter({ items: 1_000 });
    filter.add("a");
    await start(undefined, { guards: { GetOrder: { filter, field: "id" } } });
    expect(await totalOf("a")).toBe(1);
    expect(await rejection(totalOf("zzz"))).toMatchObject({ code: Code.NOT_FOUND, message: "nothing has this id" });
    filter.add("zzz");
    expect(await totalOf("zzz")).toBe(2);
    expect(lookups).toEqual(["miss", "absent", "miss"]);
  });

  test("M67: calls go on without a store that is down, and still share one call", async () => {
    const down = (): never => {
      throw new Error("down");
    };
    const store: CacheStore = { read: down, write: down, invalidate: down };
    const reported: string[] = [];
    const go = gate();
    await start(
      async ({ id }) => {
        await go.promise;
        return { id };
      },
      { store, onError: (cause) => void reported.push(String(cause)) },
    );
    const both = Promise.all([totalOf("a"), totalOf("a")]);
    await eventually(() => calls).toBe(1);
    await settled();
    go.open();
    await both;
    expect([calls, reported]).toEqual([1, ["Error: down", "Error: down"]]);
    await expect(answers.invalidate("order.updated")).rejects.toThrow("down");
  });

  test("M67: without a time to live only what is asked at once is shared", async () => {
    await start(undefined, { methods: { GetOrder: { ttlMs: 0 } } }, plain);
    expect([await totalOf("a"), await totalOf("a")]).toEqual([1, 2]);
  });

  test("M67: a method that the contract does not call cacheable is left alone", async () => {
    await start(undefined, {}, plain);
    expect([await totalOf("a"), await totalOf("a")]).toEqual([1, 2]);
    expect(lookups).toEqual([]);
  });
});

describe.each(openOrders)("over $id, for several callers", ({ open }) => {
  let orders: OpenOrders;
  afterEach(() => orders.close());
  const verify = (token: string): object => ({ claims: { sub: token } });
  const as = (token: string): { metadata: Record<string, string> } => ({
    metadata: { authorization: `Bearer ${token}` },
  });

  async function start(options: CacheOptions, layers: readonly Interceptor[]): Promise<() => number> {
    let calls = 0;
    let server = chain();
    for (const layer of layers) server = server.use(layer);
    const handler = { getOrder: () => ({ total: BigInt(++calls) }) };
    orders = await open(emitted, handler, { server: server.use(cache(options)) });
    return () => calls;
  }

  test("M67: answers for one caller are not given to another, unless they are the same for all", async () => {
    const calls = await start({}, [auth({ verify })]);
    for (const token of ["ada", "eve", "ada"]) await orders.client.getOrder({ id: "a" }, as(token));
    expect(calls()).toBe(2);
    await orders.close();
    const shared = await start({ shared: true }, [auth({ verify })]);
    for (const token of ["ada", "eve", "ada"]) await orders.client.getOrder({ id: "a" }, as(token));
    expect(shared()).toBe(1);
  });

  test("M67: who asks at the same time does not get the answer of another caller either", async () => {
    const calls = await start({}, [auth({ verify })]);
    const got = await Promise.all(["ada", "eve"].map((token) => orders.client.getOrder({ id: "a" }, as(token))));
    expect(calls()).toBe(2);
    expect(new Set(got.map(({ total }) => total)).size).toBe(2);
  });

  test("M67: without an identity callers are told apart by the credentials they send; a handler finds who asked", async () => {
    const calls = await start({}, []);
    for (const token of ["ada", "eve", "ada"]) await orders.client.getOrder({ id: "a" }, as(token));
    expect(calls()).toBe(2);
  });

  test("M67: an identity that cannot be compared fails the call, for two callers could look like one", async () => {
    class Session {
      readonly #user: string;
      constructor(user: string) {
        this.#user = user;
      }
      get name(): string {
        return this.#user;
      }
    }
    const identities: Readonly<Record<string, (token: string) => object>> = {
      "holds an object of a class": (token) => ({ session: new Session(token) }),
      "holds a function": (token) => ({ whoAmI: () => token }),
      "goes too deep": () => {
        const cyclic: { self?: object } = {};
        cyclic.self = cyclic;
        return { cyclic };
      },
      "is empty": () => ({}),
    };
    for (const [why, own] of Object.entries(identities)) {
      await start({}, [auth({ verify: own, header: "x-token" })]);
      const options = { metadata: { "x-token": "ada" } };
      expect(await rejection(orders.client.getOrder({ id: "a" }, options))).toMatchObject({ code: Code.INTERNAL });
      expect(String(orders.failures[0])).toContain(`the identity of a caller ${why}`);
      await orders.close();
    }
    const sessions = { verify: (token: string) => ({ session: new Session(token) }), header: "x-token" };
    const caller = (_: CallContext, identity: unknown): string => (identity as { session: Session }).session.name;
    const calls = await start({ caller }, [auth(sessions)]);
    for (const token of ["ada", "eve", "ada"]) {
      await orders.client.getOrder({ id: "a" }, { metadata: { "x-token": token } });
    }
    expect(calls()).toBe(2);
    await orders.close();
    const plainCalls = await start({}, [auth({ verify: (token) => ({ user: { name: token } }), header: "x-token" })]);
    for (const token of ["ada", "eve", "ada"]) {
      await orders.client.getOrder({ id: "a" }, { metadata: { "x-token": token } });
    }
    expect(plainCalls()).toBe(2);
  });

  test("M67: what layers outside have added reaches the handler, and the layers within see each call", async () => {
    const seen: unknown[] = [];
    const handler: Partial<OrdersHandler<{ claims: { sub: string } }>> = {
      getOrder: (_, { claims, header }) => {
        header.set("x-for", claims.sub);
        return { id: claims.sub };
      },
    };
    const own = auth({ verify: (token) => ({ claims: { sub: token } }) });
    orders = await open(emitted, handler, {
      server: chain().use(own).use(cache()),
      chain: chain().use(bearer("ada")),
    });
    const onHeader = (header: CallContext["header"]): void => void seen.push(header.get("x-for"));
    expect(await orders.client.getOrder({ id: "1" }, { onHeader })).toMatchObject({ id: "ada" });
    expect(await orders.client.getOrder({ id: "1" }, { onHeader })).toMatchObject({ id: "ada" });
    expect(seen).toEqual(["ada", "ada"]);
  });
});

describe("M67: on a client, whose tokens a cache cannot see", () => {
  const session = new AsyncLocalStorage<string>();
  const token = (): string => session.getStore() ?? "nobody";
  const only: OrdersHandler["getOrder"] = (_, { metadata }) => ({ id: metadata.get("authorization") ?? "" });
  let orders: OpenOrders;
  afterEach(() => orders.close());

  async function start(layers: LayerList): Promise<void> {
    const [memory] = openOrders;
    if (memory === undefined) throw new Error("no transport");
    orders = await memory.open(emitted, { getOrder: only }, { chain: layers });
  }
  const askAs = (name: string): Promise<string> =>
    session.run(name, async () => (await orders.client.getOrder({ id: "a" })).id);

  const outside: readonly (readonly [string, (answers: CacheLayer, send: Interceptor) => LayerList])[] = [
    ["clientChain", (answers, send) => clientChain(emitted.Orders, { cache: answers, auth: send, breaker: false })],
    ["a chain by hand", (answers, send) => chain().use(answers).use(send)],
  ];

  test.each(outside)("%s with a bearer inside of a cache that was not told who asks is refused", async (_, compose) => {
    await start(chain());
    const make = (options?: CacheOptions): unknown =>
      emitted.createOrdersClient(createMemoryTransport(), { chain: compose(cache(options), bearer(token)) });
    expect(() => make()).toThrow(TypeError);
    expect(() => make()).toThrow(
      "the cache is outside of the layer with the credentials, so that one caller could get the answers to GetOrder of " +
        "another: state the option caller, or shared",
    );
    expect(() => make({ caller: token })).not.toThrow();
    expect(() => make({ shared: true })).not.toThrow();
  });

  test.each(outside)("%s: told who asks, it keeps answers apart", async (_, compose) => {
    await start(compose(cache({ caller: token }), bearer(token)));
    expect([await askAs("alice"), await askAs("bob"), await askAs("alice")]).toEqual([
      "Bearer alice",
      "Bearer bob",
      "Bearer alice",
    ]);
  });

  test("a layer of one's own for auth in clientChain is no other", async () => {
    await start(chain());
    const own: Interceptor = (call, next) => next(call);
    const layers = clientChain(emitted.Orders, { cache: cache(), auth: own });
    expect(() => emitted.createOrdersClient(createMemoryTransport(), { chain: layers })).toThrow(TypeError);
  });

  test("a layer that nobody knows: a call of which nothing says who asks is not answered for another", async () => {
    const own: Interceptor = (call, next) => {
      const metadata = call.context.metadata.clone();
      metadata.set("authorization", token());
      return next(call.change({ metadata }));
    };
    await start(chain().use(cache()).use(own));
    for (const name of ["alice", "bob"]) {
      const error = await rejection(askAs(name));
      expect(error).toBeInstanceOf(RpcError);
      expect(String((error as RpcError).cause)).toContain("nothing says who asks");
    }
  });

  test("inside of the bearer it sees the token", async () => {
    await start(chain().use(bearer(token)).use(cache()));
    expect([await askAs("alice"), await askAs("bob")]).toEqual(["Bearer alice", "Bearer bob"]);
  });
});

test("M67: settings that cannot be are refused when the layer is made, the contract's when it becomes part of a server", async () => {
  for (const ttlMs of [-1, Number.NaN]) {
    expect(() => cache({ methods: { GetOrder: { ttlMs } } })).toThrow(
      new RangeError(`cache: ttlMs of GetOrder is ${ttlMs}; it must be at least 0 milliseconds`),
    );
  }
  const bad = await emitOrders({ getOrder: { cache: { ttlMs: -1 } } });
  const [memory] = openOrders;
  if (memory === undefined) throw new Error("no transport");
  await expect(
    (async () => memory.open(bad, { getOrder: () => ({}) }, { server: chain().use(cache()) }))(),
  ).rejects.toThrow("cache: ttlMs of GetOrder is -1");
});

test("M67: methods by their names in generated code; names that a service does not have are refused", async () => {
  const [memory] = openOrders;
  if (memory === undefined) throw new Error("no transport");
  const filter = { has: (item: string) => item === "a" };
  const answers = cache({ methods: { getOrder: { ttlMs: 50 } }, guards: { getOrder: { filter, field: "id" } } });
  let calls = 0;
  const orders = await memory.open(
    plain,
    { getOrder: () => ({ total: BigInt(++calls) }) },
    { server: serverChain(plain.Orders, { cache: answers }) },
  );
  for (let n = 0; n < 2; n++) expect(await orders.client.getOrder({ id: "a" })).toMatchObject({ total: 1n });
  expect(await rejection(orders.client.getOrder({ id: "b" }))).toMatchObject({ code: Code.NOT_FOUND });
  await orders.close();

  const there = "there are getOrder, placeOrder, watchOrder, importOrders";
  const compose = (options: CacheOptions): unknown => clientChain(plain.Orders, { cache: cache(options) });
  const path = "/wirespan.test.orders.v1.Orders/GetOrders";
  expect(() => compose({ methods: { GetOrders: false } })).toThrow(
    new TypeError(`cache: methods has "GetOrders", which is no method of wirespan.test.orders.v1.Orders; ${there}`),
  );
  expect(() => compose({ methods: { [path]: false } })).toThrow(`cache: methods has "${path}", which is no method`);
  expect(() => compose({ guards: { toString: { filter, field: "id" } } })).toThrow('cache: guards has "toString"');
  expect(() => compose({ methods: { GetOrder: false, "/other.Service/Get": false } })).not.toThrow();
});

test.each([
  [{ methods: { getOrder: true } }, "cache: an object, or false, is wanted in place of the policy of getOrder"],
  [{ methods: { getOrder: { ttl: 5 } } }, "cache: no policy has the ttl of getOrder"],
  [
    { methods: { getOrder: { keyFields: "id" } } },
    "cache: a list of texts is wanted in place of the keyFields of getOrder",
  ],
  [{ guards: { getOrder: { field: "id" } } }, "cache: the guard of getOrder needs a filter and a field"],
])("M67: options without types: %j", (options, text) => {
  expect(() => cache(options as unknown as CacheOptions)).toThrow(new TypeError(text));
});

test("M67: the deadline of the first is not that of the others", async () => {
  const clock = fakeClock();
  const method = emitted.Orders.methods.getOrder;
  const deadlines: (number | undefined)[] = [];
  const get = composeChain(chain().use(cache({ store: createMemoryCache({ clock }) })).layers, method, async (call) => {
    deadlines.push(call.context.deadline);
    const { signal } = call.context;
    if (deadlines.length > 2) return okReply({ id: "late" } as never);
    // the second is told by its peer, which may happen first
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return failedReply(new RpcError(Code.DEADLINE_EXCEEDED, "the deadline is over"));
  });
  const ask = async (deadline?: number): Promise<unknown> => {
    const requests = oneMessage({ id: "a", view: "" });
    const reply = await get(createCall<unknown, unknown>({ method, requests, deadline, clock }));
    return reply.messages.one();
  };
  const start = clock.now();
  const first = rejection(ask(start + 100));
  const second = rejection(ask(start + 200));
  const third = ask();
  await settled();
  clock.advance(100);
  expect(await first).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  await settled();
  clock.advance(100);
  expect(await second).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  expect(await within(10_000, third)).toMatchObject({ id: "late" });
  expect(deadlines).toEqual([start + 100, start + 200, undefined]);
  expect(clock.armed).toBe(0);
});
