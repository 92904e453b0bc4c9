import { connect as connectTcp } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type SpanRecord, recordingTracer } from "../../../src/runtime/context/index.js";
import { createGateway } from "../../../src/runtime/gateway/index.js";
import { type Interceptor, chain, Code, RpcError } from "../../../src/runtime/rpc/index.js";
import {
  type EmittedRooms,
  type ServeSettings,
  type Served,
  connect,
  emitRooms,
  serveRooms,
  settled,
  until,
} from "./rooms.js";

let emitted: EmittedRooms;
beforeAll(async () => {
  emitted = await emitRooms();
});

const serve = (settings?: ServeSettings): Promise<Served> => serveRooms(emitted, settings);

const combinations = (["handler", "client"] as const).flatMap((backend) =>
  (["node:http", "Fastify"] as const).map((server) => ({ backend, server })),
);

describe.each(combinations)("WebSockets of a gateway over $server, backend: $backend", (where) => {
  test("M28: both directions, one after the other and interleaved; an empty frame ends the requests", async () => {
    const { ws, rooms } = await serve(where);
    const { frames, send, socket, closed } = await connect(`${ws}/v1/rooms/a%2Fb`);
    send({ text: "one" });
    await until(() => frames.length === 1);
    send({ text: "mute" }, { text: "two", room: "elsewhere" }, { text: "three", place: { row: 3 } });
    await until(() => frames.length === 3);
    socket.send("");
    expect(await closed).toEqual([1000, ""]);
    expect(frames).toEqual([
      { result: { room: "a/b", text: "one", number: "1" } },
      { result: { room: "a/b", text: "two", number: "2" } },
      { result: { room: "a/b", text: "three", number: "3", place: { row: 3 } } },
      { result: { text: "bye" } },
    ]);
    expect(rooms.ends).toEqual(["finished"]);
  });

  test("M28: a call that fails ends with its status as a frame, and a close code of its own", async () => {
    const failures: unknown[] = [];
    const { ws } = await serve({ ...where, onFailure: (cause) => void failures.push(cause) });
    const failed = await connect(`${ws}/v1/rooms/a`);
    failed.send({ text: "one" }, { text: "fail" }, { text: "two" });
    expect(await failed.closed).toEqual([4005, "no such room"]);
    expect(failed.frames).toEqual([
      { result: { room: "a", text: "one", number: "1" } },
      {
        error: {
          code: 5,
          message: "no such room",
          details: [
            {
              "@type": "type.googleapis.com/google.rpc.BadRequest",
              fieldViolations: [{ field: "room", description: "is not there" }],
            },
          ],
        },
      },
    ]);
    expect(failures).toEqual([]);
    const broken = await connect(`${ws}/v1/rooms/a`);
    broken.send({ text: "secret" });
    expect((await broken.closed)[0]).toBe(4013);
    expect(JSON.stringify(broken.frames)).toContain('"code":13');
    expect(JSON.stringify(broken.frames)).not.toContain("a secret");
    expect(failures).toEqual([new Error("a secret")]);
    const wrong = await connect(`${ws}/v1/rooms/a`);
    wrong.send({ text: "wrong" });
    expect((await wrong.closed)[0]).toBe(4013);
    expect(failures).toHaveLength(2);
  });

  test("M28: a handler that has enough ends the call, whatever the client still sends", async () => {
    const { ws, rooms } = await serve(where);
    const { send, closed, frames } = await connect(`${ws}/v1/rooms/a`);
    send({ text: "enough" }, { text: "more" });
    expect(await closed).toEqual([1000, ""]);
    expect(frames).toEqual([{ result: { text: "bye" } }]);
    expect(rooms.ends).toEqual(["finished"]);
  });

  test("M28: a message that does not fit the contract is told with the path of its field", async () => {
    const { ws, rooms } = await serve(where);
    const { send, closed, frames } = await connect(`${ws}/v1/rooms/a`);
    send({ text: "one" });
    await until(() => frames.length === 1);
    send({ place: { row: "many" } });
    expect((await closed)[0]).toBe(4003);
    expect(frames[1]).toMatchObject({
      error: { code: 3, details: [{ fieldViolations: [{ field: "place.row" }] }] },
    });
    await until(() => rooms.ends.length === 1);
    for (const [frame, said] of [
      ["{", "not valid JSON"],
      ["[]", "must be a JSON object"],
      [Buffer.from("{}"), "text frames"],
    ] as const) {
      const wrong = await connect(`${ws}/v1/rooms/a`);
      wrong.socket.send(frame);
      expect((await wrong.closed)[0], said).toBe(4003);
      expect(JSON.stringify(wrong.frames)).toContain(said);
    }
  });

  test("M28: deadline, metadata and trace of the upgrade request go on", async () => {
    const spans: SpanRecord[] = [];
    const tracer = recordingTracer((span) => spans.push(span));
    const { ws, rooms } = await serve({ ...where, tracer });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const { send, closed, frames } = await connect(`${ws}/v1/rooms/a`, {
      authorization: "Bearer t",
      "grpc-metadata-tenant": "acme",
      "grpc-timeout": "100m",
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    });
    send({ text: "hang" });
    expect(await closed).toEqual([4004, "the deadline is over"]);
    expect(frames).toEqual([{ error: { code: 4, message: "the deadline is over", details: [] } }]);
    expect(rooms.contexts[0]?.metadata.get("authorization")).toBe("Bearer t");
    expect(rooms.contexts[0]?.metadata.get("tenant")).toBe("acme");
    expect(rooms.traces).toEqual([traceId]);
    await until(() => rooms.ends.length === 1);
    expect(rooms.ends).toEqual(["aborted"]);
    expect(spans).toMatchObject([
      {
        name: "GET /v1/rooms/{room}",
        parent: { traceId, spanId: "b7ad6b7169203331" },
        attributes: { "http.route": "/v1/rooms/{room}", "http.response.status_code": 101 },
      },
    ]);
    expect(spans[0]?.error).toBeDefined();
  });

  test.each([
    ["closes", (socket: { close(): void }) => socket.close()],
    ["is cut off", (socket: { terminate(): void }) => socket.terminate()],
  ])("M28: a client that %s cancels the call", async (_, leave) => {
    const { ws, rooms } = await serve(where);
    const { send, frames, socket } = await connect(`${ws}/v1/rooms/a`);
    send({ text: "one" }, { text: "hang" });
    await until(() => frames.length === 1 && rooms.lines.length === 2);
    leave(socket);
    await until(() => rooms.ends.length === 1);
    expect(rooms.ends).toEqual(["aborted"]);
    // one that waits for a message is told as well, and not that there are no more
    const idle = await connect(`${ws}/v1/rooms/a`);
    await until(() => rooms.contexts.length === 2);
    leave(idle.socket);
    await until(() => rooms.ends.length === 2);
    expect(rooms.ends[1]).not.toBe("finished");
  });

  test("M28: other requests on the same path, and wishes for other protocols, are not disturbed", async () => {
    const { url, rooms } = await serve(where);
    expect(await (await fetch(`${url}/v1/rooms/a`)).json()).toEqual({ room: "a", text: "a room" });
    const headers = { "content-type": "application/json" };
    const left = await fetch(`${url}/v1/talk/a`, { method: "POST", body: "{}", headers });
    expect(await left.json()).toEqual({ room: "a", text: "left" });
    const { hostname, port } = new URL(url);
    const tcp = connectTcp(Number(port), hostname);
    onTestFinished(() => void tcp.destroy());
    let answer = "";
    tcp.on("data", (data) => (answer += data.toString()));
    // what clients of Java send with their first request
    tcp.write(
      "POST /v1/talk/b HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" +
        "HTTP2-Settings: AAEAAEAAAAIAAAAA\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n" +
        '{"text":',
    );
    setTimeout(() => tcp.write('"x"}'), 20);
    await until(() => answer.includes('{"room":"b","text":"left"}'));
    answer = "";
    tcp.write("GET /v1/rooms/c HTTP/1.1\r\nHost: h\r\n\r\n");
    await until(() => answer.includes('{"room":"c","text":"a room"}'));
    expect(rooms.contexts).toEqual([]);
  });

  test("M28: a request that is no upgrade is told that it should be", async () => {
    const { url } = await serve(where);
    const response = await fetch(`${url}/v1/shout`, { method: "POST", body: "{}" });
    expect([response.status, response.headers.get("upgrade")]).toEqual([426, "websocket"]);
    expect(await response.json()).toMatchObject({ code: 12, message: "/v1/shout streams both ways: open a WebSocket" });
  });
});

