import { once } from "node:events";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2,
  type ClientHttp2Session,
  type Http2Server as NodeServer,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  Code,
  createServiceClient,
  implementService,
  RpcError,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import {
  createHttp2Server,
  createHttp2Transport,
  type Http2Server,
  type Http2ServerOptions,
  type Http2TransportOptions,
} from "../../../src/runtime/transports/http2.js";
import { heldBytes } from "../../support/memory.js";
import { collect, Echo, echo, gate, Note, rejection, within, type EchoClient, type EchoHandler } from "./echo.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(
  handler: Partial<EchoHandler> = {},
  options: Http2ServerOptions = {},
  address = "127.0.0.1:0",
): Promise<{ server: Http2Server; port: number; failures: unknown[] }> {
  const failures: unknown[] = [];
  const server = createHttp2Server({ onFailure: (cause) => failures.push(cause), ...options });
  server.register(Echo, implementService(Echo, { ...echo, ...handler }));
  const { port } = await server.listen(address);
  closers.push(() => server.close(0));
  return { server, port, failures };
}

function dial(
  port: number,
  options: Partial<Http2TransportOptions> = {},
): { client: EchoClient; transport: Transport } {
  const transport = createHttp2Transport({ target: `127.0.0.1:${port}`, ...options });
  closers.push(() => transport.close(0));
  return { client: createServiceClient<EchoClient>(Echo, transport), transport };
}

interface Proxy {
  port: number;
  connections: number;
  up: number;
  down: number;
  /** What clients sent. */
  sent: Buffer[];
}

/** The frames that a client sent, without its preface. */
function framesOf(sent: readonly Buffer[]): { type: number; flags: number }[] {
  const bytes = Buffer.concat(sent);
  const frames: { type: number; flags: number }[] = [];
  for (let at = 24; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    frames.push({ type: bytes[at + 3] ?? 0, flags: bytes[at + 4] ?? 0 });
  }
  return frames;
}

/** A peer that passes everything on and counts connections and bytes. */
async function startProxy(to: number): Promise<Proxy> {
  const seen: Proxy = { port: 0, connections: 0, up: 0, down: 0, sent: [] };
  const server = createTcp((socket) => {
    seen.connections++;
    const other = connectTcp(to, "127.0.0.1");
    socket.on("data", (bytes) => {
      seen.up += bytes.length;
      seen.sent.push(bytes);
    });
    other.on("data", (bytes) => (seen.down += bytes.length));
    for (const [a, b] of [[socket, other] as const, [other, socket] as const]) {
      a.setNoDelay();
      a.pipe(b);
      a.on("error", () => b.destroy());
      a.on("close", () => b.destroy());
    }
  });
  seen.port = await listen(server);
  closers.push(() => server.close());
  return seen;
}

async function listen(server: Server | NodeServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function envelope(bytes: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

describe("M5: connections", () => {
  test("M5: 1,000 calls in turn and 1,000 at once go over one connection", async () => {
    const { port } = await serve();
    const proxy = await startProxy(port);
    const { client } = dial(proxy.port);
    for (let i = 0; i < 1_000; i++) await client.say({ count: i });
    const all = await Promise.all(Array.from({ length: 1_000 }, (_, count) => client.say({ count })));
    expect(all.map((note) => note.count)).toEqual(Array.from({ length: 1_000 }, (_, count) => count));
    expect(proxy.connections).toBe(1);
  });

  test("M5: the first calls at once wait for one connection, too", async () => {
    const { port } = await serve();
    const proxy = await startProxy(port);
    const { client } = dial(proxy.port);
    await Promise.all(Array.from({ length: 100 }, () => client.say({})));
    expect(proxy.connections).toBe(1);
  });

  test("M5: the same client works again after the server was restarted", async () => {
    const first = await serve();
    const { client } = dial(first.port);
    expect(await client.say({ text: "one" })).toMatchObject({ text: "one" });
    await first.server.close(1_000);
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    await serve({}, {}, `127.0.0.1:${first.port}`);
    expect(await client.say({ text: "two" })).toMatchObject({ text: "two" });
  });

  test("M5: a call that the server refused unseen is sent once more", async () => {
    let calls = 0;
    const server = createHttp2();
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => {});
      if (calls++ === 0) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(envelope(Note.encode({ text: "second" })));
    });
    closers.push(() => server.close());
    const { client } = dial(await listen(server));
    expect(await client.say({})).toMatchObject({ text: "second" });
    expect(calls).toBe(2);
  });

  test("no server, and a wrong target", async () => {
    const { port, server } = await serve();
    await server.close();
    const { client } = dial(port);
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE, message: /ECONNREFUSED/ });
    for (const target of ["", "ftp://x", "http://x/path", "unix:", "x:99999999"]) {
      expect(() => createHttp2Transport(target)).toThrow(TypeError);
    }
  });
});

