import { describe, expect, test, vi } from "vitest";
import {
  connectChannel,
  globalSocket,
  type ClientConnection,
  type ConnectBase,
  type ConnectionEvent,
  type Frames,
  type SocketInfo,
} from "../../../src/runtime/channels/index.js";
import { jsonPayload, shape } from "../../../src/runtime/queue/index.js";
import { createTestClock, type TestClock } from "../../../src/runtime/testing/clock.js";
import { fakeSockets, type FakeSocket } from "./fake-socket.js";

const Note = jsonPayload<{ n: number }>("Note", shape.object({ required: { n: shape.integer() } }));
const member = { case: "note", name: "note", type: Note, contentType: "application/json" };
const info: SocketInfo<Frames<{ n: number }>, Frames<{ n: number }>> = {
  id: "notes",
  address: "/notes",
  toServer: { members: [member] },
  toClient: { members: [member] },
};

interface Setup {
  readonly clock: TestClock;
  readonly sockets: FakeSocket[];
  readonly events: ConnectionEvent[];
  readonly connecting: Promise<ClientConnection<{ n: number }, { n: number }>>;
}

/** A connection whose first socket was asked for. Chance is at its upper end. */
function start(
  options: Partial<ConnectBase<{ n: number }>> & { readonly ping?: boolean; readonly pause?: boolean } = {},
): Setup {
  const clock = createTestClock();
  const { factory, sockets } = fakeSockets(options);
  const events: ConnectionEvent[] = [];
  const connecting = connectChannel(info, "ws://host", {
    socket: factory,
    clock,
    random: () => 1,
    heartbeat: false,
    onEvent: (event) => events.push(event),
    ...options,
  });
  connecting.catch(() => {});
  return { clock, sockets, events, connecting };
}

async function opened(setup: Setup): Promise<ClientConnection<{ n: number }, { n: number }>> {
  setup.sockets[0]?.peer.open();
  return setup.connecting;
}

const delays = (events: readonly ConnectionEvent[]): readonly number[] =>
  events.flatMap((event) => (event.kind === "reconnecting" ? [event.delayMs] : []));

