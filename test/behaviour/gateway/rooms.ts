import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { fastify } from "fastify";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rest } from "../../../src/generators/rest/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { createChannelServer, type WsChannelServer } from "../../../src/runtime/channels/ws.js";
import { ambient } from "../../../src/runtime/context/index.js";
import { BadRequest } from "../../../src/runtime/errors/index.js";
import { gatewayPlugin } from "../../../src/runtime/gateway/fastify.js";
import {
  type GatewayOptions,
  type RouteOptions,
  type RouteSet,
  createGateway,
  toNodeListener,
} from "../../../src/runtime/gateway/index.js";
import type { RestCallOptions, RestClientOptions } from "../../../src/runtime/rest/index.js";
import {
  type CallContext,
  Code,
  RpcError,
  type ServiceRegistry,
  type Transport,
  detailOf,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

/** What `rooms.proto` becomes, as far as these tests use it. */
export interface Line {
  readonly room: string;
  readonly text: string;
  readonly lang: string;
  readonly number: bigint;
}

type Lines = AsyncIterable<object> | Iterable<object>;

export interface RestRooms {
  getRoom(request: object, options?: RestCallOptions): Promise<Line>;
  talk(requests: Lines, options?: RestCallOptions): AsyncIterable<Line>;
  shout(requests: Lines, options?: RestCallOptions): AsyncIterable<Line>;
}

export interface EmittedRooms {
  readonly routes: (backend: object, options?: RouteOptions) => RouteSet;
  readonly createClient: (transport: Transport) => object;
  readonly register: (registry: ServiceRegistry, handler: object, options?: RouteOptions) => void;
  readonly createRestClient: (baseUrl: string, options?: RestClientOptions) => RestRooms;
}

/** Generates and loads the code of `rooms.proto`. */
export async function emitRooms(): Promise<EmittedRooms> {
  const proto = readFileSync(new URL("./rooms.proto", import.meta.url), "utf8");
  const { files, diagnostics } = await emit({ "rooms.proto": proto }, [messages, rpc, http, rest]);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const load = emittedModules(files);
  const [httpModule, rpcModule, restModule] = [
    await load("rooms.http.ts"),
    await load("rooms.rpc.ts"),
    await load("rooms.rest.ts"),
  ];
  return {
    routes: httpModule["roomServiceRoutes"] as EmittedRooms["routes"],
    createClient: rpcModule["createRoomServiceClient"] as EmittedRooms["createClient"],
    register: rpcModule["registerRoomService"] as EmittedRooms["register"],
    createRestClient: restModule["createRoomServiceRestClient"] as EmittedRooms["createRestClient"],
  };
}

/** A handler that keeps what it sees. */
export class Rooms {
  readonly contexts: CallContext[] = [];
  readonly traces: (string | undefined)[] = [];
  readonly lines: Line[] = [];
  /** How the calls ended. */
  readonly ends: string[] = [];
  /** Lines that were taken from `pour`. */
  poured = 0;
  /** Lets a call in the room `slow` begin to read. */
  release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => (this.release = resolve));

  getRoom = ({ room }: Line): object => ({ room, text: "a room" });
  leaveRoom = ({ room }: Line): object => ({ room, text: "left" });
  shout = (lines: AsyncIterable<Line>, context: CallContext): AsyncIterable<object> => this.talk(lines, context);

  talk = async function* (this: Rooms, lines: AsyncIterable<Line>, context: CallContext): AsyncGenerator<object> {
    this.contexts.push(context);
    this.traces.push(ambient().trace?.traceId);
    let how = "left";
    try {
      let number = 0n;
      for await (const line of lines) {
        this.lines.push(line);
        if (line.text === "wait") await this.#released;
        if (line.text === "pour") yield* this.#pour();
        if (line.text === "hang") await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        if (line.text === "secret") throw new Error("a secret");
        if (line.text === "wrong") yield { number: "no number" };
        if (line.text === "fail") throw notFound();
        if (line.text === "enough") break;
        if (!line.text.startsWith("mute")) yield { ...line, number: ++number };
      }
      if (context.method.name === "Talk") yield { text: "bye" };
      how = "finished";
    } finally {
      this.ends.push(context.signal.aborted ? "aborted" : how);
    }
  }.bind(this);

  *#pour(): Generator<object> {
    const text = "x".repeat(65_536);
    for (let number = 1n; number <= 1_000n; number++) {
      this.poured++;
      yield { number, text };
    }
  }
}

