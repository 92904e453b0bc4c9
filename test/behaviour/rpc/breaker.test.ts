import { afterEach, describe, expect, test } from "vitest";
import { createVirtualClock } from "../../../bench/lib/virtual-time.js";
import { RetryInfo } from "../../../src/runtime/errors/index.js";
import { breaker, createMetrics, rateLimit, type BreakerChange } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  createServiceClient,
  findDetail,
  implementService,
  RpcError,
  type BreakerPolicy,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport, type MemoryTransport } from "../../../src/runtime/transports/memory.js";
import {
  Echo,
  echo,
  gate,
  rejection,
  transports,
  within,
  type Connected,
  type EchoClient,
  type EchoHandler,
} from "./echo.js";

const open: Connected[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A transport in process with a handler. */
function serve(handler: Partial<EchoHandler>): MemoryTransport {
  const transport = createMemoryTransport({ onFailure: () => {} });
  transport.register(Echo, implementService(Echo, handler));
  return transport;
}

function clientOf(transport: MemoryTransport, layer: Interceptor, ...inner: Interceptor[]): EchoClient {
  const layers = inner.reduce((all, one) => all.use(one), chain().use(layer));
  return createServiceClient<EchoClient>(Echo, transport, { chain: layers });
}

const down = (): never => {
  throw new RpcError(Code.UNAVAILABLE, "down");
};

async function codes(count: number, call: () => Promise<unknown>): Promise<readonly (Code | undefined)[]> {
  const found: (Code | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    found.push(
      await call().then(
        () => Code.OK,
        (error: unknown) => RpcError.from(error).code,
      ),
    );
  }
  return found;
}

describe.each(transports)("over $id", ({ connect }) => {
  test("M14: calls of a dead target fail with UNAVAILABLE in less than a millisecond, and touch nobody", async () => {
    const clock = createVirtualClock();
    let healthy = false;
    let reached = 0;
    const changes: string[] = [];
    const layer = breaker({
      random: () => 0,
      clock,
      onStateChange: ({ method, from, to }) => changes.push(`${method.name} ${from} ${to}`),
    });
    const connected = await connect(
      {
        ...echo,
        say(note) {
          reached++;
          if (!healthy) throw new Error("a bug");
          return note;
        },
      },
      { chain: chain().use(layer) },
    );
    open.push(connected);
    const { client } = connected;
    expect(await codes(10, () => client.say({}))).toEqual(Array(10).fill(Code.INTERNAL));
    expect(reached).toBe(10);

    const times: number[] = [];
    const refused = await codes(1_000, () => {
      const started = performance.now();
      return client.say({}).finally(() => times.push(performance.now() - started));
    });
    // the median, for the machine may be busy otherwise
    expect(times.sort((a, b) => a - b)[500]).toBeLessThan(1);
    expect([...new Set(refused)]).toEqual([Code.UNAVAILABLE]);
    expect(reached).toBe(10);
    const error = RpcError.from(await rejection(client.say({})));
    expect(error.message).toBe("the circuit breaker of /wirespan.test.v1.Echo/Say is open");
    expect(findDetail(error, RetryInfo)?.retryDelay).toMatchObject({ seconds: 0n, nanos: 250_000_000 });
    // another method of the same target is not concerned
    expect(await client.join([{ text: "a" }])).toEqual({ text: "a", count: 1 });

    healthy = true;
    for (let i = 0; i < 2; i++) {
      clock.advance(500);
      expect((await codes(3, () => client.say({}))).filter((code) => code === Code.OK)).toHaveLength(1);
    }
    clock.advance(450);
    expect(await codes(20, () => client.say({}))).toEqual(Array(20).fill(Code.OK));
    expect(changes).toEqual(["Say closed open", "Say open ramping", "Say ramping closed"]);
  });
});

test("M14: each method has a window of its own, whoever called first (Moleculer: one timer for all)", async () => {
  const clock = createVirtualClock();
  const client = clientOf(serve({ say: down, join: down }), breaker({ kind: "classic", clock }));
  await codes(1, () => client.say({}));
  clock.advance(900);
  await codes(5, () => client.join([{}]));
  // a timer of a second that began with the first call, shared by all, would reset the counters about here
  clock.advance(200);
  await codes(4, () => client.join([{}]));
  await codes(8, () => client.say({}));
  expect((await codes(1, () => client.join([{}])))[0]).toBe(Code.UNAVAILABLE);
  expect((await rejection(client.join([{}]))) as RpcError).toMatchObject({
    message: expect.stringContaining("is open"),
  });
  // the call of the other method from 1,100 ms ago is forgotten there: nine of its ten count
  expect((await rejection(client.say({}))) as RpcError).toMatchObject({ message: "down" });
});

test("M14: each target has a breaker of its own, also where clients share a chain", async () => {
  const layer = breaker();
  const dead = clientOf(serve({ say: down }), layer);
  const alive = clientOf(serve(echo), layer);
  await codes(20, () => dead.say({}));
  expect(RpcError.from(await rejection(dead.say({}))).message).toContain("circuit breaker");
  expect(await codes(5, () => alive.say({}))).toEqual(Array(5).fill(Code.OK));
});

test("M14: one client with several targets tells them apart by `target`", async () => {
  const changes: BreakerChange[] = [];
  const layer = breaker({
    target: ({ metadata }) => metadata.get("x-shard") ?? "",
    onStateChange: (change) => changes.push(change),
  });
  const client = clientOf(
    serve({ say: (note, { metadata }) => (metadata.get("x-shard") === "b" ? down() : note) }),
    layer,
  );
  const of = (shard: string) => () => client.say({}, { metadata: { "x-shard": shard } });
  await codes(20, of("b"));
  expect(await codes(3, of("a"))).toEqual(Array(3).fill(Code.OK));
  expect(changes.map(({ target, to }) => [target, to])).toEqual([["b", "open"]]);
});

test.each([
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.PERMISSION_DENIED,
  Code.UNAUTHENTICATED,
  Code.FAILED_PRECONDITION,
  Code.OUT_OF_RANGE,
  Code.ABORTED,
  Code.CANCELLED,
  Code.UNIMPLEMENTED,
])("M14: code %i is no failure of the target", async (code) => {
  const fail = (): never => {
    throw new RpcError(code, "yours");
  };
  const client = clientOf(serve({ say: fail }), breaker());
  expect(await codes(50, () => client.say({}))).toEqual(Array(50).fill(code));
});

test.each([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.RESOURCE_EXHAUSTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
])("M14: code %i is one", async (code) => {
  let reached = 0;
  const fail = (): never => {
    reached++;
    throw new RpcError(code, "mine");
  };
  const client = clientOf(serve({ say: fail }), breaker());
  await codes(50, () => client.say({}));
  expect(reached).toBe(10);
});

test("M14: what counts may be decided otherwise", async () => {
  let reached = 0;
  const fail = (): never => {
    reached++;
    throw new RpcError(Code.ABORTED, "again");
  };
  const client = clientOf(
    serve({ say: fail }),
    breaker({ outcome: ({ code }) => (code === Code.ABORTED ? "failure" : "success") }),
  );
  await codes(50, () => client.say({}));
  expect(reached).toBe(10);
});

test("M14: a probe whose caller goes away gives its place to the next", async () => {
  const clock = createVirtualClock();
  const entered = gate();
  let answer: "down" | "never" | "ok" = "down";
  const client = clientOf(
    serve({
      say(note) {
        if (answer === "ok") return note;
        if (answer === "down") return down();
        entered.open();
        return new Promise<never>(() => {});
      },
    }),
    breaker({ kind: "classic", clock }),
  );
  await codes(10, () => client.say({}));
  clock.advance(1_000);
  answer = "never";
  const controller = new AbortController();
  const probe = rejection(client.say({}, { signal: controller.signal }));
  await within(2_000, entered.promise);
  answer = "ok";
  expect(RpcError.from(await rejection(client.say({}))).message).toContain("is half-open");
  controller.abort();
  expect(RpcError.from(await probe).code).toBe(Code.CANCELLED);
  expect(await codes(3, () => client.say({}))).toEqual(Array(3).fill(Code.OK));
});

test("M14: a layer within that never answers counts when the deadline is over", async () => {
  const client = clientOf(serve(echo), breaker({ minCalls: 3 }), () => new Promise<never>(() => {}));
  const found = await Promise.all(
    Array.from({ length: 3 }, () =>
      rejection(client.say({}, { timeoutMs: 20 })).then((error) => RpcError.from(error).code),
    ),
  );
  expect(found).toEqual(Array(3).fill(Code.DEADLINE_EXCEEDED));
  expect(RpcError.from(await rejection(client.say({}))).message).toContain("circuit breaker");
});

test("M14: a stream that has begun is a success, long before its end", async () => {
  const clock = createVirtualClock();
  let healthy = false;
  const end = gate();
  const client = clientOf(
    serve({
      async *split(note) {
        if (!healthy) down();
        yield note;
        await end.promise;
      },
    }),
    breaker({ kind: "classic", clock }),
  );
  const begin = () => client.split({ text: "a" })[Symbol.asyncIterator]();
  await codes(10, () => begin().next());
  clock.advance(1_000);
  healthy = true;
  const probe = begin();
  expect((await within(2_000, probe.next())).value).toMatchObject({ text: "a" });
  // closed by now, though the probe goes on
  const next = begin();
  expect((await within(2_000, next.next())).value).toMatchObject({ text: "a" });
  end.open();
  expect((await probe.next()).done).toBe(true);
  await next.return?.(undefined);
});

test("M14: what layers of this process refuse says nothing of the target", async () => {
  let reached = 0;
  const client = clientOf(
    serve({ say: (note) => (reached++, note) }),
    breaker(),
    rateLimit({ rate: 1, burst: 1, clock: createVirtualClock() }),
  );
  expect(await codes(30, () => client.say({}))).toEqual([Code.OK, ...Array(29).fill(Code.RESOURCE_EXHAUSTED)]);
  expect(reached).toBe(1);
});

describe("M14: the contract's policy", () => {
  function reachedUnder(policy: BreakerPolicy, options: Parameters<typeof breaker>[0] = {}): Promise<number> {
    const service = {
      ...Echo,
      methods: { ...Echo.methods, say: { ...Echo.methods.say, policy: { breaker: policy } } },
    };
    let reached = 0;
    const transport = createMemoryTransport({ onFailure: () => {} });
    const handler = { say: () => (reached++, down()) };
    transport.register(service, implementService(service, handler));
    const layer = breaker({ clock: createVirtualClock(), random: () => 0, ...options });
    const client = createServiceClient<EchoClient>(service, transport, { chain: chain().use(layer) });
    return codes(200, () => client.say({})).then(() => reached);
  }

  test.each([
    [{ kind: "ramp", minCalls: 3 }, {}, 3],
    [{ kind: "classic", minCalls: 7 }, {}, 7],
    // as a mere field of the options
    [{ kind: "classic", minCalls: 7, failureRatio: 0.5 }, { minCalls: 4 }, 4],
    // numbers of another kind are not taken over
    [{ kind: "classic", minCalls: 50 }, { kind: "ramp" }, 10],
    [{ kind: "sre" }, {}, 100],
    [{ kind: "sre", variant: "go-zero" }, {}, 6],
    [{ kind: "sre", variant: "go-zero" }, { variant: "aegis" }, 100],
  ] as const)("%j with %j lets %i calls through", async (policy, options, reached) => {
    expect(await reachedUnder(policy, options)).toBe(reached);
  });

  test("numbers that make no sense are heard of when the chain is put together", () => {
    expect(() => clientOf(serve(echo), breaker({ failureRatio: 0 }))).toThrow(
      "failureRatio must be a number above 0 of at most 1, not 0",
    );
  });
});

test("M14: the state is a metric, refused calls another, and a hook that throws harms nobody", async () => {
  const clock = createVirtualClock();
  const meter = createMetrics();
  const fail = (): never => {
    throw new Error("a bad hook");
  };
  const client = clientOf(serve({ say: down }), breaker({ meter, clock, onStateChange: fail }));
  await codes(15, () => client.say({}));
  const points = meter.points().map(({ name, attributes, value }) => [name, attributes, value]);
  const method = { "rpc.method": "wirespan.test.v1.Echo/Say" };
  expect(points).toEqual([
    ["wirespan.breaker.state", { ...method, "wirespan.breaker.state": "open" }, 1],
    ["wirespan.breaker.refused", method, 5],
  ]);
  expect(meter.prometheus()).toContain(
    'wirespan_breaker_state{rpc_method="wirespan.test.v1.Echo/Say",wirespan_breaker_state="open"} 1',
  );
});

test("M14: on a server it protects a handler, whichever way calls come in", async () => {
  const layers = chain().use(breaker({ clock: createVirtualClock() }));
  let reached = 0;
  const handler = {
    say() {
      reached++;
      throw new Error("the database is gone");
    },
  };
  const clients = [0, 1].map(() => {
    const transport = createMemoryTransport({ onFailure: () => {} });
    transport.register(Echo, implementService(Echo, handler, { chain: layers }));
    return createServiceClient<EchoClient>(Echo, transport);
  });
  for (let i = 0; i < 10; i++) for (const client of clients) await rejection(client.say({}));
  expect(reached).toBe(10);
});

test("M14: inside of an interceptor of somebody else it keeps its state per method", async () => {
  const own = breaker({ clock: createVirtualClock() });
  const client = clientOf(serve({ say: down, join: () => ({ text: "up" }) }), (call, next) => own(call, next));
  await codes(12, () => client.say({}));
  expect(RpcError.from(await rejection(client.say({}))).message).toContain("circuit breaker");
  expect(await client.join([{}])).toMatchObject({ text: "up" });
});