describe("WebSockets of a gateway", () => {
  test("M28: path, query and body of every binding fill the message", async () => {
    const { ws, rooms } = await serve();
    const whole = await connect(`${ws}/v1/talk/a?lang=en&place.row=2`);
    whole.send({ text: "one" }, { text: "two", place: {} });
    await until(() => whole.frames.length === 2);
    expect(rooms.lines).toMatchObject([
      { room: "a", text: "one", lang: "en", place: { row: 2 } },
      { room: "a", text: "two", lang: "en", place: { row: 2 } },
    ]);
    const part = await connect(`${ws}/v1/say/7/b?lang=de`);
    part.socket.send('"hello"');
    part.socket.send("");
    expect(await part.closed).toEqual([1000, ""]);
    expect(part.frames).toEqual([{ result: "hello" }, { result: "bye" }]);
    expect(rooms.lines[2]).toMatchObject({ room: "b", text: "hello", lang: "de", number: 7n });
  });

  test("M28: what is wrong before the upgrade is an HTTP status with the usual error", async () => {
    const { ws, rooms } = await serve({ sockets: { maxConnections: 1 } });
    const statuses = async (path: string, headers: Record<string, string> = {}): Promise<unknown> => {
      const { status, body } = await connect(ws + path, headers);
      return [status, body];
    };
    expect(await statuses("/v1/nothing")).toEqual([404, "no such channel"]);
    expect(await statuses("/v1/rooms/%zz")).toMatchObject([400, { code: 3 }]);
    expect(await statuses("/v1/say/many/b")).toMatchObject([
      400,
      { code: 3, details: [{ fieldViolations: [{ field: "number" }] }] },
    ]);
    expect(await statuses("/v1/talk/a?nope=1")).toMatchObject([400, { message: 'unknown query parameter "nope"' }]);
    expect(await statuses("/v1/rooms/a", { "grpc-timeout": "soon" })).toMatchObject([400, { code: 3 }]);
    expect(await statuses("/v1/rooms/a", { origin: "https://evil.example" })).toMatchObject([
      403,
      { code: 7, message: "this origin may not connect" },
    ]);
    const first = await connect(`${ws}/v1/rooms/a`, { origin: ws.replace("ws:", "http:") });
    expect(first.status).toBe(101);
    expect(await statuses("/v1/rooms/a")).toMatchObject([503, { code: 14, message: "too many connections" }]);
    first.socket.close();
    await until(() => rooms.ends.length === 1);
    expect(rooms.contexts).toHaveLength(1);
  });

  test("M28: origins and base path are settings", async () => {
    const { ws } = await serve({ sockets: { origins: ["https://app.example"], basePath: "/api/" } });
    const open = async (path: string, origin: string): Promise<number> => (await connect(ws + path, { origin })).status;
    expect(await open("/api/v1/rooms/a", "https://app.example")).toBe(101);
    expect(await open("/api/v1/rooms/a", ws.replace("ws:", "http:"))).toBe(403);
    expect(await open("/v1/rooms/a", "https://app.example")).toBe(404);
  });

  test("M28: interceptors run, and their refusal is the call's", async () => {
    const seen: string[] = [];
    const guard: Interceptor = async (call, next) => {
      seen.push(`${call.method.name} ${call.context.peer.replace(/:[0-9]+$/, "")}`);
      if (call.context.metadata.get("authorization") !== "Bearer good.token") {
        throw new RpcError(Code.UNAUTHENTICATED, "who are you?");
      }
      return next(call);
    };
    const { ws, rooms } = await serve({ chain: chain().use(guard) });
    const stranger = await connect(`${ws}/v1/rooms/a`);
    expect(await stranger.closed).toEqual([4016, "who are you?"]);
    expect(stranger.frames).toEqual([{ error: { code: 16, message: "who are you?", details: [] } }]);
    expect(rooms.contexts).toEqual([]);
    // browsers send no headers
    const known = await connect(`${ws}/v1/rooms/a`, {}, ["bearer", "good.token"]);
    expect(known.socket.protocol).toBe("bearer");
    known.send({ text: "one" });
    await until(() => known.frames.length === 1);
    expect(seen).toEqual(["Talk 127.0.0.1", "Talk 127.0.0.1"]);
  });

  test("M28: a call that does not take holds the client up, and nothing is lost", async () => {
    const { ws, rooms, received } = await serve();
    const { send, socket, frames, closed } = await connect(`${ws}/v1/rooms/a`);
    send({ text: "wait" });
    const text = `mute${"x".repeat(65_536)}`;
    for (let number = 0; number < 1_000; number++) send({ text, number });
    await until(() => rooms.lines.length === 1);
    // of 64 MB
    expect(await settled(received)).toBeLessThan(6 * 2 ** 20);
    rooms.release();
    socket.send("");
    expect(await closed).toEqual([1000, ""]);
    expect(frames).toHaveLength(2);
    expect(rooms.lines.slice(1).map(({ number }) => Number(number))).toEqual(
      Array.from({ length: 1_000 }, (_, i) => i),
    );
  });

  test("M28: a client that does not read holds the call up, and nothing is lost", async () => {
    const { ws, rooms } = await serve({ sockets: { highWaterBytes: 262_144 } });
    const { send, socket, frames, closed } = await connect(`${ws}/v1/rooms/a`);
    send({ text: "pour" });
    socket.pause();
    await until(() => rooms.poured > 0);
    expect(await settled(() => rooms.poured)).toBeLessThan(500);
    socket.resume();
    socket.send("");
    expect(await closed).toEqual([1000, ""]);
    const numbers = frames
      .slice(0, 1_000)
      .map((frame) => Number((frame as { result: { number: string } }).result.number));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  test("M28: a client that does not read cannot hold a call beyond its deadline", async () => {
    const { ws, rooms } = await serve({ sockets: { highWaterBytes: 65_536 } });
    const { send, socket } = await connect(`${ws}/v1/rooms/a`, { "grpc-timeout": "200m" });
    send({ text: "pour" });
    socket.pause();
    await until(() => rooms.ends.length === 1);
    expect(rooms.ends).toEqual(["aborted"]);
    expect(rooms.poured).toBeLessThan(500);
  });

  test("M28: a message that is too long ends the call", async () => {
    const { ws, rooms } = await serve({ maxBodyBytes: 100 });
    const long = await connect(`${ws}/v1/rooms/a`);
    long.send({ text: "ü".repeat(60) });
    expect((await long.closed)[0]).toBe(4008);
    expect(long.frames).toEqual([{ error: { code: 8, message: "the message is larger than 100 bytes", details: [] } }]);
    // what the server does not even read
    const huge = await connect(`${ws}/v1/rooms/a`);
    huge.send({ text: "x".repeat(2 ** 20) });
    expect((await huge.closed)[0]).toBe(1009);
    await until(() => rooms.ends.length === 2);
    expect(rooms.lines).toEqual([]);
  });

  test("M28: a client that leaves while nobody reads what it sent is noticed by the next ping", async () => {
    const { ws, rooms } = await serve({ sockets: { heartbeat: { intervalMs: 50, timeoutMs: 50 } } });
    const { send, socket } = await connect(`${ws}/v1/rooms/a`);
    send({ text: "hang" });
    for (let number = 0; number < 1_000; number++) send({ text: "x".repeat(65_536) });
    await until(() => rooms.lines.length === 1 && socket.bufferedAmount > 0);
    socket.terminate();
    await until(() => rooms.ends.length === 1);
    expect(rooms.ends).toEqual(["aborted"]);
  });

  test("M28: a client that is gone without a word is noticed", async () => {
    const { ws, rooms } = await serve({ sockets: { heartbeat: { intervalMs: 20, timeoutMs: 20 } } });
    const { hostname, port } = new URL(ws);
    const tcp = connectTcp(Number(port), hostname);
    onTestFinished(() => void tcp.destroy());
    // the handshake and nothing more: no ping is answered
    tcp.write(
      "GET /v1/rooms/a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    const alive = await connect(`${ws}/v1/rooms/b`);
    await until(() => rooms.ends.length === 1);
    alive.send({ text: "one" });
    await until(() => alive.frames.length === 1);
  });

  test("M28: at the end of the server calls may finish, the rest is told and closed with 1001", async () => {
    const { ws, rooms, sockets } = await serve();
    const [quick, slow] = [await connect(`${ws}/v1/rooms/a`), await connect(`${ws}/v1/rooms/b`)];
    slow.send({ text: "hang" });
    await until(() => rooms.lines.length === 1 && rooms.contexts.length === 2);
    const ended = sockets.close(300);
    expect((await connect(`${ws}/v1/rooms/c`)).status).toBe(503);
    quick.send({ text: "one" });
    quick.socket.send("");
    expect(await quick.closed).toEqual([1000, ""]);
    expect(await slow.closed).toEqual([1001, "the server is going away"]);
    expect(slow.frames).toEqual([{ error: { code: 14, message: "the server is going away", details: [] } }]);
    await ended;
    expect(rooms.ends).toEqual(["finished", "aborted"]);
  });

  test("two methods on one path cannot both be WebSockets; bindings that differ in verbs alone can", () => {
    const { routes, ...set } = emitted.routes({});
    expect(routes.filter(({ method, path }) => method === "Talk" && path === "/v1/rooms/{room}")).toHaveLength(2);
    const twice = { ...set, routes: [...routes, { method: "Shout", verb: "DELETE", path: "/v1/rooms/{name}" }] };
    expect(() => createGateway({ routes: [{ ...set, routes }] })).not.toThrow();
    expect(() => createGateway({ routes: [twice] })).toThrow("two routes match the same requests");
  });
});