describe("M2: flow control", () => {
  const text = "x".repeat(10_000);

  test("M2: a client that floods a handler which does not read is held back within 2 MB", async () => {
    const go = gate();
    const { port } = await serve({
      async join() {
        await go.promise;
        return {};
      },
    });
    const { client } = dial(port);
    let sent = 0;
    async function* requests(): AsyncGenerator<{ text: string }> {
      for (; sent < 20_000_000; sent += text.length) yield { text };
    }
    const call = client.join(requests());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeGreaterThan(100_000);
    expect(sent).toBeLessThan(2 * 1024 * 1024);
    go.open();
    await call;
  });

  test("M2: a handler that floods a client which does not read is held back within 2 MB, memory stays flat", async () => {
    let sent = 0;
    const { port } = await serve({
      async *split() {
        for (; ; sent += text.length) yield { text };
      },
    });
    const { client } = dial(port);
    const iterator = client.split({})[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeLessThan(2 * 1024 * 1024);
    // a slow reader goes on reading, and what waits for it does not grow
    let read = 1;
    for (; read < 1_000; read++) await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent - read * text.length).toBeLessThan(2 * 1024 * 1024);
    await iterator.return?.();
  });

  test("M2: a stream that nobody reads does not hold up other calls of its connection", async () => {
    const { port } = await serve({
      async *split() {
        for (;;) yield { text };
      },
    });
    const { client } = dial(port);
    const iterators = Array.from({ length: 20 }, () => client.split({})[Symbol.asyncIterator]());
    await Promise.all(iterators.map((iterator) => iterator.next()));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await within(1_000, client.say({ text }))).toMatchObject({ text });
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  });

  test("M2: half an upload never looks like a whole one", async () => {
    const ends: string[] = [];
    const { port } = await serve({
      async join(notes) {
        try {
          for await (const note of notes) void note;
          ends.push("whole");
        } catch {
          ends.push("half");
        }
        return {};
      },
    });
    const proxy = await startProxy(port);
    const { client } = dial(proxy.port);
    for (let i = 0; i < 20; i++) {
      async function* requests(): AsyncGenerator<{ text: string }> {
        yield { text };
        await new Promise((resolve) => setTimeout(resolve, i % 5));
        throw new Error("disk full");
      }
      await rejection(client.join(requests()));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(new Set(ends)).toEqual(new Set(["half"]));
    const ended = ({ type, flags }: { type: number; flags: number }): boolean => type <= 1 && (flags & 1) === 1;
    expect(framesOf(proxy.sent).filter(ended)).toEqual([]);
    expect(framesOf(proxy.sent).filter(({ type }) => type === 3)).toHaveLength(20);
    // a whole one has an end
    await client.join([{ text }]);
    expect(framesOf(proxy.sent).filter(ended)).toHaveLength(1);
  });
});

