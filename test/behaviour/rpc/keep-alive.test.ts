import {
  connect as connectHttp2,
  createServer as createHttp2,
  type ClientHttp2Session,
  type Http2Server as NodeServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Code, createServiceClient, implementService } from "../../../src/runtime/rpc/index.js";
import {
  createHttp2Server,
  createHttp2Transport,
  type Http2ServerOptions,
  type Http2TransportOptions,
} from "../../../src/runtime/transports/http2.js";
import { createFakeClock } from "../../unit/queue/support.js";
import { Echo, echo, rejection, within, type EchoClient, type EchoHandler } from "./echo.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Http2ServerOptions = {}, handler: Partial<EchoHandler> = {}): Promise<number> {
  const server = createHttp2Server({ onFailure: () => {}, ...options });
  server.register(Echo, implementService(Echo, { ...echo, ...handler }));
  const { port } = await server.listen("127.0.0.1:0");
  closers.push(() => server.close(0));
  return port;
}

function dial(port: number, options: Partial<Http2TransportOptions> = {}): EchoClient {
  const transport = createHttp2Transport({ target: `127.0.0.1:${port}`, ...options });
  closers.push(() => transport.close(0));
  return createServiceClient<EchoClient>(Echo, transport);
}

async function listen(server: Server | NodeServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Line {
  readonly port: number;
  connections: number;
  readonly open: Set<Socket>;
  /** From now on nothing arrives any more, either way, for connections that are open. */
  cut(): void;
}

/** A line to a server that can be cut without either side hearing of it. */
async function startLine(to: number): Promise<Line> {
  const open = new Set<Socket>();
  const dead = new Set<Socket>();
  const server = createTcp((socket) => {
    line.connections++;
    open.add(socket);
    const other = connectTcp(to, "127.0.0.1");
    for (const [a, b] of [[socket, other] as const, [other, socket] as const]) {
      a.setNoDelay();
      a.on("data", (bytes) => {
        if (!dead.has(socket)) b.write(bytes);
      });
      a.on("error", () => {});
      a.on("close", () => {
        if (a === socket) open.delete(socket);
        if (!dead.has(socket)) b.destroy();
      });
    }
    closers.push(
      () => other.destroy(),
      () => socket.destroy(),
    );
  });
  const port = await listen(server);
  const line: Line = { port, connections: 0, open, cut: () => open.forEach((socket) => dead.add(socket)) };
  return line;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("M5, M22: connections that went silent", () => {
  test("M22: a call on a half-open connection fails with UNAVAILABLE, the next goes over a new one", async () => {
    const clock = createFakeClock();
    const line = await startLine(
      await serve({}, { say: (note) => (note.text === "wait" ? new Promise<never>(() => {}) : note) }),
    );
    const client = dial(line.port, { keepAlive: { intervalMs: 10_000, timeoutMs: 2_000 }, clock });
    await client.say({});
    const waiting = rejection(client.say({ text: "wait" }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    // answered while the line is whole
    await clock.pass(10_000);
    await clock.pass(10_000);
    await clock.pass(10_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    line.cut();
    // however near the next ping is, its answer is waited for
    await clock.pass(1_999);
    const early = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 20))]);
    expect(early).toBeUndefined();
    await clock.pass(20_001);
    expect(await within(1_000, waiting)).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining("ping") as string,
    });
    expect(await within(1_000, client.say({ text: "next" }))).toMatchObject({ text: "next" });
    expect(line.connections).toBe(2);
    await until(() => line.open.size === 1);
  });

  test("M22: after a long silence the first call is what asks", async () => {
    const clock = createFakeClock();
    const line = await startLine(await serve());
    const client = dial(line.port, { keepAlive: { intervalMs: 10_000, timeoutMs: 2_000 }, clock });
    await client.say({});
    await clock.pass(60_000);
    line.cut();
    const failed = rejection(client.say({}));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.pass(2_000);
    expect(await within(1_000, failed)).toMatchObject({ code: Code.UNAVAILABLE });
  });

  test("an idle connection is not pinged, unless told to", async () => {
    const pings = { idle: 0, busy: 0 };
    const count = async (name: "idle" | "busy"): Promise<number> => {
      const server = createHttp2();
      server.on("session", (session: ServerHttp2Session) => session.on("ping", () => pings[name]++));
      server.on("stream", (stream: ServerHttp2Stream) => {
        stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.alloc(5));
      });
      return listen(server);
    };
    const clock = createFakeClock();
    const idle = dial(await count("idle"), { keepAlive: { intervalMs: 1_000 }, clock });
    const asked = dial(await count("busy"), { keepAlive: { intervalMs: 1_000, whileIdle: true }, clock });
    await Promise.all([idle.say({}), asked.say({})]);
    for (let i = 0; i < 10; i++) {
      await clock.pass(1_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(pings.idle).toBe(0);
    expect(pings.busy).toBeGreaterThanOrEqual(3);
  });

  test("a server finds clients that are gone, and cancels what it does for them", async () => {
    const clock = createFakeClock();
    let cancelled = false;
    let begun = false;
    const port = await serve(
      { clock, keepAlive: { intervalMs: 10_000, timeoutMs: 2_000 } },
      {
        say: (_, { signal }) =>
          new Promise((resolve) => {
            begun = true;
            signal.addEventListener("abort", () => {
              cancelled = true;
              resolve({});
            });
          }),
      },
    );
    const line = await startLine(port);
    void rejection(dial(line.port).say({}));
    await until(() => begun);
    line.cut();
    await clock.pass(1_999);
    expect(cancelled).toBe(false);
    await clock.pass(20_001);
    await until(() => cancelled);
  });
});

