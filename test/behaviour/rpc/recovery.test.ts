import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { recovery } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  createLayer,
  createServiceClient,
  implementService,
  type Interceptor,
  type LayerList,
  type RpcError,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createConnectTransport, createGrpcWebTransport } from "../../../src/runtime/transports/connect.js";
import { createHttp2Server } from "../../../src/runtime/transports/http2.js";
import {
  collect,
  Echo,
  echo,
  rejection,
  transports,
  type Connected,
  type ConnectOptions,
  type EchoClient,
  type EchoHandler,
} from "./echo.js";

type Connect = (handler: Partial<EchoHandler>, options?: ConnectOptions) => Promise<Connected>;

function overHttp2(connectTo: (target: string) => Transport): Connect {
  return async (handler, { server: layers, ...options } = {}) => {
    const failures: unknown[] = [];
    const server = createHttp2Server({ onFailure: (cause) => failures.push(cause) });
    server.register(Echo, implementService(Echo, handler, { chain: layers }));
    const { address } = await server.listen("127.0.0.1:0");
    const transport = connectTo(address);
    const close = async (): Promise<void> => {
      await transport.close();
      await server.close(1_000);
    };
    return {
      client: createServiceClient<EchoClient>(Echo, transport, options),
      transport,
      registry: server,
      failures,
      close,
    };
  };
}

const everywhere: readonly { readonly id: string; readonly connect: Connect }[] = [
  ...transports,
  { id: "connect", connect: overHttp2((target) => createConnectTransport(target)) },
  { id: "grpc-web", connect: overHttp2((target) => createGrpcWebTransport(target)) },
];

const secret = "postgres://user:secret@db";

// a rejection that nobody handles would end a program
const unhandled: unknown[] = [];
const keep = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", keep));
afterAll(() => void process.off("unhandledRejection", keep));

const calls: Readonly<Record<string, (client: EchoClient) => Promise<unknown>>> = {
  unary: (client) => client.say({ text: "a" }),
  "server stream": (client) => collect(client.split({ text: "a", count: 2 })),
  "client stream": (client) => client.join([{ text: "a" }, { text: "b" }]),
  "bidi stream": (client) => collect(client.chat([{ text: "a" }, { text: "b" }])),
};

/** Every way out of a handler that is none of the contract's. */
const ways: Readonly<Record<string, (thrown: unknown) => EchoHandler>> = {
  "throws at once": (thrown) => {
    const fail = (): never => {
      throw thrown;
    };
    return { say: fail, split: fail, join: fail, chat: fail };
  },
  rejects: (thrown) => ({
    say: () => Promise.reject(thrown as Error),
    split: () => failing([], thrown),
    join: () => Promise.reject(thrown as Error),
    chat: () => failing([], thrown),
  }),
  "throws later, mid-stream where there is one": (thrown) => ({
    async say() {
      await later();
      throw thrown;
    },
    split: (note) => failing([note], thrown),
    async join(notes) {
      for await (const _ of notes) throw thrown;
      return {};
    },
    async *chat(notes) {
      for await (const note of notes) {
        yield note;
        throw thrown;
      }
    },
  }),
};

async function* failing<T>(first: readonly T[], thrown: unknown): AsyncGenerator<T, void, undefined> {
  yield* first;
  await later();
  throw thrown;
}

