import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { recordingTracer, type SpanRecord } from "../../../src/runtime/context/index.js";
import {
  attempt,
  createMetrics,
  createRetryBudget,
  createRetryQuota,
  deadline,
  hedge,
  retry,
  tracing,
  type HedgeEvent,
  type HedgeOptions,
} from "../../../src/runtime/interceptors/index.js";
import {
  Code,
  failedReply,
  lifetimeOf,
  markUnseen,
  messagesOf,
  okReply,
  oneMessage,
  type Call,
  type Interceptor,
  type MethodInfo,
  type Reply,
} from "../../../src/runtime/rpc/index.js";
import { collect } from "../../behaviour/rpc/echo.js";
import { turn, type FakeClock } from "../queue/support.js";
import { backendOf, failed, methodOf, streaming, type Backend, type Outcome } from "./attempts.js";

const down = failed(Code.UNAVAILABLE);

function hedged(outcomes: readonly Outcome[], options: HedgeOptions = {}, method?: MethodInfo): Backend {
  return backendOf((clock) => [hedge({ clock, delayMs: 50, maxAttempts: 3, ...options })], outcomes, method);
}

const previous = ({ seen }: Backend): (string | undefined)[] => seen.map((one) => one.previous);
const aborted = ({ seen }: Backend): boolean[] => seen.map(({ call }) => call.context.signal.aborted);

/** A copy that is answered after that time, or cancelled before. */
function after(ms: number, outcome: Outcome, log: string[] = []): (clock: FakeClock) => Outcome {
  return (clock) => (call) =>
    new Promise<Reply<unknown>>((resolve) => {
      const forget = lifetimeOf(call).onAbort((reason) => {
        cancel();
        log.push("cancelled");
        resolve(failedReply(reason));
      });
      const cancel = clock.after(ms, () => {
        forget();
        resolve(typeof outcome === "object" ? failedReply(outcome) : okReply({ text: `after ${ms}`, count: 0 }));
      });
    });
}

/** The same with outcomes that need the clock. */
function timed(
  outcomes: readonly ((clock: FakeClock) => Outcome)[],
  options: HedgeOptions = {},
  method: MethodInfo = methodOf(),
): Backend {
  const made: Outcome[] = [];
  let number = 0;
  const pick: Outcome = (call: Call<unknown, unknown, {}>) => {
    const outcome = made[Math.min(number++, made.length - 1)];
    if (typeof outcome !== "function") throw new Error("outcomes here are functions");
    return outcome(call);
  };
  const backend = hedged([pick], options, method);
  made.push(...outcomes.map((make) => make(backend.clock)));
  return backend;
}

