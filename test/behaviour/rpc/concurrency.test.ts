import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, test } from "vitest";
import { createVirtualClock } from "../../../bench/lib/virtual-time.js";
import { ambient } from "../../../src/runtime/context/index.js";
import { RetryInfo } from "../../../src/runtime/errors/index.js";
import { concurrency, recovery, shed, tracing, type LimitChange } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  composeChain,
  createCall,
  createServiceClient,
  findDetail,
  implementService,
  okReply,
  oneMessage,
  RpcError,
  type Interceptor,
  type LimitPolicy,
  type MethodInfo,
} from "../../../src/runtime/rpc/index.js";
import { createHealth } from "../../../src/runtime/services/health.js";
import { createHealthClient } from "../../../src/runtime/services/grpc/health/v1/health.rpc.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
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

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets what is ready run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

/** A handler whose calls go on until they are told to end, by their text. */
function createHeld(): { handler: EchoHandler; running: () => string[]; end: (text: string) => void } {
  const held = new Map<string, () => void>();
  const handler: EchoHandler = {
    ...echo,
    say: (note) =>
      new Promise((resolve) => {
        held.set(note.text, () => {
          held.delete(note.text);
          resolve(note);
        });
      }),
  };
  return { handler, running: () => [...held.keys()], end: (text) => held.get(text)?.() };
}

function clientOf(handler: Partial<EchoHandler>, limit: LimitPolicy, ...layers: Interceptor[]): EchoClient {
  const methods = Object.fromEntries(
    Object.entries(Echo.methods).map(([key, method]) => [key, { ...method, policy: { limit } }]),
  );
  const service = { typeName: Echo.typeName, methods };
  const transport = createMemoryTransport({ onFailure: () => {} });
  const all = layers.reduce((list, layer) => list.use(layer), chain());
  transport.register(service, implementService(service, handler, { chain: all }));
  return createServiceClient<EchoClient>(service, transport);
}

describe.each(transports)("over $id", ({ connect }) => {
  test("two under way, one waits, the next is RESOURCE_EXHAUSTED; in their order", async () => {
    const { handler, running, end } = createHeld();
    const connected = await connect(handler, { server: chain().use(concurrency({ concurrency: 2, maxQueue: 1 })) });
    open.push(connected);
    const { client } = connected;
    const calls: Promise<unknown>[] = [];
    for (const text of ["a", "b"]) {
      calls.push(client.say({ text }));
      await expect.poll(running).toContain(text);
    }
    const waiting = client.say({ text: "c" });
    // nobody can see that it waits: the one that is refused behind it does
    await expect
      .poll(async () => {
        const refused = client.say({ text: "d" }, { timeoutMs: 50 });
        return RpcError.from(await rejection(refused)).code;
      })
      .toBe(Code.RESOURCE_EXHAUSTED);
    expect(running()).toEqual(["a", "b"]);
    end("b");
    await expect.poll(running).toEqual(["a", "c"]);
    end("c");
    expect(await within(2_000, waiting)).toMatchObject({ text: "c" });
    end("a");
    await Promise.all(calls);
    // every place is free again
    const after = ["e", "f"].map((text) => client.say({ text }));
    await expect.poll(running).toEqual(["e", "f"]);
    for (const text of ["e", "f"]) end(text);
    await Promise.all(after);
  });
});