function later(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe.each(everywhere)("M15: over $id", ({ connect }) => {
  const open: Connected[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
    await later();
    expect(unhandled.splice(0)).toEqual([]);
  });

  async function start(handler: Partial<EchoHandler>, options?: ConnectOptions): Promise<Connected> {
    const connected = await connect({ ...echo, ...handler }, options);
    open.push(connected);
    return connected;
  }

  /** A handler that is broken until it is told otherwise. */
  function mendable(broken: EchoHandler): { readonly handler: EchoHandler; mend(): void } {
    let current = broken;
    return {
      handler: {
        say: (note, context) => current.say(note, context),
        split: (note, context) => current.split(note, context),
        join: (notes, context) => current.join(notes, context),
        chat: (notes, context) => current.chat(notes, context),
      },
      mend: () => void (current = echo),
    };
  }

  function expectInternal(error: unknown): void {
    expect(error).toMatchObject({ code: Code.INTERNAL, message: "internal error", details: [] });
    const { cause, metadata } = error as RpcError;
    // nothing of what happened there travels: neither text nor stack nor place
    expect(`${String(cause)} ${JSON.stringify([...metadata])}`).not.toMatch(/secret|recovery\.test/);
  }

  const thrown = { error: new Error(secret), null: null, undefined, "a text": secret };
  const cases = Object.keys(ways).flatMap((way) => Object.keys(thrown).map((what) => [way, what] as const));
  test.each(cases)("M15: a handler %s: %s", async (way, what) => {
    const value = thrown[what as keyof typeof thrown];
    const told: unknown[] = [];
    const { handler, mend } = mendable(ways[way]?.(value) ?? echo);
    const server = chain().use(recovery({ onError: (error) => told.push(error) }));
    const { client, failures } = await start(handler, { server });
    for (const call of Object.values(calls)) expectInternal(await rejection(call(client)));
    await vi.waitFor(() => expect(told).toEqual([value, value, value, value]));
    expect(failures).toEqual([]);
    mend();
    for (const call of Object.values(calls)) await call(client);
  });

  /** Layers that throw, each at another place. */
  const places: Readonly<Record<string, () => Interceptor>> = {
    "before it calls on": () => async () => {
      throw new Error(secret);
    },
    "at once, without a promise": () => () => {
      throw new Error(secret);
    },
    "when the reply begins": () => async (call, next) => {
      await next(call);
      throw new Error(secret);
    },
    "over a request": () => (call, next) =>
      next(
        call.change({
          requests: call.requests.map(() => {
            throw new Error(secret);
          }),
        }),
      ),
    "over a response": () => async (call, next) => {
      const reply = await next(call);
      return {
        ...reply,
        messages: reply.messages.map(() => {
          throw new Error(secret);
        }),
      };
    },
    "as a plan": () =>
      createLayer(() => {
        throw new Error(secret);
      }),
  };

  test.each(Object.keys(places))("M15: a layer of the server throws %s", async (place) => {
    const told: unknown[] = [];
    let broken = true;
    const faulty = places[place]?.();
    const server: LayerList = chain()
      .use(recovery({ onError: (error) => told.push(error) }))
      .use((call, next) => (broken && faulty !== undefined ? faulty(call, next) : next(call)));
    const { client, failures } = await start({}, { server });
    for (const call of Object.values(calls)) expectInternal(await rejection(call(client)));
    await vi.waitFor(() => expect([...told, ...failures]).toHaveLength(4));
    for (const error of [...told, ...failures]) expect((error as Error).stack).toMatch(/secret[^]*recovery\.test\.ts/);
    broken = false;
    for (const call of Object.values(calls)) await call(client);
  });

  test.each(Object.keys(places))("M15: a layer of the client throws %s", async (place) => {
    let broken = true;
    const faulty = places[place]?.();
    const layers = chain().use((call, next) => (broken && faulty !== undefined ? faulty(call, next) : next(call)));
    const { client } = await start({}, { chain: layers });
    for (const call of Object.values(calls)) {
      const error = await rejection(call(client));
      expect(error).toMatchObject({ name: "RpcError", code: Code.INTERNAL });
      expect((error as Error).message).not.toContain("secret");
    }
    broken = false;
    for (const call of Object.values(calls)) await call(client);
  });

  test.each(["server", "client"] as const)(
    "M15: a layer of the %s throws when the call is over: the call stays what it was, the stack is told",
    async (side) => {
      const told: unknown[] = [];
      const layers = chain()
        .use(recovery({ onError: (error) => told.push(error) }))
        .use(
          createLayer((call) => ({
            call,
            onEnd() {
              throw new Error(secret);
            },
          })),
        );
      const { client } = await start({}, side === "server" ? { server: layers } : { chain: layers });
      for (const call of Object.values(calls)) await call(client);
      await vi.waitFor(() => expect(told).toHaveLength(4));
      for (const error of told) expect((error as Error).stack).toMatch(/secret[^]*recovery\.test\.ts/);
    },
  );

  test("M15: without a recovery layer the server itself tells, and a layer's fault is printed", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const server = chain().use(
        createLayer((call) => ({
          call,
          onEnd() {
            throw new Error(secret);
          },
        })),
      );
      const { handler } = mendable(ways["rejects"]?.(new Error("broken")) ?? echo);
      const { client, failures } = await start(handler, { server });
      expectInternal(await rejection(client.say({})));
      await vi.waitFor(() => expect(failures).toMatchObject([{ message: "broken" }]));
      expect(printed.mock.calls.map(([text, error]) => [text, (error as Error).message])).toEqual([
        ["/wirespan.test.v1.Echo/Say failed:", secret],
      ]);
    } finally {
      printed.mockRestore();
    }
  });
});
