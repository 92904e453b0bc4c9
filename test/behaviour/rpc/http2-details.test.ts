import { createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { ambient, systemClock, withAmbient, type Clock } from "../../../src/runtime/context/index.js";
import {
  Code,
  createCall,
  createServiceClient,
  implementService,
  oneMessage,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createConnectTransport, createGrpcWebTransport } from "../../../src/runtime/transports/connect.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { Connection } from "../../../src/runtime/transports/http2/connection.js";
import { createListener, type ConnectionTakers } from "../../../src/runtime/transports/http2/listener.js";
import { createAuthority } from "../../support/certificates.js";
import {
  ACK,
  connectFrames,
  END_HEADERS,
  END_STREAM,
  frame,
  FrameType,
  grpcRequest,
  headerBlock,
  preface,
  readFrames,
  type Frame,
} from "../../support/http2-frames.js";
import { createFakeClock } from "../../unit/queue/support.js";
import { collect, Echo, echo, gate, Note, rejection, within, type EchoClient, type EchoHandler } from "./echo.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function dial(transport: Transport, clock?: Clock): EchoClient {
  closers.push(() => transport.close(0));
  return createServiceClient<EchoClient>(Echo, transport, { clock });
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once("close", resolve));

describe("M65, T1: the goodbye of a server", () => {
  const say = Echo.methods.say.path;
  const isAnswer =
    (wanted: number) =>
    ({ type, stream, payload }: Frame): boolean =>
      type === FrameType.DATA && stream === wanted && payload.length > 0;

  test.each(["closes", "finds the connection old"])(
    "M65, T1: one that %s names the last call it answers, and answers it",
    async (why) => {
      const clock = createFakeClock(Date.now());
      const server = createHttp2Server({ maxConnectionAgeMs: 60_000, clock });
      const served: string[] = [];
      const first = gate();
      const handler: Partial<EchoHandler> = {
        async say(note) {
          served.push(note.text);
          if (note.text === "first") await first.promise;
          return note;
        },
      };
      server.register(Echo, implementService(Echo, handler));
      const peer = connectFrames((await server.listen("127.0.0.1:0")).address);
      closers.push(
        () => server.close(0),
        () => peer.socket.destroy(),
      );
      const over = closed(peer.socket);
      peer.send(grpcRequest(1, say, Note.encode({ text: "zero" })));
      await within(5_000, peer.next(isAnswer(1)));
      peer.send(grpcRequest(3, say, Note.encode({ text: "first" })));
      while (served.length < 2) await new Promise((resolve) => setImmediate(resolve));
      const left = why === "closes" ? server.close() : undefined;
      if (left === undefined) await clock.pass(66_000);
      // sent before the goodbye was read
      peer.send(grpcRequest(5, say, Note.encode({ text: "crossed" })));
      const goodbye = await within(
        5_000,
        peer.next(({ type }) => type === FrameType.GOAWAY),
      );
      expect(goodbye.payload.readUInt32BE(0)).toBe(3);
      expect(goodbye.payload.readUInt32BE(4)).toBe(0);
      first.open();
      const answer = await within(5_000, peer.next(isAnswer(3)));
      expect(Note.decode(answer.payload.subarray(5)).text).toBe("first");
      // with its calls the connection ends
      await within(5_000, over);
      await left;
      expect(served).toEqual(["zero", "first"]);
      expect(peer.frames.filter(({ stream }) => stream === 5)).toEqual([]);
    },
  );

  test("M65, T1: calls that cross it are made, elsewhere; those under way end", async () => {
    const [one, two] = [createHttp2Server(), createHttp2Server()];
    const first = gate();
    const served: string[] = [];
    const handler = (where: string): EchoHandler => ({
      ...echo,
      async say(note) {
        served.push(where);
        if (note.text === "first") await first.promise;
        return { text: where };
      },
    });
    const addresses: string[] = [];
    for (const [server, name] of [
      [one, "one"],
      [two, "two"],
    ] as const) {
      server.register(Echo, implementService(Echo, handler(name)));
      addresses.push((await server.listen("127.0.0.1:0")).address);
      closers.push(() => server.close(0));
    }
    const client = dial(createHttp2Transport({ target: addresses }));
    const slow = client.say({ text: "first" });
    while (served.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const left = one.close();
    const crossed = await within(5_000, Promise.all([client.say({}), client.say({})]));
    expect(crossed.map(({ text }) => text)).toEqual(["two", "two"]);
    first.open();
    expect(await within(5_000, slow)).toMatchObject({ text: "one" });
    await within(5_000, left);
  });
});

describe("M65: who never says hello is let go after 20 seconds", () => {
  test.each([
    ["nothing", ""],
    ["half of a word", "PR"],
    ["the first words of HTTP/2, and no settings", preface.toString()],
  ])("M65: %s", async (_, text) => {
    const clock = createFakeClock();
    const server = createHttp2Server({ clock });
    closers.push(() => server.close(0));
    const { port } = await server.listen("127.0.0.1:0");
    const idle = clock.timers;
    const socket = connectTcp(port, "127.0.0.1", () => socket.write(text));
    closers.push(() => socket.destroy());
    let gone = false;
    const over = closed(socket).then(() => (gone = true));
    socket.on("error", () => {}).resume();
    // what it says has arrived when there is an answer; nothing says nothing
    if (text === preface.toString()) await new Promise((resolve) => socket.once("data", resolve));
    else while (clock.timers === idle) await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.pass(19_999);
    expect(gone).toBe(false);
    await clock.pass(1);
    await within(5_000, over);
  });

  test("M65: a client that has said hello stays", async () => {
    const clock = createFakeClock();
    const server = createHttp2Server({ clock });
    closers.push(() => server.close(0));
    const peer = connectFrames((await server.listen("127.0.0.1:0")).address);
    closers.push(() => peer.socket.destroy());
    await peer.next(({ type, flags }) => type === FrameType.SETTINGS && flags === ACK);
    await clock.pass(60_000);
    peer.send(frame(FrameType.PING, 0, 0, Buffer.from("8 bytes!")));
    await within(
      5_000,
      peer.next(({ type, flags }) => type === FrameType.PING && flags === ACK),
    );
  });

  test("M65: nor may a handshake of TLS take longer", async () => {
    const failures: string[] = [];
    const tls = createAuthority("one").issue("127.0.0.1");
    const takers: ConnectionTakers = { http2: () => {}, http1: undefined };
    const { server } = createListener(tls, takers, { helloTimeoutMs: 30, clock: systemClock });
    server.on("tlsClientError", (error: Error & { code?: string }) => failures.push(error.code ?? ""));
    closers.push(() => server.close());
    const socket = connectTcp(await portOf(server), "127.0.0.1");
    await within(5_000, closed(socket.resume().on("error", () => {})));
    expect(failures).toEqual(["ERR_TLS_HANDSHAKE_TIMEOUT"]);
  });
});

describe("M65: small packets do not wait for others", () => {
  // node tells nobody but the system; this is where it keeps what it has told
  const noDelay = (socket: Socket): unknown => {
    const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kSetNoDelay");
    return key && Reflect.get(socket, key);
  };

  test.each(["plain text", "TLS"])("M65: on connections that a server takes, in %s", async (kind) => {
    const authority = createAuthority("one");
    const seen: unknown[] = [];
    const taken = gate();
    const take = (socket: Socket): void => {
      seen.push(noDelay(socket));
      taken.open();
    };
    const tls = kind === "TLS" ? authority.issue("127.0.0.1") : undefined;
    const { server } = createListener(tls, { http2: take, http1: take }, { helloTimeoutMs: 5_000, clock: systemClock });
    closers.push(() => server.close());
    const port = await portOf(server);
    const connect = { host: "127.0.0.1", port };
    const socket = tls === undefined ? connectTcp(connect) : connectTls({ ...connect, ca: authority.ca });
    closers.push(() => socket.destroy());
    socket.on("error", () => {}).write("GET / HTTP/1.1\r\n");
    await within(5_000, taken.promise);
    expect(seen).toEqual([true]);
  });
});

describe("M7: what a server was started in", () => {
  const secure = createAuthority("one");
  const tls = secure.issue("127.0.0.1");
  const client = { ca: secure.ca };
  const ways: Readonly<Record<string, (address: string) => Transport>> = {
    gRPC: (target) => createHttp2Transport({ target, tls: client }),
    "Connect over HTTP/2": (target) => createConnectTransport({ target, tls: client }),
    "Connect over HTTP/1.1": (target) => createConnectTransport({ target, tls: client, httpVersion: "1.1" }),
    "gRPC-Web": (target) => createGrpcWebTransport({ target, tls: client }),
    "grpc-js": (target) => createGrpcJsTransport(target),
  };

  test.each(Object.keys(ways))("M7: is nothing that handlers see, over %s", async (way) => {
    const seen: unknown[] = [];
    const see = (): void => {
      const { identity, deadline, trace, metadata } = ambient();
      seen.push({ identity, deadline, trace, own: metadata?.has("x-own") ?? false });
    };
    const handler: EchoHandler = {
      ...echo,
      say(note) {
        see();
        return note;
      },
      async *split(note) {
        see();
        yield note;
      },
    };
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
    const surroundings = { identity: "who started it", deadline: Date.now() + 3_600_000, trace };
    // all of it, first connections and requests included
    const address = await withAmbient(surroundings, async () => {
      const server = way === "grpc-js" ? createGrpcJsServer() : createHttp2Server({ tls });
      closers.push(() => server.close(0));
      server.register(Echo, implementService(Echo, handler));
      return (await server.listen("127.0.0.1:0")).address;
    });
    const echoes = dial((ways[way] as (address: string) => Transport)(address));
    const options = { metadata: { "x-own": "a" } };
    await echoes.say({}, options);
    await collect(echoes.split({}, options));
    const nothing = { identity: undefined, deadline: undefined, trace: undefined, own: true };
    expect(seen).toEqual([nothing, nothing]);
  });
});

test("M12: tracestate and baggage that come in several lines are one list each", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  let seen: unknown;
  const methods = implementService(Echo, {
    say(note: Note) {
      seen = ambient().trace;
      return note;
    },
  });
  const metadata = { traceparent, tracestate: ["a=1", "b=2,c=3"], baggage: ["user=ada", "tier=gold"] };
  const call = createCall({ method: Echo.methods.say, requests: oneMessage(Note.create()), metadata });
  await (await methods.get("Say")?.(call))?.messages.one();
  expect(seen).toMatchObject({ state: "a=1,b=2,c=3", baggage: "user=ada,tier=gold" });
});

