import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { globalSocket } from "../../../src/runtime/channels/index.js";
import { wsSocket } from "../../../src/runtime/channels/ws.js";
import { RestCode, type RestClientOptions, isRestError } from "../../../src/runtime/rest/index.js";
import { type EmittedRooms, type Line, type RestRooms, emitRooms, serveRooms, settled, until } from "./rooms.js";

const shout = "acme.room.v1.RoomService.Shout";

let emitted: EmittedRooms;
beforeAll(async () => {
  emitted = await emitRooms();
});

async function clientOf(
  settings: Parameters<typeof serveRooms>[1] = {},
): Promise<Awaited<ReturnType<typeof serveRooms>> & { readonly client: RestRooms }> {
  const served = await serveRooms(emitted, settings);
  const headers = (): Record<string, string> => ({ authorization: "Bearer t", "grpc-metadata-tenant": "acme" });
  return { ...served, client: emitted.createRestClient(`${served.url}/`, { socket: wsSocket, headers }) };
}

async function all(lines: AsyncIterable<Line>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of lines) texts.push(text);
  return texts;
}

async function failure(lines: AsyncIterable<Line>): Promise<object> {
  const error = await all(lines).then(
    (texts) => new Error(`it gave ${texts.length} messages`),
    (thrown: unknown) => thrown,
  );
  if (!isRestError(error)) throw new Error(`expected a RestError, got ${String(error)}`);
  const { code, status, message, details } = error;
  return { code, status, message, details };
}

/** A server that speaks WebSocket and does what it is told. */
async function fake(
  onConnection: (socket: WebSocket) => void,
  socket: RestClientOptions["socket"] = wsSocket,
): Promise<RestRooms> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", onConnection);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return emitted.createRestClient(`http://127.0.0.1:${port}`, { socket });
}

