import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { Code, createServiceClient, implementService } from "../../../src/runtime/rpc/index.js";
import {
  createDnsResolver,
  createHttp2Server,
  createHttp2Transport,
  type Http2Server,
  type Http2ServerOptions,
  type Http2TransportOptions,
} from "../../../src/runtime/transports/http2.js";
import { backoffMs } from "../../../src/runtime/transports/http2/backoff.js";
import { parseTarget } from "../../../src/runtime/transports/http2/target.js";
import { bundleProgram, runProgram } from "../../support/program.js";
import { createFakeClock } from "../../unit/queue/support.js";
import { Echo, echo, gate, rejection, within, type EchoClient, type EchoHandler, type NoteInit } from "./echo.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Backend {
  readonly server: Http2Server;
  readonly port: number;
  readonly address: string;
  calls: number;
}

/** A server that counts its calls; `say` answers with what the backend is called. */
async function serve(
  options: Http2ServerOptions = {},
  handler: Partial<EchoHandler> = {},
  address = "127.0.0.1:0",
): Promise<Backend> {
  const server = createHttp2Server({ onFailure: () => {}, ...options });
  const say: EchoHandler["say"] = (note) => note;
  const counted: Partial<EchoHandler> = {
    ...echo,
    ...handler,
    say(note, context) {
      backend.calls++;
      return (handler.say ?? say)(note, context);
    },
  };
  server.register(Echo, implementService(Echo, counted));
  const { port, address: bound } = await server.listen(address);
  const backend: Backend = { server, port, address: bound, calls: 0 };
  closers.push(() => server.close(0));
  return backend;
}

function dial(options: Http2TransportOptions): EchoClient {
  const transport = createHttp2Transport(options);
  closers.push(() => transport.close(0));
  return createServiceClient<EchoClient>(Echo, transport);
}

interface Proxy {
  readonly address: string;
  /** All there ever were. */
  connections: number;
  readonly open: Set<Socket>;
  /** Cuts all connections off. */
  kill(): void;
  /** Passes nothing on any more, and says nothing of it. */
  freeze(): void;
}

/** Stands before a server, counts connections and does to them what networks do. */
async function startProxy(to: number): Promise<Proxy> {
  const open = new Set<Socket>();
  let frozen = false;
  const server = createTcp((socket) => {
    proxy.connections++;
    open.add(socket);
    const other = connectTcp(to, "127.0.0.1");
    for (const [a, b] of [[socket, other] as const, [other, socket] as const]) {
      a.setNoDelay();
      a.on("data", (bytes) => {
        if (!frozen) b.write(bytes);
      });
      a.on("error", () => {});
      a.on("close", () => {
        open.delete(socket);
        if (!frozen) b.destroy();
      });
    }
    closers.push(() => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: Proxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    open,
    kill: () => open.forEach((socket) => socket.destroy()),
    freeze: () => (frozen = true),
  };
  closers.push(() => server.close(), proxy.kill);
  return proxy;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function many(count: number, client: EchoClient): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => client.say({})));
}

/** A call that is held until `release`. */
function holding(): { handler: Partial<EchoHandler>; release: () => void; held: () => number } {
  const released = gate();
  let held = 0;
  const handler: Partial<EchoHandler> = {
    async say(note) {
      held++;
      await released.promise;
      held--;
      return note;
    },
  };
  return { handler, release: released.open, held: () => held };
}

/** One message, and no end. */
const endless: EchoHandler["split"] = async function* (note, { signal }) {
  yield note;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
};

async function* sayTwice(between: Promise<void>): AsyncGenerator<NoteInit> {
  yield { text: "1" };
  await between;
  yield { text: "2" };
}

