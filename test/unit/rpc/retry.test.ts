import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { recordingTracer, type SpanRecord } from "../../../src/runtime/context/index.js";
import {
  attempt,
  createMetrics,
  createRetryBudget,
  createRetryQuota,
  retry,
  tracing,
  type RetryEvent,
  type RetryOptions,
} from "../../../src/runtime/interceptors/index.js";
import {
  Code,
  failedReply,
  markUnseen,
  messagesOf,
  okReply,
  retryInfoDetail,
  oneMessage,
  RpcError,
  type Interceptor,
  type Messages,
  type MethodInfo,
  type RpcStatus,
} from "../../../src/runtime/rpc/index.js";
import { collect } from "../../behaviour/rpc/echo.js";
import { turn } from "../queue/support.js";
import { backendOf, failed, methodOf, seededRandom, streaming, type Backend, type Outcome } from "./attempts.js";

const down = failed(Code.UNAVAILABLE);

/** A RetryInfo of -1 s: the varint of a negative number has ten bytes. */
const negativeSecond = Uint8Array.of(10, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1);

/** A backend behind a retry layer whose waits do not vary. */
function retried(outcomes: readonly Outcome[], options: RetryOptions = {}, method?: MethodInfo): Backend {
  return backendOf((clock) => [retry({ clock, random: () => 0.5, ...options })], outcomes, method);
}

const previous = ({ seen }: Backend): (string | undefined)[] => seen.map((one) => one.previous);

