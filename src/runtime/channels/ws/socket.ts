import type { RawData, WebSocket } from "ws";
import type { DuplexSocket } from "../socket.js";

/** A socket of `ws` behind the interface of channels. @param open It is open already. */
export function fromWs(ws: WebSocket, open: boolean): DuplexSocket {
  return {
    get bufferedAmount() {
      return ws.bufferedAmount;
    },
    get protocol() {
      return ws.protocol;
    },
    listen(listener) {
      ws.on("message", (data, isBinary) => {
        const bytes = bytesOf(data);
        listener.message(isBinary ? bytes : bytes.toString("utf8"));
      });
      ws.on("pong", () => listener.pong());
      ws.on("ping", () => listener.pong());
      ws.on("error", (error) => listener.failed(error));
      ws.on("unexpected-response", (request, response) => {
        const status = response.statusCode ?? 0;
        listener.failed(new Error(`status ${status}`), status);
        request.destroy();
        ws.terminate();
      });
      ws.on("close", (code, reason) => listener.close(code, reason.toString("utf8")));
      if (open) listener.open();
      else ws.on("open", () => listener.open());
    },
    send: (data, written) =>
      ws.send(data, () => {
        // an error ends the socket, which is told elsewhere
        written?.();
      }),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
    ping() {
      if (ws.readyState === ws.OPEN) ws.ping();
    },
    pause: () => ws.pause(),
    resume: () => ws.resume(),
  };
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