describe("M5, M6: the pool of an address", () => {
  test("M5: pool: n opens at most n connections, an idle one is used again first", async () => {
    const { handler, release, held } = holding();
    const backend = await serve({}, handler);
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address, pool: 3 });
    const first = many(1, client);
    await until(() => held() === 1);
    expect(proxy.connections).toBe(1);
    const more = many(20, client);
    await until(() => held() === 21);
    // those that found the first in use had another opened for the next
    const last = many(20, client);
    await until(() => held() === 41);
    const late = many(20, client);
    await until(() => held() === 61);
    expect(proxy.connections).toBe(3);
    release();
    await Promise.all([first, more, last, late]);
    for (let i = 0; i < 100; i++) await client.say({});
    expect(proxy.connections).toBe(3);

    const quiet = await startProxy(backend.port);
    const calm = dial({ target: quiet.address, pool: 3 });
    for (let i = 0; i < 100; i++) await calm.say({});
    expect(quiet.connections).toBe(1);
  });

  test("M6: calls that are broken off by the thousand take no other call with them", async () => {
    const backend = await serve({}, { split: endless });
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address });
    const said = gate();
    const chat = client.chat(sayTwice(said.promise))[Symbol.asyncIterator]();
    expect(await chat.next()).toMatchObject({ value: { text: "1" } });
    for (let i = 0; i < 30; i++) {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          for await (const _ of client.split({})) break;
        }),
      );
    }
    said.open();
    expect(await chat.next()).toMatchObject({ value: { text: "2" } });
    expect(await chat.next()).toMatchObject({ done: true });
    expect(proxy.connections).toBeGreaterThanOrEqual(3);
    expect(proxy.connections).toBeLessThanOrEqual(5);
  });

  test("M6: dead connections are replaced: the next call after they were cut is answered", async () => {
    const backend = await serve();
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address, pool: 2 });
    await many(50, client);
    for (let i = 0; i < 5; i++) {
      const before = proxy.connections;
      proxy.kill();
      await until(() => proxy.open.size === 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await client.say({ text: "again" })).toMatchObject({ text: "again" });
      expect(proxy.connections).toBeGreaterThan(before);
      expect(proxy.open.size).toBeLessThanOrEqual(2);
    }
  });

  test("M6: no more streams than the server allows; what is too many waits its turn", async () => {
    const { handler, release, held } = holding();
    const backend = await serve({ maxConcurrentCalls: 2 }, handler);
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address, pool: 2 });
    const all = many(20, client);
    await until(() => held() === 4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([held(), proxy.connections]).toEqual([4, 2]);
    release();
    await within(2_000, all);
    expect([backend.calls, proxy.connections]).toEqual([20, 2]);
  });

  test("M6: RESOURCE_EXHAUSTED when all streams stay taken, or too many calls wait", async () => {
    const clock = createFakeClock();
    const { handler, release, held } = holding();
    const backend = await serve({ maxConcurrentCalls: 1 }, handler);
    const client = dial({ target: backend.address, acquireTimeoutMs: 5_000, maxWaitingCalls: 3, clock });
    const running = client.say({ text: "running" });
    await until(() => held() === 1);
    const waiting = [1, 2, 3].map(() => rejection(client.say({})));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await within(500, rejection(client.say({})))).toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      message: expect.stringContaining("3 calls wait") as string,
    });
    await clock.pass(4_999);
    await clock.pass(1);
    for (const error of await within(500, Promise.all(waiting))) {
      expect(error).toMatchObject({
        code: Code.RESOURCE_EXHAUSTED,
        message: expect.stringContaining("full for 5000 ms") as string,
      });
    }
    // there is room for the next, and it is given its place
    const next = client.say({ text: "next" });
    release();
    expect(await within(500, Promise.all([running, next]))).toMatchObject([{ text: "running" }, { text: "next" }]);
    expect(backend.calls).toBe(2);
  });

  test("M6: a call that is given up while it waits takes nobody's place", async () => {
    const { handler, release, held } = holding();
    const backend = await serve({ maxConcurrentCalls: 1 }, handler);
    const client = dial({ target: backend.address });
    const running = client.say({});
    await until(() => held() === 1);
    const given = [1, 2, 3].map(() => rejection(client.say({}, { timeoutMs: 20 })));
    const patient = client.say({ text: "patient" });
    for (const error of await Promise.all(given)) expect(error).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    release();
    expect(await within(500, Promise.all([running, patient]))).toMatchObject([{}, { text: "patient" }]);
    expect(backend.calls).toBe(2);
  });

  test("M6: a connection without calls is closed after idleTimeoutMs, and opened again by the next", async () => {
    const clock = createFakeClock();
    const backend = await serve();
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address, idleTimeoutMs: 60_000, clock });
    await client.say({});
    await clock.pass(50_000);
    await client.say({});
    await clock.pass(50_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(proxy.open.size).toBe(1);
    await clock.pass(10_000);
    await until(() => proxy.open.size === 0);
    await client.say({});
    expect(proxy.connections).toBe(2);
  });

  test("M6: who never answers is given up after connectTimeoutMs", async () => {
    const clock = createFakeClock();
    const sockets: Socket[] = [];
    const silent = createTcp((socket) => void sockets.push(socket.on("error", () => {}).resume()));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(
      () => silent.close(),
      () => sockets.forEach((socket) => socket.destroy()),
    );
    const { port } = silent.address() as AddressInfo;
    const client = dial({ target: `127.0.0.1:${port}`, connectTimeoutMs: 3_000, clock });
    const failed = rejection(client.say({}));
    await until(() => sockets.length === 1);
    await clock.pass(3_000);
    expect(await within(500, failed)).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining("no answer within 3000 ms") as string,
    });
    await until(() => sockets[0]?.destroyed === true);
  });

  test("M5: a process does not end while a call waits for the next attempt, and ends after the last call", async () => {
    const { server, address } = await serve();
    await server.close(0);
    const entry = fileURLToPath(new URL("./waiting-process.ts", import.meta.url));
    const program = runProgram(await bundleProgram(entry, "waiting"), [address]);
    await program.line("over");
    expect(await program.lines("14", 3)).toHaveLength(3);
    expect(await within(2_000, program.exit)).toEqual({ code: 0, errors: "" });
  });

  test("M5: failures in a row put off the next attempt, longer and longer and not all at once", () => {
    const means = [1, 2, 3, 4].map((failures) => backoffMs(failures, () => 0.5));
    expect(means.map(Math.round)).toEqual([100, 160, 256, 410]);
    expect([0, 0.999].map((random) => Math.round(backoffMs(1, () => random)))).toEqual([80, 120]);
    expect(backoffMs(1_000, () => 0.5)).toBe(10_000);
  });
});