describe("M13: hedging, T3", () => {
  test("M13: a call that is answered in time is sent once", async () => {
    const backend = timed([after(49, "ok")]);
    const reply = backend.call();
    await backend.clock.pass(1_000);
    expect(await (await reply).messages.one()).toMatchObject({ text: "after 49" });
    expect([backend.seen.length, backend.clock.timers]).toEqual([1, 0]);
  });

  test("M13: copies follow in the rhythm of the delay; the first that is answered cancels the others", async () => {
    const log: string[] = [];
    const events: HedgeEvent[] = [];
    const outcomes = [after(1_000, "ok", log), after(80, "ok", log), after(1_000, "ok", log)];
    const backend = timed(outcomes, { onHedge: (event) => events.push(event) });
    const reply = backend.call();
    await backend.clock.pass(1_000);
    expect(await (await reply).messages.one()).toMatchObject({ text: "after 80" });
    expect(backend.times()).toEqual([0, 50, 100]);
    expect(previous(backend)).toEqual([undefined, "1", "2"]);
    expect([log, aborted(backend)]).toEqual([
      ["cancelled", "cancelled"],
      [true, false, true],
    ]);
    expect(events.map(({ attempt, status }) => [attempt, status])).toEqual([
      [2, undefined],
      [3, undefined],
    ]);
    expect(backend.clock.timers).toBe(0);
  });

  test("M13: a failure that is not fatal sends the next copy at once, and the rhythm goes on from there", async () => {
    const backend = timed([after(20, down), after(1_000, "ok"), after(10, "ok")]);
    const reply = backend.call();
    await backend.clock.pass(2_000);
    expect(await (await reply).messages.one()).toMatchObject({ text: "after 10" });
    expect(backend.times()).toEqual([0, 20, 70]);
  });

  test("M13: any other failure is the call's, and cancels the others", async () => {
    const log: string[] = [];
    const fatal = failed(Code.PERMISSION_DENIED);
    const backend = timed([after(1_000, "ok", log), after(10, fatal, log)]);
    const reply = backend.call();
    await backend.clock.pass(2_000);
    expect((await reply).failed).toBe(fatal);
    expect([backend.times(), log]).toEqual([[0, 50], ["cancelled"]]);
    expect(backend.clock.timers).toBe(0);
  });

  test("M13: when all copies failed, the last failure is the call's", async () => {
    const last = failed(Code.UNAVAILABLE, { "x-who": "third" });
    const backend = timed([after(200, last), after(5, down), after(5, down)]);
    const reply = backend.call();
    await backend.clock.pass(2_000);
    expect((await reply).failed).toBe(last);
    expect(backend.times()).toEqual([0, 50, 55]);
  });

  test("M13: without a delay all copies are sent at once, five at most", async () => {
    const backend = timed([after(10, "ok")], { delayMs: 0, maxAttempts: 9 });
    const reply = backend.call();
    await backend.clock.pass(100);
    expect((await reply).failed).toBeUndefined();
    expect(backend.times()).toEqual([0, 0, 0, 0, 0]);
  });

  test.each([
    ["no key", {}, {}, 1],
    ["its field", { text: "a" }, {}, 3],
    ["the header", {}, { "idempotency-key": "a" }, 3],
  ] as const)("M13, T10: a method that a key makes idempotent, called with %s", async (_, request, metadata, count) => {
    const method = methodOf("unary", { idempotency: "unknown", policy: { idempotencyKey: "text" } });
    const backend = timed([after(1_000, "ok")], {}, method);
    const reply = backend.call({ requests: oneMessage(request), metadata });
    await backend.clock.pass(2_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.seen).toHaveLength(count);
  });

  test.each([
    ["idempotent", {}, {}, 3],
    ["no_side_effects", {}, {}, 3],
    ["unknown", {}, {}, 1],
    ["unknown", {}, { methods: () => true }, 3],
    ["idempotent", {}, { delayMs: undefined }, 1],
    [
      "idempotent",
      { hedge: { maxAttempts: 2, delayMs: 5, nonFatalCodes: [] } },
      { maxAttempts: undefined, delayMs: undefined },
      2,
    ],
    ["unknown", { hedge: { maxAttempts: 2, delayMs: 5, nonFatalCodes: [] } }, {}, 1],
  ] as const)(
    "M13: hedged only where it is safe and wanted: %s, %o, %o: %i",
    async (idempotency, policy, options, count) => {
      const backend = timed([after(1_000, "ok")], options, methodOf("unary", { idempotency, policy }));
      const reply = backend.call();
      await backend.clock.pass(2_000);
      expect((await reply).failed).toBeUndefined();
      expect(backend.seen).toHaveLength(count);
    },
  );

  test("M13: on a server a handler runs once", async () => {
    const backend = timed([after(1_000, "ok")]);
    const reply = backend.call({ side: "server" });
    await backend.clock.pass(2_000);
    expect([(await reply).failed, backend.seen.length]).toEqual([undefined, 1]);
  });

  test("M13: the deadline and the caller end all copies", async () => {
    const log: string[] = [];
    const late = timed([after(1_000, "ok", log)]);
    let reply = late.call({ deadlineMs: 80 });
    await late.clock.pass(2_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect([late.times(), log, late.clock.timers]).toEqual([[0, 50], ["cancelled", "cancelled"], 0]);

    const controller = new AbortController();
    const left = timed([after(1_000, "ok", log)]);
    reply = left.call({ signal: controller.signal });
    await left.clock.pass(60);
    controller.abort();
    await turn();
    expect((await reply).failed).toMatchObject({ code: Code.CANCELLED });
    expect([left.seen.length, log.length, left.clock.timers]).toEqual([2, 4, 0]);
  });

  test("M13: what the caller cancelled sends no copy, whatever the codes", async () => {
    const events: HedgeEvent[] = [];
    const budget = createRetryBudget();
    const controller = new AbortController();
    const backend = hedged(["never"], {
      nonFatalCodes: [Code.CANCELLED],
      budget,
      onHedge: (event) => void events.push(event),
    });
    const reply = backend.call({ signal: controller.signal });
    await turn();
    controller.abort();
    expect((await reply).failed).toMatchObject({ code: Code.CANCELLED });
    expect([backend.seen.length, events, budget.tokens]).toEqual([1, [], 10]);
  });

  test("M13: gRPC's metrics tell of further copies, where there were any", async () => {
    const meter = createMetrics();
    const backend = timed([after(1_000, "ok"), after(1_000, "ok"), after(1, "ok")], { meter });
    for (let i = 0; i < 2; i++) {
      const reply = backend.call();
      await backend.clock.pass(2_000);
      expect((await reply).failed).toBeUndefined();
    }
    const attributes = { "grpc.method": "wirespan.test.v1.Echo/Say" };
    expect(meter.points()).toEqual([
      { name: "grpc.client.call.hedges", kind: "histogram", attributes, value: 2, count: 1 },
    ]);
  });

  test("M13: nothing is left of a copy that is over", async () => {
    const backend = backendOf(
      (clock) => [hedge({ clock, delayMs: 50 }), deadline({ clock, maxMs: 10_000 })],
      [down, "never"],
    );
    const reply = backend.call();
    await backend.clock.pass(1_000);
    // the deadline of the second
    expect([backend.seen.length, backend.clock.timers]).toEqual([2, 1]);
    await backend.clock.pass(10_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(backend.clock.timers).toBe(0);
  });

  test("M13: a server's wait puts the next copy off, and one that wants none gets none", async () => {
    const wait = failed(Code.UNAVAILABLE, { "grpc-retry-pushback-ms": "300" });
    const put = timed([after(10, wait), after(10, "ok")]);
    let reply = put.call();
    await put.clock.pass(2_000);
    expect((await reply).failed).toBeUndefined();
    expect(put.times()).toEqual([0, 310]);

    const budget = createRetryBudget();
    const stop = failed(Code.UNAVAILABLE, { "grpc-retry-pushback-ms": "-1" });
    const stopped = timed([after(200, "ok"), after(10, stop)], { budget });
    reply = stopped.call();
    await stopped.clock.pass(2_000);
    expect(await (await reply).messages.one()).toMatchObject({ text: "after 200" });
    expect([stopped.times(), budget.tokens]).toEqual([[0, 50], 9.1]);

    const alone = timed([after(10, stop)]);
    reply = alone.call();
    await alone.clock.pass(2_000);
    expect((await reply).failed).toBe(stop);
    expect(alone.seen).toHaveLength(1);
  });

  test("M13: copies draw on the budget that retries draw on", async () => {
    const budget = createRetryBudget();
    for (let i = 0; i < 5; i++) budget.onFailure();
    const backend = timed([after(200, "ok")], { budget });
    let reply = backend.call();
    await backend.clock.pass(2_000);
    expect((await reply).failed).toBeUndefined();
    expect([backend.seen.length, budget.tokens]).toEqual([1, 5.1]);
    reply = backend.call();
    await backend.clock.pass(2_000);
    expect([(await reply).failed, backend.seen.length]).toEqual([undefined, 4]);

    const quota = createRetryQuota({ capacity: 9 });
    const costly = timed([after(200, down)], { budget: quota });
    reply = costly.call();
    await costly.clock.pass(2_000);
    expect((await reply).failed).toBe(down);
    expect([costly.seen.length, quota.tokens]).toEqual([2, 4]);
  });

  test("M13: a backend that is down gets at most 1,010 attempts of 1,000 hedged calls", async () => {
    const backend = hedged([down], { maxAttempts: 4 });
    for (let i = 0; i < 1_000; i++) expect((await backend.call()).failed).toBe(down);
    expect(backend.seen.length).toBe(1_003);
  });

  test("M13: copies that nobody has seen are sent again, and do not count", async () => {
    const unsent = markUnseen(failed(Code.UNAVAILABLE), "unsent");
    const refused = markUnseen(failed(Code.UNAVAILABLE), "refused");
    const budget = createRetryBudget();
    const backend = hedged([unsent, unsent, refused, "ok"], { budget });
    const reply = backend.call();
    await backend.clock.pass(40);
    expect((await reply).failed).toBeUndefined();
    expect([previous(backend), budget.tokens]).toEqual([Array.from({ length: 4 }, () => undefined), 10]);

    const again = hedged([refused, refused, "never", "ok"], { budget });
    const second = again.call();
    await again.clock.pass(40);
    expect([previous(again), budget.tokens]).toEqual([[undefined, undefined, "1"], 9]);
    await again.clock.pass(40);
    expect((await second).failed).toBeUndefined();
    expect(again.seen).toHaveLength(4);
  });

  test("M13: the winner's stream goes on when the others are gone, and its lifetime ends with it", async () => {
    const gates: (() => void)[] = [];
    async function* source(): AsyncGenerator<unknown> {
      for (let i = 0; i < 3; i++) {
        yield { text: String(i) };
        await new Promise<void>((resolve) => gates.push(resolve));
      }
    }
    const backend = hedged(["never", streaming(source())], {}, methodOf("server_streaming"));
    const reply = backend.call();
    await backend.clock.pass(1_000);
    const reading = collect((await reply).messages);
    for (let i = 0; i < 3; i++) {
      await turn();
      gates.shift()?.();
    }
    expect(await reading).toHaveLength(3);
    expect([backend.times(), aborted(backend)]).toEqual([
      [0, 50],
      [true, false],
    ]);
    expect(backend.seen.map(({ call }) => lifetimeOf(call).over)).toEqual([true, true]);
  });

  test("M13: copies of a stream read its requests together, once", async () => {
    let pulled = 0;
    const gates: (() => void)[] = [];
    async function* source(): AsyncGenerator<unknown> {
      for (let i = 0; i < 4; i++) {
        await new Promise<void>((resolve) => gates.push(resolve));
        pulled++;
        yield { text: String(i) };
      }
    }
    const readAll: Outcome = async (call) => okReply({ text: "", count: (await collect(call.requests)).length });
    const backend = hedged([readAll, readAll], { maxAttempts: 2 }, methodOf("client_streaming"));
    const reply = backend.call({ requests: messagesOf(source()) });
    for (let i = 0; i < 4; i++) {
      await backend.clock.pass(30);
      gates.shift()?.();
    }
    await backend.clock.pass(30);
    expect(await (await reply).messages.one()).toEqual({ text: "", count: 4 });
    expect([pulled, backend.seen.length]).toEqual([4, 2]);
  });

  test("M13: a copy that has failed is not the one that stays", async () => {
    const gates: (() => void)[] = [];
    async function* source(): AsyncGenerator<unknown> {
      for (let i = 0; i < 2; i++) {
        await new Promise<void>((resolve) => gates.push(resolve));
        yield { text: "123456789" };
      }
    }
    // asks for a request and fails before it is there
    const asks: Outcome = async (call) => {
      void call.requests[Symbol.asyncIterator]().next();
      await turn();
      return failedReply(down);
    };
    const readAll: Outcome = async (call) => okReply({ text: "", count: (await collect(call.requests)).length });
    const backend = hedged([asks, readAll], { bufferBytes: 5, maxAttempts: 2 }, methodOf("client_streaming"));
    const reply = backend.call({ requests: messagesOf(source()) });
    for (let i = 0; i < 2; i++) {
      await turn();
      await turn();
      gates.shift()?.();
    }
    expect(await (await reply).messages.one()).toEqual({ text: "", count: 2 });
  });

  test("M13: a wait beyond the deadline is not waited for", async () => {
    const wait = failed(Code.UNAVAILABLE, { "grpc-retry-pushback-ms": "300" });
    const backend = timed([after(10, wait), after(10, "ok")]);
    const reply = backend.call({ deadlineMs: 200 });
    await backend.clock.pass(20);
    expect((await reply).failed).toBe(wait);
  });

  test("M13: a call whose reply has begun keeps nothing", async () => {
    async function* source(): AsyncGenerator<unknown> {
      for (let i = 0; i < 11; i++) yield { text: "123456789" };
    }
    const begins: Outcome = async (call) => {
      const iterator = call.requests[Symbol.asyncIterator]();
      for (let i = 0; i < 10; i++) await iterator.next();
      async function* replies(): AsyncGenerator<unknown> {
        yield {};
        await new Promise(() => {});
      }
      return streaming(replies())(call);
    };
    const readSome: Outcome = async (call) => {
      const iterator = call.requests[Symbol.asyncIterator]();
      for (let i = 0; i < 10; i++) await iterator.next();
      return new Promise((resolve) => lifetimeOf(call).onAbort((reason) => resolve(failedReply(reason))));
    };
    const options = { totalBufferBytes: 130, maxAttempts: 2 };
    const backend = hedged([begins, readSome, "ok"], options, methodOf("bidi_streaming"));
    const controller = new AbortController();
    const first = await backend.call({ requests: messagesOf(source()), signal: controller.signal });
    expect(first.failed).toBeUndefined();
    const second = backend.call({ requests: messagesOf(source()) });
    await backend.clock.pass(1_000);
    expect((await second).failed).toBeUndefined();
    expect(backend.seen).toHaveLength(3);
    controller.abort();
  });

  test("M13: when more would have to be kept, the copy that is furthest stays and the others are cancelled", async () => {
    async function* source(): AsyncGenerator<unknown> {
      for (let i = 0; i < 100; i++) yield { text: "123456789" };
    }
    const readSome: Outcome = async (call) => {
      const iterator = call.requests[Symbol.asyncIterator]();
      await iterator.next();
      return new Promise((resolve) => lifetimeOf(call).onAbort((reason) => resolve(failedReply(reason))));
    };
    const readAll: Outcome = async (call) => {
      await collect(call.requests);
      return failedReply(down);
    };
    const options = { maxAttempts: 5, bufferBytes: 200 };
    const backend = hedged([readSome, readSome, readAll], options, methodOf("client_streaming"));
    const reply = backend.call({ requests: messagesOf(source()) });
    await backend.clock.pass(1_000);
    // and it fails for all: no further copy could have all requests
    expect((await reply).failed).toBe(down);
    expect(backend.times()).toEqual([0, 50, 100]);
    expect(aborted(backend)).toEqual([true, true, false]);
    const reasons = backend.seen.slice(0, 2).map(({ call }) => (call.context.signal.reason as { code: Code }).code);
    expect(reasons).toEqual([Code.CANCELLED, Code.CANCELLED]);
  });

  test("M13: a method that is hedged is not retried as well, wherever the two stand", async () => {
    const layers: ((clock: FakeClock) => Interceptor[])[] = [
      (clock) => [retry({ clock }), hedge({ clock, delayMs: 50 })],
      (clock) => [hedge({ clock, delayMs: 50 }), retry({ clock })],
    ];
    for (const make of layers) {
      const backend = backendOf(make, [down]);
      const reply = backend.call();
      await backend.clock.pass(5_000);
      expect((await reply).failed).toBe(down);
      expect(backend.times()).toEqual([0, 0]);
    }
    const other = backendOf((clock) => [hedge({ clock }), retry({ clock, random: () => 0.5 })], [down]);
    const reply = other.call();
    await other.clock.pass(5_000);
    expect((await reply).failed).toBe(down);
    expect(other.times()).toEqual([0, 100, 300]);
  });

  test("M13: copies have the caller's context and spans of their own below the call's", async () => {
    const storage = new AsyncLocalStorage<string>();
    const contexts: (string | undefined)[] = [];
    const spy: Interceptor = (call, next) => {
      contexts.push(storage.getStore());
      return next(call);
    };
    const spans: SpanRecord[] = [];
    const tracer = recordingTracer((span) => spans.push(span));
    const backend = backendOf(
      (clock) => [tracing({ tracer }), hedge({ clock, delayMs: 50 }), spy, attempt({ tracer, clock })],
      ["never", "ok"],
    );
    const reply = storage.run("caller", () => backend.call());
    await backend.clock.pass(1_000);
    expect((await reply).failed).toBeUndefined();
    expect(contexts).toEqual(["caller", "caller"]);
    const attempts = spans.filter(({ name }) => name.startsWith("Attempt."));
    const found = attempts.map(({ attributes }) => [
      attributes["previous-rpc-attempts"],
      attributes["rpc.response.status_code"],
    ]);
    expect(found.sort()).toEqual([
      [0, "CANCELLED"],
      [1, "OK"],
    ]);
    const call = spans.find(({ name }) => name === "wirespan.test.v1.Echo/Say");
    expect(attempts.map(({ parent }) => parent?.spanId)).toEqual([call?.trace.spanId, call?.trace.spanId]);
  });

  test("M13: a copy that takes too long sends the next", async () => {
    const backend = backendOf(
      (clock) => [hedge({ clock, delayMs: 1_000 }), attempt({ clock, timeoutMs: 30 })],
      ["never", "ok"],
    );
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.times()).toEqual([0, 30]);
  });

  test.each([
    [{ delayMs: -1 }, "delayMs is -1"],
    [{ delayMs: 1, maxAttempts: 0 }, "maxAttempts is 0"],
    [{ delayMs: 1, nonFatalCodes: [Code.OK] }, "OK, which is no failure"],
  ])("M13: %o is refused where it stands", (options, text) => {
    expect(() => hedge(options)).toThrow(RangeError);
    expect(() => hedge(options)).toThrow(text);
  });
});