describe("M8: size limits", () => {
  const sizeOf = (length: number): number => Note.encode({ text: "x".repeat(length) }).length;

  test.each([
    ["the server receives", { maxReceiveBytes: sizeOf(1_000) }, {}],
    ["the server sends", { maxSendBytes: sizeOf(1_000) }, {}],
    ["the client receives", {}, { maxReceiveBytes: sizeOf(1_000) }],
    ["the client sends", {}, { maxSendBytes: sizeOf(1_000) }],
    [
      "a method receives",
      { maxReceiveBytes: 1, methods: { [Echo.methods.say.path]: { maxReceiveBytes: sizeOf(1_000) } } },
      {},
    ],
    ["a method sends", {}, { methods: { "/wirespan.test.v1.Echo/*": { maxSendBytes: sizeOf(1_000) } } }],
  ])("M8: what %s: at the limit passes, one more does not", async (_, ofServer, ofClient) => {
    const { port } = await serve({}, ofServer);
    const { client } = dial(port, ofClient);
    expect(await client.say({ text: "x".repeat(1_000) })).toMatchObject({ text: "x".repeat(1_000) });
    const error = await rejection(client.say({ text: "x".repeat(1_001) }));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect((error as RpcError).message).toContain(String(sizeOf(1_001)));
    expect((error as RpcError).message).toContain(String(sizeOf(1_000)));
    expect(await client.say({ text: "again" })).toMatchObject({ text: "again" });
  });
});