describe("pings of clients", () => {
  async function session(port: number): Promise<{ client: ClientHttp2Session; goodbyes: [number, string][] }> {
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    closers.push(() => client.destroy());
    const goodbyes: [number, string][] = [];
    client.on("goaway", (code: number, _last: number, debug: Buffer | undefined) =>
      goodbyes.push([code, debug?.toString() ?? ""]),
    );
    client.on("error", () => {});
    await new Promise((resolve) => client.once("remoteSettings", resolve));
    return { client, goodbyes };
  }
  const ping = (client: ClientHttp2Session): Promise<void> =>
    new Promise((resolve) => {
      if (client.destroyed || !client.ping(() => resolve())) resolve();
    });

  test("who pings too often is sent away, in the words of gRPC; who does not, or makes calls, is not", async () => {
    const clock = createFakeClock();
    const port = await serve({ clock });
    const often = await session(port);
    for (let i = 0; i < 5; i++) await ping(often.client);
    await until(() => often.client.destroyed);
    expect(often.goodbyes).toEqual([[11, "too_many_pings"]]);

    const seldom = await session(port);
    for (let i = 0; i < 10; i++) {
      await ping(seldom.client);
      await clock.pass(10_000);
    }
    const busy = await session(port);
    for (let i = 0; i < 10; i++) {
      await ping(busy.client);
      const stream = busy.client.request({
        ":method": "POST",
        ":path": "/wirespan.test.v1.Echo/Say",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.end(Buffer.concat([Buffer.from([0, 0, 0, 1, 0x93, 0x0a, 0x90, 0x03]), Buffer.alloc(400, 97)]));
      stream.resume();
      await new Promise((resolve) => stream.once("close", resolve));
    }
    expect([seldom.client.destroyed, busy.client.destroyed]).toEqual([false, false]);
  });

  test("a client that is told so asks half as often from then on", async () => {
    const clock = createFakeClock();
    const pings: number[] = [];
    const server = createHttp2();
    let sessions = 0;
    server.on("session", (session: ServerHttp2Session) => {
      sessions++;
      session.on("ping", () => {
        pings.push(clock.now());
        if (sessions > 1) return;
        session.goaway(11, undefined, Buffer.from("too_many_pings"));
        setImmediate(() => session.destroy());
      });
    });
    server.on("stream", (stream: ServerHttp2Stream) => void stream.on("error", () => {}));
    const client = dial(await listen(server), { keepAlive: { intervalMs: 1_000 }, clock });
    const call = async (): Promise<number> => {
      const started = clock.now();
      const before = pings.length;
      const open = sessions;
      void client.say({}).catch(() => {});
      await until(() => sessions > open);
      await new Promise((resolve) => setTimeout(resolve, 20));
      while (pings.length === before) {
        await clock.pass(100);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return (pings.at(-1) ?? 0) - started;
    };
    const first = await call();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await call();
    // at the second look without anything new
    expect([first <= 2_100, second >= 3_000]).toEqual([true, true]);
  });
});

describe("T1: what the server has not looked at is sent once more by itself", () => {
  test.each([
    [0, "goes"],
    [11, "is overloaded"],
  ])("T1: a GOAWAY with the code %i that leaves the call out", async (code) => {
    let streams = 0;
    let sessions = 0;
    const server = createHttp2();
    server.on("session", (session: ServerHttp2Session) => {
      sessions++;
      session.on("error", () => {});
    });
    server.on("stream", (stream: ServerHttp2Stream) => {
      streams++;
      stream.on("error", () => {});
      if (sessions === 1) {
        // the first is looked at, the second is not
        if (streams === 2) stream.session?.goaway(code, 1);
        return;
      }
      stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.alloc(5));
    });
    const client = dial(await listen(server));
    const looked = rejection(client.say({}, { timeoutMs: 500 }));
    await until(() => streams === 1);
    expect(await within(1_000, client.say({}))).toEqual({ text: "", count: 0 });
    expect([sessions, streams]).toEqual([2, 3]);
    const { code: status } = (await looked) as { code: number };
    // node gives up the whole connection for any code but 0
    expect(status).toBe(code === 0 ? Code.DEADLINE_EXCEEDED : Code.UNAVAILABLE);
  });
});