describe("M13: retry", () => {
  test("M13: attempts until one succeeds, with the waits and the header of gRPC", async () => {
    const backend = retried([down, down, down, down, "ok"], { maxAttempts: 5 });
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.times()).toEqual([0, 100, 300, 700, 1_500]);
    expect(previous(backend)).toEqual([undefined, "1", "2", "3", "4"]);
    expect(backend.clock.timers).toBe(0);
  });

  test("M13: the last failure is the call's, as it came", async () => {
    const last = failed(Code.UNAVAILABLE, { "x-who": "third" });
    const backend = retried([down, down, last]);
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBe(last);
    await expect((await reply).messages.one()).rejects.toMatchObject({ code: Code.UNAVAILABLE, message: "as told" });
    expect(await (await reply).done).toBe(last);
    expect(backend.times()).toEqual([0, 100, 300]);
  });

  test("M13: other codes are not tried again", async () => {
    for (const code of [Code.INVALID_ARGUMENT, Code.INTERNAL, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED]) {
      const backend = retried([failed(code)]);
      expect((await backend.call()).failed).toMatchObject({ code });
      expect(backend.seen).toHaveLength(1);
    }
  });

  test("M13: a key makes no stream repeatable", async () => {
    const method = methodOf("server_streaming", { idempotency: "unknown", policy: { idempotencyKey: "text" } });
    const backend = retried([down], {}, method);
    await backend.call();
    expect(backend.seen).toHaveLength(1);
  });

  test.each([
    ["no_side_effects", {}, {}, 3],
    ["idempotent", {}, {}, 3],
    ["unknown", {}, {}, 1],
    ["unknown", {}, { methods: "/wirespan.test.v1.Echo/*" }, 3],
    ["unknown", {}, { methods: "/wirespan.test.v1.Other/*" }, 1],
    ["unknown", {}, { maxAttempts: 5 }, 1],
    ["idempotent", {}, { maxAttempts: 1 }, 1],
  ] as const)(
    "M13: idempotency %s, policy %o, options %o: %i attempts",
    async (idempotency, policy, options, count) => {
      const backend = retried([down], options, methodOf("unary", { idempotency, policy }));
      const reply = backend.call();
      await backend.clock.pass(5_000);
      expect((await reply).failed).toBe(down);
      expect(backend.seen).toHaveLength(count);
    },
  );

  test.each([
    ["no key", {}, {}, 1],
    ["an empty key", { text: "" }, {}, 1],
    ["an empty header", { text: "" }, { "idempotency-key": "" }, 1],
    ["its field", { text: "a" }, {}, 3],
    ["the header", {}, { "idempotency-key": "a" }, 3],
  ] as const)("M13, T10: a method that a key makes idempotent, called with %s", async (_, request, metadata, count) => {
    const method = methodOf("unary", { idempotency: "unknown", policy: { idempotencyKey: "text" } });
    const backend = retried([down], {}, method);
    const reply = backend.call({ requests: oneMessage(request), metadata });
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBe(down);
    expect(backend.seen).toHaveLength(count);
    for (const { call } of backend.seen) expect(await call.requests.one()).toBe(request);
  });

  test("M13, T10: a request that comes later is asked for its key, and sent as often as that says", async () => {
    const method = methodOf("unary", { idempotency: "unknown", policy: { idempotencyKey: "text" } });
    for (const [text, count] of [
      ["a", 3],
      ["", 1],
    ] as const) {
      const backend = retried([down], {}, method);
      const reply = backend.call({ requests: messagesOf([{ text }]) });
      await backend.clock.pass(5_000);
      expect((await reply).failed).toBe(down);
      expect(backend.seen).toHaveLength(count);
    }
  });

  test("M13: on a server a handler runs once", async () => {
    const backend = retried([down]);
    expect((await backend.call({ side: "server" })).failed).toBe(down);
    expect(backend.seen).toHaveLength(1);
  });

  test("M13: the deadline spans all attempts, and a retry that would come after it is not waited for", async () => {
    const backend = retried([down], { maxAttempts: 5 });
    let at = 0;
    const reply = backend.call({ deadlineMs: 650 }).then((found) => ((at = backend.clock.now()), found));
    const began = backend.clock.now();
    await backend.clock.pass(5_000);
    expect(backend.times()).toEqual([0, 100, 300]);
    expect((await reply).failed).toBe(down);
    // the one at 700 would be too late
    expect(at - began).toBe(300);
    const deadlines = backend.seen.map(({ call }) => call.context.deadline);
    expect(deadlines).toEqual([began + 650, began + 650, began + 650]);
  });

  test("M13: the deadline ends an attempt that hangs, and the call with it", async () => {
    const backend = retried([down, "never"], { maxAttempts: 5, codes: [Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED] });
    const reply = backend.call({ deadlineMs: 400 });
    await backend.clock.pass(5_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(backend.times()).toEqual([0, 100]);
  });

  test("M13: cancelled while it waits, a call is over at once and nothing more is sent", async () => {
    const controller = new AbortController();
    const backend = retried([down]);
    let over = false;
    const reply = backend.call({ signal: controller.signal }).then((found) => ((over = true), found));
    await backend.clock.pass(50);
    expect([over, backend.clock.timers]).toEqual([false, 1]);
    controller.abort();
    await turn();
    expect(over).toBe(true);
    expect((await reply).failed).toMatchObject({ code: Code.CANCELLED });
    await backend.clock.pass(5_000);
    expect([backend.seen.length, backend.clock.timers]).toEqual([1, 0]);
  });

  test("M13: what the last retry took of Smithy's quota is given back when it succeeds", async () => {
    const budget = createRetryQuota();
    const backend = retried([down, down, "ok", "ok"], { budget });
    const reply = backend.call();
    await backend.clock.pass(150);
    expect(budget.tokens).toBe(490);
    await backend.clock.pass(1_000);
    expect([(await reply).failed, budget.tokens]).toEqual([undefined, 495]);
    await backend.call();
    expect(budget.tokens).toBe(496);
  });

  test("M13: what the caller cancelled is no failure worth a retry, whatever the codes", async () => {
    const events: RetryEvent[] = [];
    const budget = createRetryQuota();
    const controller = new AbortController();
    const backend = retried(["never"], {
      codes: [Code.CANCELLED],
      budget,
      onRetry: (event) => void events.push(event),
    });
    const reply = backend.call({ signal: controller.signal });
    await turn();
    controller.abort();
    expect((await reply).failed).toMatchObject({ code: Code.CANCELLED });
    expect([backend.seen.length, events, budget.tokens]).toEqual([1, [], 500]);
  });

  test("M13: a server's wait is kept exactly, and the backoff begins anew after it", async () => {
    const pushback = failed(Code.UNAVAILABLE, { "grpc-retry-pushback-ms": "37" });
    const backend = retried([down, down, pushback, down, "ok"], { maxAttempts: 5, random: seededRandom(1) });
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    const times = backend.times();
    const waits = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(waits[2]).toBe(37);
    expect(waits[1]).toBeGreaterThanOrEqual(160);
    // the first step again, 80 to 120, not the third
    expect(waits[3]).toBeGreaterThanOrEqual(80);
    expect(waits[3]).toBeLessThanOrEqual(120);
  });

  test.each(["-1", "soon"])("M13: a wait of %s means no retry, and counts as a failure", async (value) => {
    const budget = createRetryBudget();
    const stop = failed(Code.ABORTED, { "grpc-retry-pushback-ms": value });
    const backend = retried([stop], { budget });
    expect((await backend.call()).failed).toBe(stop);
    expect([backend.seen.length, budget.tokens]).toEqual([1, 9]);
  });

  test("M13: a RetryInfo of the server is the least wait; where the deadline leaves less there is no retry", async () => {
    const after = (ms: number, trailer?: Record<string, string>): RpcStatus => ({
      ...failed(Code.UNAVAILABLE, trailer),
      details: [{ typeUrl: "type.googleapis.com/x.Y", value: Uint8Array.of(255) }, retryInfoDetail(ms)],
    });
    const timesOf = async (outcomes: readonly Outcome[], deadlineMs = 20_000): Promise<readonly number[]> => {
      const backend = retried([...outcomes, "ok"], { maxAttempts: 5 });
      const reply = backend.call({ deadlineMs });
      await backend.clock.pass(20_000);
      await reply;
      return backend.times();
    };
    expect(await timesOf([after(1_000), after(1_500), down])).toEqual([0, 1_000, 2_500, 2_900]);
    // shorter than the backoff
    expect(await timesOf([after(10), after(10)])).toEqual([0, 100, 300]);
    expect(await timesOf([after(1_000, { "grpc-retry-pushback-ms": "30" })])).toEqual([0, 30]);
    expect(await timesOf([after(1_000)], 1_000)).toEqual([0]);
    expect(await timesOf([after(2 ** 31)], 2 ** 33)).toEqual([0]);
    const unreadable = { ...down, details: [{ ...retryInfoDetail(0), value: Uint8Array.of(10, 99) }] };
    expect(await timesOf([unreadable])).toEqual([0, 100]);
    const negative = { ...down, details: [{ ...retryInfoDetail(0), value: negativeSecond }] };
    expect(await timesOf([negative])).toEqual([0, 100]);
  });

  test("M13: a wait for a failure that is not worth a retry changes nothing", async () => {
    const wrong = failed(Code.INVALID_ARGUMENT, { "grpc-retry-pushback-ms": "5" });
    const backend = retried([wrong]);
    expect((await backend.call()).failed).toBe(wrong);
    expect(backend.seen).toHaveLength(1);
  });

  test("M13: hooks do not skip a step of the backoff, whatever they do", async () => {
    const events: RetryEvent[] = [];
    const draws: number[] = [];
    const source = seededRandom(7);
    const random = (): number => {
      const drawn = source();
      draws.push(drawn);
      return drawn;
    };
    const outcomes = [down, down, down, down, "ok"] as const;
    const plain = retried(outcomes, { maxAttempts: 5, random: seededRandom(7) });
    const hooked = retried(outcomes, {
      maxAttempts: 5,
      random,
      onRetry(event) {
        events.push(event);
        throw new Error("a listener that fails");
      },
    });
    for (const backend of [plain, hooked]) {
      const reply = backend.call();
      await backend.clock.pass(5_000);
      expect((await reply).failed).toBeUndefined();
    }
    expect(hooked.times()).toEqual(plain.times());
    expect(draws).toHaveLength(4);
    expect(events.map(({ attempt, transparent }) => [attempt, transparent])).toEqual(
      [1, 2, 3, 4].map((n) => [n, false]),
    );
    const times = hooked.times();
    events.forEach(({ delayMs, status, method }, i) => {
      expect(delayMs).toBeCloseTo((times[i + 1] ?? 0) - (times[i] ?? 0), 6);
      expect([status, method.name]).toEqual([down, "Say"]);
    });
  });

  test("M13: every attempt has the caller's context and the caller's metadata, and changes neither", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const spy: Interceptor = (call, next) => {
      seen.push(storage.getStore());
      call.context.metadata.set("x-mine", "changed");
      return next(call);
    };
    const backend = backendOf((clock) => [retry({ clock }), spy], [down, down, "ok"]);
    const reply = storage.run("caller", () => backend.call({ metadata: { "x-who": "ada" } }));
    await backend.clock.pass(5_000);
    await reply;
    expect(seen).toEqual(["caller", "caller", "caller"]);
    expect(backend.seen.map(({ call }) => call.context.metadata.get("x-who"))).toEqual(["ada", "ada", "ada"]);
  });

  test("M13: layers within begin anew with each attempt", async () => {
    let tokens = 0;
    const fresh: Interceptor = (call, next) => {
      const metadata = call.context.metadata.clone();
      metadata.set("authorization", `Bearer ${++tokens}`);
      return next(call.change({ metadata }));
    };
    const backend = backendOf((clock) => [retry({ clock }), fresh], [down, down, "ok"]);
    const reply = backend.call();
    await backend.clock.pass(5_000);
    await reply;
    const sent = backend.seen.map(({ call }) => call.context.metadata.getAll("authorization"));
    expect(sent).toEqual([["Bearer 1"], ["Bearer 2"], ["Bearer 3"]]);
  });
});