describe("M16: compression", () => {
  const repetitive = "all work and no play ".repeat(5_000);
  const noise = Array.from({ length: 50_000 }, (_, i) => String.fromCharCode(33 + ((Math.sin(i) * 1e7) & 63))).join("");

  test("M16: 100 KB that repeat themselves shrink at least five times, both ways; each message of a stream, too", async () => {
    const { port } = await serve();
    const proxy = await startProxy(port);
    const { client } = dial(proxy.port, { compression: "gzip" });
    expect(await client.say({ text: repetitive })).toMatchObject({ text: repetitive });
    expect(proxy.up).toBeLessThan(20_000);
    expect(proxy.down).toBeLessThan(20_000);
    expect(await collect(client.chat([{ text: repetitive }, { text: "short" }, { text: noise }]))).toHaveLength(3);
  });

  test("M16: a server compresses when it is told to, for those who take gzip", async () => {
    const { port } = await serve({}, { compression: "gzip" });
    const proxy = await startProxy(port);
    const { client } = dial(proxy.port);
    expect(await client.say({ text: repetitive })).toMatchObject({ text: repetitive });
    expect(proxy.up).toBeGreaterThan(100_000);
    expect(proxy.down).toBeLessThan(20_000);
    const { headers } = await raw(port, [envelope(Note.encode({ text: repetitive }))], {});
    expect(headers["grpc-encoding"]).toBeUndefined();
  });

  test("M16: not by default, nor where it is switched off for a method", async () => {
    const { port } = await serve();
    const proxy = await startProxy(port);
    const options = {
      compression: "gzip" as const,
      methods: { [Echo.methods.say.path]: { compression: "identity" as const } },
    };
    for (const { client } of [dial(proxy.port), dial(proxy.port, options)]) {
      const before = proxy.up;
      expect(await client.say({ text: repetitive })).toMatchObject({ text: repetitive });
      expect(proxy.up - before).toBeGreaterThan(100_000);
    }
  });

  test("M8: messages of a stream are inflated when they are read: 4 KB each for a handler that does not, not 4 MB", async () => {
    let begun = 0;
    const go = gate();
    const { port } = await serve({
      async join(notes, context) {
        begun++;
        await go.promise;
        return echo.join(notes, context);
      },
    });
    const bomb = envelope(gzipSync(Note.encode({ text: "x".repeat(4_000_000) })), 1);
    expect(bomb.length).toBeLessThan(5_000);
    const session = open(port);
    const before = heldBytes();
    const replies = Array.from({ length: 20 }, () =>
      raw(
        port,
        [Buffer.concat([bomb, bomb, bomb])],
        { ":path": Echo.methods.join.path, "grpc-encoding": "gzip" },
        session,
      ),
    );
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(heldBytes() - before).toBeLessThan(8_000_000);
    }
    expect(begun).toBe(20);
    go.open();
    for (const { trailers } of await Promise.all(replies)) expect(trailers).toMatchObject({ "grpc-status": "0" });
  });

  test("M8: the same for a client that reads a stream slowly", async () => {
    const bomb = envelope(gzipSync(Note.encode({ text: "x".repeat(4_000_000) })), 1);
    const server = createHttp2();
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ "content-type": "application/grpc", "grpc-encoding": "gzip" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.concat(Array.from({ length: 100 }, () => bomb)));
    });
    closers.push(() => server.close());
    const before = heldBytes();
    const { client } = dial(await listen(server));
    const iterator = client.split({})[Symbol.asyncIterator]();
    await iterator.next();
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(heldBytes() - before).toBeLessThan(8_000_000);
    }
    let read = 1;
    while ((await iterator.next()).done !== true) read++;
    expect(read).toBe(100);
  });

  test("M8: a message of a stream that cannot be inflated ends the call, whatever its reader makes of it", async () => {
    const { port, failures } = await serve({
      async join(notes) {
        try {
          for await (const note of notes) void note;
        } catch {
          // as if nothing were
        }
        return {};
      },
    });
    const more = { ":path": Echo.methods.join.path, "grpc-encoding": "gzip" };
    const good = envelope(gzipSync(Note.encode({ text: "x" })), 1);
    for (const [bad, code] of [
      [Buffer.from("no gzip"), Code.INTERNAL],
      [gzipSync(Buffer.alloc(10_000_000)), Code.RESOURCE_EXHAUSTED],
    ] as const) {
      const { headers } = await raw(port, [good, envelope(bad, 1), good], more);
      expect(headers).toMatchObject({ "grpc-status": String(code) });
      const server = createHttp2();
      server.on("stream", (stream) => {
        stream.on("error", () => {});
        stream.respond({ "content-type": "application/grpc", "grpc-encoding": "gzip" });
        stream.write(Buffer.concat([good, envelope(bad, 1), good]));
      });
      closers.push(() => server.close());
      const { client } = dial(await listen(server));
      const iterator = client.split({})[Symbol.asyncIterator]();
      expect((await iterator.next()).value).toMatchObject({ text: "x" });
      expect(await rejection(iterator.next())).toMatchObject({ code });
      expect(await rejection(client.say({}))).toMatchObject({ code });
    }
    expect(failures).toEqual([]);
  });

  test("M16: an encoding that we do not know is UNIMPLEMENTED, with a list of those we do", async () => {
    const { port } = await serve();
    const { headers } = await raw(port, [], { "grpc-encoding": "snappy" });
    expect(headers).toMatchObject({ "grpc-status": "12", "grpc-accept-encoding": "gzip,identity" });
  });
});

interface RawReply {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly trailers: IncomingHttpHeaders;
}

/** A request as a client of any kind may send it. */
function raw(
  port: number,
  chunks: readonly Uint8Array[],
  more: OutgoingHttpHeaders,
  session = open(port),
): Promise<RawReply> {
  const stream = session.request({
    ":method": "POST",
    ":path": Echo.methods.say.path,
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  });
  let headers: RawReply["headers"] = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (received) => (headers = received));
  stream.on("trailers", (received) => (trailers = received));
  stream.on("error", () => {});
  stream.resume();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return new Promise((resolve) => stream.on("close", () => resolve({ headers, trailers })));
}

function open(port: number): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  closers.push(() => session.destroy());
  return session;
}

