import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import {
  connectAudit,
  connectPointers,
  connectRoom,
  serveAudit,
  servePointers,
  serveRoom,
  type RoomServerMessage,
} from "../../../fixtures/events-websocket/expected/chat.events.js";
import { UpgradeRefusal, type ConnectionEvent } from "../../../src/runtime/channels/index.js";
import { createChannelServer, wsSocket, type WsChannelServer } from "../../../src/runtime/channels/ws.js";
import { ambient, formatTraceparent, withAmbient } from "../../../src/runtime/context/index.js";

// The types of all calls are those of the emitted file: what does not fit the contract does not compile here.

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function listen(options: { readonly maxMessageBytes?: number } = {}): Promise<WsChannelServer & { url: string }> {
  const server = await createChannelServer({ port: 0, host: "127.0.0.1", ...options });
  open.push({ close: () => server.close(200) });
  return { ...server, url: `ws://127.0.0.1:${server.port}` };
}

/** A peer that knows nothing of ours. */
async function bare(url: string, protocols: string[] = [], headers: Record<string, string> = {}): Promise<Bare> {
  const socket = new WebSocket(url, protocols, { headers });
  const messages: (string | Buffer)[] = [];
  socket.on("message", (data: Buffer, binary) => messages.push(binary ? data : data.toString()));
  socket.on("error", () => {});
  const closed = new Promise<[number, string]>((resolve) =>
    socket.on("close", (code, reason) => resolve([code, String(reason)])),
  );
  const status = new Promise<number>((resolve) =>
    socket.on("unexpected-response", (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
      socket.terminate();
    }),
  );
  const answer = await Promise.race([
    once(socket, "open").then(
      () => 101,
      () => 0,
    ),
    status,
  ]);
  onTestFinished(() => socket.terminate());
  return { socket, messages, closed, status: answer };
}