/** A global WebSocket as Node has it from 22 on: it cannot stop reading. */
function provideGlobal(): void {
  vi.stubGlobal(
    "WebSocket",
    class extends WebSocket {
      constructor(url: string, options?: string[] | { protocols: string[]; headers: Record<string, string> }) {
        if (Array.isArray(options)) super(url, options);
        else super(url, options?.protocols, { headers: options?.headers ?? {} });
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
}

describe("M28: a typed client of a method that streams both ways", () => {
  test("M28: requests follow replies, one by one", async () => {
    const { client, rooms } = await clientOf();
    let give: (line: object | undefined) => void = () => {};
    const lines = (async function* () {
      for (;;) {
        const line = await new Promise<object | undefined>((resolve) => (give = resolve));
        if (line === undefined) return;
        yield line;
      }
    })();
    const replies = client.talk(lines)[Symbol.asyncIterator]();
    for (const text of ["one", "two", "three"]) {
      const reply = replies.next();
      give({ room: "a/b", text });
      expect(await reply).toMatchObject({ value: { room: "a/b", text } });
      await until(() => rooms.lines.at(-1)?.text === text);
    }
    const reply = replies.next();
    give(undefined);
    expect(await reply).toMatchObject({ value: { text: "bye" } });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    expect(rooms.contexts[0]?.metadata.get("authorization")).toBe("Bearer t");
    expect(rooms.contexts[0]?.metadata.get("tenant")).toBe("acme");
    expect(rooms.ends).toEqual(["finished"]);
  });

  test("M28: a URL that no message is needed for is opened at once", async () => {
    const { client } = await clientOf();
    expect(await all(client.shout([]))).toEqual([]);
    expect(await failure(client.talk([]))).toMatchObject({ code: RestCode.INVALID_ARGUMENT, status: 0 });
    const several = [
      { room: "a", text: "one" },
      { room: "b", text: "two" },
    ];
    expect(await failure(client.talk(several))).toMatchObject({
      message: expect.stringContaining("share one URL") as string,
    });
  });

  test("M28: errors have code, message and details", async () => {
    const { client } = await clientOf();
    expect(await failure(client.talk([{ room: "a", text: "fail" }]))).toEqual({
      code: RestCode.NOT_FOUND,
      status: 101,
      message: "no such room",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "room", description: "is not there" }],
        },
      ],
    });
    const { url } = await clientOf({ sockets: { maxConnections: 0 } });
    const refused = emitted.createRestClient(url, { socket: wsSocket });
    expect(await failure(refused.shout([]))).toMatchObject({ code: RestCode.UNAVAILABLE, status: 503 });
    const nobody = emitted.createRestClient("http://127.0.0.1:9", { socket: wsSocket });
    expect(await failure(nobody.shout([]))).toMatchObject({ code: RestCode.UNAVAILABLE, status: 0 });
  });

  test("M28: what the program's own messages throw is thrown to their reader", async () => {
    const { client, rooms } = await clientOf();
    const broken = new Error("mine");
    const lines = (function* () {
      yield { text: "one" };
      throw broken;
    })();
    await expect(all(client.shout(lines))).rejects.toBe(broken);
    await until(() => rooms.ends.length === rooms.contexts.length);
    expect(rooms.ends).not.toContain("finished");
  });

  test("M28: leaving early, a signal and a deadline cancel the call", async () => {
    const { client, rooms } = await clientOf();
    const returned = vi.fn();
    const endless = async function* (): AsyncGenerator<object> {
      try {
        for (let number = 0; ; number++) {
          yield { room: "a", text: number === 0 ? "one" : "hang" };
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      } finally {
        returned();
      }
    };
    for await (const { text } of client.talk(endless())) {
      expect(text).toBe("one");
      break;
    }
    await until(() => rooms.ends.length === 1);
    const controller = new AbortController();
    const cancelled = failure(client.talk(endless(), { signal: controller.signal }));
    await until(() => rooms.contexts.length === 2 && rooms.lines.at(-1)?.text === "hang");
    controller.abort();
    expect(await cancelled).toMatchObject({ code: RestCode.CANCELLED, status: 0 });
    expect(await failure(client.talk(endless(), { timeoutMs: 50 }))).toMatchObject({
      code: RestCode.DEADLINE_EXCEEDED,
      status: 0,
    });
    await until(() => rooms.ends.length === 3);
    expect(rooms.ends).toEqual(["aborted", "aborted", "aborted"]);
    await until(() => returned.mock.calls.length === 3);
    // one that waits for its first message has not even a socket
    const never = async function* (): AsyncGenerator<object> {
      await new Promise(() => {});
      yield {};
    };
    expect(await failure(client.talk(never(), { timeoutMs: 20 }))).toMatchObject({ code: RestCode.DEADLINE_EXCEEDED });
    expect(rooms.contexts).toHaveLength(3);
  });

  test("M28: a reader that lags holds the server up, a server that lags the sender", async () => {
    const { client, rooms } = await clientOf({ sockets: { highWaterBytes: 65_536 } });
    const replies = client.talk([{ room: "a", text: "pour" }])[Symbol.asyncIterator]();
    await replies.next();
    expect(await settled(() => rooms.poured)).toBeLessThan(700);
    for (let number = 2; number <= 1_000; number++) {
      expect((await replies.next()).value).toMatchObject({ number: BigInt(number) });
    }
    await replies.return?.();
    let made = 0;
    const many = (function* () {
      yield { room: "a", text: "wait" };
      for (; made < 1_000; made++) yield { room: "a", text: `mute${"x".repeat(65_536)}` };
    })();
    const texts = all(client.talk(many));
    await until(() => made > 0);
    expect(await settled(() => made)).toBeLessThan(700);
    rooms.release();
    expect(await texts).toEqual(["wait", "bye"]);
    expect(rooms.lines.filter(({ text }) => text.startsWith("mute"))).toHaveLength(1_000);
  });

  test.each([
    ["1001", (socket: WebSocket) => socket.close(1001), { code: RestCode.UNAVAILABLE }],
    ["1009", (socket: WebSocket) => socket.close(1009), { code: RestCode.RESOURCE_EXHAUSTED }],
    [
      "1011",
      (socket: WebSocket) => socket.close(1011, "oh"),
      { code: RestCode.INTERNAL, message: `${shout}: the server closed with 1011, oh` },
    ],
    ["4007 without a frame", (socket: WebSocket) => socket.close(4007), { code: RestCode.PERMISSION_DENIED }],
    ["no close code", (socket: WebSocket) => socket.terminate(), { code: RestCode.UNAVAILABLE }],
    ["a binary frame", (socket: WebSocket) => socket.send(Buffer.from("{}")), { code: RestCode.INTERNAL }],
    ["something else", (socket: WebSocket) => socket.send('{"text":"x"}'), { code: RestCode.INTERNAL }],
    ["no JSON", (socket: WebSocket) => socket.send("x"), { code: RestCode.INTERNAL }],
    ["a wrong type", (socket: WebSocket) => socket.send('{"result":[]}'), { code: RestCode.INTERNAL }],
  ])("M28: a server that sends %s", async (_, act, expected) => {
    const client = await fake(act);
    expect(await failure(client.shout([]))).toMatchObject(expected);
  });

  test("M28: without a WebSocket it says so", async () => {
    vi.stubGlobal("WebSocket", undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    const client = emitted.createRestClient("http://127.0.0.1:9");
    expect(await failure(client.shout([]))).toMatchObject({
      code: RestCode.FAILED_PRECONDITION,
      message: expect.stringContaining("no global WebSocket") as string,
    });
  });

  test("M28: over the global WebSocket", async () => {
    provideGlobal();
    const { url, rooms } = await clientOf();
    const client = emitted.createRestClient(url, { headers: { authorization: "Bearer a.b" } });
    expect(await all(client.talk([{ room: "a", text: "one" }]))).toEqual(["one", "bye"]);
    expect(rooms.contexts[0]?.metadata.get("authorization")).toBe("Bearer a.b");
    // where no headers can be sent, the token is a subprotocol
    vi.stubGlobal("process", Object.create(process, { versions: { value: {} } }));
    expect(await all(client.talk([{ room: "a", text: "two" }]))).toEqual(["two", "bye"]);
    expect(rooms.contexts[1]?.metadata.get("authorization")).toBe("Bearer a.b");
    expect(await failure(client.shout([], { headers: { "x-other": "1" } }))).toMatchObject({
      code: RestCode.FAILED_PRECONDITION,
      message: expect.stringContaining("x-other") as string,
    });
  });

  test("M28: over a socket that cannot stop reading, a reader that lags too far fails", async () => {
    provideGlobal();
    let sent = 0;
    const server = await fake((socket) => {
      for (; sent < 2_000; sent++) socket.send(`{"result":{"number":"${sent}"}}`);
    }, globalSocket);
    const numbers: bigint[] = [];
    const reading = (async () => {
      for await (const { number } of server.shout([])) {
        numbers.push(number);
        if (numbers.length === 1) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: RestCode.RESOURCE_EXHAUSTED });
    expect(numbers).toEqual(numbers.map((_, i) => BigInt(i)));
    expect(numbers.length).toBeLessThan(1_100);
  });

  test("M28: a server that does not answer does not keep the program", async () => {
    const silent = createServer()
      .on("upgrade", () => {})
      .listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const client = emitted.createRestClient(`http://127.0.0.1:${port}`, { socket: wsSocket, timeoutMs: 50 });
    expect(await failure(client.shout([]))).toMatchObject({ code: RestCode.DEADLINE_EXCEEDED });
  });
});