describe("the queue", () => {
  test("a call whose deadline is over, or whose caller goes away, leaves it for others", async () => {
    const { handler, running, end } = createHeld();
    const client = clientOf(handler, { concurrency: 1, maxQueue: 2 }, concurrency());
    const first = client.say({ text: "a" });
    await settle();
    const controller = new AbortController();
    const late = rejection(client.say({ text: "late" }, { timeoutMs: 300 }));
    const left = rejection(client.say({ text: "left" }, { signal: controller.signal }));
    await settle();
    expect(RpcError.from(await rejection(client.say({ text: "c" }))).code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(RpcError.from(await late).code).toBe(Code.DEADLINE_EXCEEDED);
    controller.abort();
    expect(RpcError.from(await left).code).toBe(Code.CANCELLED);
    const next = ["b", "c"].map((text) => client.say({ text }));
    await settle();
    end("a");
    await first;
    await settle();
    expect(running()).toEqual(["b"]);
    end("b");
    await settle();
    end("c");
    expect(await Promise.all(next)).toMatchObject([{ text: "b" }, { text: "c" }]);
  });

  test("who waited goes on in its own context, not in that of whom it waited for", async () => {
    const store = new AsyncLocalStorage<string>();
    const found: unknown[] = [];
    const { handler, end } = createHeld();
    const own: Interceptor = (call, next) => store.run(call.context.metadata.get("x-id") ?? "", () => next(call));
    const watched: EchoHandler = {
      ...handler,
      say(note, context) {
        found.push([note.text, store.getStore(), ambient().trace?.traceId.slice(-1)]);
        return handler.say(note, context);
      },
    };
    const client = clientOf(watched, { concurrency: 1, maxQueue: 1 }, own, tracing(), concurrency());
    const headers = (id: string) => ({
      metadata: { "x-id": id, traceparent: `00-${"0".repeat(31)}${id}-${"0".repeat(15)}1-01` },
    });
    const first = client.say({ text: "a" }, headers("1"));
    await settle();
    const second = client.say({ text: "b" }, headers("2"));
    await settle();
    end("a");
    await first;
    await settle();
    end("b");
    await second;
    expect(found).toEqual([
      ["a", "1", "1"],
      ["b", "2", "2"],
    ]);
  });
});

test("a place is given back once a call was aborted, though a layer within never answers", async () => {
  const hang: Interceptor = () => new Promise<never>(() => {});
  let passed = 0;
  const client = clientOf(echo, { concurrency: 1 }, concurrency(), (call, next) =>
    call.context.metadata.has("x-hang") ? hang(call, next) : (passed++, next(call)),
  );
  const hanging = rejection(client.say({}, { timeoutMs: 20, metadata: { "x-hang": "1" } }));
  await settle();
  expect(RpcError.from(await rejection(client.say({}))).code).toBe(Code.RESOURCE_EXHAUSTED);
  expect(RpcError.from(await hanging).code).toBe(Code.DEADLINE_EXCEEDED);
  await settle();
  expect(await client.say({ text: "a" })).toMatchObject({ text: "a" });
  expect(passed).toBe(1);
});

test("a stream is under way until its end, and each method has places of its own", async () => {
  const more = gate();
  const client = clientOf(
    {
      ...echo,
      async *split(note) {
        yield note;
        await more.promise;
      },
    },
    { concurrency: 1 },
    concurrency(),
  );
  const stream = client.split({ text: "a" })[Symbol.asyncIterator]();
  expect((await stream.next()).value).toMatchObject({ text: "a" });
  const refused = client.split({})[Symbol.asyncIterator]().next();
  expect(RpcError.from(await rejection(refused)).code).toBe(Code.RESOURCE_EXHAUSTED);
  expect(await client.say({ text: "b" })).toMatchObject({ text: "b" });
  more.open();
  expect((await stream.next()).done).toBe(true);
  await settle();
  expect((await client.split({ text: "c" })[Symbol.asyncIterator]().next()).value).toMatchObject({ text: "c" });
});

test("options hold over the contract field by field; without either nothing is limited", async () => {
  const { handler, running } = createHeld();
  const underWay = async (limit: LimitPolicy, options?: Parameters<typeof concurrency>[0]): Promise<number> => {
    const before = running().length;
    const client = clientOf(handler, limit, concurrency(options));
    for (let i = 0; i < 9; i++) client.say({ text: `${before} ${i}` }).catch(() => {});
    await settle();
    return running().length - before;
  };
  expect(await underWay({ concurrency: 3 })).toBe(3);
  expect(await underWay({ concurrency: 3, maxQueue: 2 }, { concurrency: 5 })).toBe(5);
  expect(await underWay({ rate: 1 })).toBe(9);
  expect(() => clientOf(handler, { concurrency: 0 }, concurrency())).toThrow("concurrency must be at least 1, not 0");
  expect(() => clientOf(handler, { concurrency: 1, maxQueue: -1 }, concurrency())).toThrow(RangeError);
});

describe("adaptive concurrency", () => {
  /** Calls of so many milliseconds, so many at a time, through a layer on the client. */
  async function run(
    layer: Interceptor,
    clock: ReturnType<typeof createVirtualClock>,
    { ms, at, rounds, code = Code.OK }: { ms: number; at: number; rounds: number; code?: Code },
  ): Promise<number> {
    let refused = 0;
    let go = gate();
    const method = composeChain([{ interceptor: layer, selector: undefined }], Echo.methods.say, async () => {
      await go.promise;
      if (code !== Code.OK) throw new RpcError(code, "no");
      return okReply({ text: "", count: 0 }) as never;
    });
    for (let round = 0; round < rounds; round++) {
      go = gate();
      const replies = Array.from({ length: at }, () =>
        method(createCall({ method: Echo.methods.say, requests: oneMessage({}), side: "server" })),
      );
      clock.advance(ms);
      go.open();
      for (const reply of await Promise.all(replies)) {
        if (reply.failed?.code === Code.RESOURCE_EXHAUSTED) refused++;
      }
    }
    return refused;
  }

  test("Gradient2 lets more calls in while they take as long as ever, and fewer when they take longer", async () => {
    const clock = createVirtualClock();
    const limits: number[] = [];
    const layer = concurrency({
      kind: "gradient2",
      clock,
      onLimitChange: ({ limit }: LimitChange) => limits.push(limit),
    });
    expect(await run(layer, clock, { ms: 10, at: 21, rounds: 1 })).toBe(1);
    expect(await run(layer, clock, { ms: 10, at: 20, rounds: 300 })).toBe(0);
    const grown = limits.at(-1) ?? 0;
    expect(grown).toBeGreaterThan(30);
    await run(layer, clock, { ms: 100, at: grown, rounds: 20 });
    expect(limits.at(-1)).toBe(20);
    expect(await run(layer, clock, { ms: 10, at: 25, rounds: 1 })).toBe(5);
  });

  test("AIMD lets fewer in when calls are refused there, not when they fail otherwise", async () => {
    const clock = createVirtualClock();
    const limits: number[] = [];
    const onLimitChange = ({ limit }: LimitChange): void => void limits.push(limit);
    const layer = concurrency({ kind: "aimd", initialLimit: 100, clock, onLimitChange });
    await run(layer, clock, { ms: 10, at: 100, rounds: 1, code: Code.INTERNAL });
    expect(limits).toEqual([]);
    await run(layer, clock, { ms: 10, at: 2, rounds: 1, code: Code.UNAVAILABLE });
    expect(limits).toEqual([90, 81]);
    await run(layer, clock, { ms: 10, at: 60, rounds: 1 });
    expect(limits.at(-1)).toBeGreaterThan(81);
  });
});

test("the limit is found out from single replies: how a stream ends, and how long it takes, tells nothing", async () => {
  const clock = createVirtualClock();
  const limits: number[] = [];
  const layer = concurrency({
    kind: "aimd",
    initialLimit: 100,
    clock,
    onLimitChange: ({ limit }) => limits.push(limit),
  });
  const end = async (method: MethodInfo, ms: number, code: Code): Promise<void> => {
    const composed = composeChain([{ interceptor: layer, selector: undefined }], method, () => {
      clock.advance(ms);
      if (code !== Code.OK) throw new RpcError(code, "no");
      return okReply({ text: "", count: 0 }) as never;
    });
    await (
      await composed(createCall({ method, requests: oneMessage({}), side: "server" }))
    ).done;
  };
  const { split, chat, join } = Echo.methods;
  for (const method of [split, chat]) {
    await end(method, 10, Code.UNAVAILABLE);
    await end(method, 60_000, Code.OK);
  }
  expect(limits).toEqual([]);
  await end(join, 10, Code.UNAVAILABLE);
  expect(limits).toEqual([90]);
});

describe("load shedding", () => {
  test.each([
    [Code.OK, 11],
    [Code.NOT_FOUND, 11],
    [Code.INTERNAL, 11],
    [Code.CANCELLED, 2],
    [Code.DEADLINE_EXCEEDED, 2],
    [Code.INVALID_ARGUMENT, 2],
    [Code.UNIMPLEMENTED, 2],
    [Code.UNAVAILABLE, 2],
    [Code.UNAUTHENTICATED, 2],
    [Code.PERMISSION_DENIED, 2],
    [Code.RESOURCE_EXHAUSTED, 2],
  ])(
    "what a server can do is learnt from work: after calls that end with code %i, %i are let in",
    async (code, most) => {
      const clock = createVirtualClock();
      let busy = 0;
      const layer = shed({ kind: "bbr", utilization: () => busy, clock });
      let go = gate();
      const composed = composeChain([{ interceptor: layer, selector: undefined }], Echo.methods.say, async () => {
        await go.promise;
        if (code !== Code.OK) throw new RpcError(code, "no");
        return okReply({ text: "", count: 0 }) as never;
      });
      const call = () => composed(createCall({ method: Echo.methods.say, requests: oneMessage({}), side: "server" }));
      // 50 calls of 20 ms in every 100 ms: ten under way are enough
      for (let slice = 0; slice < 10; slice++) {
        go = gate();
        const replies = Array.from({ length: 50 }, call);
        clock.advance(20);
        go.open();
        for (const reply of await Promise.all(replies)) await reply.done;
        clock.advance(80);
      }
      busy = 1;
      go = gate();
      let refused = 0;
      const replies = Array.from({ length: 20 }, call);
      for (const reply of replies) {
        void reply.then(({ failed }) => {
          if (failed?.message === "the server is overloaded") refused++;
        });
      }
      await settle();
      expect(20 - refused).toBe(most);
      go.open();
      await Promise.all(replies);
    },
  );

  test("an overloaded server refuses with UNAVAILABLE what is too many, and never a health check", async () => {
    let busy = 0;
    const layers = chain()
      .use(recovery())
      .use(shed({ kind: "bbr", utilization: () => busy, criticality: "x-criticality" }));
    const { handler, running, end } = createHeld();
    const transport = createMemoryTransport();
    transport.register(Echo, implementService(Echo, handler, { chain: layers }));
    const health = createHealth([Echo]);
    health.register({
      register: (service, methods) => {
        // the same layer in front of the health service, as in a server with one chain for all
        const guarded = new Map(
          [...methods].map(([name, implementation]) => {
            const method = Object.values(service.methods).find((one) => one.name === name);
            return [name, method === undefined ? implementation : composeChain(layers.layers, method, implementation)];
          }),
        );
        transport.register(service, guarded);
      },
    });
    const client = createServiceClient<EchoClient>(Echo, transport);
    const calls = ["a", "b"].map((text) => client.say({ text }));
    await expect.poll(running).toHaveLength(2);
    busy = 1;
    const refused = RpcError.from(await rejection(client.say({ text: "c" })));
    expect([refused.code, refused.message]).toEqual([Code.UNAVAILABLE, "the server is overloaded"]);
    expect(findDetail(refused, RetryInfo)?.retryDelay).toMatchObject({ seconds: 1n, nanos: 0 });
    expect(await createHealthClient(transport).check({ service: "" })).toMatchObject({ status: 1 });
    // what it can do is not known yet: one at a time, two of what is critical
    end("a");
    await calls[0];
    const critical = client.say({ text: "d" }, { metadata: { "x-criticality": "critical" } });
    await expect.poll(running).toEqual(["b", "d"]);
    expect(RpcError.from(await rejection(client.say({ text: "e" }, { metadata: { "x-criticality": "x" } }))).code).toBe(
      Code.UNAVAILABLE,
    );
    busy = 0;
    for (const text of running()) end(text);
    await Promise.all([...calls, critical]);
  });

  test("methods may be exempt, and without overload everything passes", async () => {
    let busy = 1;
    const clock = createVirtualClock();
    const layer = shed({ kind: "bbr", utilization: () => busy, clock, exempt: ({ method }) => method.name === "Join" });
    const { handler, running, end } = createHeld();
    const client = clientOf(handler, {}, layer);
    for (let i = 0; i < 40; i++) client.say({ text: `${i}` }).catch(() => {});
    await settle();
    expect(running()).toHaveLength(2);
    expect(await client.join([{ text: "a" }])).toMatchObject({ text: "a" });
    busy = 0;
    clock.advance(1_001);
    const before = running().length;
    for (let i = 0; i < 40; i++) client.say({ text: `more ${i}` }).catch(() => {});
    await settle();
    expect(running().length).toBe(before + 40);
    for (const text of running()) end(text);
  });
});