describe("M22: several addresses", () => {
  async function three(): Promise<Backend[]> {
    return [await serve(), await serve(), await serve()];
  }
  const counts = (backends: readonly Backend[]): number[] => backends.map(({ calls }) => calls);

  test.each<[string, (client: EchoClient) => Promise<void>]>([
    [
      "one after the other",
      async (client) => {
        for (let i = 0; i < 300; i++) await client.say({});
      },
    ],
    ["all at once", (client) => many(300, client)],
  ])("M22: round_robin: 300 calls %s to three backends are 100 ± 15 each", async (_, run) => {
    const backends = await three();
    await run(dial({ target: backends.map(({ address }) => address), loadBalancing: "round_robin" }));
    for (const count of counts(backends)) expect(Math.abs(count - 100)).toBeLessThanOrEqual(15);
  });

  test("M22: a dead backend is skipped within 1 s, and used again when it is back", async () => {
    const backends = await three();
    const client = dial({ target: backends.map(({ address }) => address), loadBalancing: "round_robin" });
    await many(30, client);
    const [dead, ...others] = backends;
    await dead?.server.close(0);
    const died = performance.now();
    let lastFailure = died;
    while (performance.now() - died < 300) {
      await client.say({}).catch(() => (lastFailure = performance.now()));
    }
    expect(lastFailure - died).toBeLessThan(1_000);
    others.forEach((backend) => (backend.calls = 0));
    await many(100, client);
    expect(counts(others)).toEqual([50, 50]);

    const back = await serve({}, {}, dead?.address);
    await until(() => {
      void client.say({}).catch(() => {});
      return back.calls > 0;
    });
  });

  test("M22: one that never was there costs nothing, one that never answers little", async () => {
    const [one, two, gone] = await three();
    await gone?.server.close(0);
    const sockets: Socket[] = [];
    const silent = createTcp((socket) => void sockets.push(socket.on("error", () => {}).resume()));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(
      () => silent.close(),
      () => sockets.forEach((socket) => socket.destroy()),
    );
    const hole = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = dial({
      target: [hole, gone?.address ?? "", one?.address ?? "", two?.address ?? ""],
      loadBalancing: "round_robin",
    });
    const started = performance.now();
    await many(100, client);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect([one?.calls, two?.calls]).toEqual([50, 50]);
  });

  test("M22: attempts at a backend that drops everybody become fewer; the others are used meanwhile", async () => {
    const clock = createFakeClock();
    let attempts = 0;
    const rude = createTcp((socket) => {
      attempts++;
      socket.on("error", () => {}).destroy();
    });
    await new Promise<void>((resolve) => rude.listen(0, "127.0.0.1", resolve));
    closers.push(() => rude.close());
    const { address } = await serve();
    const target = [`127.0.0.1:${(rude.address() as AddressInfo).port}`, address];
    const client = dial({ target, loadBalancing: "round_robin", clock, random: () => 0.5 });
    await client.say({});
    for (const [ms, known] of [
      [99, 1],
      [1, 2],
      [159, 2],
      [1, 3],
      [255, 3],
      [1, 4],
    ] as const) {
      await clock.pass(ms);
      await until(() => attempts >= known);
      await client.say({});
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(attempts).toBe(known);
    }
  });

  test("M22: pick_first stays with one address and goes to the next when it is lost", async () => {
    const [first, second] = await three();
    const client = dial({ target: [first?.address ?? "", second?.address ?? ""] });
    for (let i = 0; i < 10; i++) await client.say({});
    expect([first?.calls, second?.calls]).toEqual([10, 0]);
    await first?.server.close(0);
    for (let i = 0; i < 10; i++) await client.say({});
    expect([first?.calls, second?.calls]).toEqual([10, 10]);
  });

  test("M22: when none can be reached, a call fails within 1 s and says why; later ones at once", async () => {
    const backends = await three();
    for (const { server } of backends) await server.close(0);
    for (const loadBalancing of ["pick_first", "round_robin"] as const) {
      const client = dial({ target: backends.map(({ address }) => address), loadBalancing });
      for (let i = 0; i < 3; i++) {
        expect(await within(1_000, rejection(client.say({})))).toMatchObject({
          code: Code.UNAVAILABLE,
          message: expect.stringContaining("ECONNREFUSED") as string,
        });
      }
    }
  });

  test("M22: a resolver is asked again from time to time: new backends are used, those gone are not", async () => {
    const clock = createFakeClock();
    const [one, two, three_] = await three();
    let now = [one?.address ?? "", two?.address ?? ""];
    let asked = 0;
    const target = (): string[] => {
      asked++;
      return now;
    };
    const client = dial({ target, loadBalancing: "round_robin", refreshMs: 30_000, clock });
    const first = client.say({});
    await until(() => clock.timers > 0);
    await clock.pass(0);
    await first;
    await many(19, client);
    expect(asked).toBe(1);
    expect((one?.calls ?? 0) + (two?.calls ?? 0)).toBe(20);

    now = [two?.address ?? "", three_?.address ?? ""];
    await clock.pass(30_000);
    expect(asked).toBe(2);
    await until(() => {
      void client.say({}).catch(() => {});
      return (three_?.calls ?? 0) > 0;
    });
    const before = one?.calls;
    await many(100, client);
    expect(one?.calls).toBe(before);
    expect(three_?.calls).toBeGreaterThanOrEqual(40);
  });

  test("M22: it is asked again when a connection is lost, but not more than once in a second", async () => {
    const clock = createFakeClock();
    const [one, two] = await three();
    let now = [one?.address ?? ""];
    let asked = 0;
    const resolve = async (): Promise<string[]> => {
      asked++;
      return now;
    };
    const client = dial({ target: { resolve }, clock });
    const first = client.say({});
    await until(() => clock.timers > 0);
    await clock.pass(0);
    await first;
    now = [two?.address ?? ""];
    await one?.server.close(0);
    await new Promise((resolved) => setTimeout(resolved, 20));
    await clock.pass(500);
    expect(asked).toBe(1);
    await clock.pass(500);
    expect(asked).toBe(2);
    await client.say({});
    expect(two?.calls).toBe(1);
  });

  test("M22: a resolver that watches tells of changes itself", async () => {
    const [one, two] = await three();
    let tell: (addresses: readonly string[]) => void = () => {};
    let stopped = false;
    const transport = createHttp2Transport({
      target: {
        resolve: () => [one?.address ?? ""],
        watch(changed) {
          tell = changed;
          return () => (stopped = true);
        },
      },
    });
    const client = createServiceClient<EchoClient>(Echo, transport);
    await client.say({});
    tell([two?.address ?? ""]);
    await client.say({});
    expect([one?.calls, two?.calls]).toEqual([1, 1]);
    await transport.close();
    expect(stopped).toBe(true);
  });

  test("M22: what a resolver cannot tell fails calls with UNAVAILABLE, and addresses known before stay", async () => {
    const clock = createFakeClock();
    const backend = await serve();
    let answer: () => string[] = () => {
      throw new Error("no such service");
    };
    const client = dial({ target: () => answer(), clock, refreshMs: 5_000 });
    const call = async (ms: number): Promise<unknown> => {
      const done = client.say({}).catch((error: unknown) => error);
      await clock.pass(ms);
      return within(1_000, done);
    };
    expect(await call(0)).toMatchObject({ code: Code.UNAVAILABLE, message: /no such service/ });
    answer = () => [];
    expect(await call(1_000)).toMatchObject({ code: Code.UNAVAILABLE, message: /no address/ });
    answer = () => ["not an address!"];
    expect(await call(1_000)).toMatchObject({ code: Code.UNAVAILABLE, message: /no address: host:port/ });
    answer = () => [backend.address];
    const answered = client.say({ text: "a" });
    await clock.pass(1_000);
    expect(await within(1_000, answered)).toMatchObject({ text: "a" });
    answer = () => {
      throw new Error("away");
    };
    await clock.pass(60_000);
    expect(await client.say({ text: "b" })).toMatchObject({ text: "b" });
  });

  test("M22: dns:/// finds all addresses of a name; unix: goes by the file system", async () => {
    const backend = await serve();
    const client = dial({ target: `dns:///localhost:${backend.port}`, loadBalancing: "round_robin" });
    expect(await client.say({ text: "a" })).toMatchObject({ text: "a" });
    expect(await createDnsResolver("localhost", 1).resolve()).toContain("127.0.0.1:1");

    const folder = mkdtempSync(join(tmpdir(), "wirespan-unix-"));
    closers.push(() => rmSync(folder, { recursive: true }));
    const { address } = await serve({}, {}, `unix:${join(folder, "echo.sock")}`);
    expect(await dial({ target: address }).say({ text: "b" })).toMatchObject({ text: "b" });
  });

  test("targets that are none are refused", () => {
    for (const target of ["", "a b", "ftp://a", "localhost:70000", "unix:", "dns://8.8.8.8/a:1", "http://a/path"]) {
      expect(() => parseTarget(target, false, "pick_first")).toThrow(TypeError);
    }
    expect(() => parseTarget([], false, "pick_first")).toThrow("empty");
    expect(() => parseTarget(["http://a", "https://b"], false, "pick_first")).toThrow("all be");
    expect(() => parseTarget("http://a", true, "pick_first")).toThrow("plain text");
    expect(() => createHttp2Transport({ target: "a:1", pool: 0 })).toThrow(RangeError);
    expect(() => createHttp2Transport({ target: "a:1", keepAlive: { timeoutMs: -1 } })).toThrow(RangeError);
  });
});