describe("M28: clients of channels over time", () => {
  test("M28: attempts come later and later, up to a limit, and are counted anew once one lasted", async () => {
    const setup = start({ reconnect: { initialMs: 100, maxMs: 400 } });
    const { clock, sockets, events } = setup;
    const connection = await opened(setup);
    sockets[0]?.peer.close(1006, "");
    for (const [i, delay] of [100, 200, 400, 400].entries()) {
      await clock.pass(delay - 1);
      expect(sockets.length, `attempt ${i + 2} is not early`).toBe(i + 1);
      await clock.pass(1);
      expect(sockets.length).toBe(i + 2);
      sockets[i + 1]?.peer.close(1006, "");
    }
    await clock.pass(400);
    sockets[5]?.peer.open();
    await clock.pass(5_000);
    sockets[5]?.peer.close(1012, "restart");
    await clock.pass(100);
    expect(sockets.length).toBe(7);
    expect(delays(events)).toEqual([100, 200, 400, 400, 400, 100]);
    void connection.close();
  });

  test("M28: a server that lets in and closes at once is not stormed", async () => {
    const setup = start({ reconnect: { initialMs: 100 } });
    const { clock, sockets, events } = setup;
    await opened(setup);
    for (let i = 0; i < 4; i++) {
      sockets.at(-1)?.peer.close(1013, "try again later");
      await clock.pass(100 * 2 ** i);
      sockets.at(-1)?.peer.open();
    }
    expect(delays(events)).toEqual([100, 200, 400, 800]);
  });

  test("M28: the delay is drawn from all below its limit", async () => {
    const setup = start({ reconnect: { initialMs: 1_000 }, random: () => 0.25 });
    await opened(setup);
    setup.sockets[0]?.peer.close(1006, "");
    await setup.clock.pass(0);
    expect(delays(setup.events)).toEqual([250]);
  });

  test.each([
    [1000, undefined],
    [1008, "disconnected"],
    [1007, "disconnected"],
    [4001, "disconnected"],
  ])("M28: code %i is the server's last word", async (code, error) => {
    const setup = start();
    const connection = await opened(setup);
    setup.sockets[0]?.peer.close(code, "why");
    const end = await connection.closed;
    expect([end.code, end.reason, (end.error as { code?: string } | undefined)?.code]).toEqual([code, "why", error]);
    expect(setup.sockets.length).toBe(1);
    expect(setup.clock.timers).toBe(0);
    await expect(connection.send({ n: 1 })).rejects.toMatchObject({ code: error ?? "closed" });
  });

  test("M28: a refused upgrade ends it, a server in trouble does not", async () => {
    const setup = start({ reconnect: { initialMs: 100 } });
    const { clock, sockets } = setup;
    const connection = await opened(setup);
    sockets[0]?.peer.close(1006, "");
    await clock.pass(100);
    sockets[1]?.peer.failed(new Error("status 503"), 503);
    sockets[1]?.peer.close(1006, "");
    await clock.pass(200);
    sockets[2]?.peer.failed(new Error("status 401"), 401);
    sockets[2]?.peer.close(1006, "");
    expect(await connection.closed).toMatchObject({ code: 1006, error: { code: "disconnected" } });
  });

  test("M28: attempts may be limited, and none be wanted", async () => {
    const limited = start({ reconnect: { initialMs: 100, maxAttempts: 1 } });
    const connection = await opened(limited);
    limited.sockets[0]?.peer.close(1006, "");
    await limited.clock.pass(100);
    limited.sockets[1]?.peer.close(1006, "");
    expect(await connection.closed).toMatchObject({ error: { code: "disconnected" } });
    const once = start({ reconnect: false });
    const single = await opened(once);
    once.sockets[0]?.peer.close(1001, "");
    expect(await single.closed).toMatchObject({ code: 1001 });
  });

  test("M28: what is said on opening goes before what waited", async () => {
    const setup = start({ reconnect: { initialMs: 100 }, onOpen: ({ send }) => send({ n: 0 }) });
    const { clock, sockets } = setup;
    const connection = await opened(setup);
    sockets[0]?.peer.close(1006, "");
    const waiting = [connection.send({ n: 1 }), connection.send({ n: 2 })];
    await clock.pass(100);
    sockets[1]?.peer.open();
    await Promise.all(waiting);
    expect(sockets.map(({ sent }) => sent)).toEqual([['{"n":0}'], ['{"n":0}', '{"n":1}', '{"n":2}']]);
  });

  test("M28: an opening that fails is an error the first time, and a lost socket later", async () => {
    let fails = true;
    const onOpen = (): void => {
      if (fails) throw new Error("no ticket");
    };
    const first = start({ onOpen });
    first.sockets[0]?.peer.open();
    await first.clock.pass(0);
    expect(first.sockets[0]?.calls).toEqual(["close 1011"]);
    first.sockets[0]?.peer.close(1011, "");
    await expect(first.connecting).rejects.toThrow("no ticket");

    fails = false;
    const setup = start({ onOpen, reconnect: { initialMs: 100 } });
    const { clock, sockets } = setup;
    await opened(setup);
    fails = true;
    sockets[0]?.peer.close(1006, "");
    await clock.pass(100);
    sockets[1]?.peer.open();
    await clock.pass(0);
    sockets[1]?.peer.close(1011, "");
    await clock.pass(200);
    expect(sockets.length).toBe(3);
  });

  test("M28: what waits is bounded in number and time", async () => {
    const setup = start({ sendBuffer: 2, sendWithinMs: 1_000, reconnect: { initialMs: 10_000 } });
    const connection = await opened(setup);
    setup.sockets[0]?.peer.close(1006, "");
    const results = Promise.allSettled([1, 2, 3].map((n) => connection.send({ n })));
    await setup.clock.pass(1_000);
    expect(
      (await results).map((result) =>
        result.status === "rejected" ? (result.reason as { code: string }).code : "sent",
      ),
    ).toEqual(["timeout", "timeout", "full"]);
    expect(connection.bufferedBytes).toBe(0);
  });

  test("M28: a socket with enough to do gets no more until it has sent", async () => {
    const setup = start({ highWaterBytes: 100 });
    const connection = await opened(setup);
    const [socket] = setup.sockets;
    if (socket === undefined) throw new Error("no socket");
    socket.bufferedAmount = 100;
    let done = 0;
    const sending = [1, 2].map((n) => connection.send({ n }).then(() => done++));
    await setup.clock.pass(1_000);
    expect([done, socket.sent]).toEqual([0, []]);
    socket.bufferedAmount = 99;
    await setup.clock.pass(5);
    await Promise.all(sending);
    expect(socket.sent).toEqual(['{"n":1}', '{"n":2}']);
  });

  test("M28: unread messages hold the socket up until half of them were taken", async () => {
    const setup = start({ receiveBuffer: 4 });
    const connection = await opened(setup);
    const [socket] = setup.sockets;
    for (let n = 0; n < 4; n++) socket?.peer.message(`{"n":${n}}`);
    expect(socket?.calls).toEqual(["pause"]);
    const reader = connection[Symbol.asyncIterator]();
    await reader.next();
    expect(socket?.calls).toEqual(["pause"]);
    await reader.next();
    expect(socket?.calls).toEqual(["pause", "resume"]);
    expect([(await reader.next()).value, (await reader.next()).value]).toEqual([{ n: 2 }, { n: 3 }]);
  });

  test("M28: a socket that cannot be held up is given up before memory is", async () => {
    const setup = start({ receiveBuffer: 4, pause: false });
    await opened(setup);
    const [socket] = setup.sockets;
    for (let n = 0; n < 65; n++) socket?.peer.message(`{"n":${n}}`);
    expect(socket?.calls).toEqual(["close 1013 65 messages wait for their reader"]);
  });

  test("M28: silence after a ping ends a socket, a pong or a message keeps it, a pause excuses it", async () => {
    const setup = start({ heartbeat: { intervalMs: 1_000, timeoutMs: 200 }, receiveBuffer: 1 });
    const connection = await opened(setup);
    const [socket] = setup.sockets;
    await setup.clock.pass(1_000);
    expect(socket?.calls).toEqual(["ping"]);
    await setup.clock.pass(199);
    socket?.peer.pong();
    await setup.clock.pass(801);
    expect(socket?.calls).toEqual(["ping", "ping"]);
    // the message fills the buffer: nothing is read from now on, so nothing can be heard
    socket?.peer.message('{"n":1}');
    await setup.clock.pass(3_000);
    expect(socket?.calls.filter((call) => call === "terminate")).toEqual([]);
    await connection[Symbol.asyncIterator]().next();
    await setup.clock.pass(1_300);
    expect(socket?.calls.at(-1)).toBe("terminate");
    expect(setup.events.find(({ kind }) => kind === "closed")).toMatchObject({ error: { code: "disconnected" } });
  });

  test("M28: closing waits for what was sent, then for the answer, for a while", async () => {
    const setup = start();
    const connection = await opened(setup);
    const [socket] = setup.sockets;
    const closing = connection.close(4000, "done");
    await setup.clock.pass(4_999);
    expect(socket?.calls).toEqual(["close 4000 done"]);
    await setup.clock.pass(1);
    expect(socket?.calls.at(-1)).toBe("terminate");
    await closing;
    await expect(connection.close(1006)).rejects.toMatchObject({ code: "usage" });
    expect(setup.clock.timers).toBe(0);
  });

  test("M28: sockets that never open leave nothing behind", async () => {
    const setup = start({ connectWithinMs: 50, reconnect: { initialMs: 1, maxMs: 1 } });
    const connection = await opened(setup);
    setup.sockets[0]?.peer.close(1006, "");
    for (let i = 0; i < 20; i++) {
      await setup.clock.pass(51);
      const socket = setup.sockets.at(-1);
      expect(socket?.calls).toEqual(["close 1000"]);
      socket?.peer.close(1006, "");
    }
    expect(setup.sockets.length).toBe(21);
    await setup.clock.pass(0);
    // the next attempt
    expect(setup.clock.timers).toBe(1);
    void connection.close();
  });

  test("M28: a signal ends waiting for the next attempt, too", async () => {
    const abort = new AbortController();
    const setup = start({ signal: abort.signal });
    const connection = await opened(setup);
    setup.sockets[0]?.peer.close(1006, "");
    await setup.clock.pass(10);
    abort.abort(new Error("enough"));
    expect(await connection.closed).toMatchObject({ code: 1000, error: { message: "enough" } });
    await expect(connection[Symbol.asyncIterator]().next()).rejects.toThrow("enough");
    expect(setup.clock.timers).toBe(0);
  });
});

