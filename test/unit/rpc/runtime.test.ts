import { describe, expect, test, vi } from "vitest";
import type { Clock } from "../../../src/runtime/context/index.js";
import { createMetrics, deadline, jsonLogger, logging, metrics } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  clientMethods,
  Code,
  codeName,
  codeOfName,
  codeOfNumber,
  composeChain,
  createCall,
  createMetadata,
  createServiceClient,
  decodeStatusDetails,
  encodeStatusDetails,
  failedReply,
  formatTimeout,
  httpStatusOf,
  implementService,
  isRpcError,
  lifetimeOf,
  messagesOf,
  okReply,
  okStatus,
  oneMessage,
  parseTimeout,
  Pipe,
  RpcError,
  streamReply,
  trackCalls,
  type CallContext,
  type Transport,
  type Call,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport, type MemoryTransport } from "../../../src/runtime/transports/memory.js";
import {
  collect,
  Echo,
  echo,
  rejection,
  type EchoClient,
  type EchoHandler,
  type Note,
} from "../../behaviour/rpc/echo.js";

/** A clock that moves when told. */
function fakeClock(): Clock & { advance(ms: number): void; readonly armed: number } {
  let now = 1_000_000;
  const timers = new Set<{ due: number; run: () => void }>();
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { due: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of timers) {
        if (timer.due > now) continue;
        timers.delete(timer);
        timer.run();
      }
    },
    get armed() {
      return timers.size;
    },
  };
}

function sayCall(init: { deadline?: number; clock?: Clock; signal?: AbortSignal } = {}): Call<unknown, unknown, {}> {
  return createCall<unknown, unknown>({ method: Echo.methods.say, requests: oneMessage({ text: "a" }), ...init });
}

