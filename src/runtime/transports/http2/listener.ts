import { createServer as createNetServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";

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

/** How requests of HTTP/1.1 begin. What begins otherwise is HTTP/2 (`PRI`), or learns from it that it is not. */
const methods: ReadonlySet<string> = new Set(["GET", "POS", "OPT", "HEA", "PUT", "PAT", "DEL"]);

/**
 * A listener for both versions of HTTP on one port. With TLS the two sides agree on one; in plain text, and where a
 * client offers none, its first bytes tell.
 */
export function createListener(
  tls: TlsOptions | undefined,
  takers: ConnectionTakers,
  helloTimeoutMs: number,
): Listener {
  const silent = new Set<Socket>();
  const tell = (socket: Socket): void => {
    silent.add(socket);
    readPreface(socket, takers, { withinMs: helloTimeoutMs, onOver: () => silent.delete(socket) });
  };
  if (tls === undefined) return { server: createNetServer({ noDelay: true }, tell), silent };
  const ALPNProtocols = takers.http1 === undefined ? ["h2"] : ["h2", "http/1.1"];
  const listener = createTlsServer({ handshakeTimeout: helloTimeoutMs, ...tls, ALPNProtocols });
  listener.on("secureConnection", (socket: TLSSocket) => {
    socket.setNoDelay(true);
    if (socket.alpnProtocol === "h2") takers.http2(socket);
    else tell(socket);
  });
  return { server: listener, silent };
}

interface PrefaceRules {
  readonly withinMs: number;
  /** It said something, or is gone. */
  readonly onOver: () => void;
}

/** Gives a connection to who speaks its version of HTTP, with nothing read from it. */
function readPreface(socket: Socket, { http1, http2 }: ConnectionTakers, { withinMs, onOver }: PrefaceRules): void {
  const timer = setTimeout(() => socket.destroy(), withinMs).unref();
  const forget = (): void => {
    clearTimeout(timer);
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