describe("bad clients", () => {
  const note = Note.encode({ text: "x" });

  test.each([
    ["another content type", [], { "content-type": "text/html" }, { ":status": 415 }],
    ["no content type", [], { "content-type": "" }, { ":status": 415 }],
    ["a method nobody has", [], { ":path": "/x.Y/Z" }, { "grpc-status": "12" }],
    ["a malformed timeout", [envelope(note)], { "grpc-timeout": "soon" }, { "grpc-status": "13" }],
    ["no message", [], {}, { "grpc-status": "12" }],
    ["two messages", [envelope(note), envelope(note)], {}, { "grpc-status": "12" }],
    ["half a message", [envelope(note).subarray(0, 6)], {}, { "grpc-status": "13" }],
    ["a message that is none", [envelope(Buffer.from([255, 255]))], {}, { "grpc-status": "13" }],
    [
      "a message that is no gzip",
      [envelope(Buffer.from("no gzip"), 1)],
      { "grpc-encoding": "gzip" },
      { "grpc-status": "13" },
    ],
    ["a compressed message without an encoding", [envelope(gzipSync(note), 1)], {}, { "grpc-status": "13" }],
    ["a message that says it is 4 GB", [Buffer.from([0, 255, 255, 255, 255])], {}, { "grpc-status": "8" }],
    [
      "10 MB of zeros in gzip",
      [envelope(gzipSync(Buffer.alloc(10 * 1024 * 1024)), 1)],
      { "grpc-encoding": "gzip" },
      { "grpc-status": "8" },
    ],
  ])("%s: a status, and the next call is answered", async (_, chunks, more, expected) => {
    const { port, failures } = await serve();
    const session = open(port);
    expect((await raw(port, chunks, more, session)).headers).toMatchObject(expected);
    expect((await raw(port, [envelope(note)], {}, session)).trailers).toMatchObject({ "grpc-status": "0" });
    // anybody could fill our logs with what he sends
    expect(failures).toEqual([]);
  });

  test("garbage in place of frames ends that connection only", async () => {
    const { port } = await serve();
    const { client } = dial(port);
    await client.say({});
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (const bytes of [
      "GET / HTTP/1.1\r\n\r\n",
      `${preface}${"\xff".repeat(200)}`,
      `${preface}\0\0\x04\x08\0\0\0\0\x01abcd`,
    ]) {
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.write(Buffer.from(bytes, "latin1"));
      await within(2_000, once(socket, "close"));
    }
    expect(await client.say({ text: "still" })).toMatchObject({ text: "still" });
  });

  test("rapid reset: what was begun is cancelled, the connection is given up, others are served", async () => {
    let begun = 0;
    let cancelled = 0;
    const { port } = await serve({
      async say(_, { signal }) {
        begun++;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        cancelled++;
        return {};
      },
    });
    const { client } = dial(port);
    const session = open(port);
    let sent = 0;
    while (!session.closed && !session.destroyed && sent < 5_000) {
      for (let i = 0; i < 100 && !session.closed; i++, sent++) {
        const stream = session.request({
          ":method": "POST",
          ":path": Echo.methods.say.path,
          "content-type": "application/grpc",
        });
        stream.on("error", () => {});
        stream.end(envelope(note));
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(sent).toBeLessThan(5_000);
    session.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(cancelled).toBe(begun);
    expect(await collect(client.chat([{ text: "a" }]))).toHaveLength(1);
  });

  test("connections that say nothing, and calls that never go on, do not keep a server from closing", async () => {
    const { port, server } = await serve();
    const silent = connectTcp(port, "127.0.0.1");
    silent.on("error", () => {});
    await once(silent, "connect");
    const session = open(port);
    const stream = session.request({
      ":method": "POST",
      ":path": Echo.methods.say.path,
      "content-type": "application/grpc",
    });
    stream.on("error", () => {});
    stream.write(envelope(note).subarray(0, 6));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await within(1_000, server.close(100));
  });

  test.each([
    ["gRPC", { "content-type": "application/grpc", "grpc-timeout": "300m" }],
    ["Connect", { "content-type": "application/proto", "connect-timeout-ms": "300" }],
  ])("who does not read a reply that was given in time is done with at the deadline: %s", async (_, headers) => {
    const given = gate();
    const { port } = await serve({
      say() {
        setImmediate(given.open);
        return { text: "x".repeat(4_000_000) };
      },
    });
    const stream = open(port).request({ ":method": "POST", ":path": Echo.methods.say.path, ...headers });
    stream.on("error", () => {});
    stream.end(headers["content-type"] === "application/grpc" ? envelope(note) : note);
    const started = performance.now();
    await within(1_000, given.promise);
    await within(3_000, once(stream, "close"));
    expect(performance.now() - started).toBeGreaterThan(250);
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  test("who does not read is done with at the deadline", async () => {
    const ended = gate();
    const { port } = await serve({
      async *split() {
        try {
          for (;;) yield { text: "x".repeat(10_000) };
        } finally {
          ended.open();
        }
      },
    });
    const session = open(port);
    const stream = session.request({
      ":method": "POST",
      ":path": Echo.methods.split.path,
      "content-type": "application/grpc",
      "grpc-timeout": "200m",
    });
    stream.on("error", () => {});
    stream.end(envelope(note));
    await within(1_000, ended.promise);
    await within(1_000, once(stream, "close"));
  });

  test("nothing is left of many calls that end badly", async () => {
    const { port } = await serve({
      async say(_, { signal }) {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        throw new Error("late");
      },
    });
    const { client } = dial(port);
    const batch = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 100 }, () => rejection(client.say({ text: "x".repeat(5_000) }, { timeoutMs: 5 }))),
      );
    };
    for (let i = 0; i < 2; i++) await batch();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const [heap, before] = [process.memoryUsage().heapUsed, timers()];
    for (let i = 0; i < 5; i++) await batch();
    await vi.waitFor(() => expect(timers() - before).toBeLessThan(5), { timeout: 5_000 });
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(60 * 1024 * 1024);
  });
});