describe("statuses", () => {
  test("names and numbers", () => {
    expect(codeName(Code.NOT_FOUND)).toBe("NOT_FOUND");
    expect(codeName(99)).toBe("CODE_99");
    expect(codeOfName("UNAVAILABLE")).toBe(14);
    expect(codeOfName("constructor")).toBeUndefined();
    expect([0, 16, 17, -1, Number.NaN].map(codeOfNumber)).toEqual([0, 16, 2, 2, 2]);
  });

  test("HTTP statuses as google.rpc.Code maps them", () => {
    expect(Object.values(Code).map(httpStatusOf)).toEqual([
      200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
    ]);
  });

  test("anything thrown becomes an RpcError, itself when it is one", () => {
    const own = new RpcError(Code.ABORTED, "again");
    expect(RpcError.from(own)).toBe(own);
    const cause = new Error("secret");
    expect(RpcError.from(cause)).toMatchObject({ code: Code.INTERNAL, message: "internal error", cause });
    expect(RpcError.from(null)).toMatchObject({ code: Code.INTERNAL, cause: null });
    expect([own, cause, null, undefined, "text", { code: 5 }].map(isRpcError)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    // nothing internal in what is printed as JSON
    expect(JSON.stringify(RpcError.from(cause))).not.toContain("secret");
  });

  test("errors of another copy of this package stay themselves", async () => {
    vi.resetModules();
    const copy = await import("../../../src/runtime/rpc/index.js");
    const other = new copy.RpcError(Code.ABORTED, "again");
    expect(other).not.toBeInstanceOf(RpcError);
    expect(RpcError.from(other)).toBe(other);
    const failed = failedReply(other);
    expect([failed.failed?.code, await rejection(failed.messages.one())]).toEqual([Code.ABORTED, other]);
    const call = sayCall();
    const { header, trailer } = call.context;
    const fail = async function* (): AsyncGenerator<never> {
      yield* [];
      throw other;
    };
    const streamed = streamReply({ source: fail(), header, trailer, lifetime: lifetimeOf(call) });
    expect([await rejection(collect(streamed.messages)), (await streamed.done).code]).toEqual([other, Code.ABORTED]);
    // toEqual takes errors with the same message for equal
    expect(await rejection(collect(streamed.messages))).toBe(other);
    expect(await rejection(failed.messages.one())).toBe(other);
  });

  test("details: round trip, unknown fields skipped, hostile bytes refused", () => {
    const status = {
      code: 5,
      message: "nö",
      details: [
        { typeUrl: "type.googleapis.com/a.B", value: new Uint8Array([1, 2, 3]) },
        { typeUrl: "x/y", value: new Uint8Array(300) },
      ],
    };
    const bytes = encodeStatusDetails(status);
    expect(decodeStatusDetails(bytes)).toEqual(status);
    // field 9 as varint, fixed64, bytes and fixed32
    const unknown = [0x48, 0xff, 0x01, 0x49, 1, 2, 3, 4, 5, 6, 7, 8, 0x4a, 1, 9, 0x4d, 1, 2, 3, 4];
    expect(decodeStatusDetails(new Uint8Array([...unknown, ...bytes]))).toEqual(status);
    for (const hostile of [[0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x0b], [0x08], [0x08, ...Array(11).fill(0xff)]]) {
      expect(decodeStatusDetails(new Uint8Array(hostile))).toBeUndefined();
    }
  });
});

describe("metadata", () => {
  test("keys are lower case, values keep their order, bytes need -bin", () => {
    const metadata = createMetadata({ "X-A": ["1", "2"], "x-b-bin": new Uint8Array([1]) });
    metadata.append("x-a", "3");
    expect(metadata.getAll("X-a")).toEqual(["1", "2", "3"]);
    expect(metadata.get("x-b-bin")).toBeUndefined();
    expect(metadata.getBytes("x-b-bin")).toEqual(new Uint8Array([1]));
    expect([...metadata].map(([key]) => key)).toEqual(["x-a", "x-a", "x-b-bin", "x-a"]);
    expect(metadata.size).toBe(4);
    const copy = metadata.clone();
    copy.delete("X-A");
    expect([copy.size, metadata.size, copy.has("x-a"), metadata.has("x-a")]).toEqual([1, 4, false, true]);
    metadata.set("x-a", "only");
    expect(metadata.getAll("x-a")).toEqual(["only"]);
  });

  test("what cannot travel is refused and changes nothing; the value is not in the message", () => {
    const metadata = createMetadata({ "x-a": "1" });
    const bad: [string, string | Uint8Array | string[]][] = [
      ["x a", "1"],
      ["", "1"],
      [":path", "/"],
      ["x-a", ["fine", "secret\n"]],
      ["x-a", "secret\u00e9"],
      ["x-a", new Uint8Array()],
      ["x-a-bin", "secret"],
    ];
    for (const [key, value] of bad) {
      expect(() => metadata.set(key, value)).toThrow(RpcError);
      expect(() => metadata.set(key, value)).not.toThrow(/secret/);
    }
    expect([...metadata]).toEqual([["x-a", "1"]]);
  });

  test("keys of a prototype are keys like others", () => {
    const metadata = createMetadata(JSON.parse('{"__proto__": "1", "constructor": "2"}') as Record<string, string>);
    expect([...metadata]).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
    expect(createMetadata().get("constructor")).toBeUndefined();
  });

  test("it is bounded, by bytes and by values, and room comes back", () => {
    const metadata = createMetadata();
    expect(() => metadata.set("x", "x".repeat(70_000))).toThrow(/at most/);
    for (let i = 0; i < 1_000; i++) metadata.append("x", "1");
    expect(() => metadata.append("x", "1")).toThrow(RpcError);
    metadata.delete("x");
    metadata.set("x", "x".repeat(60_000));
    expect(metadata.size).toBe(1);
  });
});

describe("M7: grpc-timeout", () => {
  test.each([
    ["1000H", 3_600_000_000],
    ["30000000S", 30_000_000_000],
    ["99999999H", 359_999_996_400_000],
    ["250m", 250],
    ["1500u", 1.5],
    ["1n", 1e-6],
    ["0m", 0],
    ["123456789m", undefined],
    ["1", undefined],
    ["-1m", undefined],
    ["1 m", undefined],
    ["1d", undefined],
  ])("M7: %s is %s ms", (header, ms) => expect(parseTimeout(header)).toBe(ms));

  test.each([
    [-5, "0m"],
    [0.2, "1m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
    [3_600_000_000, "3600000S"],
    [1e15, "99999999H"],
  ])("M7: %s ms is written as %s", (ms, header) => expect(formatTimeout(ms)).toBe(header));
});

describe("M7: lifetimes", () => {
  test("M7: a deadline aborts once it is over, and leaves no timer when the call ends before", async () => {
    const clock = fakeClock();
    const call = sayCall({ deadline: clock.now() + 100, clock });
    expect(clock.armed).toBe(1);
    const { signal } = call.context;
    clock.advance(99);
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect(signal.reason).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(clock.armed).toBe(0);

    const methods = implementService(Echo, echo);
    const second = sayCall({ deadline: clock.now() + 100, clock });
    const reply = await methods.get("Say")?.(second);
    await reply?.done;
    await Promise.resolve();
    expect([clock.armed, second.context.signal.aborted]).toEqual([0, false]);
  });

  test("M7: a changed call has the nearer deadline, ends with the outer one and before it", () => {
    const clock = fakeClock();
    const outer = sayCall({ deadline: clock.now() + 100, clock });
    expect(outer.change({ deadline: clock.now() + 500 }).context.deadline).toBe(clock.now() + 100);
    const inner = outer.with({ user: "ada" }).change({ deadline: clock.now() + 50 });
    expect(inner.context).toMatchObject({ user: "ada", deadline: clock.now() + 50 });
    const signals = [inner.context.signal, outer.context.signal];
    clock.advance(50);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    clock.advance(50);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(clock.armed).toBe(0);
  });

  test("M7: the end of a call takes the timers of changed calls with it", () => {
    const clock = fakeClock();
    const outer = sayCall({ deadline: clock.now() + 1_000, clock });
    const inner = outer.change({ deadline: clock.now() + 500 });
    expect(clock.armed).toBe(2);
    lifetimeOf(outer).end({ code: Code.OK, message: "", details: [], trailer: createMetadata() });
    expect([clock.armed, inner.context.signal.aborted]).toEqual([0, false]);
  });

  test("one more signal cancels; a timeout signal is a deadline; listeners do not pile up", () => {
    const controller = new AbortController();
    const call = sayCall().change({ signal: controller.signal });
    controller.abort();
    expect(call.context.signal.reason).toMatchObject({ code: Code.CANCELLED });
    const late = sayCall({ signal: AbortSignal.abort(new DOMException("over", "TimeoutError")) });
    expect(late.context.signal.reason).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  });

  test("a deadline that is no time is refused when the layer is made", () => {
    for (const options of [{ defaultMs: -1 }, { defaultMs: Number.NaN }, { maxMs: -5 }, { maxMs: 0 }]) {
      const [[name, value] = []] = Object.entries(options);
      expect(() => deadline(options)).toThrow(
        new RangeError(`deadline: ${name} is ${value}; it must be more than 0 milliseconds`),
      );
    }
  });

  test("M7: default and maximum of the deadline layer", async () => {
    const clock = fakeClock();
    const seen: (number | undefined)[] = [];
    const layers = chain().use(deadline({ defaultMs: 100, maxMs: 1_000, clock })).layers;
    const implementation = composeChain(layers, Echo.methods.say, async (call) => {
      seen.push(call.context.deadline);
      return okReply({} as never);
    });
    const now = clock.now();
    await implementation(sayCall({ clock }));
    await implementation(sayCall({ clock, deadline: now + 500 }));
    await implementation(sayCall({ clock, deadline: now + 5_000 }));
    expect(seen).toEqual([now + 100, now + 500, now + 1_000]);
  });
});

describe("calls under way", () => {
  test("draining waits for all, for ever where told so, and cancels what is left when its time is over", async () => {
    const underWay = trackCalls();
    const lifetimes = [sayCall(), sayCall()].map(lifetimeOf);
    for (const lifetime of lifetimes) underWay.add(lifetime);
    const drained: string[] = [];
    const patient = underWay.drain(Infinity).then(() => drained.push("patient"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    lifetimes[0]?.end(okStatus());
    await Promise.resolve();
    expect([drained, lifetimes[1]?.over]).toEqual([[], false]);
    const hasty = underWay.drain(1).then(() => drained.push("hasty"));
    await Promise.all([patient, hasty]);
    expect(lifetimes.map(({ reason }) => reason?.code)).toEqual([undefined, Code.CANCELLED]);
    await underWay.drain(Infinity);
  });
});

describe("messages", () => {
  test("one() wants exactly one", async () => {
    expect(await messagesOf([1]).one()).toBe(1);
    expect(await rejection(messagesOf([]).one())).toMatchObject({ code: Code.UNIMPLEMENTED });
    expect(await rejection(messagesOf([1, 2]).one())).toMatchObject({ code: Code.UNIMPLEMENTED });
  });

  test("M9: maps fuse: ten layers take one step per message", async () => {
    let steps = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => (steps++ < 3 ? { done: false, value: steps } : { done: true, value: undefined }),
      }),
    };
    let messages = messagesOf(source);
    for (let i = 0; i < 10; i++) messages = messages.map((n) => n * 2);
    const iterator = messages[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 1_024 });
    expect(steps).toBe(1);
  });

  test("leaving or failing over a message ends the source", async () => {
    let closed = 0;
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
      } finally {
        closed++;
      }
    }
    for await (const _ of messagesOf(source())) break;
    const failing = messagesOf(source()).map(() => {
      throw new Error("broken");
    });
    expect(await rejection(collect(failing))).toMatchObject({ message: "broken" });
    expect(closed).toBe(2);
  });

  test("a pipe keeps order, has a capacity, delivers before its error and drops when told", async () => {
    let wants = 0;
    let left = 0;
    const pipe = new Pipe<number>({ capacity: 2, onWant: () => wants++, onLeave: () => left++ });
    const iterator = pipe[Symbol.asyncIterator]();
    const first = iterator.next();
    expect(wants).toBe(1);
    pipe.write(1);
    expect(await first).toEqual({ done: false, value: 1 });
    pipe.write(2);
    expect(pipe.room()).toBeUndefined();
    pipe.write(3);
    const room = pipe.room();
    expect(room).toBeInstanceOf(Promise);
    await iterator.next();
    await room;
    pipe.close({ value: new Error("over") });
    expect(await iterator.next()).toEqual({ done: false, value: 3 });
    expect(await rejection(iterator.next())).toMatchObject({ message: "over" });
    expect(left).toBe(0);

    const other = new Pipe<number>({ onLeave: () => left++ });
    other.write(1);
    const reader = other[Symbol.asyncIterator]();
    await reader.return?.();
    await reader.return?.();
    other.write(2);
    expect([left, other.waiting, await reader.next()]).toEqual([1, 0, { done: true, value: undefined }]);
  });
});

