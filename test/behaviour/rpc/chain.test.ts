import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ambient, recordingTracer, withAmbient, type SpanRecord } from "../../../src/runtime/context/index.js";
import {
  auth,
  bearer,
  createMetrics,
  deadline,
  jsonLogger,
  logging,
  metrics,
  recovery,
  tracing,
} from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  codeName,
  createServiceClient,
  failedReply,
  RpcError,
  serviceChain,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import {
  collect,
  Echo,
  echo,
  rejection,
  transports,
  within,
  type Connected,
  type ConnectOptions,
  type EchoClient,
  type EchoHandler,
} from "./echo.js";

const kinds = ["say", "split", "join", "chat"] as const;

/** One call of each kind, the results in a list. */
async function callAll(client: EchoClient): Promise<unknown[]> {
  return [
    await client.say({ text: "a" }),
    await collect(client.split({ text: "a", count: 2 })),
    await client.join([{ text: "a" }]),
    await collect(client.chat([{ text: "a" }])),
  ];
}

function failAll(client: EchoClient): Promise<unknown[]> {
  return Promise.all([
    rejection(client.say({})),
    rejection(collect(client.split({ count: 2 }))),
    rejection(client.join([{}])),
    rejection(collect(client.chat([{}]))),
  ]);
}

describe.each(transports)("over $id", ({ connect }) => {
  const open: Connected[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });

  async function start<C>(handler: Partial<EchoHandler<C>> = {}, options: ConnectOptions = {}): Promise<Connected> {
    const connected = await connect<C>({ ...echo, ...handler }, options);
    open.push(connected);
    return connected;
  }

  describe("M9: one shape", () => {
    test("M9: method, duration and error are logged in eight lines, right for all four kinds and both sides", async () => {
      const lines: string[] = [];
      const output = (line: string): void => void lines.push(line);
      // prettier-ignore
      const log: Interceptor = async (call, next) => {
        const start = performance.now();
        const reply = await next(call);
        void reply.done.then(({ code, message }) =>
          output(`${call.context.side} ${call.method.name} ${codeName(code)} ${message} ${performance.now() - start > 9}`));
        return reply;
      };
      const slowly = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));
      const { client } = await start(
        {
          async say(note) {
            await slowly();
            return note;
          },
          async *split(note) {
            yield note;
            await slowly();
            throw new RpcError(Code.ABORTED, "late");
          },
          async join() {
            await slowly();
            throw new RpcError(Code.NOT_FOUND, "gone");
          },
        },
        { chain: chain().use(log), server: chain().use(log) },
      );
      await client.say({});
      await rejection(collect(client.split({})));
      await rejection(client.join([{}]));
      for await (const note of client.chat([{ text: "a" }])) {
        await slowly();
        expect(note.text).toBe("a");
      }
      await vi.waitFor(() => expect(lines).toHaveLength(8));
      expect(lines.filter((line) => line.startsWith("server"))).toEqual([
        "server Say OK  true",
        "server Split ABORTED late true",
        "server Join NOT_FOUND gone true",
        expect.stringMatching(/^server Chat OK {2}/),
      ]);
      expect(lines.filter((line) => line.startsWith("client"))).toEqual([
        "client Say OK  true",
        "client Split ABORTED late true",
        "client Join NOT_FOUND gone true",
        expect.stringMatching(/^client Chat OK {2}/),
      ]);
    });

    test("M9: a layer may replace messages both ways and add to the context", async () => {
      const shout: Interceptor<{ tenant: string }> = async (call, next) => {
        const heard = call.requests.map((message) => Object.assign({}, message, { count: 7 }));
        const reply = await next(call.change({ requests: heard }).with({ tenant: "acme" }));
        return { ...reply, messages: reply.messages.map((message) => Object.assign({}, message, { text: "LOUD" })) };
      };
      const seen: unknown[] = [];
      const { client } = await start<{ tenant: string }>(
        {
          say(note, { tenant }) {
            seen.push(tenant, note.count);
            return note;
          },
        },
        { server: chain().use(shout) },
      );
      expect(await client.say({ text: "quiet" })).toEqual({ text: "LOUD", count: 7 });
      expect(seen).toEqual(["acme", 7]);
      expect(await collect(client.chat([{ text: "a" }, { text: "b" }]))).toEqual([
        { text: "LOUD", count: 7 },
        { text: "LOUD", count: 7 },
      ]);
    });
  });

  describe("M10: order", () => {
    const recorder = (steps: string[], name: string, fail?: "before" | "after"): Interceptor => {
      return async (call, next) => {
        steps.push(`enter ${name}`);
        if (fail === "before") throw new Error("broken");
        const reply = await next(call);
        steps.push(`leave ${name}`);
        if (fail === "after") throw new Error("broken");
        return reply;
      };
    };
    const numbered = (steps: string[]) =>
      chain().use(recorder(steps, "1")).use(recorder(steps, "2")).use(recorder(steps, "3")).use(recorder(steps, "4"));
    const whole = ["enter 1", "enter 2", "enter 3", "enter 4", "handler", "leave 4", "leave 3", "leave 2", "leave 1"];

    test("M10: enter 1-2-3-4-handler, leave 4-3-2-1, in all four kinds", async () => {
      const steps: string[] = [];
      const handler: EchoHandler = {
        say: (note) => (steps.push("handler"), note),
        split: (note, context) => (steps.push("handler"), echo.split(note, context)),
        join: (notes, context) => (steps.push("handler"), echo.join(notes, context)),
        chat: (notes, context) => (steps.push("handler"), echo.chat(notes, context)),
      };
      const { client } = await start(handler, { server: numbered(steps) });
      await callAll(client);
      expect(steps).toEqual([...whole, ...whole, ...whole, ...whole]);
    });

    test("M10: the same when the handler throws, or a layer in the middle", async () => {
      const steps: string[] = [];
      const { client } = await start(
        {
          say() {
            steps.push("handler");
            throw new Error("broken");
          },
        },
        { server: numbered(steps) },
      );
      expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL });
      expect(steps).toEqual(whole);

      for (const fail of ["before", "after"] as const) {
        const own: string[] = [];
        const server = chain()
          .use(recorder(own, "1"))
          .use(recorder(own, "2"))
          .use(recorder(own, "3", fail))
          .use(recorder(own, "4"));
        const broken = await start({}, { server });
        expect(await rejection(broken.client.say({}))).toMatchObject({ code: Code.INTERNAL });
        const once =
          fail === "before"
            ? ["enter 1", "enter 2", "enter 3", "leave 2", "leave 1"]
            : [...whole.slice(0, 4), ...whole.slice(5)];
        expect(own).toEqual(once);
        expect(await failAll(broken.client)).toMatchObject(kinds.map(() => ({ code: Code.INTERNAL })));
      }
    });

    test("M10: auth → logging → recovery → metrics", async () => {
      const lines: string[] = [];
      const told: unknown[] = [];
      const meter = createMetrics();
      const server = chain()
        .use(auth({ verify: (token) => ({ user: token }) }))
        .use(logging({ logger: jsonLogger((line) => lines.push(line)), fields: () => ({ app: "test" }) }))
        .use(recovery({ onError: (error) => told.push(error) }))
        .use(metrics({ meter }));
      const { client, transport } = await start<{ user: string }>(
        {
          say: (_, { user }) => ({ text: user }),
          join() {
            throw new Error("broken");
          },
        },
        { server, chain: chain().use(bearer(async () => "ada")) },
      );
      expect(await client.say({})).toMatchObject({ text: "ada" });
      expect(await rejection(client.join([{}]))).toMatchObject({ code: Code.INTERNAL, message: "internal error" });
      const stranger = createServiceClient<EchoClient>(Echo, transport);
      expect(await rejection(stranger.say({}))).toMatchObject({ code: Code.UNAUTHENTICATED });
      await vi.waitFor(() => expect(lines).toHaveLength(2));
      // auth is outermost: what it refuses, nobody inside hears of
      expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
        { level: "info", method: "wirespan.test.v1.Echo/Say", code: "OK", attempt: 1, app: "test" },
        { level: "error", method: "wirespan.test.v1.Echo/Join", code: "INTERNAL", err: { message: "broken" } },
      ]);
      expect(told).toMatchObject([{ message: "broken" }]);
      const durations = meter.points().filter(({ name }) => name === "rpc.server.call.duration");
      expect(durations.map(({ attributes, count }) => [attributes["rpc.response.status_code"], count])).toEqual([
        ["OK", 1],
        ["INTERNAL", 1],
      ]);
    });

    test("M10: selectors: exact, prefix, pattern, function, names of the service", async () => {
      const hits: Record<string, string[]> = {};
      const hit = (name: string): Interceptor => {
        return async (call, next) => {
          (hits[name] ??= []).push(call.method.name);
          return next(call);
        };
      };
      const server = serviceChain(Echo)
        .use(hit("named"), "say")
        .use(hit("several"), ["say", "chat"])
        .use(hit("pattern"), /\/(Join|Chat)$/g)
        .use(hit("function"), ({ kind }) => kind !== "unary");
      const client = chain()
        .use(hit("exact"), "/wirespan.test.v1.Echo/Split")
        .use(hit("without slash"), "wirespan.test.v1.Echo/Split")
        .use(hit("prefix"), "/wirespan.test.v1.*")
        .use(hit("other prefix"), "/wirespan.test.v2.*")
        .use(hit("all"), "*");
      const connected = await start({}, { server, chain: client });
      await callAll(connected.client);
      const all = ["Say", "Split", "Join", "Chat"];
      expect(hits).toEqual({
        named: ["Say"],
        several: ["Say", "Chat"],
        pattern: ["Join", "Chat"],
        function: ["Split", "Join", "Chat"],
        exact: ["Split"],
        "without slash": ["Split"],
        prefix: all,
        all,
      });
    });
  });

  describe("M15: recovery", () => {
    const secret = "postgres://user:secret@db";

    test.each([
      ["throws", new Error(secret)],
      ["throws null", null],
      ["throws a text", secret],
      ["throws undefined", undefined],
    ])("M15: a handler %s: INTERNAL without text or stack, the next call is fine", async (_, thrown) => {
      let broken = true;
      const fail = (): void => {
        if (broken) throw thrown;
      };
      const { client, failures } = await start({
        say: (note) => (fail(), note),
        split: (note, context) => (fail(), echo.split(note, context)),
        async join(notes, context) {
          await Promise.resolve();
          fail();
          return echo.join(notes, context);
        },
        async *chat(notes, context) {
          fail();
          yield* echo.chat(notes, context);
        },
      });
      for (const error of await failAll(client)) {
        expect(error).toMatchObject({ name: "RpcError", code: Code.INTERNAL, message: "internal error", details: [] });
        expect(JSON.stringify([error, (error as Error).message, String((error as Error).cause)])).not.toContain(
          "secret",
        );
      }
      expect(failures).toEqual([thrown, thrown, thrown, thrown]);
      broken = false;
      await callAll(client);
    });

    test("M15: mid-stream, a value of the wrong shape, no iterable, a promise that rejects later", async () => {
      let broken = true;
      const { client, failures } = await start({
        async *split(note, context) {
          yield note;
          if (broken) throw new TypeError(secret);
          yield* echo.split(note, context);
        },
        // @ts-expect-error: what the types forbid happens all the same
        say: (note) => (broken ? "nonsense" : note),
        // @ts-expect-error: the same
        chat: (notes, context) => (broken ? 42 : echo.chat(notes, context)),
        join: (notes, context) => (broken ? Promise.reject(new Error(secret)) : echo.join(notes, context)),
      });
      expect(await failAll(client)).toMatchObject(
        kinds.map(() => ({ code: Code.INTERNAL, message: "internal error" })),
      );
      expect(failures).toHaveLength(4);
      broken = false;
      await callAll(client);
    });

    test.each(["server", "client"] as const)(
      "M15: a throwing layer of the %s is a failed call, nothing more",
      async (side) => {
        let mode = "";
        const faulty: Interceptor = async (call, next) => {
          if (mode === "before") throw new Error(secret);
          const reply = await next(call);
          if (mode === "after") throw new Error(secret);
          if (mode === "nothing") return undefined as never;
          if (mode === "done") return { ...reply, done: reply.done.then(() => Promise.reject(new Error(secret))) };
          if (mode === "messages") {
            return {
              ...reply,
              messages: reply.messages.map(() => {
                throw new Error(secret);
              }),
            };
          }
          return reply;
        };
        const layers = chain().use(faulty);
        const { client } = await start({}, side === "server" ? { server: layers } : { chain: layers });
        for (mode of ["before", "after", "nothing", "messages"]) {
          const errors = await failAll(client);
          // no message, nothing to throw at
          expect(errors.filter((error) => (error as RpcError).code !== Code.INTERNAL)).toEqual([]);
          expect(errors.map((error) => (error as Error).message).join()).not.toContain("secret");
          mode = "";
          await callAll(client);
        }
        mode = "done";
        expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL });
        mode = "";
        await callAll(client);
      },
    );

    test("M15: told once with its stack, by whoever is nearest, whatever stands at both ends", async () => {
      const inner: unknown[] = [];
      const outer: unknown[] = [];
      const { client, failures } = await start(
        {
          say() {
            throw new Error("broken");
          },
        },
        {
          server: chain()
            .use(recovery({ onError: (error) => outer.push(error) }))
            .use(logging({ logger: jsonLogger(() => {}) }))
            .use(
              recovery({
                onError: (error) => {
                  inner.push(error);
                  throw new Error("a logger that is broken too");
                },
              }),
            ),
        },
      );
      await rejection(client.say({}));
      expect(inner).toMatchObject([{ message: "broken", stack: expect.stringContaining("chain.test.ts") as string }]);
      expect([...outer, ...failures]).toEqual([]);
    });

    test("M15: a reply that cannot be encoded is INTERNAL to every layer, as it is to the caller", async () => {
      const [told, seen]: [unknown[], unknown[]] = [[], []];
      const watch: Interceptor = async (call, next) => {
        const reply = await next(call);
        void reply.done.then(({ code }) => seen.push(codeName(code)));
        return reply;
      };
      const { client, failures } = await start(
        { say: () => undefined as never },
        {
          server: chain()
            .use(recovery({ onError: (error) => told.push(error) }))
            .use(watch),
        },
      );
      expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL });
      await vi.waitFor(() => expect(seen).toEqual(["INTERNAL"]));
      expect([told.length, failures.length]).toEqual([1, 0]);
    });

    test("M15: what a layer changes in the message of a reply is what is sent", async () => {
      const change: Interceptor = async (call, next) => {
        const reply = await next(call);
        Object.assign((await reply.messages.one()) as object, { text: "changed" });
        return reply;
      };
      const { client } = await start({}, { server: chain().use(change) });
      expect(await client.say({ text: "a", count: 1 })).toEqual({ text: "changed", count: 1 });
    });

    test("M15: tracers and meters that throw at the end of a call do not harm it, nor the process", async () => {
      const printed = vi.spyOn(console, "error").mockImplementation(() => {});
      const broken = (): never => {
        throw new Error("the exporter is down");
      };
      const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };
      const tracer = { start: () => ({ trace, set: () => {}, end: broken }) };
      const { client } = await start(
        {},
        { server: chain().use(tracing({ tracer })), chain: chain().use(tracing({ tracer })) },
      );
      expect(await client.say({ text: "a" })).toEqual({ text: "a", count: 0 });
      await vi.waitFor(() => expect(printed).toHaveBeenCalledTimes(2));
      printed.mockRestore();
    });

    test("M15: what was meant is not told", async () => {
      const told: unknown[] = [];
      const { client, failures } = await start(
        {
          say() {
            throw new RpcError(Code.NOT_FOUND, "no such note", { cause: new Error("select returned nothing") });
          },
        },
        { server: chain().use(recovery({ onError: (error) => told.push(error) })) },
      );
      const error = await rejection(client.say({}));
      expect(error).toMatchObject({ code: Code.NOT_FOUND, message: "no such note" });
      expect((error as Error).cause).toBeUndefined();
      expect([...told, ...failures]).toEqual([]);
    });
  });

  describe("M7, M55: what flows into calls made inside a handler", () => {
    async function behind(handler: Partial<EchoHandler>): Promise<EchoClient> {
      return (await start(handler)).client;
    }

    test("M7: a handler may make many calls at once, and so may a program under one signal", async () => {
      const warnings: Error[] = [];
      const listen = (warning: Error): void => void warnings.push(warning);
      process.on("warning", listen);
      const inner = await behind({ say: (note) => note });
      const many = (signal?: AbortSignal): Promise<unknown> =>
        Promise.all(Array.from({ length: 30 }, () => inner.say({}, { signal })));
      const { client } = await start({
        async say(note) {
          await many();
          return note;
        },
      });
      await client.say({});
      const controller = new AbortController();
      await many(controller.signal);
      await new Promise(setImmediate);
      process.off("warning", listen);
      expect(warnings).toEqual([]);
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    });

    test("M7: the remaining deadline, also out of async generators and after awaits", async () => {
      const left: (number | undefined)[] = [];
      const inner = await behind({
        say(note, context) {
          left.push(context.deadline);
          return note;
        },
      });
      const { client } = await start({
        say: (note) => inner.say(note),
        async *split() {
          await Promise.resolve();
          yield inner.say({});
          yield inner.say({});
        },
        async join(notes) {
          for await (const note of notes) await inner.say(note);
          return {};
        },
        async *chat(notes) {
          for await (const note of notes) yield inner.say(note);
        },
      });
      const timeoutMs = 5_000;
      const wanted = Date.now() + timeoutMs;
      await client.say({}, { timeoutMs });
      await collect(client.split({}, { timeoutMs }));
      await client.join([{}], { timeoutMs });
      await collect(client.chat([{}, {}], { timeoutMs }));
      expect(left).toHaveLength(6);
      for (const deadline of left) expect(Math.abs((deadline ?? 0) - wanted)).toBeLessThan(500);
      await client.say({});
      expect(left.at(-1)).toBeUndefined();
    });

    test("M7: a layer's nearer deadline flows on, and aborts the handler", async () => {
      const left: number[] = [];
      const inner = await behind({
        say(note, context) {
          left.push((context.deadline ?? Infinity) - Date.now());
          return note;
        },
      });
      const { client } = await start(
        {
          say: (note) => inner.say(note),
          async join(_, { signal }) {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            return {};
          },
        },
        { server: chain().use(deadline({ defaultMs: 300, maxMs: 1_000 })) },
      );
      await client.say({});
      await client.say({}, { timeoutMs: 60_000 });
      await client.say({}, { timeoutMs: 250 });
      expect(left.map((ms) => ms <= 300)).toEqual([true, false, true]);
      expect(left.every((ms) => ms <= 1_000)).toBe(true);
      expect(await rejection(client.join([]))).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    });

    test("M7: cancelling the outer call cancels the inner one", async () => {
      let cancelled: () => void = () => {};
      let reached: () => void = () => {};
      const begun = new Promise<void>((resolve) => (reached = resolve));
      const over = new Promise<void>((resolve) => (cancelled = resolve));
      const inner = await behind({
        async say(note, { signal }) {
          reached();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          cancelled();
          return note;
        },
      });
      const { client } = await start({
        async *split() {
          yield inner.say({});
        },
      });
      const controller = new AbortController();
      const outer = rejection(collect(client.split({}, { signal: controller.signal })));
      await begun;
      controller.abort();
      await within(1_000, over);
      expect(await outer).toMatchObject({ code: Code.CANCELLED });
    });

    test("M55: one trace, without a tracer and with one; baggage and state are kept", async () => {
      const headers: (string | undefined)[][] = [];
      const keys = ["traceparent", "tracestate", "baggage"];
      const inner = await behind({
        say(note, { metadata }) {
          headers.push(keys.map((key) => metadata.get(key)));
          return note;
        },
      });
      const spans: SpanRecord[] = [];
      const tracer = recordingTracer((span) => spans.push(span));
      const plain = await start({
        async *split() {
          yield inner.say({});
        },
      });
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      const metadata = {
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
        tracestate: "vendor=1",
        baggage: "userId=alice",
      };
      await collect(plain.client.split({}, { metadata }));
      expect(headers).toEqual([[metadata.traceparent, "vendor=1", "userId=alice"]]);

      const traced = await start(
        { say: (note) => innerTraced.say(note) },
        { server: chain().use(tracing({ tracer })) },
      );
      const innerTraced = (
        await start(
          { say: (note) => inner.say(note) },
          {
            server: chain().use(tracing({ tracer })),
            chain: chain().use(tracing({ tracer })),
          },
        )
      ).client;
      await traced.client.say({}, { metadata });
      await vi.waitFor(() => expect(spans).toHaveLength(3));
      const [innerServer, innerClient, outerServer] = [...spans].sort((a, b) => b.startedAt - a.startedAt || 0);
      expect(new Set(spans.map(({ trace }) => trace.traceId))).toEqual(new Set([traceId]));
      expect(spans.map(({ kind }) => kind).sort()).toEqual(["client", "server", "server"]);
      const byParent = new Map(spans.map((span) => [span.parent?.spanId, span]));
      const first = byParent.get("b7ad6b7169203331");
      const second = byParent.get(first?.trace.spanId);
      const third = byParent.get(second?.trace.spanId);
      expect([first?.kind, second?.kind, third?.kind]).toEqual(["server", "client", "server"]);
      expect([innerServer, innerClient, outerServer]).not.toContain(undefined);
      expect(first?.attributes).toMatchObject({
        "rpc.method": "wirespan.test.v1.Echo/Say",
        "rpc.response.status_code": "OK",
      });
      expect(headers.at(-1)?.slice(1)).toEqual(["vendor=1", "userId=alice"]);
    });

    test("a user's AsyncLocalStorage set in a layer reaches handlers of all kinds, at every step", async () => {
      const storage = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      const note = (): void => void seen.push(storage.getStore());
      const { client } = await start(
        {
          say: (message) => (note(), message),
          async *split(message) {
            note();
            yield message;
            note();
            await Promise.resolve();
            yield message;
            note();
          },
          async join(notes) {
            for await (const _ of notes) note();
            return {};
          },
          async *chat(notes) {
            for await (const message of notes) {
              note();
              yield message;
            }
          },
        },
        { server: chain().use(async (call, next) => storage.run("inside", () => next(call))) },
      );
      await client.say({});
      await collect(client.split({}));
      await client.join([{}, {}]);
      await collect(client.chat([{}, {}]));
      expect(seen).toEqual(Array.from({ length: 8 }, () => "inside"));
    });

    test("the client's ambient context does not reach a handler but by the wire", async () => {
      const seen: unknown[] = [];
      const { client } = await start({
        say(note) {
          seen.push(ambient().identity, ambient().deadline, ambient().trace);
          return note;
        },
      });
      await withAmbient({ identity: "caller" }, () => client.say({}));
      expect(seen).toEqual([undefined, undefined, undefined]);
    });
  });

  describe("M11: auth", () => {
    test("M11: missing, wrong scheme, invalid, forbidden, valid, public", async () => {
      const identities: unknown[] = [];
      const server = chain().use(
        auth({
          verify: async (token) => {
            if (token === "bad") throw new Error("signature of secret key mismatch");
            if (token === "poor") throw new RpcError(Code.PERMISSION_DENIED, "the scope notes.write is missing");
            return { user: token };
          },
          public: ["/wirespan.test.v1.Echo/Join"],
        }),
      );
      const { client } = await start<{ user?: string }>(
        {
          say(_, { user }) {
            identities.push(ambient().identity);
            return { text: user ?? "nobody" };
          },
          join: (_, { user }) => ({ text: user ?? "nobody" }),
        },
        { server },
      );
      const as = (authorization: string) => client.say({}, { metadata: { authorization } });
      expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAUTHENTICATED });
      expect(await rejection(as("Basic YTpi"))).toMatchObject({ code: Code.UNAUTHENTICATED });
      expect(await rejection(as("Bearer "))).toMatchObject({ code: Code.UNAUTHENTICATED });
      const invalid = await rejection(as("Bearer bad"));
      expect(invalid).toMatchObject({ code: Code.UNAUTHENTICATED });
      expect((invalid as Error).message).not.toContain("secret");
      expect(await rejection(as("Bearer poor"))).toMatchObject({ code: Code.PERMISSION_DENIED });
      expect(await as("bearer ada")).toMatchObject({ text: "ada" });
      expect(identities).toEqual([{ user: "ada" }]);
      expect(await client.join([])).toMatchObject({ text: "nobody" });
    });
  });

  describe("M11: what every context has", () => {
    test.each(["copy", "renew", "constructor", "lifetime", "toString"])("M11: %s is free for layers", async (name) => {
      const claims = JSON.parse(`{"user":"ada","${name}":"claim"}`) as { user: string };
      const { client } = await start<{ user: string }>(
        { say: (_, context) => ({ text: `${context.user} ${String(Reflect.get(context, name))}` }) },
        {
          server: chain()
            .use(auth({ verify: () => claims }))
            .use(deadline({ maxMs: 60_000 })),
          chain: chain().use(bearer("t")),
        },
      );
      expect((await client.say({})).text).toBe("ada claim");
    });

    test.each(["method", "side", "signal", "deadline", "metadata", "header", "trailer", "peer"])(
      "M11: no layer replaces %s: INTERNAL, and the program's own fault",
      async (name) => {
        let calls = 0;
        const claims = JSON.parse(`{"user":"ada","${name}":"forged"}`) as { user: string };
        const { client, failures } = await start(
          { say: (note) => (calls++, note) },
          { server: chain().use(auth({ verify: () => claims })), chain: chain().use(bearer("t")) },
        );
        expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL, message: "internal error" });
        expect(failures.map(String)).toEqual([
          `TypeError: a layer adds "${name}" to the context, where that name is taken`,
        ]);
        expect(calls).toBe(0);
      },
    );
  });

  describe("M54, M56: what is measured and written", () => {
    test("M54: calls under way go back to zero, however calls end", async () => {
      const meter = createMetrics();
      const layers = chain().use(metrics({ meter }));
      const { client } = await start(
        {
          async *split(note) {
            for (;;) yield note;
          },
          async say(note, { signal }) {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            return note;
          },
        },
        { server: layers, chain: layers },
      );
      for await (const _ of client.split({})) break;
      await rejection(client.say({}, { timeoutMs: 50 }));
      await client.join([]);
      await vi.waitFor(() => {
        const active = meter.points().filter(({ name }) => name.endsWith("active_calls"));
        expect(active.map(({ value }) => value)).toEqual([0, 0, 0, 0, 0, 0]);
      });
      const ended = meter
        .points()
        .filter(({ name }) => name === "rpc.client.call.duration")
        .map(({ attributes }) => attributes["rpc.response.status_code"]);
      expect(ended).toEqual(["CANCELLED", "DEADLINE_EXCEEDED", "OK"]);
    });

    test("M56: any pino-like logger, a level of one's own, the trace id", async () => {
      const calls: unknown[] = [];
      const log = (level: string) => (fields: object, message: string) =>
        void calls.push({ level, message, ...fields });
      const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
      const { client } = await start(
        {
          say() {
            throw new RpcError(Code.NOT_FOUND, "gone");
          },
        },
        {
          server: chain()
            .use(tracing())
            .use(logging({ logger, level: ({ code }) => (code === Code.NOT_FOUND ? "warn" : "info") })),
        },
      );
      await rejection(client.say({}, { metadata: { "grpc-previous-rpc-attempts": "ignored" } }));
      await client.join([]);
      await vi.waitFor(() => expect(calls).toHaveLength(2));
      expect(calls).toMatchObject([
        { level: "warn", message: "call failed", code: "NOT_FOUND", error: "gone", kind: "unary", side: "server" },
        { level: "info", message: "call", code: "OK", traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
      ]);
    });

    test("a layer may answer by itself", async () => {
      const cached: Interceptor = async () => failedReply(new RpcError(Code.UNAVAILABLE, "later"));
      const { client } = await start({}, { server: chain().use(cached) });
      expect(await failAll(client)).toMatchObject(kinds.map(() => ({ code: Code.UNAVAILABLE, message: "later" })));
    });
  });
});
