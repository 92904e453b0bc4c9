import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ambient, systemClock } from "../../../src/runtime/context/index.js";
import {
  chain,
  Code,
  createServiceClient,
  implementService,
  servedCalls,
  type CallContext,
  type CallOptions,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { stillHeld } from "../../support/memory.js";
import { createFakeClock, turn } from "../../unit/queue/support.js";
import { collect, Echo, echo, rejection, transports, within, type EchoClient, type EchoHandler } from "./echo.js";

const closers: (() => unknown)[] = [];
/** What tests before these have left. */
let others: readonly CallContext[] = [];
const served = (): readonly CallContext[] => servedCalls().filter((context) => !others.includes(context));
beforeEach(() => {
  others = servedCalls();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Requests that begin and never end, until the call is over. */
async function* endless(): AsyncGenerator<{ text: string }> {
  yield { text: "one" };
  await new Promise(() => {});
}

const kinds: Readonly<Record<string, (client: EchoClient, options: CallOptions) => Promise<unknown>>> = {
  unary: (client, options) => client.say({ text: "a" }, options),
  "server streaming": (client, options) => collect(client.split({ text: "a", count: 1 }, options)),
  "client streaming": (client, options) => client.join(endless(), options),
  "bidi streaming": (client, options) => collect(client.chat(endless(), options)),
};

/** Counts the timers of a clock that is everybody's, but for those that look at something once in a while. */
function countArmed(): () => number {
  const { after } = systemClock;
  const armed = new Set<object>();
  // no spy, which would hold on to all that it was called with
  systemClock.after = (delayMs, run) => {
    if (delayMs <= 1_000) return after(delayMs, run);
    const timer = {};
    armed.add(timer);
    const cancel = after(delayMs, () => {
      armed.delete(timer);
      run();
    });
    return () => {
      armed.delete(timer);
      cancel();
    };
  };
  closers.push(() => (systemClock.after = after));
  return () => armed.size;
}

/** Lets what has just ended be over on both sides. */
async function settled(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
}

const count = 1_000;

describe("M64, M65: 1,000 cancelled calls leave nothing behind", () => {
  test.each(Object.keys(kinds))("M64, M65: no timer, listener, call or context: %s", async (kind) => {
    const armed = countArmed();
    const seen: WeakRef<object>[] = [];
    let toCome = 0;
    let arrived: () => void = () => {};
    const wait = ({ signal }: CallContext): Promise<never> => {
      // both live as long as the call of the server that holds them
      seen.push(new WeakRef(signal), new WeakRef(ambient()));
      if (--toCome === 0) arrived();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    const handler: EchoHandler = {
      say: (_, context) => wait(context),
      async *split(note, context) {
        yield note;
        await wait(context);
      },
      join: (_, context) => wait(context),
      async *chat(notes, context) {
        for await (const note of notes) {
          yield note;
          await wait(context);
        }
      },
    };
    const server = createHttp2Server({ onFailure: () => {} });
    server.register(Echo, implementService(Echo, handler));
    const { address } = await server.listen("127.0.0.1:0");
    closers.push(() => server.close(0));
    // what a program has for as long as it runs, and layers tie every call to
    const forever = new AbortController();
    const made: WeakRef<object>[] = [];
    const tie: Interceptor = (call, next) => {
      const tied = call.change({ signal: forever.signal });
      made.push(new WeakRef(tied), new WeakRef(tied.context));
      return next(tied);
    };
    const transport = createHttp2Transport(address);
    closers.push(() => transport.close(0));
    const client = createServiceClient<EchoClient>(Echo, transport, { chain: chain().use(tie) });
    const invoke = kinds[kind] as (typeof kinds)[string];
    const cancelled = async (atOnce: number): Promise<void> => {
      toCome = atOnce;
      const there = new Promise<void>((resolve) => (arrived = resolve));
      const controllers = Array.from({ length: atOnce }, () => new AbortController());
      const failures = controllers.map(({ signal }) => rejection(invoke(client, { signal, timeoutMs: 600_000 })));
      await there;
      for (const controller of controllers) controller.abort();
      for (const failure of failures) expect(await failure).toMatchObject({ code: Code.CANCELLED });
      for (const { signal } of controllers) expect(getEventListeners(signal, "abort")).toEqual([]);
    };
    await within(5_000, cancelled(1));
    await settled(() => served().length === 0);
    const before = armed();
    const handles = process.getActiveResourcesInfo().length;
    seen.length = made.length = 0;

    for (let i = 0; i < count; i += 50) await cancelled(50);

    await settled(() => served().length === 0 && process.getActiveResourcesInfo().length <= handles);
    expect(seen).toHaveLength(2 * count);
    expect(made).toHaveLength(2 * count);
    expect(served()).toEqual([]);
    // a connection that had its share of broken off calls may have been replaced by another
    expect(armed()).toBeLessThanOrEqual(before + 4);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles + 2);
    expect(getEventListeners(forever.signal, "abort")).toEqual([]);
    // the last ones may be in somebody's hands
    expect(await stillHeld(seen), "held of the server's calls").toBeLessThan(20);
    expect(await stillHeld(made), "held of the client's calls").toBeLessThan(20);
  });
});

describe.each(transports)("M64: a call that is over lets go of its deadline, over $id", ({ connect }) => {
  test.each(["answered", "failed", "cancelled", "left"])("M64: %s", async (end) => {
    const clock = createFakeClock(Date.now());
    const armed = countArmed();
    const handler: EchoHandler = {
      ...echo,
      say: async (note, { signal }) => {
        if (end === "answered" || end === "left") return note;
        if (end === "failed") throw new Error("on purpose");
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    };
    const { client, close } = await connect(handler, { clock });
    closers.push(close);
    await collect(client.split({ count: 1 }));
    const before = { own: clock.timers, all: armed() };
    const forever = new AbortController();
    const options = { signal: forever.signal, timeoutMs: 600_000 };
    for (let i = 0; i < 20; i++) {
      if (end === "left") {
        for await (const _ of client.split({ count: 100 }, options)) break;
        // behind what the server hears of that
        await client.say({}, options);
      } else if (end === "cancelled") {
        const controller = new AbortController();
        const failure = rejection(client.say({}, { ...options, signal: controller.signal }));
        await turn();
        expect(clock.timers).toBeGreaterThan(before.own);
        controller.abort();
        expect(await failure).toMatchObject({ code: Code.CANCELLED });
        expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      } else {
        await client.say({}, options).catch(() => {});
      }
    }
    await settled(() => served().length === 0 && armed() <= before.all);
    expect(served()).toEqual([]);
    expect(clock.timers).toBe(before.own);
    expect(armed()).toBe(before.all);
    expect(getEventListeners(forever.signal, "abort")).toEqual([]);
  });
});