describe("T12: connections that end, on the wire", () => {
  test("T12: a server that says goodbye: calls under way finish, new ones go over a new connection", async () => {
    const { handler, release, held } = holding();
    const backend = await serve({}, handler);
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address });
    const under = client.say({ text: "under way" });
    await until(() => held() === 1);
    const closing = backend.server.close(5_000);
    const next = await serve({}, {}, backend.address);
    await until(() => proxy.connections === 1);
    expect(await client.say({ text: "next" })).toMatchObject({ text: "next" });
    expect([next.calls, proxy.connections]).toEqual([1, 2]);
    release();
    expect(await under).toMatchObject({ text: "under way" });
    await within(1_000, closing);
  });

  test("T12: maxConnectionAgeMs moves a client to a new connection without a failed call", async () => {
    const clock = createFakeClock();
    const { handler, release, held } = holding();
    const backend = await serve({ maxConnectionAgeMs: 60_000, clock }, handler);
    const proxy = await startProxy(backend.port);
    const client = dial({ target: proxy.address });
    const under = client.say({ text: "long" });
    await until(() => held() === 1);
    await clock.pass(53_000);
    const second = client.say({ text: "second" });
    await until(() => held() === 2);
    expect(proxy.connections).toBe(1);
    await clock.pass(14_000);
    const third = client.say({ text: "third" });
    await until(() => held() === 3);
    await until(() => proxy.connections === 2);
    release();
    expect(await Promise.all([under, second, third])).toMatchObject([
      { text: "long" },
      { text: "second" },
      { text: "third" },
    ]);
    await until(() => proxy.open.size === 1);
  });

  test("T12: a stream outlives the goodbye of its connection", async () => {
    const clock = createFakeClock();
    const backend = await serve({ maxConnectionAgeMs: 60_000, clock });
    const client = dial({ target: backend.address });
    let echoed = gate();
    async function* notes(): AsyncGenerator<{ text: string }> {
      for (let i = 0; i < 10; i++) {
        yield { text: String(i) };
        await within(2_000, echoed.promise);
        echoed = gate();
        if (i === 3) await clock.pass(66_000);
      }
    }
    let count = 0;
    for await (const _ of client.chat(notes())) {
      count++;
      echoed.open();
    }
    expect(count).toBe(10);
    expect(clock.timers).toBeLessThanOrEqual(1);
  });
});