describe("M13: transparent retries", () => {
  const unsent = markUnseen(failed(Code.UNAVAILABLE), "unsent");
  const refused = markUnseen(failed(Code.UNAVAILABLE), "refused");

  test("M13: calls that never left count neither as attempts nor for the budget, however many", async () => {
    const budget = createRetryBudget();
    const events: RetryEvent[] = [];
    const outcomes = [...Array.from({ length: 20 }, () => unsent), down, unsent, "ok" as const];
    const backend = retried(outcomes, { maxAttempts: 2, budget, onRetry: (event) => events.push(event) });
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.seen).toHaveLength(23);
    expect(previous(backend)).toEqual([...Array.from({ length: 21 }, () => undefined), "1", "1"]);
    expect(budget.tokens).toBe(9.1);
    expect(events.filter(({ transparent }) => transparent)).toHaveLength(21);
    expect(new Set(backend.times())).toEqual(new Set([0, 100]));
  });

  test("M13: they end with the call, so that a connection that takes none is no endless loop", async () => {
    const backend = retried([unsent]);
    const controller = new AbortController();
    const reply = backend.call({ signal: controller.signal });
    await turn();
    controller.abort();
    await backend.clock.pass(1_000);
    expect((await reply).failed).toMatchObject({ code: Code.CANCELLED });
    const count = backend.seen.length;
    await backend.clock.pass(1_000);
    expect(backend.seen).toHaveLength(count);
  });

  test("M13: what a server refused is sent once more at once, and then as the policy says", async () => {
    const backend = retried([refused, refused, down, "ok"], { maxAttempts: 3 });
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.times()).toEqual([0, 0, 100, 300]);
    expect(previous(backend)).toEqual([undefined, undefined, "1", "2"]);
  });

  test("M13: a later attempt that is refused counts", async () => {
    const backend = retried([down, refused, refused], { maxAttempts: 3 });
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBe(refused);
    expect(backend.times()).toEqual([0, 100, 300]);
  });

  test("M13: methods that may not be repeated are sent again when nobody has seen them", async () => {
    for (const first of [unsent, refused]) {
      const backend = retried([first, down], {}, methodOf("unary", { idempotency: "unknown" }));
      expect((await backend.call()).failed).toBe(down);
      expect(backend.seen).toHaveLength(2);
    }
  });
});

