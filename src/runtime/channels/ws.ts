import { createServer, STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { QueueError } from "../queue/errors.js";
import type { SocketFactory } from "./socket.js";
import type { ChannelRoute, ChannelServer, UpgradeAnswer, UpgradeRequest } from "./upgrade.js";
import { fromWs } from "./ws/socket.js";

/**
 * Where and how to listen.
 *
 * @example await createChannelServer({ port: 8080 }); // or { server: http.createServer(app) }, which the program listens with
 */
export interface ChannelServerOptions {
  /** An HTTP server of the program's, which goes on answering requests itself. */
  readonly server?: Server | TlsServer | undefined;
  /** Without a server: the port to listen at; 0 for any. */
  readonly port?: number | undefined;
  /** Address to listen at; all by default. */
  readonly host?: string | undefined;
  /** Longest message that is taken, bytes; 1 MiB by default, a longer one ends its connection with 1009. */
  readonly maxMessageBytes?: number | undefined;
}

/** Channels over `ws`. */
export interface WsChannelServer extends ChannelServer {
  /** Where it listens; undefined on a server of the program's that does not yet. */
  readonly port: number | undefined;
  /** Ends all channels (1001, cut after that time, 5,000 ms by default) and, if it is its own, the listening. */
  close(withinMs?: number): Promise<void>;
}

/** Upgrade requests that may be waiting for their answers. */
const mostPending = 1_000;

/**
 * Serves channels over `ws`, on a server of its own or beside what an HTTP server does.
 *
 * @throws {QueueError} `usage` without server and port; what listening throws.
 * @example
 * const server = await createChannelServer({ port: 8080 });
 * serveChat(server, async (connection) => { for await (const message of connection) await connection.send(message); });
 */
export async function createChannelServer(options: ChannelServerOptions): Promise<WsChannelServer> {
  const { server, port, host, maxMessageBytes = 2 ** 20 } = options;
  if ((server === undefined) === (port === undefined)) {
    throw new QueueError("usage", "a channel server needs either { server } or { port }");
  }
  const routes = new Set<ChannelRoute>();
  let pending = 0;
  let closed = false;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    clientTracking: false,
    // set for each request before it is upgraded
    handleProtocols: (_, request) => chosen.get(request) ?? false,
  });
  const chosen = new WeakMap<IncomingMessage, string | false>();
  const http = server ?? createServer(notFound);

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      if (http.listenerCount("upgrade") === 1) passOn(http, request, socket, head);
      return;
    }
    const asked = readRequest(request);
    const found = first(routes, (route) => route.answer(asked));
    if (found === undefined) {
      // somebody else's, where others listen, too
      if (http.listenerCount("upgrade") === 1) refuse(socket, 404, "no such channel");
      return;
    }
    if (closed || pending >= mostPending) return refuse(socket, 503, "try again later");
    let gone = false;
    const onGone = (): void => void (gone = true);
    socket.on("error", onGone).on("close", onGone);
    pending++;
    void found
      .catch((): UpgradeAnswer => ({ accept: false, status: 500, reason: "internal error" }))
      .then((answer) => {
        pending--;
        if (gone) return;
        if (!answer.accept) return refuse(socket, answer.status, answer.reason, answer.headers);
        chosen.set(request, answer.subprotocol ?? false);
        socket.off("error", onGone).off("close", onGone);
        sockets.handleUpgrade(request, socket, head, (ws) => answer.open(fromWs(ws, true)));
      });
  }

  http.on("upgrade", onUpgrade);
  if (server === undefined) {
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject);
      http.listen(port, host, () => {
        http.off("error", reject);
        resolve();
      });
    });
  }
  return {
    get port() {
      const address = http.address() as AddressInfo | string | null;
      return typeof address === "object" ? address?.port : undefined;
    },
    add(route) {
      routes.add(route);
      return () => void routes.delete(route);
    },
    async close(withinMs = 5_000) {
      closed = true;
      const ended = server === undefined ? new Promise<void>((resolve) => http.close(() => resolve())) : undefined;
      await Promise.all([...routes].map((route) => route.drain(withinMs)));
      http.off("upgrade", onUpgrade);
      if (ended === undefined) return;
      http.closeAllConnections();
      await ended;
    },
  };
}

/**
 * Sockets of `ws` for clients: they send headers and pings, and stop reading while nobody takes what comes.
 *
 * @example await connectChat("wss://chat.example.com", { room: "lobby" }, { socket: wsSocket });
 */
export const wsSocket: SocketFactory = ({ url, subprotocols, headers, maxMessageBytes }) =>
  fromWs(
    new WebSocket(url, [...subprotocols], { headers, maxPayload: maxMessageBytes, perMessageDeflate: false }),
    false,
  );

function readRequest(request: IncomingMessage): UpgradeRequest {
  const [path = "/", query = ""] = splitOnce(request.url ?? "/", "?");
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const offered = headers["sec-websocket-protocol"] ?? "";
  return {
    url: request.url ?? "/",
    path,
    query: new URLSearchParams(query),
    headers,
    subprotocols: offered.split(",").flatMap((name) => name.trim() || []),
    remoteAddress: request.socket.remoteAddress,
    remotePort: request.socket.remotePort,
    secure: "encrypted" in request.socket,
  };
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function first<T, R>(items: Iterable<T>, pick: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = pick(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function refuse(
  socket: Duplex,
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = { "content-type": "text/plain; charset=utf-8" },
): void {
  const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(reason), connection: "close" });
  socket.on("error", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n` +
      `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${reason}`,
  );
}

/**
 * A wish for another protocol than WebSocket (clients of Java and curl ask for `h2c` with plain requests) may be left
 * unheard: the request goes to the HTTP server again, without it. Node's servers take every such wish for an upgrade
 * once somebody listens for one.
 */
function passOn(http: Server | TlsServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== "upgrade") lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  http.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
}

function notFound(_: IncomingMessage, response: { writeHead(status: number): { end(text: string): void } }): void {
  response.writeHead(426).end("a WebSocket is expected here\n");
}
