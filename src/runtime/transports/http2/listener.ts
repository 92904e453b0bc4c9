import { createServer as createNetServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { Clock } from "../../context/index.js";

/** Who takes connections, by the version of HTTP that they speak. */
export interface ConnectionTakers {
  readonly http2: (socket: Socket) => void;
  /** Undefined: whoever speaks HTTP/1.1 hears nothing. */
  readonly http1: ((socket: Socket) => void) | undefined;
}

/** What listens. */
export interface Listener {
  readonly server: Server;
  /** Connections on which nothing was said yet, and which nobody would miss. */
  readonly silent: ReadonlySet<Socket>;
}

/** How long a connection may say nothing. */
export interface HelloRules {
  /** Of handshakes of TLS too, which Node times itself. */
  readonly helloTimeoutMs: number;
  readonly clock: Clock;
}

/** How requests of HTTP/1.1 begin. What begins otherwise is HTTP/2 (`PRI`), or learns from it that it is not. */
const methods: ReadonlySet<string> = new Set(["GET", "POS", "OPT", "HEA", "PUT", "PAT", "DEL"]);

/**
 * A listener for both versions of HTTP on one port. With TLS the two sides agree on one; in plain text, and where a
 * client offers none, its first bytes tell.
 */
export function createListener(
  tls: TlsOptions | undefined,
  takers: ConnectionTakers,
  { helloTimeoutMs, clock }: HelloRules,
): Listener {
  const silent = new Set<Socket>();
  const tell = (socket: Socket): void => {
    silent.add(socket);
    readPreface(socket, takers, { helloTimeoutMs, clock, onOver: () => silent.delete(socket) });
  };
  if (tls === undefined) return { server: createNetServer({ noDelay: true }, tell), silent };
  const ALPNProtocols = takers.http1 === undefined ? ["h2"] : ["h2", "http/1.1"];
  const listener = createTlsServer({ handshakeTimeout: helloTimeoutMs, ...tls, ALPNProtocols });
  // node tells of handshakes that take too long, and leaves the connection; who listens finds its address still there
  listener.on("tlsClientError", (_, socket: TLSSocket) => setImmediate(() => socket.destroy()));
  listener.on("secureConnection", (socket: TLSSocket) => {
    socket.setNoDelay(true);
    if (socket.alpnProtocol === "h2") takers.http2(socket);
    else tell(socket);
  });
  return { server: listener, silent };
}

interface PrefaceRules extends HelloRules {
  /** It said something, or is gone. */
  readonly onOver: () => void;
}

/** Gives a connection to who speaks its version of HTTP, with nothing read from it. */
function readPreface(
  socket: Socket,
  { http1, http2 }: ConnectionTakers,
  { helloTimeoutMs, clock, onOver }: PrefaceRules,
): void {
  const cancel = clock.after(helloTimeoutMs, () => socket.destroy());
  const forget = (): void => {
    cancel();
    onOver();
    socket.off("readable", read);
    socket.off("error", lost);
    socket.off("close", forget);
  };
  // the connection goes by itself
  const lost = (): void => {};
  const read = (): void => {
    const head = socket.read(3) as Buffer | null;
    if (head === null) {
      if (socket.readableEnded) socket.destroy();
      return;
    }
    forget();
    socket.unshift(head);
    if (!methods.has(head.toString("latin1"))) http2(socket);
    else if (http1 !== undefined) http1(socket);
    else socket.destroy();
  };
  socket.on("readable", read);
  socket.on("error", lost);
  socket.on("close", forget);
}
