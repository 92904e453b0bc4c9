import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A way to a server that can be cut. */
export interface Proxy {
  /** The server's, by this way. */
  readonly url: string;
  /** Ends all connections. */
  cut(): void;
  /** Takes no new ones meanwhile. */
  block(on: boolean): void;
  /** What the server says is lost meanwhile. */
  mute(on: boolean): void;
  close(): void;
}

/** Opens one on a port of its own. */
export async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let blocked = false;
  let muted = false;
  const proxy: Server = createServer((socket) => {
    if (blocked) return void socket.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    socket.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      if (!muted) socket.write(chunk);
    });
    upstream.on("end", () => socket.end());
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const credentials = target.username === "" ? "" : `${target.username}:${target.password}@`;
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `${target.protocol}//${credentials}127.0.0.1:${port}${target.pathname}`,
    cut,
    block: (on) => {
      blocked = on;
    },
    mute: (on) => {
      muted = on;
    },
    close: () => {
      cut();
      proxy.close();
    },
  };
}