function notFound(): RpcError {
  const detail = detailOf(BadRequest, { fieldViolations: [{ field: "room", description: "is not there" }] });
  return new RpcError(Code.NOT_FOUND, "no such room", { details: [detail] });
}

export interface Served {
  readonly rooms: Rooms;
  /** `http://…` and `ws://…`. */
  readonly url: string;
  readonly ws: string;
  readonly sockets: WsChannelServer;
  /** Bytes that it has taken from its connections. */
  received(): number;
}

export interface ServeSettings extends Partial<GatewayOptions> {
  readonly backend?: "handler" | "client";
  readonly server?: "node:http" | "Fastify";
  readonly chain?: RouteOptions["chain"];
}

/** A gateway with its WebSockets on a free port, until the test is over. */
export async function serveRooms(emitted: EmittedRooms, settings: ServeSettings = {}): Promise<Served> {
  const { backend = "handler", server = "node:http", chain, ...options } = settings;
  const rooms = new Rooms();
  let routes = emitted.routes(rooms, { chain });
  if (backend === "client") {
    const transport = createMemoryTransport({ onFailure: options.onFailure });
    emitted.register(transport, rooms, { chain });
    routes = emitted.routes(emitted.createClient(transport));
  }
  const gateway = createGateway({ routes: [routes], ...options });
  const app = server === "Fastify" ? fastify({ forceCloseConnections: true }) : undefined;
  await app?.register(gatewayPlugin, { gateway });
  const httpServer = app?.server ?? createServer(toNodeListener(gateway));
  const connections: Socket[] = [];
  httpServer.on("connection", (socket: Socket) => connections.push(socket));
  if (app === undefined) await once(httpServer.listen(0, "127.0.0.1"), "listening");
  else await app.listen({ port: 0, host: "127.0.0.1" });
  const sockets = await createChannelServer({ server: httpServer, maxMessageBytes: 2 ** 20 });
  sockets.add(gateway.sockets);
  onTestFinished(async () => {
    await sockets.close(0);
    if (app !== undefined) return app.close();
    httpServer.close();
    if ("closeAllConnections" in httpServer) httpServer.closeAllConnections();
    return undefined;
  });
  const { port } = httpServer.address() as AddressInfo;
  const received = (): number => connections.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  return { rooms, url: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}`, sockets, received };
}

/** A client that knows nothing of ours. */
export interface Bare {
  readonly socket: WebSocket;
  /** What came, parsed. */
  readonly frames: unknown[];
  readonly closed: Promise<[code: number, reason: string]>;
  /** 101, or that of a refusal. */
  readonly status: number;
  /** The body of a refusal. */
  readonly body: unknown;
  send(...messages: object[]): void;
}

export async function connect(
  url: string,
  headers: Record<string, string> = {},
  protocols: string[] = [],
): Promise<Bare> {
  const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  const frames: unknown[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString())));
  socket.on("error", () => {});
  const closed = new Promise<[number, string]>((resolve) =>
    socket.on("close", (code, reason) => resolve([code, String(reason)])),
  );
  const answer = await new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    socket.on("open", () => resolve({ status: 101, body: undefined }));
    socket.on("unexpected-response", (request, response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: text.startsWith("{") ? JSON.parse(text) : text });
        request.destroy();
      });
    });
    void closed.then(() => reject(new Error("it did not open")));
  });
  const send = (...messages: object[]): void => {
    for (const message of messages) socket.send(JSON.stringify(message));
  };
  return { socket, frames, closed, ...answer, send };
}

export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What a number comes to when it has not changed for a while. */
export async function settled(value: () => number): Promise<number> {
  let before = value();
  for (let since = Date.now(); Date.now() - since < 60;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (value() !== before) since = Date.now();
    before = value();
  }
  return before;
}