describe("bad servers", () => {
  async function against(answer: (stream: ServerHttp2Stream) => void): Promise<EchoClient> {
    const server = createHttp2();
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      answer(stream);
    });
    server.on("sessionError", () => {});
    closers.push(() => server.close());
    return dial(await listen(server)).client;
  }

  test.each<[string, (stream: ServerHttp2Stream) => void, Code]>([
    ["a page of HTML", (stream) => (stream.respond({ "content-type": "text/html" }), stream.end("<p>")), Code.UNKNOWN],
    ["HTTP 503", (stream) => stream.respond({ ":status": 503 }, { endStream: true }), Code.UNAVAILABLE],
    ["HTTP 503 with a page", (stream) => (stream.respond({ ":status": 503 }), stream.end("busy")), Code.UNAVAILABLE],
    [
      "an end without trailers",
      (stream) => (stream.respond(grpc), stream.end(envelope(Buffer.alloc(0)))),
      Code.INTERNAL,
    ],
    ["a reset", (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR), Code.INTERNAL],
    ["calm", (stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM), Code.RESOURCE_EXHAUSTED],
    ["a refusal each time", (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM), Code.UNAVAILABLE],
    ["an unknown encoding", (stream) => stream.respond({ ...grpc, "grpc-encoding": "br" }), Code.INTERNAL],
    [
      "a message that says it is 4 GB",
      (stream) => (stream.respond(grpc), stream.write(Buffer.alloc(5, 0xff).fill(0, 0, 1))),
      Code.RESOURCE_EXHAUSTED,
    ],
    ["unknown flags", (stream) => (stream.respond(grpc), stream.write(Buffer.from([7, 0, 0, 0, 0]))), Code.INTERNAL],
    ["half a message", (stream) => answerOk(stream, Buffer.from([0, 0, 0, 0, 9, 1])), Code.INTERNAL],
    ["no message", (stream) => answerOk(stream, Buffer.alloc(0)), Code.UNIMPLEMENTED],
    ["two messages", (stream) => answerOk(stream, Buffer.alloc(10)), Code.UNIMPLEMENTED],
    ["the end of the connection", (stream) => stream.session?.destroy(), Code.UNAVAILABLE],
    ["silence", () => {}, Code.DEADLINE_EXCEEDED],
  ])("%s: a status, and no harm", async (_, answer, code) => {
    const client = await against(answer);
    expect(await within(2_000, rejection(client.say({}, { timeoutMs: 300 })))).toMatchObject({
      name: "RpcError",
      code,
    });
    // a stream may hold any number of messages: here it is only to end
    const stream = collect(client.chat([{}], { timeoutMs: 300 })).catch((error: unknown) => error);
    expect(await within(2_000, stream)).toBeDefined();
  });

  test("one that speaks no HTTP/2 at all, and one that never answers a connection", async () => {
    const sockets: Socket[] = [];
    const server = createTcp((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      if (sockets.length === 1) socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    closers.push(
      () => sockets.forEach((socket) => socket.destroy()),
      () => server.close(),
    );
    const { client } = dial(await listen(server));
    expect(await within(2_000, rejection(client.say({})))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(await within(2_000, rejection(client.say({}, { timeoutMs: 100 })))).toMatchObject({
      code: Code.DEADLINE_EXCEEDED,
    });
  });
});

const grpc = { "content-type": "application/grpc" };

function answerOk(stream: ServerHttp2Stream, bytes: Buffer): void {
  stream.respond(grpc, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(bytes);
}

describe("closing a server", () => {
  test("calls under way are finished, new ones find nobody, and the client is told", async () => {
    const go = gate();
    const reached = gate();
    const { port, server } = await serve({
      async say(note) {
        reached.open();
        await go.promise;
        return note;
      },
    });
    const { client } = dial(port);
    const first = client.say({ text: "first" });
    await reached.promise;
    let closed = false;
    const closing = server.close().then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(closed).toBe(false);
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    go.open();
    expect(await first).toMatchObject({ text: "first" });
    await within(1_000, closing);
  });

  test("what is not done in time is cancelled", async () => {
    const cancelled = gate<unknown>();
    const reached = gate();
    const { port, server } = await serve({
      async say(note, { signal }) {
        reached.open();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        cancelled.open((signal.reason as RpcError).code);
        return note;
      },
    });
    const { client } = dial(port);
    const call = rejection(client.say({}));
    await reached.promise;
    await within(1_000, server.close(100));
    expect(await within(1_000, cancelled.promise)).toBe(Code.CANCELLED);
    expect(await call).toMatchObject({ code: Code.UNAVAILABLE });
  });

  test("a client that still sends when the answer is complete is told to stop, without an error", async () => {
    const { port } = await serve({ join: () => ({ text: "enough" }) });
    const { client } = dial(port);
    const stopped = gate();
    async function* forever(): AsyncGenerator<{ text: string }> {
      try {
        for (;;) {
          yield { text: "x" };
          await new Promise(setImmediate);
        }
      } finally {
        stopped.open();
      }
    }
    expect(await client.join(forever())).toMatchObject({ text: "enough" });
    await within(1_000, stopped.promise);
    const session = open(port);
    const stream = session.request({ ":method": "POST", ":path": Echo.methods.join.path, ...grpc });
    stream.on("error", () => {});
    stream.resume();
    stream.write(envelope(Note.encode({})));
    await within(1_000, once(stream, "close"));
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  test("it listens on IPv6, on sockets in the file system, and on nothing else", async () => {
    const { client } = await serveAt(`unix:/tmp/wirespan-${process.pid}.sock`);
    expect(await client.say({ text: "local" })).toMatchObject({ text: "local" });
    await expect(createHttp2Server().listen("nonsense")).rejects.toThrow(TypeError);
  });
});

async function serveAt(address: string): Promise<{ client: EchoClient }> {
  const server = createHttp2Server();
  server.register(Echo, implementService(Echo, echo));
  const bound = await server.listen(address);
  const transport = createHttp2Transport(bound.address);
  closers.push(async () => (await transport.close(0), server.close(0)));
  return { client: createServiceClient<EchoClient>(Echo, transport) };
}