interface Bare {
  readonly socket: WebSocket;
  readonly messages: (string | Buffer)[];
  readonly closed: Promise<[code: number, reason: string]>;
  readonly status: number;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const lobby = { room: "lobby" };
const ada = { socket: wsSocket, query: { name: "Ada" } };

describe("M28: a channel of an AsyncAPI document over WebSocket", () => {
  test("M28: both ways, with path, query and headers of the contract", async () => {
    const server = await listen();
    const seen: unknown[] = [];
    serveRoom(server, async (connection) => {
      const { params, query, headers } = connection;
      seen.push({ ...params }, query, headers);
      for await (const message of connection) {
        if (message.case === "leave") return;
        await connection.send({ case: "line", value: { type: "line", from: query.name, text: message.value.text } });
      }
    });
    const room = await connectRoom(
      server.url,
      { room: "a/b ü" },
      {
        ...ada,
        query: { name: "Ada & Bob", tags: ["x", "y"], quiet: true },
        headers: { "X-Client-Version": 3 },
      },
    );
    await room.send({ case: "say", value: { type: "say", text: "hello" } });
    await room.send({ case: "say", value: { type: "say", text: "world" } });
    await room.send({ case: "leave", value: { type: "leave" } });
    const lines: RoomServerMessage[] = [];
    for await (const line of room) lines.push(line);
    expect(lines).toEqual([
      { case: "line", value: { type: "line", from: "Ada & Bob", text: "hello" } },
      { case: "line", value: { type: "line", from: "Ada & Bob", text: "world" } },
    ]);
    // the server's handler returned
    expect(await room.closed).toEqual({ code: 1000, reason: "" });
    expect(seen).toEqual([
      { room: "a/b ü" },
      { name: "Ada & Bob", history: 10, tags: ["x", "y"], quiet: true },
      { "X-Client-Version": 3 },
    ]);
  });

  test("M28: other people's clients need nothing but WebSocket and JSON", async () => {
    const server = await listen();
    serveRoom(server, async (connection) => {
      for await (const message of connection) {
        const text = message.case === "say" ? message.value.text : "bye";
        await connection.send({ case: "line", value: { type: "line", from: connection.query.name, text } });
      }
    });
    const peer = await bare(`${server.url}/rooms/lobby?name=Eve&unknown=1`);
    peer.socket.send('{"type":"say","text":"hi","more":true}');
    // JSON in a binary frame, as some send it
    peer.socket.send(Buffer.from('{"type":"leave"}'));
    await until(() => peer.messages.length === 2);
    expect(peer.messages.map((text) => JSON.parse(String(text)) as unknown)).toEqual([
      { type: "line", from: "Eve", text: "hi" },
      { type: "line", from: "Eve", text: "bye" },
    ]);
  });

  test("M28: other people's servers get plain messages and their own may come", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    open.push({ close: async () => void server.close() });
    const got: string[] = [];
    let url = "";
    server.on("connection", (socket, request) => {
      url = request.url ?? "";
      socket.on("message", (data: Buffer) => {
        got.push(data.toString());
        socket.send('{"type":"problem","message":"no"}');
      });
    });
    const base = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v2/?key=k`;
    const room = await connectRoom(base, lobby, ada);
    await room.send({ case: "say", value: { type: "say", text: "x" } });
    const { value } = await room[Symbol.asyncIterator]().next();
    expect(value).toEqual({ case: "problem", value: { type: "problem", message: "no" } });
    expect(got).toEqual(['{"type":"say","text":"x"}']);
    expect(url).toBe("/v2/rooms/lobby?key=k&name=Ada");
    await room.close();
  });

  test("M28: protobuf payloads are binary frames", async () => {
    const server = await listen();
    servePointers(server, async (connection) => {
      for await (const pointer of connection) await connection.send({ ...pointer, x: pointer.x + 1 });
    });
    const pointers = await connectPointers(server.url, { socket: wsSocket });
    await pointers.send({ user: "ada", x: 1 });
    expect((await pointers[Symbol.asyncIterator]().next()).value).toMatchObject({ user: "ada", x: 2, y: 0 });
    await pointers.close();
    const peer = await bare(`${server.url}/pointers`);
    peer.socket.send(Buffer.from([10, 1, 65, 16, 7]));
    await until(() => peer.messages.length === 1);
    expect(peer.messages).toEqual([Buffer.from([10, 1, 65, 16, 8])]);
  });

  test("M28: an envelope carries names, headers and the trace; the document is of the client's side", async () => {
    const server = await listen();
    const seen: unknown[] = [];
    serveAudit(server, async (connection) => {
      for await (const { message, headers } of connection.frames()) seen.push(message, headers);
    });
    const audit = await connectAudit(server.url, { socket: wsSocket });
    await audit.send({ case: "seen", value: { id: "1" } }, { headers: { Tenant: "acme" } });
    const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };
    await withAmbient({ trace }, () => audit.send({ case: "pointer", value: { x: 5 } }));
    await until(() => seen.length === 4);
    expect(seen).toMatchObject([
      { case: "seen", value: { id: "1" } },
      { tenant: "acme" },
      { case: "pointer", value: { x: 5 } },
      { traceparent: formatTraceparent(trace) },
    ]);
    await audit.close();
    const room = await connectPointers(server.url, { socket: wsSocket }).catch((error: unknown) => error);
    expect(room).toMatchObject({ code: "refused" });
  });

  test("the trace goes on from client to handler", async () => {
    const server = await listen();
    const traces: (string | undefined)[] = [];
    servePointers(server, () => void traces.push(ambient().trace?.traceId));
    const trace = { traceId: "c".repeat(32), spanId: "d".repeat(16), sampled: true };
    for (const traceInQuery of [false, true]) {
      const pointers = await withAmbient({ trace }, () =>
        connectPointers(server.url, { socket: wsSocket, traceInQuery }),
      );
      await pointers.closed;
    }
    expect(traces).toEqual([trace.traceId, trace.traceId]);
  });
});

describe("M28: what does not fit the contract", () => {
  test.each([
    ["no JSON", "{", 1007],
    ["a message the channel does not have", '{"type":"shout"}', 1008],
    ["a value against its schema", '{"type":"say","text":""}', 1008],
    ["bytes that are no text", Buffer.from([0xff, 0xfe]), 1007],
  ])("M28: %s closes the connection with the code of its fault", async (_, data, code) => {
    const server = await listen();
    const events: ConnectionEvent[] = [];
    const handled: unknown[] = [];
    serveRoom(
      server,
      async (connection) => {
        for await (const message of connection) handled.push(message);
      },
      { onEvent: (event) => events.push(event) },
    );
    const peer = await bare(`${server.url}/rooms/lobby?name=Eve`);
    peer.socket.send(data);
    peer.socket.send('{"type":"leave"}');
    expect((await peer.closed)[0]).toBe(code);
    await until(() => events.some(({ kind }) => kind === "closed"));
    expect(handled).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(["opened", "invalid", "closed"]);
  });

  test("M28: text where bytes are expected is 1003", async () => {
    const server = await listen();
    servePointers(server, (connection) => connection.closed.then(() => {}));
    const peer = await bare(`${server.url}/pointers`);
    peer.socket.send("text");
    expect((await peer.closed)[0]).toBe(1003);
  });

  test("M28: a message that is too long is 1009", async () => {
    const server = await listen({ maxMessageBytes: 1_000 });
    serveRoom(server, (connection) => connection.closed.then(() => {}));
    const peer = await bare(`${server.url}/rooms/lobby?name=Eve`);
    peer.socket.send(JSON.stringify({ type: "say", text: "x".repeat(1_000) }));
    expect((await peer.closed)[0]).toBe(1009);
  });

  test("M28: skip goes on with the next message", async () => {
    const server = await listen();
    const handled: string[] = [];
    serveRoom(
      server,
      async (connection) => {
        for await (const message of connection) handled.push(message.case);
      },
      { onInvalid: "skip" },
    );
    const peer = await bare(`${server.url}/rooms/lobby?name=Eve`);
    peer.socket.send("{");
    peer.socket.send('{"type":"leave"}');
    await until(() => handled.length === 1);
    expect(handled).toEqual(["leave"]);
  });

  test("M28: a client takes nothing wrong from its server either, and says why", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    open.push({ close: async () => void server.close() });
    const codes: number[] = [];
    server.on("connection", (socket) => {
      socket.on("close", (code) => codes.push(code));
      socket.send('{"type":"line","from":"x"}');
    });
    const room = await connectRoom(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, lobby, ada);
    await expect(room[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "invalid" });
    expect(await room.closed).toMatchObject({ error: { code: "invalid" } });
    await until(() => codes.length === 1);
    expect(codes).toEqual([1008]);
    await expect(room.send({ case: "leave", value: { type: "leave" } })).rejects.toMatchObject({ code: "invalid" });
  });

  test("M28: what is sent is checked before it goes", async () => {
    const server = await listen();
    serveRoom(server, (connection) => connection.closed.then(() => {}));
    const room = await connectRoom(server.url, lobby, ada);
    await expect(room.send({ case: "say", value: { type: "say", text: "" } })).rejects.toMatchObject({
      code: "invalid",
      issues: [{ path: "text" }],
    });
    await expect(
      room.send({ case: "leave", value: { type: "leave" } }, { headers: { tenant: "x" } }),
    ).rejects.toMatchObject({ code: "usage" });
    await room.close();
  });
});

describe("M28: who may connect", () => {
  test("M28: paths, queries and headers against the contract", async () => {
    const server = await listen();
    serveRoom(server, () => {});
    const statuses = [];
    for (const path of [
      "/nowhere",
      "/rooms/",
      "/rooms/%ff?name=x",
      "/rooms/lobby",
      "/rooms/lobby?name=",
      "/rooms/lobby?name=x&name=y",
      "/rooms/lobby?name=x&history=ten",
      "/rooms/lobby/?name=x",
    ]) {
      statuses.push((await bare(server.url + path)).status);
    }
    expect(statuses).toEqual([404, 404, 404, 400, 400, 400, 400, 101]);
    expect((await bare(`${server.url}/rooms/lobby?name=x`, [], { "x-client-version": "0" })).status).toBe(400);
    await expect(connectRoom(server.url, { room: ".." }, ada)).rejects.toMatchObject({ code: "usage" });
    await expect(connectRoom(server.url, { room: "" }, ada)).rejects.toMatchObject({ code: "usage" });
    await expect(connectRoom(server.url, lobby, { ...ada, query: { name: "" } })).rejects.toMatchObject({
      code: "invalid",
    });
  });

  test("M28: verify says who it is, or refuses", async () => {
    const server = await listen();
    const identities: unknown[] = [];
    const events: ConnectionEvent[] = [];
    serveRoom(server, ({ identity }) => void identities.push([identity, ambient().identity]), {
      onEvent: (event) => events.push(event),
      verify: ({ headers, typedQuery, params }) => {
        if (headers["authorization"] === "bug") throw new Error("secret details");
        if (params.room === "vip") throw new UpgradeRefusal(403, "not for you");
        return headers["authorization"] === "let me" ? { name: typedQuery.name } : false;
      },
    });
    const to = async (room: string, authorization: string): Promise<number> =>
      (await bare(`${server.url}/rooms/${room}?name=Ada`, [], { authorization })).status;
    expect(await to("lobby", "let me")).toBe(101);
    expect(await to("lobby", "")).toBe(401);
    expect(await to("vip", "let me")).toBe(403);
    expect(await to("lobby", "bug")).toBe(500);
    expect(identities).toEqual([[{ name: "Ada" }, { name: "Ada" }]]);
    expect(events.filter(({ kind }) => kind === "refused")).toMatchObject([
      { status: 401 },
      { status: 403, reason: "not for you" },
      { status: 500, reason: "internal error" },
    ]);
    // the client's error names the status, and no secret of the URL
    const failed = connectRoom(`${server.url.replace("//", "//user:pw@")}?token=t`, lobby, ada);
    await expect(failed).rejects.toMatchObject({ code: "refused", message: expect.stringMatching(/answered 401$/) });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringMatching(/pw|token/) });
  });

  test("M28: pages of other origins are kept out", async () => {
    const server = await listen();
    servePointers(server, () => {});
    const from = async (origin: string): Promise<number> =>
      (await bare(`${server.url}/pointers`, [], { origin })).status;
    expect(await from(server.url.replace("ws", "http"))).toBe(101);
    expect(await from("https://evil.example")).toBe(403);
    expect(await from("null")).toBe(403);
  });

  test("M28: subprotocols are agreed upon", async () => {
    const server = await listen();
    servePointers(server, (connection) => connection.closed.then(() => {}), { subprotocols: ["v2", "v1"] });
    expect((await bare(`${server.url}/pointers`)).status).toBe(400);
    const pointers = await connectPointers(server.url, { socket: wsSocket, subprotocols: ["v1", "v2"] });
    expect(pointers.protocol).toBe("v2");
    await pointers.close();
  });

  test("M28: no more connections than allowed", async () => {
    const server = await listen();
    const served = servePointers(server, (connection) => connection.closed.then(() => {}), { maxConnections: 2 });
    const first = await bare(`${server.url}/pointers`);
    await bare(`${server.url}/pointers`);
    expect((await bare(`${server.url}/pointers`)).status).toBe(503);
    first.socket.terminate();
    await until(() => served.connections.size === 1);
    expect((await bare(`${server.url}/pointers`)).status).toBe(101);
  });

  test("M28: beside an HTTP server of the program", async () => {
    const http = createServer((_, response) => response.end("still here"));
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    open.push({ close: async () => void http.close() });
    const { port } = http.address() as AddressInfo;
    const server = await createChannelServer({ server: http });
    servePointers(server, (connection) => connection.closed.then(() => {}), { basePath: "/live" });
    const pointers = await connectPointers(`http://127.0.0.1:${port}/live`, {
      socket: wsSocket,
      reconnect: false,
    });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("still here");
    await server.close(20);
    expect(await pointers.closed).toMatchObject({ code: 1001 });
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    await expect(createChannelServer({})).rejects.toMatchObject({ code: "usage" });
  });
});

