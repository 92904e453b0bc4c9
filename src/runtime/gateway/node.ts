import type { IncomingMessage, ServerResponse } from "node:http";
import { ByteCollector } from "../rpc/index.js";
import type { BodySource } from "./body.js";
import type { Gateway, GatewayResponse } from "./gateway.js";
import { peerText } from "./peer.js";

/**
 * The gateway as a listener of `node:http` and `node:https` servers.
 *
 * @example http.createServer(toNodeListener(gateway)).listen(8080);
 */
export function toNodeListener(gateway: Gateway): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const signal = disconnectSignal(response);
    gateway
      .handle({
        method: request.method ?? "GET",
        url: request.url ?? "/",
        headers: request.headers,
        body: nodeBody(request),
        signal,
        peer: peerOf(request),
      })
      .then((result) => send(request.method === "HEAD", response, result))
      // a response that cannot be completed must not look complete
      .catch(() => response.destroy());
  };
}

/** Aborts when the connection closes before the response is complete. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(new Error("the client has gone"));
  });
  return controller.signal;
}

/** The address of a request's other side. */
export function peerOf(request: IncomingMessage): string {
  return peerText(request.socket.remoteAddress, request.socket.remotePort);
}

/** The body of a `node:http` request; collected through events, which cost less than an iterator. */
export function nodeBody(request: IncomingMessage): BodySource {
  return {
    [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
    collect: (limit) =>
      new Promise((resolve, reject) => {
        const all = new ByteCollector();
        const onData = (chunk: Uint8Array): void => {
          if (all.size + chunk.length <= limit) {
            all.push(chunk);
          } else {
            request.off("data", onData);
            request.pause();
            resolve(undefined);
          }
        };
        request.on("data", onData);
        request.once("end", () => resolve(all.take()));
        request.once("error", reject);
        request.once("close", () => reject(new Error("the client has gone")));
      }),
  };
}

async function send(
  head: boolean,
  response: ServerResponse,
  { status, headers, body }: GatewayResponse,
): Promise<void> {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return sendStream(response, status, headers, body);
  if (response.destroyed) return;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  const empty = status === 204 || status === 304;
  response.writeHead(status, empty ? headers : { ...headers, "content-length": length });
  response.end(head ? undefined : body);
}

/** Sends pieces as they come, the headers at once, as fast as the client reads. */
export async function sendStream(
  response: ServerResponse,
  status: number,
  headers: GatewayResponse["headers"],
  body: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  if (response.destroyed) return discard(body);
  response.writeHead(status, headers);
  response.flushHeaders();
  for await (const chunk of body) {
    if (response.destroyed) break;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** Lets a stream that nobody reads give back what it holds. */
async function discard(body: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const _ of body) break;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
