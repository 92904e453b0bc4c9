import {
  ResetCode,
  type HttpEvents,
  type HttpHeaders,
  type HttpSession,
  type HttpSessions,
  type HttpStream,
} from "../../grpc/index.js";
import { ByteCollector } from "../../rpc/index.js";

/** The part of `fetch` that a client uses. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: [string, string][];
    body?: Uint8Array<ArrayBuffer>;
    signal: AbortSignal;
  },
) => Promise<FetchResponse>;

/** The part of a `Response` that a client uses. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: {
    getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> };
  } | null;
}

/** Where a client calls, and through what. */
export interface FetchOptions {
  /** What comes before the paths of methods, `https://api.example.com` or `/rpc`. */
  readonly baseUrl: string;
  /** In place of the global `fetch`: for credentials, a proxy, tests. */
  readonly fetch?: Fetch | undefined;
}

/** Calls of `fetch` as streams. */
export function createFetchSessions({ baseUrl, fetch: given }: FetchOptions): HttpSessions {
  const base = baseUrl.replace(/\/+$/, "");
  // looked up at every call, so that a test or a polyfill can replace it
  const send: Fetch = given ?? ((url, init) => fetch(url, init));
  const session: HttpSession = {
    open: (headers, more, events) => new FetchStream(base, { ...headers, ...more }, events, send),
  };
  return { acquire: () => session, close: () => {} };
}

/** One call of `fetch`: it is made when the request has ended, with all of it. */
class FetchStream implements HttpStream {
  readonly peer: string;
  readonly #headers: HttpHeaders;
  readonly #events: HttpEvents;
  readonly #send: Fetch;
  readonly #abort = new AbortController();
  readonly #request = new ByteCollector();
  #paused = false;
  #go: () => void = () => {};
  #over = false;

  constructor(base: string, headers: HttpHeaders, events: HttpEvents, send: Fetch) {
    this.peer = base;
    this.#headers = headers;
    this.#events = events;
    this.#send = send;
  }

  write(bytes: Uint8Array): boolean {
    this.#request.push(bytes);
    return true;
  }

  end(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.#request.push(bytes);
    if (!this.#over) void this.#exchange();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#go();
  }

  reset(code: number): void {
    this.#abort.abort();
    this.#go();
    this.#close(code, undefined);
  }

  async #exchange(): Promise<void> {
    const { ":method": method, ":path": path, ...fields } = this.#headers;
    const body = this.#request.take();
    try {
      const response = await this.#send(this.peer + String(path), {
        method: String(method),
        headers: Object.entries(fields).flatMap(([name, value]) =>
          [value].flat().map((one): [string, string] => [name, one]),
        ),
        // sound because no memory of these bytes is shared with other threads
        ...(body.length === 0 ? {} : { body: body as Uint8Array<ArrayBuffer> }),
        signal: this.#abort.signal,
      });
      if (this.#over) return;
      const received = [":status", String(response.status)];
      for (const [name, value] of response.headers) {
        // fetch has dealt with it
        if (name !== "content-encoding") received.push(name, value);
      }
      this.#events.onHeaders(received, false);
      await this.#read(response);
    } catch (error) {
      this.#close(ResetCode.CANCEL, error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #read({ body }: FetchResponse): Promise<void> {
    const reader = body?.getReader();
    for (;;) {
      if (this.#paused) await new Promise<void>((resolve) => (this.#go = resolve));
      const step = await reader?.read();
      if (this.#over) return;
      if (step?.value === undefined) break;
      this.#events.onData(step.value);
    }
    this.#events.onEnd();
    this.#close(ResetCode.NO_ERROR, undefined);
  }

  #close(code: number, cause: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.onClose(code, cause);
  }
}
