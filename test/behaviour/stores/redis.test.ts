import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cache, idempotency } from "../../../src/runtime/interceptors/index.js";
import { chain, Code, RpcError } from "../../../src/runtime/rpc/index.js";
import {
  createRedisCache,
  createRedisIdempotencyStore,
  type IdempotencyStore,
  type RedisCommand,
} from "../../../src/runtime/stores/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { provideRedis, startRedis } from "../../support/services.js";
import { emitOrders, eventually, type OrdersClient } from "../rpc/orders.js";
import { gate, rejection, within } from "../rpc/echo.js";

const server = await provideRedis();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(server === undefined)("Redis", () => {
  /** Two processes, as far as Redis can tell. */
  const clients = [1, 2].map(() => createClient({ url: server?.url ?? "" }));
  const [first, second] = clients.map(
    (client): RedisCommand =>
      (command) =>
        client.sendCommand([...command]),
  );
  if (first === undefined || second === undefined) throw new Error("two clients");
  const prefix = `wirespan-test-${crypto.randomUUID()}:`;
  beforeAll(() => Promise.all(clients.map((client) => client.connect())));
  afterAll(() => Promise.all(clients.map((client) => client.close())));

  describe("idempotency keys", () => {
    const a = createRedisIdempotencyStore({ redis: first, prefix });
    const b = createRedisIdempotencyStore({ redis: second, prefix });
    const claim = { fingerprint: "f", leaseMs: 30_000 };
    const tokenOf = async (store: IdempotencyStore, key: string, leaseMs = 30_000): Promise<string> => {
      const claimed = await store.claim(key, { fingerprint: "f", leaseMs });
      if (claimed.state !== "claimed") throw new Error(`${key} is ${claimed.state}`);
      return claimed.token;
    };

    test("T10: of many who claim a key at once one gets it", async () => {
      const claims = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? a : b).claim("race", claim)),
      );
      expect(claims.filter(({ state }) => state === "claimed")).toHaveLength(1);
      expect(claims.filter(({ state }) => state === "processing")).toHaveLength(99);
    });

    test("T10: done with its result, whatever bytes that has, until it is forgotten", async () => {
      const token = await tokenOf(a, "done");
      const result = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      expect(await a.complete("done", token, { fingerprint: "f", result, ttlMs: 60_000 })).toBe(true);
      expect(await b.claim("done", claim)).toEqual({ state: "done", fingerprint: "f", result });
      const empty = await tokenOf(a, "empty");
      await a.complete("empty", empty, { fingerprint: "f", result: new Uint8Array(), ttlMs: 60_000 });
      expect(await b.claim("empty", claim)).toEqual({ state: "done", fingerprint: "f", result: new Uint8Array() });
      const soon = await tokenOf(a, "soon");
      await a.complete("soon", soon, { fingerprint: "f", result, ttlMs: 1 });
      await eventually(async () => (await b.claim("soon", claim)).state).toBe("claimed");
    });

    test("T10: a lease that ran out goes to the next; the first can do nothing any more", async () => {
      const late = await tokenOf(a, "lease", 1);
      let next = await b.claim("lease", claim);
      await expect
        .poll(async () => (next.state === "claimed" ? next : (next = await b.claim("lease", claim))).state)
        .toBe("claimed");
      expect(await a.complete("lease", late, { fingerprint: "f", result: bytes("late"), ttlMs: 60_000 })).toBe(false);
      expect(await a.release("lease", late)).toBe(false);
      expect(await a.extend("lease", late, 60_000)).toBe(false);
      expect(await a.claim("lease", claim)).toEqual({ state: "processing", fingerprint: "f" });
      if (next.state !== "claimed") throw new Error("not claimed");
      expect(await b.extend("lease", next.token, 60_000)).toBe(true);
      expect(Number(await first(["PTTL", `${prefix}lease`]))).toBeGreaterThan(30_000);
      expect(await b.release("lease", next.token)).toBe(true);
      expect(await a.claim("lease", claim)).toMatchObject({ state: "claimed" });
    });

    test("T10: a second process waits for the first, and gives its reply again", async () => {
      const emitted = await emitOrders({ placeOrder: { idempotencyKey: "intent.request_id" } });
      const opened = gate();
      const entered = gate();
      let calls = 0;
      const connect = (store: IdempotencyStore): OrdersClient => {
        const transport = createMemoryTransport();
        const layers = chain().use(idempotency({ store }));
        const placeOrder = async (): Promise<{ id: string }> => {
          calls++;
          entered.open();
          await opened.promise;
          return { id: `order-${calls}` };
        };
        emitted.registerOrders(transport, { placeOrder }, { chain: layers });
        return emitted.createOrdersClient(transport);
      };
      const request = { intent: { requestId: crypto.randomUUID() } };
      const [one, two] = [connect(a), connect(b)];
      const slow = one.placeOrder(request);
      await entered.promise;
      const waiting = two.placeOrder(request);
      opened.open();
      expect(await within(10_000, Promise.all([slow, waiting]))).toMatchObject([{ id: "order-1" }, { id: "order-1" }]);
      const other = { ...request, order: { total: 1n } };
      expect(await rejection(two.placeOrder(other))).toMatchObject({ code: Code.ALREADY_EXISTS });
      expect(calls).toBe(1);
    });
  });

  describe("answers", () => {
    const a = createRedisCache({ redis: first, prefix });
    const b = createRedisCache({ redis: second, prefix });

    test("M67: kept with a time, for all processes", async () => {
      const { value, marks } = await a.read("k", ["x"]);
      expect(value).toBeUndefined();
      await a.write("k", Uint8Array.of(0, 255, 10), { ttlMs: 60_000, tags: ["x"], marks });
      expect((await b.read("k", ["x"])).value).toEqual(Uint8Array.of(0, 255, 10));
      expect(Number(await first(["PTTL", `${prefix}a:k`]))).toBeGreaterThan(50_000);
      await a.write("k", bytes("soon"), { ttlMs: 1, tags: ["x"], marks });
      await eventually(async () => (await b.read("k", ["x"])).value).toBeUndefined();
    });

    test("M67: an event makes them stale for all processes, those too that were asked for before it", async () => {
      const before = await a.read("e", ["x", "y"]);
      await b.invalidate("y");
      await a.write("e", bytes("old"), { ttlMs: 60_000, tags: ["x", "y"], marks: before.marks });
      const after = await a.read("e", ["x", "y"]);
      expect(after.value).toBeUndefined();
      await a.write("e", bytes("new"), { ttlMs: 60_000, tags: ["x", "y"], marks: after.marks });
      await a.write("e", bytes("old"), { ttlMs: 60_000, tags: ["x", "y"], marks: before.marks });
      expect((await b.read("e", ["x", "y"])).value).toEqual(bytes("new"));
    });

    test("M67: two servers share answers, and an event on one of them is enough", async () => {
      const policy = { cache: { ttlMs: 60_000, invalidatedBy: ["order.updated"] } };
      const emitted = await emitOrders({ getOrder: policy });
      let calls = 0;
      const connect = (store: typeof a): { client: OrdersClient; answers: ReturnType<typeof cache> } => {
        const transport = createMemoryTransport();
        const answers = cache({ store });
        const handler = { getOrder: () => ({ total: BigInt(++calls) }) };
        emitted.registerOrders(transport, handler, { chain: chain().use(answers) });
        return { client: emitted.createOrdersClient(transport), answers };
      };
      const [one, two] = [connect(a), connect(b)];
      const id = crypto.randomUUID();
      expect([(await one.client.getOrder({ id })).total, (await two.client.getOrder({ id })).total]).toEqual([1n, 1n]);
      await two.answers.invalidator("order.updated")();
      expect([(await one.client.getOrder({ id })).total, (await two.client.getOrder({ id })).total]).toEqual([2n, 2n]);
    });
  });

  test("M67, T10: while Redis is away caches are passed by and once-only calls refused; what was done stays done", async () => {
    const own = await startRedis();
    if (own === undefined) throw new Error("there is a Redis for the other tests");
    const client = createClient({ url: own.url, socket: { reconnectStrategy: 20 } });
    client.on("error", () => {});
    await client.connect();
    const settings = { redis: (command: readonly string[]) => client.sendCommand([...command]), timeoutMs: 300 };
    const emitted = await emitOrders({
      getOrder: { cache: { ttlMs: 60_000 } },
      placeOrder: { idempotencyKey: "intent.request_id" },
    });
    const failures: string[] = [];
    const onError = (cause: unknown): void => void failures.push(String(cause));
    const layers = chain()
      .use(idempotency({ store: createRedisIdempotencyStore(settings), onError }))
      .use(cache({ store: createRedisCache(settings), onError }));
    const transport = createMemoryTransport();
    let calls = 0;
    const answer = (): { id: string } => ({ id: String(++calls) });
    emitted.registerOrders(transport, { getOrder: answer, placeOrder: answer }, { chain: layers });
    const orders = emitted.createOrdersClient(transport);
    const request = { intent: { requestId: "1" } };
    try {
      expect([(await orders.getOrder({})).id, (await orders.placeOrder(request)).id]).toEqual(["1", "2"]);
      await own.kill();
      await eventually(async () => (await rejection(orders.placeOrder(request))) instanceof RpcError).toBe(true);
      expect(await rejection(orders.placeOrder(request))).toMatchObject({ code: Code.UNAVAILABLE });
      expect((await orders.getOrder({})).id).toBe("3");
      expect(failures.length).toBeGreaterThan(0);
      await own.restart();
      // a read may fail once more before the client is there again
      await eventually(async () => orders.placeOrder(request).then(({ id }) => id, String)).toBe("2");
      expect((await orders.getOrder({})).id).toBe("1");
      expect(calls).toBe(3);
    } finally {
      client.destroy();
      await own.stop();
    }
  });
});
