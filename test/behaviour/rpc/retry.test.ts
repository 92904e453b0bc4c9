import { constants, createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { createRetryBudget, hedge, retry, type RetryEvent } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  createMetadata,
  createServiceClient,
  retryInfoDetail,
  RpcError,
  type CallContext,
  type ClientOptions,
  type ImplementOptions,
  type Interceptor,
  type LayerList,
  type MethodInfo,
  type ServiceChain,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createConnectTransport } from "../../../src/runtime/transports/connect.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { bundleProgram, runProgram } from "../../support/program.js";
import { collect, Echo, echo, gate, Note, rejection, within, type EchoClient, type EchoHandler } from "./echo.js";

const contract = `syntax = "proto3";
package wirespan.test.v1;
import "wirespan/options.proto";

service Echo {
  rpc Say(Note) returns (Note) {
    option idempotency_level = IDEMPOTENT;
    option (wirespan.options.v1.method) = {
      retry: { max_attempts: 4 initial_backoff: { nanos: 1000000 } max_backoff: { nanos: 2000000 } codes: UNAVAILABLE codes: ABORTED }
    };
  }
  rpc Split(Note) returns (stream Note) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Join(stream Note) returns (Note) { option idempotency_level = IDEMPOTENT; }
  rpc Chat(stream Note) returns (stream Note);
}

message Note {
  string text = 1;
  int32 count = 2;
}
`;

interface Emitted {
  readonly createEchoClient: (transport: Transport, options?: ClientOptions) => EchoClient;
  readonly registerEcho: (registry: ServiceRegistry, handler: EchoHandler, options?: ImplementOptions) => void;
  readonly echoChain: () => ServiceChain<{}, keyof EchoHandler>;
}

const emitted: Promise<Emitted> = (async () => {
  const { files, diagnostics } = await emit({ "echo.proto": contract }, [messages, rpc]);
  if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  // sound because these are the names that the generator gives
  return (await emittedModules(files)("echo.rpc.ts")) as unknown as Emitted;
})();

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const kinds: readonly {
  readonly id: string;
  readonly start: (serve: (registry: ServiceRegistry) => void) => Promise<Transport>;
}[] = [
  {
    id: "memory",
    async start(serve) {
      const transport = createMemoryTransport({ onFailure: () => {} });
      serve(transport);
      return transport;
    },
  },
  { id: "http2", start: async (serve) => createHttp2Transport(await listen(serve)) },
  { id: "grpc-js", start: async (serve) => createGrpcJsTransport(await listen(serve)) },
  {
    id: "connect",
    start: async (serve) => createConnectTransport(`http://${await listen(serve)}`),
  },
  {
    id: "http2 to a server of grpc-js",
    async start(serve) {
      const server = createGrpcJsServer({ onFailure: () => {} });
      serve(server);
      closers.push(() => server.close(1_000));
      return createHttp2Transport((await server.listen("127.0.0.1:0")).address);
    },
  },
];

async function listen(serve: (registry: ServiceRegistry) => void): Promise<string> {
  const server = createHttp2Server({ onFailure: () => {} });
  serve(server);
  closers.push(() => server.close(0));
  return (await server.listen("127.0.0.1:0")).address;
}

/** Fails the first calls as it is told, and keeps what came with each. */
function failing(failures: readonly RpcError[]): {
  readonly layer: Interceptor;
  readonly previous: (string | undefined)[];
} {
  const previous: (string | undefined)[] = [];
  const layer: Interceptor = async (call, next) => {
    previous.push(call.context.metadata.get("grpc-previous-rpc-attempts"));
    const failure = failures[previous.length - 1];
    if (failure !== undefined) throw failure;
    return next(call);
  };
  return { layer, previous };
}

const down = (): RpcError => new RpcError(Code.UNAVAILABLE, "down");

