import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { Code, implementService, RpcError } from "../../../src/runtime/rpc/index.js";
import { createConnectTransport } from "../../../src/runtime/transports/connect.js";
import {
  createHttp2Server,
  createHttp2Transport,
  type Http2ServerOptions,
} from "../../../src/runtime/transports/http2.js";
import { createServiceClient } from "../../../src/runtime/rpc/index.js";
import { createAuthority } from "../../support/certificates.js";
import { heldBytes } from "../../support/memory.js";
import { createFakeClock } from "../../unit/queue/support.js";
import { Echo, echo, gate, rejection, within, type EchoClient, type EchoHandler } from "./echo.js";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(
  handler: Partial<EchoHandler> = {},
  options: Http2ServerOptions = {},
): Promise<{ port: number; close(withinMs?: number): Promise<void> }> {
  const server = createHttp2Server(options);
  server.register(Echo, implementService(Echo, { ...echo, ...handler }));
  const { port } = await server.listen("127.0.0.1:0");
  closing.push(() => server.close(0));
  return { port, close: (withinMs) => server.close(withinMs) };
}

/** A connection and all that comes on it. */
async function open(port: number): Promise<{ socket: Socket; text: () => string; closed: Promise<void> }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise((resolve) => socket.once("connect", resolve));
  closing.push(() => socket.destroy());
  return { socket, text: () => text, closed };
}

