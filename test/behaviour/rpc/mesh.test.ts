import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { ambient, withAmbient } from "../../../src/runtime/context/index.js";
import {
  bearer,
  breaker,
  concurrency,
  forwardHeaders,
  shadow,
  split,
  type ShadowOptions,
  type SplitContext,
} from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  codeName,
  failedReply,
  RpcError,
  type CallContext,
  type Interceptor,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { collect, gate, rejection, within, type Gate } from "./echo.js";
import {
  emitOrders,
  eventually,
  fakeClock,
  openOrders,
  seededRandom,
  settled,
  throughGateway,
  type EmittedOrders,
  type OpenOrders,
  type OrdersClient,
  type OrdersHandler,
} from "./orders.js";

function codeNameOf(error: unknown): string {
  return codeName((error as RpcError).code);
}

let emitted: EmittedOrders;
beforeAll(async () => {
  emitted = await emitOrders();
});

describe.each(openOrders)("over $id", ({ open }) => {
  const opened: OpenOrders[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  async function start(handler: Partial<OrdersHandler>): Promise<OpenOrders> {
    const each = await open(emitted, handler);
    opened.push(each);
    return each;
  }
  const named = (id: string): Promise<OpenOrders> =>
    start({
      getOrder: () => ({ id }),
      async *watchOrder() {
        yield { id };
        yield { id };
      },
      importOrders: () => ({ id }),
    });

  test("M63: a split holds for calls of all kinds, goes past the client's own transport, and is known within", async () => {
    const [own, a, b] = [await named("own"), await named("a"), await named("b")];
    const seen: string[] = [];
    // what retries do: several attempts at what is one call further out
    const twice: Interceptor<{}, SplitContext> = async (call, next) => {
      seen.push(call.context.target);
      await (
        await next(call)
      ).done;
      return next(call);
    };
    let at = 0;
    const layers = chain()
      .use(
        split(
          { a: { transport: a.transport, weight: 1 }, b: { transport: b.transport, weight: 3 } },
          { random: () => at },
        ),
      )
      .use(twice, "*/GetOrder")
      .use(twice, (method) => method.name === "GetOrder");
    const client = own.connect({ chain: layers });
    expect(await client.getOrder({})).toMatchObject({ id: "a" });
    at = 0.24;
    expect((await collect(client.watchOrder({}))).map(({ id }) => id)).toEqual(["a", "a"]);
    at = 0.25;
    expect(await client.getOrder({})).toMatchObject({ id: "b" });
    at = 0.999_999;
    expect(await client.importOrders([{}])).toMatchObject({ id: "b" });
    expect(await own.client.getOrder({})).toMatchObject({ id: "own" });
    expect(seen).toEqual(["a", "b"]);
  });

  test("M63, M14: a target that is down opens its own breaker, and hung calls fill its own bulkhead", async () => {
    const released = gate();
    const stable = await named("stable");
    const canary = await start({
      getOrder: ({ id }) => {
        if (id !== "hang") throw new RpcError(Code.UNAVAILABLE, "down");
        return released.promise.then(() => ({ id: "late" }));
      },
    });
    let at = 0;
    const targets = {
      stable: { transport: stable.transport, weight: 1 },
      canary: { transport: canary.transport, weight: 1 },
    };
    const client = (layer: Interceptor): OrdersClient =>
      stable.connect({
        chain: chain()
          .use(split(targets, { random: () => (at++ % 2) * 0.9 }))
          .use(layer),
      });
    const broken = client(breaker({ kind: "classic", minCalls: 5 }));
    const outcomes = { ok: 0, failed: 0 };
    for (let i = 0; i < 40; i++) {
      await broken.getOrder({ id: "1" }).then(
        () => outcomes.ok++,
        () => outcomes.failed++,
      );
    }
    expect(outcomes).toEqual({ ok: 20, failed: 20 });
    const full = client(concurrency({ concurrency: 2 }));
    at = 0;
    const calls = Array.from({ length: 8 }, () => full.getOrder({ id: "hang" }).then(({ id }) => id, codeNameOf));
    expect(await Promise.all(calls.filter((_, i) => i % 2 === 0))).toContain("stable");
    released.open();
    expect((await Promise.all(calls)).filter((outcome) => outcome === "late")).toHaveLength(2);
  });

  test("M63: a copy goes to the other side, marked, with a deadline of its own and its own credentials", async () => {
    const real = await named("real");
    const seen: { request: unknown; context: CallContext }[] = [];
    const copy = await start({
      getOrder: (request, context) => (seen.push({ request, context }), { id: "copy" }),
      watchOrder: async function* (request, context) {
        seen.push({ request, context });
        yield { id: "copy" };
      },
    });
    const ended: string[] = [];
    const client = real.connect({
      chain: chain().use(
        shadow({
          transport: copy.transport,
          timeoutMs: 60_000,
          chain: chain().use(bearer("shadow-token")),
          onEnd: ({ code }, { name }) => ended.push(`${name} ${codeName(code)}`),
        }),
      ),
    });
    const request = { id: "1", view: "full" };
    const controller = new AbortController();
    const options = { timeoutMs: 30_000, metadata: { "x-tag": "t" }, signal: controller.signal };
    const answer = client.getOrder(request, options);
    // its owner goes on with it
    request.id = "2";
    expect(await answer).toMatchObject({ id: "real" });
    controller.abort();
    await eventually(() => ended).toEqual(["GetOrder OK"]);
    expect((await collect(client.watchOrder({ id: "3" }))).map(({ id }) => id)).toEqual(["real", "real"]);
    await eventually(() => ended).toEqual(["GetOrder OK", "WatchOrder OK"]);
    expect(seen.map(({ request: each }) => each)).toMatchObject([{ id: "1", view: "full" }, { id: "3" }]);
    const [first] = seen;
    expect(first?.context.metadata.get("x-shadow")).toBe("true");
    expect(first?.context.metadata.get("x-tag")).toBe("t");
    expect(first?.context.metadata.get("authorization")).toBe("Bearer shadow-token");
    expect((first?.context.deadline ?? 0) - Date.now()).toBeGreaterThan(40_000);
    // requests that stream are not copied
    await client.importOrders([{}]);
    await settled();
    expect(seen).toHaveLength(2);
  });

  test("M63: neither the failure of a copy nor its slowness is noticed; no more than allowed are under way", async () => {
    const real = await named("real");
    const go: Gate = gate();
    let copies = 0;
    const copy = await start({
      getOrder: async ({ id }) => {
        copies++;
        if (id === "fail") throw new RpcError(Code.INTERNAL, "broken");
        await go.promise;
        return {};
      },
    });
    const ended: string[] = [];
    const settings = (more: Partial<ShadowOptions>): ShadowOptions => ({
      transport: copy.transport,
      onEnd: ({ code }) => {
        ended.push(codeName(code));
        throw new Error("a listener that fails");
      },
      ...more,
    });
    const client = real.connect({ chain: chain().use(shadow(settings({ maxInFlight: 3 }))) });
    expect(await client.getOrder({ id: "fail" })).toMatchObject({ id: "real" });
    await eventually(() => ended).toEqual(["INTERNAL"]);
    for (let i = 0; i < 10; i++)
      expect(await within(10_000, client.getOrder({ id: "slow" }))).toMatchObject({ id: "real" });
    await eventually(() => copies).toBe(4);
    go.open();
    await eventually(() => ended).toEqual(["INTERNAL", "OK", "OK", "OK"]);
    expect(await client.getOrder({ id: "again" })).toMatchObject({ id: "real" });
    await eventually(() => copies).toBe(5);
    await eventually(() => ended.length).toBe(5);

    // one that never ends does so by its own deadline
    const never = await start({ getOrder: () => new Promise(() => {}) });
    const short = shadow(settings({ transport: never.transport, timeoutMs: 20 }));
    ended.length = 0;
    await real.connect({ chain: chain().use(short) }).getOrder({});
    await eventually(() => ended).toEqual(["DEADLINE_EXCEEDED"]);
    const gone: Transport = { id: "gone", call: () => Promise.reject(new Error("gone")), close: async () => {} };
    ended.length = 0;
    expect(
      await real.connect({ chain: chain().use(shadow(settings({ transport: gone }))) }).getOrder({}),
    ).toMatchObject({
      id: "real",
    });
    await eventually(() => ended).toEqual(["INTERNAL"]);
  });

  test("M63: headers of the incoming call reach the calls that are made for it: those named, and no others", async () => {
    const seen: [string, string | Uint8Array][] = [];
    const leaf = await start({
      getOrder: (_, { metadata }) => {
        for (const [key, value] of metadata) if (/^x-|auth/.test(key)) seen.push([key, value]);
        return {};
      },
    });
    const inner = leaf.connect({ chain: chain().use(forwardHeaders(["X-Request-Id", "x-tags", "x-blob-bin"])) });
    const withToken = leaf.connect({ chain: chain().use(forwardHeaders(["authorization"])) });
    const middle = await start({
      async getOrder({ id }) {
        if (id === "token") return withToken.getOrder({});
        // what flows is what came in, however deep and late
        await Promise.resolve();
        return inner.getOrder({}, id === "own" ? { metadata: { "x-request-id": "own" } } : {});
      },
    });
    const metadata = {
      "x-request-id": "42",
      "x-tags": ["a", "b"],
      "x-blob-bin": Uint8Array.of(1, 255),
      "x-secret": "s",
      authorization: "Bearer t",
    };
    await middle.client.getOrder({}, { metadata });
    expect(seen.map(([key, value]) => [key, typeof value === "string" ? value : [...value]])).toEqual([
      ["x-request-id", "42"],
      ["x-tags", "a"],
      ["x-tags", "b"],
      ["x-blob-bin", [1, 255]],
    ]);
    seen.length = 0;
    await middle.client.getOrder({ id: "own" }, { metadata: { "x-request-id": "42" } });
    expect(seen).toEqual([["x-request-id", "own"]]);
    seen.length = 0;
    await middle.client.getOrder({ id: "token" }, { metadata });
    expect(seen).toEqual([["authorization", "Bearer t"]]);
    seen.length = 0;
    // outside of a call there is nothing to pass on
    await inner.getOrder({});
    expect(seen).toEqual([]);
  });
});

test("M63: 10,000 calls: 80 ± 2 % go where 80 of 100 shall go", async () => {
  const counts: Record<string, number> = { a: 0, b: 0 };
  const counting = (name: string): Transport => ({
    id: "counting",
    async call() {
      counts[name] = (counts[name] ?? 0) + 1;
      return failedReply(new RpcError(Code.UNAVAILABLE, "counted"));
    },
    close: async () => {},
  });
  const targets = {
    a: { transport: counting("a"), weight: 80 },
    b: { transport: counting("b"), weight: 20 },
    off: { transport: counting("off"), weight: 0 },
  };
  const own = createMemoryTransport();
  const client = emitted.createOrdersClient(own, { chain: chain().use(split(targets, { random: seededRandom(1) })) });
  for (let i = 0; i < 10_000; i++) await rejection(client.getOrder({}));
  expect(counts["a"]).toBeGreaterThanOrEqual(7_800);
  expect(counts["a"]).toBeLessThanOrEqual(8_200);
  expect([(counts["a"] ?? 0) + (counts["b"] ?? 0), counts["off"]]).toEqual([10_000, undefined]);
});

test("M63: calls with one key stay on one target, and few move when weights change", async () => {
  const at = async (weight: number): Promise<(readonly [string, string])[]> => {
    const found: (readonly [string, string])[] = [];
    const see: Interceptor<{}, SplitContext> = async ({ context }) => {
      found.push([context.metadata.get("x-user") ?? "", context.target]);
      return failedReply(new RpcError(Code.UNAVAILABLE, "seen"));
    };
    const transport = createMemoryTransport();
    const targets = { a: { transport, weight }, b: { transport, weight: 100 - weight } };
    const key = ({ metadata }: CallContext): string | undefined => metadata.get("x-user");
    const client = emitted.createOrdersClient(transport, { chain: chain().use(split(targets, { key })).use(see) });
    for (let i = 0; i < 1_000; i++) {
      for (let again = 0; again < 2; again++) {
        await rejection(client.getOrder({}, { metadata: { "x-user": `user-${i}` } }));
      }
    }
    return found;
  };
  const [before, after] = [await at(80), await at(90)];
  for (let i = 0; i < before.length; i += 2) expect(before[i]).toEqual(before[i + 1]);
  const share = before.filter(([, target]) => target === "a").length / before.length;
  expect(share).toBeGreaterThan(0.77);
  expect(share).toBeLessThan(0.83);
  const moved = before.filter(([, target], i) => target !== after[i]?.[1]);
  expect(moved.every(([, target]) => target === "b")).toBe(true);
  expect(moved.length / before.length).toBeLessThan(0.13);
});

test("M63: a copy is taken of the share that is asked for", async () => {
  const clock = fakeClock();
  const real = createMemoryTransport();
  emitted.registerOrders(real, { getOrder: () => ({}) });
  let copies = 0;
  const transport: Transport = {
    id: "counting",
    async call() {
      copies++;
      return failedReply(new RpcError(Code.UNAVAILABLE, "counted"));
    },
    close: async () => {},
  };
  const layer = shadow({ transport, share: 0.1, clock, random: seededRandom(7) });
  const client = emitted.createOrdersClient(real, { chain: chain().use(layer) });
  for (let i = 0; i < 2_000; i++) {
    await client.getOrder({});
    clock.advance(0);
    if (i % 50 === 0) await settled(2);
  }
  await settled();
  expect(copies).toBeGreaterThan(150);
  expect(copies).toBeLessThan(250);
});

test("M63: through the gateway a header reaches the service behind the service", async () => {
  const seen: (string | undefined)[] = [];
  const leaf = createMemoryTransport();
  emitted.registerOrders(leaf, { getOrder: (_, { metadata }) => (seen.push(metadata.get("x-request-id")), {}) });
  const client = emitted.createOrdersClient(leaf, { chain: chain().use(forwardHeaders(["x-request-id"])) });
  const ask = throughGateway(emitted, { getOrder: () => client.getOrder({}) }, chain(), {
    passHeaders: ["X-Request-ID"],
  });
  await ask("GET", "/v1/orders/1", { "x-request-id": "42", "x-other": "o" });
  expect(seen).toEqual(["42"]);
});

test("M63: what surrounds a call is not changed by who looks at it", () => {
  const metadata = { has: () => true, getAll: () => ["v"], getAllBytes: () => [] };
  withAmbient({ metadata }, () => expect(ambient().metadata).toBe(metadata));
  expect(ambient().metadata).toBeUndefined();
});

test("M63: settings that cannot be are refused at once", () => {
  const transport = createMemoryTransport();
  expect(() => split({ a: { transport, weight: -1 } })).toThrow("the weight of a is -1");
  expect(() => split({ a: { transport, weight: Number.NaN } })).toThrow("the weight of a is NaN");
  expect(() => split({ a: { transport, weight: 0 } })).toThrow("no target has a weight above 0");
  expect(() => shadow({ transport, share: 1.1 })).toThrow("share is 1.1");
  for (const name of ["grpc-timeout", "Content-Type", "traceparent", "te"]) {
    expect(() => forwardHeaders([name])).toThrow("is set for each call anew");
  }
  for (const name of ["", "x y", "x:y", ":path", "x\r\ny"]) expect(() => forwardHeaders([name])).toThrow(TypeError);
});