describe("in process", () => {
  test("more metadata than fits into the trailers does not cost a call its status", async () => {
    const large = createMetadata({ "x-a": "y".repeat(40_000), "x-b": "small" });
    const methods = implementService(Echo, {
      ...echo,
      async say(_: unknown, { trailer }: CallContext) {
        await Promise.resolve();
        trailer.set("x-c", "z".repeat(40_000));
        throw new RpcError(Code.NOT_FOUND, "none", { metadata: large });
      },
    });
    const reply = await methods.get("Say")?.(createCall({ method: Echo.methods.say, requests: oneMessage({}) }));
    expect(reply?.failed?.code).toBe(Code.NOT_FOUND);
    expect([...(reply?.failed?.trailer ?? [])].map(([key]) => key)).toEqual(["x-c", "x-b"]);
  });

  test("M7: a client's own timeout takes the place of the contract's, on a server that of its deadline layer", async () => {
    const left: number[] = [];
    const handler: Partial<EchoHandler> = {
      say(note, { deadline = Infinity }) {
        left.push(deadline - Date.now());
        return note;
      },
    };
    const contract = {
      ...Echo,
      methods: { ...Echo.methods, say: { ...Echo.methods.say, policy: { timeoutMs: 20_000 } } },
    };
    const server = (layer?: Parameters<typeof deadline>[0]): MemoryTransport => {
      const transport = createMemoryTransport();
      const layers = layer === undefined ? chain() : chain().use(deadline(layer));
      transport.register(contract, implementService(contract, { ...echo, ...handler }, { chain: layers }));
      return transport;
    };
    const call = (transport: Transport, service: typeof Echo, options = {}): Promise<Note> =>
      createServiceClient<EchoClient>(service, transport, options).say({});
    await call(server(), contract);
    await call(server(), contract, { timeoutMs: 60_000 });
    // a caller that does not know the contract
    await call(server(), Echo);
    await call(server({}), Echo);
    await call(server({}), Echo, { timeoutMs: 60_000 });
    await call(server({ defaultMs: 40_000, maxMs: 50_000 }), Echo);
    await call(server({ defaultMs: 40_000, maxMs: 50_000 }), Echo, { timeoutMs: 60_000 });
    expect(left.map((ms) => Math.round(ms / 10_000) * 10_000)).toEqual([
      20_000,
      60_000,
      Infinity,
      20_000,
      20_000,
      40_000,
      50_000,
    ]);
  });

  test("M2: the gateway's way: the methods of a handler, all four kinds, behind the chain", async () => {
    const seen: string[] = [];
    const log: Interceptor = async (call, next) => {
      seen.push(`${call.context.side} ${call.method.name}`);
      return next(call);
    };
    const methods = implementService(Echo, echo, { chain: chain().use(log) });
    const run = (name: "say" | "split" | "join" | "chat", notes: object[]) =>
      methods.get(Echo.methods[name].name)?.(
        createCall<unknown, unknown>({ method: Echo.methods[name], requests: messagesOf(notes) }),
      );
    expect(await (await run("say", [{ text: "a" }]))?.messages.one()).toEqual({ text: "a" });
    expect(await collect((await run("split", [{ text: "a", count: 2 }]))?.messages ?? messagesOf([]))).toHaveLength(2);
    expect(await (await run("join", [{ text: "a" }, {}]))?.messages.one()).toMatchObject({ count: 2 });
    expect(await collect((await run("chat", [{}, {}, {}]))?.messages ?? messagesOf([]))).toHaveLength(3);
    expect(seen).toEqual(["server Say", "server Split", "server Join", "server Chat"]);
  });

  test("the methods behind a generated client, with its chain", async () => {
    const transport = createMemoryTransport();
    transport.register(Echo, implementService(Echo, echo));
    const refuse: Interceptor = async () => failedReply(new RpcError(Code.PERMISSION_DENIED, "no"));
    const client = createServiceClient<EchoClient>(Echo, transport, {
      chain: chain().use(refuse, Echo.methods.say.path),
    });
    const open = createServiceClient<EchoClient>(Echo, transport);
    expect(clientMethods({})).toBeUndefined();
    expect([...(clientMethods(client)?.keys() ?? [])]).toEqual(["Say", "Split", "Join", "Chat"]);
    const refused = await clientMethods(client)?.get("Say")?.(sayCall());
    expect(refused?.failed?.code).toBe(Code.PERMISSION_DENIED);
    const reply = await clientMethods(open)?.get("Say")?.(sayCall());
    expect(await reply?.messages.one()).toEqual({ text: "a", count: 0 });
    expect((await reply?.done)?.code).toBe(Code.OK);
  });

  test("a handler can be replaced while it serves, and keeps its this", async () => {
    class Counter {
      count = 0;
      say(): { count: number } {
        return { count: ++this.count };
      }
    }
    const handler: { say: () => object } = new Counter();
    const transport = createMemoryTransport();
    transport.register(Echo, implementService(Echo, handler));
    const client = createServiceClient<EchoClient>(Echo, transport);
    await client.say({});
    expect(await client.say({})).toMatchObject({ count: 2 });
    handler.say = () => ({ count: 99 });
    expect(await client.say({})).toMatchObject({ count: 99 });
    expect(() => transport.register(Echo, implementService(Echo, handler))).toThrow(/registered already/);
  });

  test("memory: neither side holds the other's message or metadata", async () => {
    const kept: unknown[] = [];
    const transport = createMemoryTransport();
    transport.register(
      Echo,
      implementService(Echo, {
        ...echo,
        say(note: { text: string }, { metadata }: { metadata: { set(key: string, value: string): void } }) {
          kept.push(note);
          note.text = "changed";
          metadata.set("x-a", "changed");
          return note;
        },
      }),
    );
    const client = createServiceClient<EchoClient>(Echo, transport);
    const request = { text: "mine" };
    const metadata = createMetadata({ "x-a": "mine" });
    const answer = await client.say(request, { metadata });
    expect([request.text, metadata.get("x-a"), answer.text]).toEqual(["mine", "mine", "changed"]);
    expect(answer).not.toBe(kept[0]);
  });
});