/** A server that answers with frames as they are given, in one piece. */
async function answering(...answer: readonly Buffer[]): Promise<string> {
  const server = createTcp((socket) => {
    socket.on("error", () => {});
    socket.write(frame(FrameType.SETTINGS, 0, 0));
    let head: Buffer | undefined = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      if (head === undefined) return;
      head = Buffer.concat([head, bytes]);
      if (head.length < preface.length) return;
      const rest = head.subarray(preface.length);
      head = undefined;
      readFrames(socket, ({ type, flags, stream }) => {
        if (type === FrameType.SETTINGS && flags !== ACK) socket.write(frame(FrameType.SETTINGS, ACK, 0));
        if (stream !== 0 && (flags & END_STREAM) !== 0) socket.write(Buffer.concat(answer));
      });
      socket.emit("data", rest);
    });
  });
  const port = await portOf(server);
  closers.push(() => server.close());
  return `127.0.0.1:${port}`;
}

test("M2: messages that come in one packet with the headers before them are read behind these", async () => {
  const headers = headerBlock({ ":status": "200", "content-type": "application/grpc" });
  const trailers = headerBlock({ "grpc-status": "0" });
  const message = (text: string): Buffer => {
    const bytes = Note.encode({ text });
    return Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes]);
  };
  const address = await answering(
    frame(FrameType.HEADERS, END_HEADERS, 1, headers),
    frame(FrameType.DATA, 0, 1, message("one")),
    frame(FrameType.DATA, 0, 1, message("two")),
    frame(FrameType.HEADERS, END_HEADERS | END_STREAM, 1, trailers),
  );
  const client = dial(createHttp2Transport(address));
  const notes = await within(5_000, collect(client.split({})));
  expect(notes.map(({ text }) => text)).toEqual(["one", "two"]);
});

