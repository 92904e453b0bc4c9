import { QueueError } from "../queue/errors.js";
import { closeCodes } from "./close-codes.js";
import type { DuplexSocket, SocketFactory } from "./socket.js";
import { mayHaveHeaders } from "./target.js";

/** The global WebSocket, as far as it is used; its type is not named here, for it is not in every program's library. */
interface GlobalSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  addEventListener(type: "open", run: () => void): void;
  addEventListener(type: "message", run: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", run: (event: { readonly code: number; readonly reason: string }) => void): void;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

type GlobalConstructor = new (url: string, options?: unknown) => GlobalSocket;

/**
 * Sockets of the global `WebSocket`: of browsers, and of Node from 22 on. They cannot ping and cannot stop reading:
 * the server has to, and more than a bounded number of unread messages ends the connection.
 */
export const globalSocket: SocketFactory = ({ url, subprotocols, headers }) => {
  const { WebSocket: Socket } = globalThis as { readonly WebSocket?: GlobalConstructor };
  if (Socket === undefined) {
    throw new QueueError(
      "usage",
      "there is no global WebSocket: pass { socket: wsSocket } of @wirespan/runtime/channels/ws",
    );
  }
  const names = Object.keys(headers);
  if (names.length > 0 && !mayHaveHeaders()) {
    throw new QueueError("usage", `browsers send no headers with a WebSocket: ${names.join(", ")}`);
  }
  return fromGlobal(
    new Socket(url, names.length === 0 ? [...subprotocols] : { protocols: [...subprotocols], headers }),
  );
};

function fromGlobal(socket: GlobalSocket): DuplexSocket {
  socket.binaryType = "arraybuffer";
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    get protocol() {
      return socket.protocol;
    },
    listen(listener) {
      socket.addEventListener("open", () => listener.open());
      socket.addEventListener("message", ({ data }) =>
        listener.message(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data)),
      );
      // `error` says nothing of the cause, and this follows
      socket.addEventListener("close", ({ code, reason }) => listener.close(code, reason));
    },
    send: (data) => socket.send(data),
    // programs may use 1000 and those of applications only
    close: (code, reason) => socket.close(code === closeCodes.normal || code >= 3000 ? code : code + 3000, reason),
  };
}