describe("M13: retries of streams", () => {
  const texts = async (messages: Messages<unknown>): Promise<string[]> =>
    (await collect(messages)).map((one) => (one as { text: string }).text);

  function source(
    count: number,
    text = "x",
  ): { requests: Messages<unknown>; pulled: () => number; closed: () => boolean } {
    let pulled = 0;
    let closed = false;
    async function* generate(): AsyncGenerator<{ text: string }> {
      try {
        for (let i = 0; i < count; i++) {
          pulled++;
          yield { text: `${text}${i}` };
        }
      } finally {
        closed = true;
      }
    }
    return { requests: messagesOf<unknown>(generate()), pulled: () => pulled, closed: () => closed };
  }

  test("M13: a reply that has begun is the call's: a failure after it is not tried again", async () => {
    const budget = createRetryBudget();
    async function* broken(): AsyncGenerator<unknown> {
      yield { text: "a" };
      throw new RpcError(Code.UNAVAILABLE, "gone");
    }
    const backend = retried([streaming(broken())], { budget }, methodOf("server_streaming"));
    const reply = await backend.call();
    await expect(collect(reply.messages)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await backend.clock.pass(5_000);
    expect(backend.seen).toHaveLength(1);
    expect(budget.tokens).toBe(9);
  });

  test("M13: even one that has sent nothing but headers", async () => {
    const broken: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new RpcError(Code.UNAVAILABLE, "gone")) }),
    };
    const backend = retried([streaming(broken)], {}, methodOf("server_streaming"));
    const reply = await backend.call();
    await expect(collect(reply.messages)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(backend.seen).toHaveLength(1);
  });

  test("M13: every attempt gets all requests, which are read once", async () => {
    const got: string[][] = [];
    const { requests, pulled, closed } = source(5);
    const reads =
      (count: number, then: Outcome): Outcome =>
      async (call) => {
        const own: string[] = [];
        got.push(own);
        let left = count;
        for await (const one of call.requests) {
          own.push((one as { text: string }).text);
          if (--left === 0) break;
        }
        return typeof then === "object" ? failedReply(then) : okReply({ text: "done", count: own.length });
      };
    const outcomes = [reads(2, down), reads(4, down), reads(Infinity, "ok")];
    const backend = retried(outcomes, {}, methodOf("client_streaming"));
    const reply = backend.call({ requests });
    await backend.clock.pass(5_000);
    expect(await (await reply).messages.one()).toEqual({ text: "done", count: 5 });
    expect(got).toEqual([
      ["x0", "x1"],
      ["x0", "x1", "x2", "x3"],
      ["x0", "x1", "x2", "x3", "x4"],
    ]);
    expect([pulled(), closed()]).toEqual([5, true]);
  });

  test("M13: more requests than may be kept commit the call", async () => {
    const readAll: Outcome = async (call) => {
      await collect(call.requests);
      return failedReply(down);
    };
    // each is encoded as 12 bytes: a tag, a length, ten characters
    const fits = retried([readAll], { bufferBytes: 120 }, methodOf("client_streaming"));
    let reply = fits.call({ requests: source(10, "123456789").requests });
    await fits.clock.pass(5_000);
    expect((await reply).failed).toBe(down);
    expect(fits.seen).toHaveLength(3);

    const { requests, pulled, closed } = source(11, "123456789");
    const over = retried([readAll], { bufferBytes: 120 }, methodOf("client_streaming"));
    reply = over.call({ requests });
    await over.clock.pass(5_000);
    expect((await reply).failed).toBe(down);
    expect([over.seen.length, pulled(), closed()]).toEqual([1, 11, true]);
  });

  test("M13: a long stream is passed on without being kept once it is committed", async () => {
    const count = 20_000;
    const readAll: Outcome = async (call) => okReply({ text: "", count: (await collect(call.requests)).length });
    const backend = retried([readAll], { bufferBytes: 1_000 }, methodOf("client_streaming"));
    const reply = await backend.call({ requests: source(count).requests });
    expect(await reply.messages.one()).toMatchObject({ count });
  });

  test("M13: what all calls keep together is bounded, and given back", async () => {
    const opened: ((value: unknown) => void)[] = [];
    const hold: Outcome = async (call) => {
      await collect(call.requests);
      await new Promise((resolve) => opened.push(resolve));
      return failedReply(down);
    };
    const options = { totalBufferBytes: 240, maxAttempts: 2, budget: false } as const;
    const backend = retried([hold], options, methodOf("client_streaming"));
    const calls = Array.from({ length: 3 }, () => backend.call({ requests: source(10, "123456789").requests }));
    await turn();
    expect(backend.seen).toHaveLength(3);
    for (const open of opened.splice(0)) open(undefined);
    await backend.clock.pass(5_000);
    // two had room, the third was committed
    expect(backend.seen).toHaveLength(5);
    for (const open of opened.splice(0)) open(undefined);
    await backend.clock.pass(5_000);
    for (const reply of await Promise.all(calls)) expect(reply.failed).toBe(down);

    const later = backend.call({ requests: source(19, "123456789").requests });
    await turn();
    for (const open of opened.splice(0)) open(undefined);
    await backend.clock.pass(5_000);
    for (const open of opened.splice(0)) open(undefined);
    expect((await later).failed).toBe(down);
    expect(backend.seen).toHaveLength(7);
  });

  test("M13: a call whose reply has begun keeps nothing", async () => {
    // reads all requests of 120 bytes, then begins its reply and goes on until it is cancelled
    const endless = (): Outcome => async (call) => {
      const iterator = call.requests[Symbol.asyncIterator]();
      for (let i = 0; i < 10; i++) await iterator.next();
      async function* replies(): AsyncGenerator<unknown> {
        yield {};
        await iterator.next();
      }
      return streaming(replies())(call);
    };
    const readAll: Outcome = async (call) => {
      await collect(call.requests);
      return failedReply(down);
    };
    const options = { totalBufferBytes: 130, maxAttempts: 2 };
    const backend = retried([endless(), readAll], options, methodOf("bidi_streaming"));
    const controller = new AbortController();
    const first = await backend.call({ requests: source(20, "123456789").requests, signal: controller.signal });
    expect(first.failed).toBeUndefined();
    const second = backend.call({ requests: source(10, "123456789").requests });
    await backend.clock.pass(5_000);
    expect((await second).failed).toBe(down);
    // the second was tried again, for which it needed the room of the first
    expect(backend.seen).toHaveLength(3);
    controller.abort();
  });

  test("M13: an overflow while nobody is under way makes the next attempt the last", async () => {
    const gates: (() => void)[] = [];
    async function* slow(): AsyncGenerator<unknown> {
      for (let i = 0; i < 4; i++) {
        await new Promise<void>((resolve) => gates.push(resolve));
        yield { text: "123456789" };
      }
    }
    const first: Outcome = async (call) => {
      void call.requests[Symbol.asyncIterator]().next();
      await turn();
      return failedReply(down);
    };
    const got: string[][] = [];
    const second: Outcome = async (call) => {
      got.push(await texts(call.requests));
      return failedReply(down);
    };
    const backend = retried([first, second], { bufferBytes: 10 }, methodOf("client_streaming"));
    const reply = backend.call({ requests: messagesOf(slow()) });
    await turn();
    gates.shift()?.();
    await backend.clock.pass(100);
    for (let i = 0; i < 3; i++) {
      await turn();
      gates.shift()?.();
    }
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBe(down);
    expect([backend.seen.length, got]).toEqual([2, [Array.from({ length: 4 }, () => "123456789")]]);
  });

  test("M13: a source that fails fails the call, whatever its error looks like", async () => {
    async function* broken(): AsyncGenerator<unknown> {
      yield { text: "a" };
      throw new RpcError(Code.UNAVAILABLE, "my own");
    }
    const readAll: Outcome = async (call) => {
      try {
        await collect(call.requests);
        return okReply({});
      } catch (error) {
        return failedReply(error);
      }
    };
    const backend = retried([readAll], {}, methodOf("client_streaming"));
    const reply = backend.call({ requests: messagesOf(broken()) });
    await backend.clock.pass(5_000);
    expect((await reply).failed).toMatchObject({ code: Code.UNAVAILABLE, message: "my own" });
    expect(backend.seen).toHaveLength(1);
  });

  test("M13: a single request may be read by every attempt, whoever made it", async () => {
    let reads = 0;
    const once: Messages<unknown> = {
      async one() {
        if (++reads > 1) throw new Error("it was read already");
        return { text: "single" };
      },
      map() {
        throw new Error("not mapped");
      },
      async *[Symbol.asyncIterator]() {
        yield await this.one();
      },
    };
    const got: unknown[] = [];
    const read: Outcome = async (call) => {
      got.push(await call.requests.map((one) => ({ ...(one as object), mapped: true })).one());
      return failedReply(down);
    };
    const backend = retried([read]);
    const reply = backend.call({ requests: once });
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBe(down);
    expect(got).toEqual(Array.from({ length: 3 }, () => ({ text: "single", mapped: true })));
  });
});