test("M6: a connection whose streams have used up their numbers takes no more, and ends when they do", async () => {
  const server = createHttp2Server();
  server.register(Echo, implementService(Echo, echo));
  closers.push(() => server.close(0));
  const { port } = await server.listen("127.0.0.1:0");
  const told: string[] = [];
  const ready = gate();
  const address = { name: "a", host: "127.0.0.1", port, path: undefined, authority: "a" };
  const keepAlive = { intervalMs: Infinity, timeoutMs: 1_000, whileIdle: false };
  const rules = { clock: systemClock, connectTimeoutMs: 5_000, idleTimeoutMs: 60_000, maxStreamsEver: 2, keepAlive };
  const connection = new Connection(
    address,
    { ...rules, tls: () => undefined },
    {
      onReady: ready.open,
      onRoom: () => {},
      onGone: (error) => told.push(`gone: ${String(error)}`),
    },
  );
  closers.push(() => connection.destroy(undefined));
  await within(5_000, ready.promise);
  const headers = { ":method": "POST", ":path": Echo.methods.say.path, "content-type": "application/grpc" };
  const open = (): Promise<number> =>
    new Promise((resolve) => {
      connection.reserve();
      const { onHeaders, onData, onTrailers, onEnd, onDrain } = silent;
      const events = { onHeaders, onData, onTrailers, onEnd, onDrain, onClose: resolve };
      connection.open(headers, undefined, events, false).end(Buffer.alloc(5));
    });
  await within(5_000, open());
  expect(connection.usable).toBe(true);
  expect(told).toEqual([]);
  const last = open();
  expect(connection.usable).toBe(false);
  expect(told).toEqual(["gone: undefined"]);
  expect(await within(5_000, last)).toBe(0);
});

const silent = { onHeaders: () => {}, onData: () => {}, onTrailers: () => {}, onEnd: () => {}, onDrain: () => {} };

describe("M7: a server that keeps the same deadline and is faster", () => {
  test.each([
    // timers run up to a millisecond early, and what is left travels in whole ones
    ["DEADLINE_EXCEEDED once it is over here, too, or all but", 998, Code.DEADLINE_EXCEEDED],
    ["CANCELLED before", 997, Code.CANCELLED],
  ])("M7: its CANCEL is %s", async (_, passed, code) => {
    let now = 1_000_000;
    // time goes on, and timers are late
    const clock: Clock = { now: () => now, after: () => () => {} };
    const server = createHttp2();
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => {});
      now += passed;
      stream.close(8);
    });
    const port = await portOf(server);
    closers.push(() => server.close());
    const client = dial(createHttp2Transport(`127.0.0.1:${port}`), clock);
    expect(await within(5_000, rejection(client.say({}, { timeoutMs: 1_000 })))).toMatchObject({ code });
  });
});