describe("M28: connections over time", () => {
  test("M28: a server that ends lets handlers finish and says 1001", async () => {
    const server = await createChannelServer({ port: 0, host: "127.0.0.1" });
    const done: string[] = [];
    serveRoom(server, async (connection) => {
      for await (const message of connection) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        done.push(message.case);
      }
      await connection.send({ case: "line", value: { type: "line", from: "server", text: "bye" } });
    });
    const peer = await bare(`ws://127.0.0.1:${server.port}/rooms/lobby?name=x`);
    for (let i = 0; i < 3; i++) peer.socket.send('{"type":"leave"}');
    await until(() => done.length === 1);
    await server.close(2_000);
    expect(await peer.closed).toEqual([1001, ""]);
    // those that had arrived were handled, and the last word was said
    expect(done.length).toBe(3);
    expect(peer.messages).toEqual(['{"type":"line","from":"server","text":"bye"}']);
  });

  test("M28: a push-only handler is told that the server ends", async () => {
    const server = await createChannelServer({ port: 0, host: "127.0.0.1" });
    servePointers(server, async ({ draining, send }) => {
      await once(draining, "abort");
      await send({ user: "last" });
    });
    const peer = await bare(`ws://127.0.0.1:${server.port}/pointers`);
    await server.close(5_000);
    expect(await peer.closed).toEqual([1001, ""]);
    expect(peer.messages.length).toBe(1);
  });

  test("M28: a handler that does not end is cut off in time", async () => {
    const server = await createChannelServer({ port: 0, host: "127.0.0.1" });
    servePointers(server, () => new Promise(() => {}));
    const peer = await bare(`ws://127.0.0.1:${server.port}/pointers`);
    const start = Date.now();
    await server.close(100);
    expect(Date.now() - start).toBeLessThan(2_000);
    expect((await peer.closed)[0]).toBe(1001);
  });

  test("M28: a handler that throws is 1011, without its reason", async () => {
    const server = await listen();
    const events: ConnectionEvent[] = [];
    servePointers(
      server,
      async () => {
        throw new Error("password is hunter2");
      },
      { onEvent: (event) => events.push(event) },
    );
    const peer = await bare(`${server.url}/pointers`);
    expect(await peer.closed).toEqual([1011, ""]);
    expect(events.find(({ kind }) => kind === "invalid")).toMatchObject({ error: { message: "password is hunter2" } });
  });

  test("M28: a lost connection comes back, subscribes again and sends what waited", async () => {
    const server = await listen();
    const got: string[] = [];
    const served = serveRoom(server, async (connection) => {
      for await (const message of connection) {
        got.push(message.case === "say" ? message.value.text : "leave");
        await connection.send({ case: "line", value: { type: "line", from: "s", text: String(got.length) } });
      }
    });
    const opened: boolean[] = [];
    const room = await connectRoom(server.url, lobby, {
      ...ada,
      reconnect: { initialMs: 20 },
      onOpen: async ({ reconnected, send }) => {
        opened.push(reconnected);
        await send({ case: "say", value: { type: "say", text: "subscribe" } });
      },
    });
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of room) if (line.case === "line") lines.push(line.value.text);
    })();
    await until(() => lines.length === 1);
    // 1012: the service restarts
    for (const connection of served.connections) await connection.close(1012, "restart");
    await until(() => !room.connected);
    await room.send({ case: "say", value: { type: "say", text: "waited" } });
    await until(() => lines.length === 3);
    expect(got).toEqual(["subscribe", "subscribe", "waited"]);
    expect(opened).toEqual([false, true]);
    await room.close();
    await reading;
    expect(lines).toEqual(["1", "2", "3"]);
  });

  test("M28: a slow reader holds the sender up, and nothing is lost", async () => {
    const server = await listen();
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const got: number[] = [];
    servePointers(server, async (connection) => {
      await released;
      for await (const { x } of connection) got.push(x);
    });
    const pointers = await connectPointers(server.url, {
      socket: wsSocket,
      highWaterBytes: 65_536,
      sendBuffer: 10_000,
    });
    const user = "u".repeat(10_000);
    let handed = 0;
    const sending = (async () => {
      for (let x = 0; x < 3_000; x++) {
        await pointers.send({ user, x });
        handed++;
      }
    })();
    // 30 MB do not fit into the buffers on the way: the sender has to wait
    let before = -1;
    await until(() => {
      const stands = handed === before && pointers.bufferedBytes >= 65_536;
      before = handed;
      return stands;
    });
    expect(handed).toBeLessThan(3_000);
    expect(pointers.bufferedBytes).toBeLessThan(200_000);
    release();
    await sending;
    await until(() => got.length === 3_000);
    expect(got).toEqual(Array.from({ length: 3_000 }, (_, x) => x));
    await pointers.close();
  });

  test("M28: a peer that is gone without a word is noticed", async () => {
    const server = await listen();
    const ends: unknown[] = [];
    servePointers(server, (connection) => connection.closed.then((end) => void ends.push(end)), {
      heartbeat: { intervalMs: 20, timeoutMs: 20 },
    });
    // speaks the handshake and nothing more: it answers no ping
    const socket = connectTcp(server.port ?? 0, "127.0.0.1");
    socket.write(
      "GET /pointers HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    onTestFinished(() => void socket.destroy());
    // one that answers stays
    const alive = await bare(`${server.url}/pointers`);
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: 1006, error: { code: "disconnected" } }]);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("M28: no server, or one that does not answer, is an error at once", async () => {
    const nobody = connectPointers("ws://127.0.0.1:9", { socket: wsSocket });
    await expect(nobody).rejects.toMatchObject({
      code: "disconnected",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    const silent = createServer().listen(0, "127.0.0.1");
    silent.on("upgrade", () => {});
    await once(silent, "listening");
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const late = connectPointers(`ws://127.0.0.1:${port}`, { socket: wsSocket, connectWithinMs: 50 });
    await expect(late).rejects.toMatchObject({ code: "timeout" });
    await expect(connectPointers("amqp://x", { socket: wsSocket })).rejects.toMatchObject({ code: "usage" });
  });
});