describe("M28: the global WebSocket", () => {
  test("M28: is put behind the same interface; codes it may not send become those of applications", async () => {
    const closes: unknown[] = [];
    class FakeGlobal extends EventTarget {
      binaryType = "blob";
      bufferedAmount = 0;
      protocol = "v1";
      constructor() {
        super();
        this.tell("open", {});
      }
      tell(type: string, fields: object): void {
        queueMicrotask(() => this.dispatchEvent(Object.assign(new Event(type), fields)));
      }
      send(data: string): void {
        this.tell("message", { data: new TextEncoder().encode(data.replace("1", '"x"')).buffer });
      }
      close(code: number, reason: string): void {
        closes.push(code);
        this.tell("close", { code, reason });
      }
    }
    vi.stubGlobal("WebSocket", FakeGlobal);
    try {
      const connection = await connectChannel(info, "https://host/base", {});
      expect(connection.protocol).toBe("v1");
      await connection.send({ n: 1 });
      await expect(connection[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "invalid" });
      expect(closes).toEqual([4008]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("M28: where there is none the error says what to pass", () => {
    vi.stubGlobal("WebSocket", undefined);
    try {
      const request = { url: "ws://h", subprotocols: [], headers: {}, maxMessageBytes: 1 };
      expect(() => globalSocket(request)).toThrow(/wsSocket/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
