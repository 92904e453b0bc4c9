import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import {
  reasonOf,
  ResetCode,
  type HttpEvents,
  type HttpFields,
  type HttpHeaders,
  type HttpServerStream,
  type ResponseRest,
  type HttpStream,
} from "../../grpc/index.js";
import { Code, RpcError } from "../../rpc/index.js";

/** How long a client has to end its request by itself after the response was sent; then the connection goes. */
const stopAfterMs = 2_000;

/** A request that came in over HTTP/1.1, behind the interface of the protocols. */
export class Http1ServerStream implements HttpServerStream {
  readonly headers: HttpFields;
  readonly peer: string;
  readonly certificate: HttpServerStream["certificate"];
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #events: HttpEvents | undefined;
  #ended = false;
  #paused = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    peer: string,
    certificate: HttpServerStream["certificate"],
  ) {
    this.#request = request;
    this.#response = response;
    this.peer = peer;
    this.certificate = certificate;
    this.headers = [":method", request.method ?? "", ":path", targetOf(request), ...lowerCase(request.rawHeaders)];
  }

  /** The client has not sent all of its request, and is not held back. */
  get expectsMore(): boolean {
    return !this.#ended && !this.#paused && !this.#response.writableEnded;
  }

  listen(events: HttpEvents): void {
    this.#events = events;
    const request = this.#request;
    const response = this.#response;
    let cause: Error | undefined;
    const failed = (error: Error): void => void (cause = error);
    request.on("data", (bytes: Buffer) => events.onData(bytes));
    request.on("end", () => {
      this.#ended = true;
      events.onEnd();
    });
    request.on("error", failed);
    response.on("error", failed);
    response.on("drain", () => events.onDrain());
    response.on("close", () => {
      const done = response.writableFinished;
      this.#close(done ? ResetCode.NO_ERROR : ResetCode.CANCEL, done ? undefined : cause);
    });
  }

  /** The connection is gone. */
  lost(): void {
    this.#close(ResetCode.CANCEL, undefined);
  }

  respond(headers: HttpHeaders, rest: ResponseRest): void {
    const { ":status": status, ...fields } = headers;
    if (this.#response.destroyed || this.#response.headersSent) return;
    this.#response.writeHead(Number(status), fields);
    if (rest === "nothing") this.#finish();
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.destroyed || this.#response.write(bytes);
  }

  end(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.write(bytes);
    this.#finish();
  }

  /** There are none in HTTP/1.1 that a client would look at: what ends a call is in its body. */
  endWith(): void {
    this.#finish();
  }

  pause(): void {
    this.#paused = true;
    this.#request.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#request.resume();
  }

  reset(): void {
    this.#response.destroy();
  }

  #close(code: number, cause: Error | undefined): void {
    const events = this.#events;
    this.#events = undefined;
    events?.onClose(code, cause);
  }

  #finish(): void {
    const response = this.#response;
    if (response.destroyed) return;
    response.end();
    if (this.#ended) return;
    // not at once: a client that is cut off while it sends may not read what was sent to it
    const timer = setTimeout(() => this.#request.destroy(), stopAfterMs);
    this.#request.once("close", () => clearTimeout(timer));
    this.#request.once("end", () => clearTimeout(timer));
    this.#request.resume();
  }
}

/** Path and query, also of a request in the form for proxies. */
function targetOf({ url = "/" }: IncomingMessage): string {
  if (url.startsWith("/") || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function lowerCase(fields: readonly string[]): string[] {
  return fields.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}

/** A request of ours over HTTP/1.1. */
export class Http1ClientStream implements HttpStream {
  readonly peer: string;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;
  #paused = false;

  constructor(request: ClientRequest, peer: string, events: HttpEvents) {
    this.#request = request;
    this.peer = peer;
    let cause: Error | undefined;
    const failed = (error: Error): void => void (cause = error);
    request.on("response", (response) => {
      this.#response = response;
      events.onHeaders([":status", String(response.statusCode), ...lowerCase(response.rawHeaders)], false);
      response.on("data", (bytes: Buffer) => events.onData(bytes));
      // a turn later: the parser tells of messages and their end in one go, and who reads the first may want no more
      response.on("end", () => setImmediate(() => events.onEnd()));
      response.on("error", failed);
      if (this.#paused) response.pause();
    });
    request.on("error", failed);
    let connected = false;
    request.on("socket", (socket) => {
      if (request.reusedSocket) connected = true;
      else socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", () => (connected = true));
    });
    request.on("drain", () => events.onDrain());
    request.on("close", () => {
      if (this.#response?.complete === true) setImmediate(() => events.onClose(ResetCode.NO_ERROR, undefined));
      else if (connected) events.onClose(ResetCode.CANCEL, cause ?? new Error("no response"));
      else events.onClose(ResetCode.CANCEL, noConnection(peer, cause));
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#request.destroyed || this.#request.write(bytes);
  }

  end(bytes?: Uint8Array): void {
    if (!this.#request.destroyed) this.#request.end(bytes);
  }

  pause(): void {
    this.#paused = true;
    this.#response?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#response?.resume();
  }

  reset(): void {
    this.#request.destroy();
  }
}

function noConnection(to: string, cause: Error | undefined): RpcError {
  const reason = cause === undefined ? "it was given up" : reasonOf(cause);
  return new RpcError(Code.UNAVAILABLE, `no connection to ${to}: ${reason}`, { cause });
}
