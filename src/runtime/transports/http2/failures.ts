import type { Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { codeOf, lineOf, opensslReason } from "../../grpc/index.js";

/** A connection to a server that did not come about, or that was given up for what came over it. */
export interface ConnectionFailure {
  /** Address of the other side, `127.0.0.1:50051`. */
  readonly peer: string;
  /** In one line: `the client shows no certificate`. */
  readonly reason: string;
  /** What Node says. */
  readonly cause: Error;
}

/**
 * Hears of connections that failed. They are the doing of others, and as many as those like: log with a limit.
 *
 * @example ({ peer, reason }) => logger.warn({ peer }, reason)
 */
export type ConnectionFailureListener = (failure: ConnectionFailure) => void;

/** The address of the other side; empty where there is none, or no more. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? "" : `${remoteAddress}:${remotePort}`;
}

/** Tells of handshakes of TLS that failed. Connections that end without a word are none: load balancers look so. */
export function watchHandshakes(server: Server, tell: ConnectionFailureListener): void {
  const shaking = new Map<string, Socket>();
  /** Those that were closed in this very turn: node tells of some failures after that, and has forgotten the address. */
  const gone = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    shaking.set(peer, socket);
    socket.once("close", () => {
      if (shaking.get(peer) !== socket) return;
      shaking.delete(peer);
      gone.set(peer, socket);
      setImmediate(() => gone.delete(peer));
    });
  });
  server.on("secureConnection", (socket: TLSSocket) => shaking.delete(peerOf(socket)));
  server.on("tlsClientError", (cause: Error, socket: TLSSocket) => {
    const known = peerOf(socket);
    const [[peer, raw] = [known, shaking.get(known)]] = known === "" ? gone : [];
    shaking.delete(peer);
    gone.delete(peer);
    if (raw?.bytesRead !== 0) tell({ peer, reason: handshakeReason(cause, socket), cause });
  });
}

const handshakes: readonly (readonly [RegExp, string])[] = [
  [/peer did not return a certificate/, "the client shows no certificate"],
  [
    /alert (unknown ca|bad certificate|certificate \w+|unsupported certificate)/,
    "the client does not trust the server's certificate",
  ],
  [/wrong version number|http request|unknown protocol|packet length too long/, "the client does not speak TLS"],
  [/no application protocol/, "the client agrees on no version of HTTP (ALPN)"],
  [/protocol version|unsupported protocol/, "the client speaks no version of TLS that is spoken here"],
];

function handshakeReason(error: Error, { authorizationError }: TLSSocket): string {
  // node's types have it as an error, and it is a code
  if (authorizationError) return `the client's certificate is not trusted (${String(authorizationError)})`;
  const words = opensslReason(error);
  if (words !== undefined) {
    const [, meaning = "the handshake of TLS failed"] = handshakes.find(([pattern]) => pattern.test(words)) ?? [];
    return `${meaning} (${words})`;
  }
  if (codeOf(error) === "ECONNRESET")
    return "the client broke off the handshake; it may not trust the server's certificate";
  return lineOf(error);
}

/** Why a connection was given up after its handshake; undefined where the client merely went away. */
export function sessionReason(error: Error): string | undefined {
  const code = codeOf(error);
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  return code === "ERR_HTTP2_ERROR" ? `what the client says is no HTTP/2: ${lineOf(error)}` : lineOf(error);
}