describe.each(kinds)("M13: generated client and server over $id", ({ start }) => {
  async function connect(
    failures: readonly RpcError[],
    layer: Interceptor,
    handler: EchoHandler = echo,
  ): Promise<{ client: EchoClient; previous: (string | undefined)[] }> {
    const { createEchoClient, registerEcho, echoChain } = await emitted;
    const { layer: fails, previous } = failing(failures);
    const transport = await start((registry) => registerEcho(registry, handler, { chain: echoChain().use(fails) }));
    closers.push(() => transport.close(0));
    return { client: createEchoClient(transport, { chain: echoChain().use(layer), timeoutMs: 5_000 }), previous };
  }

  test("M13: the contract's policy: four attempts, its codes, the header of gRPC", async () => {
    const aborted = new RpcError(Code.ABORTED, "a conflict");
    const { client, previous } = await connect([down(), aborted, down()], retry());
    expect(await client.say({ text: "hello", count: 7 })).toEqual({ text: "hello", count: 7 });
    expect(previous).toEqual([undefined, "1", "2", "3"]);
  });

  test("M13: and not five", async () => {
    const { client, previous } = await connect(Array.from({ length: 9 }, down), retry());
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE, message: "down" });
    expect(previous).toHaveLength(4);
  });

  test("M13: streams of either direction are made again, with all their requests", async () => {
    const { client, previous } = await connect([down(), down()], retry({ initialBackoffMs: 1 }));
    expect(await collect(client.split({ text: "s", count: 3 }))).toHaveLength(3);
    expect(previous).toEqual([undefined, "1", "2"]);

    const joined = await connect([down(), down()], retry({ initialBackoffMs: 1 }));
    let read = 0;
    async function* notes(): AsyncGenerator<{ text: string }> {
      for (const text of ["a", "b", "c"]) {
        read++;
        yield { text };
      }
    }
    expect(await joined.client.join(notes())).toEqual({ text: "c", count: 3 });
    expect([joined.previous, read]).toEqual([[undefined, "1", "2"], 3]);
  });

  test("M13: a method that the contract does not call idempotent fails at once, unless the program widens it", async () => {
    const { client, previous } = await connect([down()], retry({ initialBackoffMs: 1 }));
    expect(await rejection(collect(client.chat([{ text: "a" }])))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(previous).toEqual([undefined]);

    const wide = await connect([down()], retry({ initialBackoffMs: 1, methods: "/wirespan.test.v1.Echo/Chat" }));
    expect(await collect(wide.client.chat([{ text: "a" }, { text: "b" }]))).toHaveLength(2);
    expect(wide.previous).toEqual([undefined, "1"]);
  });

  test("M13: a server says how long to wait, or that there shall be no retry", async () => {
    const pushback = (ms: string): RpcError =>
      new RpcError(Code.UNAVAILABLE, "later", { metadata: createMetadata({ "grpc-retry-pushback-ms": ms }) });
    const events: RetryEvent[] = [];
    const options = {
      initialBackoffMs: 60_000,
      maxBackoffMs: 60_000,
      onRetry: (event: RetryEvent) => void events.push(event),
    };
    const { client, previous } = await connect([pushback("3"), pushback("0")], retry(options));
    expect(await client.say({ text: "x" })).toMatchObject({ text: "x" });
    expect([previous, events.map(({ delayMs }) => delayMs)]).toEqual([
      [undefined, "1", "2"],
      [3, 0],
    ]);

    const stopped = await connect([pushback("-1")], retry({ initialBackoffMs: 1 }));
    expect(await rejection(stopped.client.say({}))).toMatchObject({ code: Code.UNAVAILABLE, message: "later" });
    expect(stopped.previous).toEqual([undefined]);
  });

  test("M13: a server that is overloaded says when to come back, and is not asked before", async () => {
    const later = new RpcError(Code.UNAVAILABLE, "overloaded", { details: [retryInfoDetail(40)] });
    const events: RetryEvent[] = [];
    const onRetry = (event: RetryEvent): void => void events.push(event);
    const { client } = await connect([later], retry({ initialBackoffMs: 1, onRetry }));
    expect(await client.say({ text: "x" })).toMatchObject({ text: "x" });
    expect(events.map(({ delayMs }) => delayMs)).toEqual([40]);
  });

  test("M13: nothing is tried again once a message came", async () => {
    const handler: EchoHandler = {
      ...echo,
      async *split() {
        yield { text: "first" };
        throw down();
      },
    };
    const { client, previous } = await connect([], retry({ initialBackoffMs: 1 }), handler);
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const note of client.split({})) got.push(note);
    })();
    expect(await rejection(reading)).toMatchObject({ code: Code.UNAVAILABLE });
    expect([got.length, previous]).toEqual([1, [undefined]]);
  });

  test("M13: an attempt that hangs is given up, at its server too", async () => {
    const hung = gate<CallContext>();
    let calls = 0;
    const handler: EchoHandler = {
      ...echo,
      say(note, context) {
        if (++calls > 1) return note;
        hung.open(context);
        return new Promise(() => {});
      },
    };
    const { client, previous } = await connect([], retry({ attemptTimeoutMs: 150 }), handler);
    expect(await within(3_000, client.say({ text: "second" }))).toMatchObject({ text: "second" });
    // a slow machine may need one more
    expect(previous.slice(0, 2)).toEqual([undefined, "1"]);
    const { signal } = await hung.promise;
    if (!signal.aborted) await within(2_000, new Promise((resolve) => signal.addEventListener("abort", resolve)));
    expect(signal.reason).toBeInstanceOf(RpcError);
  });

  test("M13: the copy that is answered cancels the other, at its server too", async () => {
    const hung = gate<CallContext>();
    let calls = 0;
    const handler: EchoHandler = {
      ...echo,
      say(note, context) {
        if (++calls > 1) return note;
        hung.open(context);
        return new Promise(() => {});
      },
    };
    const { client, previous } = await connect([], hedge({ delayMs: 20 }), handler);
    expect(await within(3_000, client.say({ text: "copy" }))).toMatchObject({ text: "copy" });
    expect(previous).toEqual([undefined, "1"]);
    const { signal } = await hung.promise;
    if (!signal.aborted) await within(2_000, new Promise((resolve) => signal.addEventListener("abort", resolve)));
    expect(signal.reason).toMatchObject({ code: Code.CANCELLED });
  });
});