describe("M54: metrics in memory", () => {
  test("M54: Prometheus text: names, buckets, escapes", () => {
    const meter = createMetrics();
    const histogram = meter.createHistogram("rpc.server.call.duration", {
      unit: "s",
      description: "Duration.\nOf calls.",
      advice: { explicitBucketBoundaries: [0.1, 1] },
    });
    histogram.record(0.1, { "rpc.method": 'a"b\\c\nd' });
    histogram.record(0.5, { "rpc.method": 'a"b\\c\nd' });
    histogram.record(7, { "rpc.method": 'a"b\\c\nd' });
    meter.createCounter("queue.retries", { unit: "{message}" }).add(2);
    meter.createUpDownCounter("active").add(-1, { a: 1, b: true });
    expect(meter.prometheus()).toBe(
      [
        "# HELP rpc_server_call_duration_seconds Duration.\\nOf calls.",
        "# TYPE rpc_server_call_duration_seconds histogram",
        'rpc_server_call_duration_seconds_bucket{rpc_method="a\\"b\\\\c\\nd",le="0.1"} 1',
        'rpc_server_call_duration_seconds_bucket{rpc_method="a\\"b\\\\c\\nd",le="1"} 2',
        'rpc_server_call_duration_seconds_bucket{rpc_method="a\\"b\\\\c\\nd",le="+Inf"} 3',
        'rpc_server_call_duration_seconds_sum{rpc_method="a\\"b\\\\c\\nd"} 7.6',
        'rpc_server_call_duration_seconds_count{rpc_method="a\\"b\\\\c\\nd"} 3',
        "# TYPE queue_retries_total counter",
        "queue_retries_total 2",
        "# TYPE active gauge",
        'active{a="1",b="true"} -1',
        "",
      ].join("\n"),
    );
  });

  test("M54: labels are bounded: too many series end in one", () => {
    const meter = createMetrics();
    const counter = meter.createCounter("hits");
    for (let i = 0; i < 3_000; i++) counter.add(1, { user: i });
    expect(meter.points()).toHaveLength(2_001);
    expect(meter.points().at(-1)).toMatchObject({ attributes: { "otel.metric.overflow": true }, value: 1_000 });
  });

  test("M54: one instrument for all layers of one meter", async () => {
    const meter = createMetrics();
    for (let i = 0; i < 2; i++) {
      const implementation = composeChain(chain().use(metrics({ meter })).layers, Echo.methods.say, async () =>
        okReply({} as never),
      );
      await (
        await implementation(sayCall())
      ).done;
    }
    const [point, ...others] = meter.points().filter(({ kind }) => kind === "histogram");
    expect([point?.count, others]).toEqual([2, []]);
  });
});