describe("M13: attempts", () => {
  test("M13: one that takes too long is tried again, within the call's own time", async () => {
    const backend = retried(["never", "never", "ok"], { attemptTimeoutMs: 50 });
    const reply = backend.call({ deadlineMs: 1_000 });
    const began = backend.clock.now();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.times()).toEqual([0, 150, 400]);
    expect(backend.seen.map(({ call }) => (call.context.deadline ?? 0) - began)).toEqual([50, 200, 450]);
    expect(backend.clock.timers).toBe(0);
  });

  test.each([
    [49, 2],
    [40, 1],
  ])("M13: a server that keeps its time and answers after %d ms of 50: %d attempts", async (ms, attempts) => {
    const early: Outcome = () =>
      new Promise((resolve) => backend.clock.after(ms, () => resolve(failedReply(failed(Code.DEADLINE_EXCEEDED)))));
    const backend: Backend = retried([early, "ok"], { attemptTimeoutMs: 50 });
    const reply = backend.call({ deadlineMs: 1_000 });
    await backend.clock.pass(1_000);
    await reply;
    expect(backend.seen).toHaveLength(attempts);
  });

  test("M13: gRPC's metrics tell of retries, transparent ones and the time between them, where there were any", async () => {
    const meter = createMetrics();
    const unsent = markUnseen(failed(Code.UNAVAILABLE), "unsent");
    const backend = retried([unsent, down, down, "ok"], { meter });
    const reply = backend.call();
    await backend.clock.pass(1_000);
    expect((await reply).failed).toBeUndefined();
    // one without retries is not told of
    expect((await backend.call()).failed).toBeUndefined();
    const attributes = { "grpc.method": "wirespan.test.v1.Echo/Say" };
    expect(meter.points()).toEqual([
      { name: "grpc.client.call.retries", kind: "histogram", attributes, value: 2, count: 1 },
      { name: "grpc.client.call.transparent_retries", kind: "histogram", attributes, value: 1, count: 1 },
      { name: "grpc.client.call.retry_delay", kind: "histogram", attributes, value: 0.3, count: 1 },
    ]);

    const failing = retried([down], { meter });
    const controller = new AbortController();
    const cancelled = failing.call({ signal: controller.signal });
    await failing.clock.pass(60);
    controller.abort();
    expect((await cancelled).failed).toMatchObject({ code: Code.CANCELLED });
    // it waited, and was not tried again
    expect(meter.points().map(({ count, value }) => [count, value])).toEqual([
      [1, 2],
      [1, 1],
      [2, 0.36],
    ]);
  });

  test("M13: a meter that fails does not fail the call", async () => {
    const record = (): never => {
      throw new Error("no room");
    };
    const meter = { ...createMetrics(), createHistogram: () => ({ record }) };
    const backend = retried([down, "ok"], { meter });
    const reply = backend.call();
    await backend.clock.pass(1_000);
    expect((await reply).failed).toBeUndefined();
  });

  test("M13: nothing is left of an attempt that is over", async () => {
    const backend = retried([down, down, "never"], { attemptTimeoutMs: 10_000 });
    const reply = backend.call();
    await backend.clock.pass(1_000);
    // the time of the third
    expect([backend.seen.length, backend.clock.timers]).toEqual([3, 1]);
    await backend.clock.pass(10_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(backend.clock.timers).toBe(0);
  });

  test("M13: such a retry costs twice as much of Smithy's quota", async () => {
    const budget = createRetryQuota();
    const backend = retried(["never", down, "never", "never"], { attemptTimeoutMs: 50, budget, maxAttempts: 4 });
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect([backend.seen.length, budget.tokens]).toEqual([4, 475]);
  });

  test.each([
    [[Code.UNAVAILABLE], true, false],
    [[Code.DEADLINE_EXCEEDED], true, true],
    [[Code.ABORTED], false, false],
  ])(
    "M13: with codes %j: one that took too long is tried again: %s; what a server says: %s",
    async (codes, own, told) => {
      const made = async (first: Outcome): Promise<number> => {
        const backend = retried([first, "ok"], { attemptTimeoutMs: 50, codes });
        const reply = backend.call({ deadlineMs: 5_000 });
        await backend.clock.pass(5_000);
        await reply;
        return backend.seen.length;
      };
      expect([await made("never"), await made(failed(Code.DEADLINE_EXCEEDED))]).toEqual([own ? 2 : 1, told ? 2 : 1]);
    },
  );

  test("M13: the call's own deadline is no attempt that took too long", async () => {
    const backend = retried(["never"], { attemptTimeoutMs: 500 });
    const reply = backend.call({ deadlineMs: 100 });
    await backend.clock.pass(5_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(backend.seen).toHaveLength(1);
  });

  test("M13: the contract's time for an attempt holds, and a layer within takes over what retry would do", async () => {
    const policy = {
      retry: {
        maxAttempts: 2,
        initialBackoffMs: 100,
        backoffMultiplier: 2,
        maxBackoffMs: 1_000,
        codes: [Code.UNAVAILABLE],
        attemptTimeoutMs: 30,
      },
    };
    // stands for a limit in which attempts wait
    const queue =
      (wait: (ms: number) => Promise<void>): Interceptor =>
      async (call, next) => {
        await wait(200);
        return next(call);
      };
    const waitOn = (clock: { after(ms: number, run: () => void): unknown }) => (ms: number) =>
      new Promise<void>((resolve) => void clock.after(ms, resolve));
    const alone = backendOf((clock) => [retry({ clock, random: () => 0.5 })], ["never"], methodOf("unary", { policy }));
    let reply = alone.call();
    await alone.clock.pass(5_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(alone.times()).toEqual([0, 130]);

    const placed = backendOf(
      (clock) => [retry({ clock, random: () => 0.5 }), queue(waitOn(clock)), attempt({ clock })],
      ["never"],
      methodOf("unary", { policy }),
    );
    reply = placed.call();
    await placed.clock.pass(5_000);
    expect((await reply).failed).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    // the wait in the queue is not the attempt's: 200 + 30, then 100, then 200
    expect(placed.times()).toEqual([200, 530]);
  });

  test("M13: a time told to retry reaches the layer that applies it", async () => {
    const backend = backendOf(
      (clock) => [retry({ clock, random: () => 0.5, attemptTimeoutMs: 40 }), attempt({ clock })],
      ["never", "ok"],
    );
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    expect(backend.times()).toEqual([0, 140]);
  });

  test("M13: the call has one span, each attempt a span below it with its number", async () => {
    const spans: SpanRecord[] = [];
    const tracer = recordingTracer((span) => spans.push(span));
    const unsent = markUnseen(failed(Code.UNAVAILABLE), "unsent");
    const backend = backendOf((clock) => [tracing({ tracer }), retry({ clock, tracer })], [unsent, down, down, "ok"]);
    const reply = backend.call();
    await backend.clock.pass(5_000);
    expect((await reply).failed).toBeUndefined();
    const name = "wirespan.test.v1.Echo/Say";
    const call = spans.find((span) => span.name === name);
    const attempts = spans.filter((span) => span.name === `Attempt.${name}`);
    expect(spans).toHaveLength(5);
    expect(attempts.map(({ attributes }) => attributes)).toEqual(
      [
        [0, true, "UNAVAILABLE"],
        [0, false, "UNAVAILABLE"],
        [1, false, "UNAVAILABLE"],
        [2, false, "OK"],
      ].map(([number, , code], i) => ({
        "rpc.system.name": "grpc",
        "rpc.method": name,
        "previous-rpc-attempts": number,
        "transparent-retry": i === 1,
        "rpc.response.status_code": code,
      })),
    );
    for (const span of attempts) {
      expect(span.parent?.spanId).toBe(call?.trace.spanId);
      expect(span.trace.traceId).toBe(call?.trace.traceId);
    }
    // what travels on is the attempt's position
    expect(backend.seen.map(({ call }) => call.context.metadata.get("traceparent"))).toEqual(
      attempts.map(({ trace }) => `00-${trace.traceId}-${trace.spanId}-01`),
    );
    expect(attempts.map(({ error }) => error === undefined)).toEqual([false, false, false, true]);
  });
});