test("M13: a caller who leaves sends no copies, whatever the codes, over http2", async () => {
  const { createEchoClient, registerEcho, echoChain } = await emitted;
  const began = gate();
  let calls = 0;
  const say = (): Promise<never> => {
    calls++;
    began.open();
    return new Promise(() => {});
  };
  const transport = createHttp2Transport(await listen((registry) => registerEcho(registry, { ...echo, say })));
  closers.push(() => transport.close(0));
  const budget = createRetryBudget();
  const layer = hedge({ delayMs: 60_000, nonFatalCodes: [Code.CANCELLED], budget });
  const client = createEchoClient(transport, { chain: echoChain().use(layer) });
  const controller = new AbortController();
  const reply = rejection(client.say({}, { signal: controller.signal }));
  await began.promise;
  controller.abort();
  expect(await reply).toMatchObject({ code: Code.CANCELLED });
  expect([calls, budget.tokens]).toEqual([1, 10]);
});

describe("M13: one budget for a backend", () => {
  test("M13: clients of a transport share it, those of another have their own", async () => {
    const { createEchoClient, registerEcho, echoChain } = await emitted;
    const backend = (): { transport: Transport; attempts: () => number } => {
      const { layer, previous } = failing(Array.from({ length: 100 }, down));
      const transport = createMemoryTransport();
      registerEcho(transport, echo, { chain: echoChain().use(layer) });
      return { transport, attempts: () => previous.length };
    };
    const client = (transport: Transport): EchoClient =>
      createEchoClient(transport, { chain: echoChain().use(retry()) });
    const one = backend();
    const other = backend();
    // 10 tokens: four attempts, then one that finds too few left
    expect(await rejection(client(one.transport).say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(await rejection(client(one.transport).say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(one.attempts()).toBe(5);
    expect(await rejection(client(other.transport).say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(other.attempts()).toBe(4);
  });
});

describe("M13: calls that no server has seen, over http2", () => {
  const idempotent = (method: MethodInfo): MethodInfo => ({ ...method, idempotency: "idempotent" });
  const methods = { say: idempotent(Echo.methods.say), join: idempotent(Echo.methods.join) };
  const Idempotent = { typeName: Echo.typeName, methods };

  /** A server of bare HTTP/2. `answer` gets each stream with its number, 1 for the first. */
  async function against(
    answer: (stream: ServerHttp2Stream, number: number) => void,
    layers: LayerList | undefined,
    connect = false,
  ): Promise<{ client: EchoClient; previous: unknown[] }> {
    const previous: unknown[] = [];
    const server = createHttp2();
    server.on("session", (session) => {
      session.on("error", () => {});
      closers.push(() => session.destroy());
    });
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.on("error", () => {});
      answer(stream, previous.push(headers["grpc-previous-rpc-attempts"]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = connect ? createConnectTransport(`http://${target}`) : createHttp2Transport(target);
    closers.push(() => transport.close(0));
    return { client: createServiceClient<EchoClient>(Idempotent, transport, { chain: layers }), previous };
  }

  const refuse = (stream: ServerHttp2Stream): void => stream.close(constants.NGHTTP2_REFUSED_STREAM);

  function answerWith(stream: ServerHttp2Stream, text: string): void {
    const bytes = Note.encode({ text });
    stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes]));
  }

  test("M13: refused, one goes once more at once, by the transport or by retry, never by both", async () => {
    const { client, previous } = await against(refuse, chain().use(retry({ maxAttempts: 3, initialBackoffMs: 1 })));
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(previous).toEqual([undefined, undefined, "1", "2"]);
  });

  test("M13: a stream of requests that were sent already is sent again, which needs the layer that keeps them", async () => {
    const answer = (stream: ServerHttp2Stream, number: number): void => {
      if (number > 1) return void stream.on("end", () => answerWith(stream, "second")).resume();
      // requests are on their way
      stream.once("data", () => refuse(stream));
    };
    const kept = await against(answer, chain().use(retry({ maxAttempts: 1 })));
    expect(await within(2_000, kept.client.join([{ text: "a" }, { text: "b" }]))).toMatchObject({ text: "second" });
    expect(kept.previous).toEqual([undefined, undefined]);

    const lost = await against(answer, undefined);
    expect(await rejection(within(2_000, lost.client.join([{ text: "a" }, { text: "b" }])))).toMatchObject({
      code: Code.UNAVAILABLE,
    });
    expect(lost.previous).toHaveLength(1);
  });

  test("M13: so is one whose number is above what a server says goodbye with", async () => {
    const answer = (stream: ServerHttp2Stream, number: number): void => {
      if (number !== 2) return void stream.on("end", () => answerWith(stream, String(number))).resume();
      stream.once("data", () => {
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
        setImmediate(() => stream.session?.destroy());
      });
    };
    const { client, previous } = await against(answer, chain().use(retry({ maxAttempts: 1 })));
    expect(await client.join([{ text: "a" }])).toMatchObject({ text: "1" });
    expect(await within(2_000, client.join([{ text: "a" }]))).toMatchObject({ text: "3" });
    expect(previous).toEqual([undefined, undefined, undefined]);
  });

  test("M13: a connection that is lost is another matter: the server may have seen the call", async () => {
    const answer = (stream: ServerHttp2Stream, number: number): void => {
      if (number > 1) return void stream.on("end", () => answerWith(stream, "second")).resume();
      stream.session?.destroy();
    };
    const once = await against(answer, chain().use(retry({ maxAttempts: 1 })));
    expect(await rejection(once.client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    const again = await against(answer, chain().use(retry({ maxAttempts: 2, initialBackoffMs: 1 })));
    expect(await again.client.say({})).toMatchObject({ text: "second" });
    expect(again.previous).toEqual([undefined, "1"]);
  });

  test("M13: Connect over HTTP/2 tells as much", async () => {
    const { client, previous } = await against(
      refuse,
      chain().use(retry({ maxAttempts: 2, initialBackoffMs: 1 })),
      true,
    );
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(previous).toEqual([undefined, undefined, "1"]);
  });
});

test("M13: a process does not end while a call waits for its next attempt", async () => {
  const entry = fileURLToPath(new URL("./retry-process.ts", import.meta.url));
  const program = runProgram(await bundleProgram(entry, "retry"), []);
  expect(await program.line("over")).toBe(" 3");
  expect(await within(5_000, program.exit)).toEqual({ code: 0, errors: "" });
});
