import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import {
  createServiceClient,
  implementService,
  type Awaitable,
  type CallContext,
  type CallOptions,
  type Chain,
  type ClientOptions,
  type LayerList,
  type MessagesInput,
  type MethodInfo,
  type MethodKind,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import type { MessageType } from "../../../src/runtime/wire/index.js";

export const protoFile: string = fileURLToPath(new URL("./echo.proto", import.meta.url));

export interface Note {
  text: string;
  count: number;
}

export type NoteInit = Partial<Note>;

const noteType = protobuf.loadSync(protoFile).lookupType("wirespan.test.v1.Note");

/** A codec by an independent implementation, so that these tests do not lean on our own. */
export const Note: MessageType<Note, NoteInit> = {
  kind: "message",
  typeName: "wirespan.test.v1.Note",
  create: (init = {}) => ({ text: "", count: 0, ...init }),
  encode: (note) => {
    if (typeof note !== "object" || note === null) throw new TypeError("not a note");
    return noteType.encode(noteType.fromObject(note)).finish();
  },
  decode: (bytes) => noteType.toObject(noteType.decode(bytes), { defaults: true }) as Note,
  toJson: ({ text = "", count = 0 }) => ({ text, count }),
  fromJson: (value) => value as unknown as Note,
  toJsonString: (note) => JSON.stringify(note),
  fromJsonString: (text) => JSON.parse(text) as Note,
};

function method(name: string, kind: MethodKind, timeoutMs?: number): MethodInfo<Note, NoteInit, Note, NoteInit> {
  return {
    name,
    service: "wirespan.test.v1.Echo",
    path: `/wirespan.test.v1.Echo/${name}`,
    kind,
    input: Note,
    output: Note,
    idempotency: "unknown",
    policy: timeoutMs === undefined ? {} : { timeoutMs },
  };
}

type EchoMethods = Record<"say" | "split" | "join" | "chat", MethodInfo<Note, NoteInit, Note, NoteInit>>;

export const Echo: { readonly typeName: string; readonly methods: EchoMethods } = {
  typeName: "wirespan.test.v1.Echo",
  methods: {
    say: method("Say", "unary"),
    split: method("Split", "server_streaming"),
    join: method("Join", "client_streaming"),
    chat: method("Chat", "bidi_streaming"),
  },
};

export interface EchoClient {
  say(request: NoteInit, options?: CallOptions): Promise<Note>;
  split(request: NoteInit, options?: CallOptions): AsyncIterable<Note>;
  join(requests: MessagesInput<NoteInit>, options?: CallOptions): Promise<Note>;
  chat(requests: MessagesInput<NoteInit>, options?: CallOptions): AsyncIterable<Note>;
}

export interface EchoHandler<C = {}> {
  readonly say: (request: Note, context: CallContext & C) => Awaitable<NoteInit>;
  readonly split: (request: Note, context: CallContext & C) => AsyncIterable<NoteInit>;
  readonly join: (requests: AsyncIterable<Note>, context: CallContext & C) => Awaitable<NoteInit>;
  readonly chat: (requests: AsyncIterable<Note>, context: CallContext & C) => AsyncIterable<NoteInit>;
}

/** Says everything back. */
export const echo: EchoHandler = {
  say: (note) => note,
  async *split({ text, count }) {
    for (let i = 0; i < count; i++) yield { text, count: i };
  },
  async join(notes) {
    let count = 0;
    let last = "";
    for await (const { text } of notes) {
      count++;
      last = text;
    }
    return { text: last, count };
  },
  async *chat(notes) {
    for await (const note of notes) yield note;
  },
};

export interface Connected {
  readonly client: EchoClient;
  readonly transport: Transport;
  readonly registry: ServiceRegistry;
  readonly failures: unknown[];
  close(): Promise<void>;
}

export interface ConnectOptions extends ClientOptions {
  readonly server?: LayerList;
}

type Connect = <C>(handler: Partial<EchoHandler<C>>, options?: ConnectOptions) => Promise<Connected>;

/** Client and server joined by each transport there is; one suite runs over all. */
export const transports: readonly { readonly id: string; readonly connect: Connect }[] = [
  {
    id: "memory",
    async connect(handler, { server, ...options } = {}) {
      const failures: unknown[] = [];
      const transport = createMemoryTransport({ onFailure: (cause) => failures.push(cause) });
      transport.register(Echo, implementService(Echo, handler, { chain: server }));
      const client = createServiceClient<EchoClient>(Echo, transport, options);
      return { client, transport, registry: transport, failures, close: () => transport.close() };
    },
  },
  {
    id: "grpc-js",
    async connect(handler, { server: layers, ...options } = {}) {
      const failures: unknown[] = [];
      const server = createGrpcJsServer({ onFailure: (cause) => failures.push(cause) });
      server.register(Echo, implementService(Echo, handler, { chain: layers }));
      const { address } = await server.listen("127.0.0.1:0");
      const transport = createGrpcJsTransport(address);
      const client = createServiceClient<EchoClient>(Echo, transport, options);
      const close = async (): Promise<void> => {
        await transport.close();
        await server.close(1_000);
      };
      return { client, transport, registry: server, failures, close };
    },
  },
  {
    id: "http2",
    async connect(handler, { server: layers, ...options } = {}) {
      const failures: unknown[] = [];
      const server = createHttp2Server({ onFailure: (cause) => failures.push(cause) });
      server.register(Echo, implementService(Echo, handler, { chain: layers }));
      const { address } = await server.listen("127.0.0.1:0");
      const transport = createHttp2Transport(address);
      const client = createServiceClient<EchoClient>(Echo, transport, options);
      const close = async (): Promise<void> => {
        await transport.close();
        await server.close(1_000);
      };
      return { client, transport, registry: server, failures, close };
    },
  },
];

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was fulfilled");
}

export interface Gate<T = void> {
  readonly promise: Promise<T>;
  open(value: T): void;
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}

/** Fails a test that waits in vain sooner and with better words than the runner. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing happened within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export type { Chain };