describe("M56: the JSON logger", () => {
  test("M56: a caller that leaves is no error, and has no stack", async () => {
    const lines: string[] = [];
    const layers = chain().use(logging({ logger: jsonLogger((line) => lines.push(line)) }));
    const say = (): Promise<never> => new Promise(() => {});
    const methods = implementService(Echo, { ...echo, say }, { chain: layers });
    const controller = new AbortController();
    const reply = methods.get("Say")?.(sayCall({ signal: controller.signal }));
    controller.abort(new Error("the client has gone"));
    await (
      await reply
    )?.done;
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    const line = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
    expect(line).toMatchObject({ level: "info", code: "CANCELLED", reason: "the client has gone" });
    expect(lines[0]).not.toContain("runtime.test.ts");
  });

  test("M56: whatever is thrown there is a line, with causes, and with circles where they close", async () => {
    const lines: string[] = [];
    const logger = jsonLogger((line) => lines.push(line));
    const within: { self?: unknown } = {};
    within.self = within;
    const looped: Error = new Error("outer", { cause: new TypeError("inner", { cause: within }) });
    const self = new Error("self");
    self.cause = self;
    logger.error({ err: looped, twice: [within, within] }, "a");
    logger.error({ err: self }, "b");
    logger.error(
      {
        id: 5n,
        bad: {
          toJSON: () => {
            throw new Error("no");
          },
        },
      },
      "c",
    );
    const [a, b, c] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const circle = { self: "[circular]" };
    expect(a).toMatchObject({
      message: "a",
      err: { message: "outer", cause: { type: "TypeError", message: "inner", cause: circle } },
      twice: [circle, circle],
    });
    expect(b).toMatchObject({ err: { message: "self", cause: "[circular]" } });
    expect(c).toMatchObject({ level: "error", message: "c", id: "5", bad: "[unprintable]" });

    for (const thrown of [within, Object.create(null)]) {
      lines.length = 0;
      const say = (): never => {
        throw thrown;
      };
      const layers = chain().use(logging({ logger }));
      const methods = implementService(Echo, { ...echo, say }, { chain: layers });
      await (
        await methods.get("Say")?.(sayCall({}))
      )?.done;
      await vi.waitFor(() => expect(lines).toHaveLength(1));
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "error", code: "INTERNAL" });
    }
  });

  test("M56: more fields replace none of the line's, and those that fail do not cost it", async () => {
    const lineOf = async (fields: () => Record<string, unknown>): Promise<Record<string, unknown>> => {
      const lines: string[] = [];
      const level = (): never => {
        throw new Error("no level");
      };
      const layers = chain().use(logging({ logger: jsonLogger((line) => lines.push(line)), fields, level }));
      const methods = implementService(Echo, echo, { chain: layers });
      await (
        await methods.get("Say")?.(sayCall({}))
      )?.done;
      await vi.waitFor(() => expect(lines).toHaveLength(1));
      return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
    };
    const own = { time: 1, level: "x", message: "x", side: "x", method: "x", code: "x", ms: "x", attempt: "x" };
    const line = await lineOf(() => ({ ...own, app: "test" }));
    expect(line).toMatchObject({ level: "info", message: "call", side: "server", code: "OK", attempt: 1, app: "test" });
    for (const [name, value] of Object.entries(own)) expect(line[name]).not.toBe(value);
    const without = await lineOf(() => {
      throw new Error("no fields");
    });
    expect(without).toMatchObject({ level: "info", code: "OK" });
  });

  test("M56: one line, with errors and bigints", () => {
    const lines: string[] = [];
    jsonLogger((line) => lines.push(line)).error({ err: new TypeError("x"), id: 5n }, "broken\nline");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "error",
      message: "broken\nline",
      id: "5",
      err: { type: "TypeError", message: "x", stack: expect.stringContaining("TypeError") as string },
    });
  });
});