function head(method: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /wirespan.test.v1.Echo/${method} HTTP/1.1\r\nhost: x\r\n${lines.join("")}\r\n`;
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}

const json = { "content-type": "application/json" };

describe("M75: HTTP/1.1 on the port of HTTP/2", () => {
  test("M75: a request that comes byte by byte, and another on the same connection", async () => {
    const { port } = await start();
    const { socket, text } = await open(port);
    for (const byte of head("Say", { ...json, "content-length": 14 }) + '{"text":"abc"}') {
      socket.write(byte);
      await new Promise(setImmediate);
    }
    await until(() => text().includes('{"text":"abc"'));
    socket.write(`${head("Say", { ...json, "content-length": 12 })}{"text":"b"}`);
    await until(() => text().match(/HTTP\/1\.1 200/g)?.length === 2);
  });

  test("M75: over TLS, a request whose body comes in a record of its own behind a response that nobody reads yet", async () => {
    const { cert, key } = createAuthority("authority").issue("127.0.0.1");
    const server = createHttp2Server({ tls: { cert, key }, maxReceiveBytes: 10_000_000 });
    server.register(Echo, implementService(Echo, echo));
    const { port } = await server.listen("127.0.0.1:0");
    closing.push(() => server.close(0));
    const raw = connect(port, "127.0.0.1");
    closing.push(() => raw.destroy());
    let held: Buffer[] | undefined;
    const wire = new Duplex({
      read() {},
      write(record: Buffer, _, done) {
        if (held === undefined) raw.write(record);
        else held.push(record);
        done();
      },
    });
    raw.on("data", (bytes) => wire.push(bytes));
    const socket = connectTls({ socket: wire, ALPNProtocols: ["http/1.1"], rejectUnauthorized: false });
    await once(socket, "secureConnect");
    raw.pause();
    const long = JSON.stringify({ text: "x".repeat(8_000_000) });
    socket.write(head("Say", { ...json, "content-length": long.length }) + long);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // several records that the server reads at once
    held = [];
    for (const text of [head("Say", { ...json, "content-length": 12 }), '{"text":', '"b"}']) {
      await new Promise((resolve) => socket.write(text, resolve));
    }
    raw.write(Buffer.concat(held));
    raw.resume();
    let received = "";
    socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
    await until(() => received.match(/HTTP\/1\.1 200/g)?.length === 2);
  });

  test("M75: a request that is cut off, or whose client has gone, cancels the call", async () => {
    const cancelled = [gate<Code>(), gate<Code>()];
    const begun = gate();
    const heard = gate();
    let calls = 0;
    const { port } = await start({
      say: (_, { signal }) => {
        begun.open();
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            cancelled[calls++]?.open((signal.reason as RpcError).code);
            reject(signal.reason as Error);
          });
        });
      },
      async join(notes, { signal }) {
        signal.addEventListener("abort", () => cancelled[calls++]?.open((signal.reason as RpcError).code));
        for await (const _ of notes) heard.open();
        return {};
      },
    });
    const first = await open(port);
    first.socket.write(`${head("Say", { ...json, "content-length": 2 })}{}`);
    await within(1_000, begun.promise);
    first.socket.destroy();
    expect(await within(1_000, cancelled[0]?.promise as Promise<Code>)).toBe(Code.CANCELLED);
    const second = await open(port);
    second.socket.write(head("Join", { "content-type": "application/connect+json", "transfer-encoding": "chunked" }));
    second.socket.write("7\r\n\0\0\0\0\x02{}\r\n");
    await within(1_000, heard.promise);
    second.socket.destroy();
    expect(await within(1_000, cancelled[1]?.promise as Promise<Code>)).toBe(Code.CANCELLED);
  });

  test("M75: what is no HTTP is let go, and who says nothing holds nothing up", async () => {
    const { port, close } = await start();
    const garbage = await open(port);
    garbage.socket.write("\x16\x03\x01 hello\r\n\r\n");
    await within(1_000, garbage.closed);
    const half = await open(port);
    half.socket.write("PR");
    const silent = await open(port);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await within(1_000, close(5_000));
    await within(
      1_000,
      Promise.all([half.closed, silent.closed]).then(() => {}),
    );
  });

  test("M75: who does not read a reply is cut off at the deadline of the call", async () => {
    const { port } = await start({ say: () => ({ text: "x".repeat(30_000_000) }) });
    const { socket, closed } = await open(port);
    socket.pause();
    socket.write(`${head("Say", { ...json, "content-length": 2, "connect-timeout-ms": 1_000 })}{}`);
    // what the buffers of the system hold comes still
    setTimeout(() => socket.resume(), 2_500);
    await within(6_000, closed);
    expect(socket.bytesRead).toBeLessThan(30_000_000);
  });

  test("M75: of requests that come ahead of their responses no more than `maxConcurrentCalls` are answered at a time", async () => {
    let now = 0;
    let most = 0;
    let answered = 0;
    let go = gate();
    const handler: Partial<EchoHandler> = {
      async say(note) {
        most = Math.max(most, ++now);
        await go.promise;
        now--;
        answered++;
        return note;
      },
    };
    const { port } = await start(handler, { maxConcurrentCalls: 10 });
    const { socket, text, closed } = await open(port);
    const request = (count: number): string => {
      const body = JSON.stringify({ text: `${count}` });
      return head("Say", { ...json, "content-length": body.length }) + body;
    };
    for (let i = 0; i < 300; i++) socket.write(request(i));
    await until(() => now === 10);
    go.open();
    await until(() => answered === 300);
    await until(() => text().match(/"text":"\d+"/g)?.length === 300);
    expect(text().match(/(?<="text":")\d+/g)).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`));
    expect(most).toBe(10);
    // a flood waits at the client, and ends with it
    go = gate();
    const flood = Array.from({ length: 1_000 }, () => request(1)).join("");
    for (let i = 0; i < 200; i++) socket.write(flood);
    await until(() => now === 10);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(socket.writableLength).toBeGreaterThan(100 * flood.length);
    // it goes on as calls end, and not sooner
    go.open();
    const before = answered;
    const held = heldBytes();
    await until(() => answered > before + 2_000);
    expect(heldBytes() - held).toBeLessThan(10_000_000);
    go = gate();
    await until(() => now === 10);
    expect(most).toBe(10);
    socket.destroy();
    await closed;
    go.open();
    await until(() => now === 0);
  });

  test("M75: all calls of a connection that is lost are cancelled, those that wait for their turn to answer, too", async () => {
    let begun = 0;
    let cancelled = 0;
    const { port } = await start({
      say: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          begun++;
          signal.addEventListener("abort", () => {
            cancelled++;
            reject(signal.reason as Error);
          });
        }),
    });
    const { socket } = await open(port);
    for (let i = 0; i < 3; i++) socket.write(`${head("Say", { ...json, "content-length": 2 })}{}`);
    await until(() => begun === 3);
    socket.destroy();
    await until(() => cancelled === 3);
  });

  test("M5: a request that goes silent is given up, one that is held back or answered is not", async () => {
    const clock = createFakeClock();
    const reasons: unknown[] = [];
    const read = gate();
    const handler: Partial<EchoHandler> = {
      async join(notes, { signal }) {
        signal.addEventListener("abort", () => reasons.push((signal.reason as RpcError).code));
        for await (const { text } of notes) if (text !== "") await read.promise;
        return {};
      },
      async say(note) {
        await read.promise;
        return note;
      },
    };
    const { port } = await start(handler, { clock, keepAlive: { intervalMs: 1_000, timeoutMs: 500 } });
    const stream = { "content-type": "application/connect+json", "transfer-encoding": "chunked" };
    const frame = (text: string): string => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(text.length);
      return `${(text.length + 5).toString(16)}\r\n\0${size.toString("latin1")}${text}\r\n`;
    };
    const silent = await open(port);
    silent.socket.write(head("Join", stream) + frame("{}"), "latin1");
    const held = await open(port);
    held.socket.write(head("Join", stream), "latin1");
    for (let i = 0; i < 5; i++) held.socket.write(frame(JSON.stringify({ text: "x".repeat(60_000) })), "latin1");
    const waits = await open(port);
    waits.socket.write(`${head("Say", { ...json, "content-length": 14 })}{"text":"abc"}`);
    const slow = await open(port);
    slow.socket.write(head("Join", stream), "latin1");
    for (let i = 0; i < 8; i++) {
      slow.socket.write(frame("{}"), "latin1");
      await new Promise((resolve) => setTimeout(resolve, 50));
      await clock.pass(400);
    }
    await within(1_000, silent.closed);
    expect(reasons).toEqual([Code.CANCELLED]);
    read.open();
    for (const { socket } of [held, slow]) socket.write(`${frame("{}")}0\r\n\r\n`, "latin1");
    await until(() => waits.text().includes('"abc"'));
    await until(() => held.text().includes("200 OK") && slow.text().includes("200 OK"));
    expect(reasons).toEqual([Code.CANCELLED]);
  });

  test("M75: a client that sends on after its answer is cut off", async () => {
    const { port } = await start();
    const { socket, text, closed } = await open(port);
    socket.write(head("Say", { ...json, "content-length": 100_000_000 }));
    const timer = setInterval(() => socket.write(Buffer.alloc(1_000, 0x20)), 20);
    closing.push(() => clearInterval(timer));
    await until(() => text().includes("HTTP/1.1 429"));
    expect(text()).toContain("resource_exhausted");
    await within(4_000, closed);
  });

  test("T12: closing waits for calls under way, over either version", async () => {
    const go = gate();
    let begun = 0;
    const { port, close } = await start({
      async say(note) {
        begun++;
        await go.promise;
        return note;
      },
    });
    const target = `127.0.0.1:${port}`;
    const transports = [createConnectTransport({ target, httpVersion: "1.1" }), createHttp2Transport(target)];
    closing.push(() => Promise.all(transports.map((transport) => transport.close(0))));
    const clients = transports.map((transport) => createServiceClient<EchoClient>(Echo, transport));
    const replies = clients.map((client) => client.say({ text: "last" }));
    await until(() => begun === 2);
    let closed = false;
    const stopped = close().then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(false);
    go.open();
    expect(await Promise.all(replies)).toMatchObject([{ text: "last" }, { text: "last" }]);
    await within(1_000, stopped);
    expect(await rejection(clients[0]?.say({}) as Promise<unknown>)).toMatchObject({ code: Code.UNAVAILABLE });
  });

  test("M1: who cancels after the first of messages that came in one piece gets no more", async () => {
    const frame = (flags: number, text: string): Buffer =>
      Buffer.from([flags, 0, 0, 0, text.length, ...Buffer.from(text)]);
    const body = Buffer.concat([frame(0, '{"text":"a"}'), frame(0, '{"text":"b"}'), frame(2, "{}")]);
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/connect+json" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const target = `127.0.0.1:${port}`;
    const transport = createConnectTransport({ target, httpVersion: "1.1", codec: "json" });
    closing.push(() => transport.close(0));
    const controller = new AbortController();
    const heard: unknown[] = [];
    const reading = async (): Promise<void> => {
      const client = createServiceClient<EchoClient>(Echo, transport);
      for await (const { text } of client.split({}, { signal: controller.signal })) {
        heard.push(text);
        controller.abort();
      }
    };
    expect(await rejection(reading())).toMatchObject({ code: Code.CANCELLED });
    expect(heard).toEqual(["a"]);
  });

  test("M75: gRPC alone leaves HTTP/1.1 out", async () => {
    const server = createHttp2Server({ protocols: ["grpc"] });
    const { port } = await server.listen("127.0.0.1:0");
    closing.push(() => server.close(0));
    const { socket, text, closed } = await open(port);
    socket.write(head("Say", { ...json, "content-length": 0 }));
    await within(1_000, closed);
    expect(text()).toBe("");
  });
});
