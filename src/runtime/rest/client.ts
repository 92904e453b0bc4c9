import type { SocketFactory } from "../channels/socket.js";
import { toBase64 } from "../wire/base64.js";
import type { JsonOptions, JsonValue, TypeRegistry } from "../wire/index.js";
import { RestCode, RestError, errorOfStatus } from "./error.js";
import { readFrame, readValue } from "./frame.js";
import { failureOf, lifeOf } from "./life.js";
import { type PreparedRequest, headersOf, prepareRequest } from "./request.js";
import type { RestRoute } from "./route.js";

/** The part of `fetch` that a client uses. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: string | Uint8Array<ArrayBuffer>;
    signal: AbortSignal;
  },
) => Promise<FetchResponse>;

/** The part of a `Response` that a client uses. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): FetchReader } | null;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface FetchReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/**
 * Settings of a REST client.
 *
 * @example
 * const users = createUserServiceRestClient("https://api.example.com", {
 *   headers: async () => ({ authorization: `Bearer ${await token()}` }),
 * });
 */
export interface RestClientOptions {
  /** In place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /**
   * Opens the WebSockets of methods that stream both ways; the global WebSocket by default, which Node has from 22 on.
   * `wsSocket` of `@wirespan/runtime/channels/ws` elsewhere.
   */
  readonly socket?: SocketFactory | undefined;
  /** Sent with every request; a function is asked for each. */
  readonly headers?: RestHeaders | (() => RestHeaders | Promise<RestHeaders>) | undefined;
  /** Milliseconds for each call; for a stream, to its end. */
  readonly timeoutMs?: number | undefined;
  /** The types that `google.protobuf.Any` may hold. */
  readonly registry?: TypeRegistry | undefined;
  /** False: a field that the contract does not know is an error. True by default, for servers may be newer. */
  readonly ignoreUnknownFields?: boolean | undefined;
}

export type RestHeaders = Readonly<Record<string, string>>;

/**
 * Settings of one call.
 *
 * @example await users.getUser({ id }, { timeoutMs: 500, headers: { "x-request-id": requestId } });
 */
export interface RestCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; in place of the client's. */
  readonly timeoutMs?: number | undefined;
  readonly headers?: RestHeaders | undefined;
  /** Receives status and headers of the response before its body is read. Not of a WebSocket, which tells none. */
  readonly onResponse?: ((response: RestResponseHead) => void) | undefined;
}

/** What comes before the body of a response. */
export interface RestResponseHead {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/** What generated clients call. */
export interface RestClient {
  unary<I, O>(route: RestRoute<I, O>, request: I, options?: RestCallOptions): Promise<O>;
  /** Leaving the iteration early cancels the request. */
  serverStream<I, O>(route: RestRoute<I, O>, request: I, options?: RestCallOptions): AsyncIterable<O>;
  /** The messages are collected before they are sent: browsers cannot stream a request body. */
  clientStream<I, O>(
    route: RestRoute<I, O>,
    requests: AsyncIterable<I> | Iterable<I>,
    options?: RestCallOptions,
  ): Promise<O>;
}

/** A client below a base URL, whose path stays in front of the contract's paths. */
export function createRestClient(baseUrl: string, options: RestClientOptions = {}): RestClient {
  const base = baseUrl.replace(/\/+$/, "");
  const { registry, ignoreUnknownFields = true } = options;
  const json: JsonOptions = { registry, ignoreUnknownFields };
  // looked up at every call, so that a test or a polyfill can replace it
  const send: Fetch = options.fetch ?? ((url, init) => fetch(url, init));

  return {
    async unary(route, request, callOptions = {}) {
      const prepared = prepareRequest(route, request, json);
      return exchange(route, prepared, callOptions, (response) => readMessage(route, response, json));
    },
    async *serverStream(route, request, callOptions = {}) {
      const prepared = prepareRequest(route, request, json);
      const life = lifeOf(callOptions, options.timeoutMs);
      try {
        const response = await begin(route, prepared, callOptions, life.signal);
        for await (const value of readStream(route, response)) yield readValue(route, value, json);
      } catch (error) {
        throw failureOf(route, error, life);
      } finally {
        life.end();
      }
    },
    async clientStream(route, requests, callOptions = {}) {
      let first: PreparedRequest | undefined;
      const parts: (string | Uint8Array)[] = [];
      for await (const request of requests) {
        const prepared = prepareRequest(route, request, json);
        first ??= prepared;
        if (prepared.target !== first.target) {
          const message = `${route.name}: all messages of a stream share one URL, ${first.target} and ${prepared.target} differ`;
          throw new RestError(RestCode.INVALID_ARGUMENT, message);
        }
        parts.push(prepared.body ?? "{}");
      }
      if (first === undefined) {
        throw new RestError(RestCode.INVALID_ARGUMENT, `${route.name}: a stream without messages has no URL`);
      }
      const raw = route.rawBody === true;
      const contentType = raw ? first.contentType : "application/x-ndjson";
      const prepared = { target: first.target, contentType, body: raw ? joinBytes(parts) : joinLines(parts) };
      return exchange(route, prepared, callOptions, (response) => readMessage(route, response, json));
    },
  };

  async function exchange<I, O>(
    route: RestRoute<I, O>,
    prepared: PreparedRequest,
    callOptions: RestCallOptions,
    read: (response: FetchResponse) => Promise<O>,
  ): Promise<O> {
    const life = lifeOf(callOptions, options.timeoutMs);
    try {
      return await read(await begin(route, prepared, callOptions, life.signal));
    } catch (error) {
      throw failureOf(route, error, life);
    } finally {
      life.end();
    }
  }

  async function begin(
    route: RestRoute<never, unknown>,
    { target, contentType, body }: PreparedRequest,
    { headers, onResponse }: RestCallOptions,
    signal: AbortSignal,
  ): Promise<FetchResponse> {
    const response = await send(base + target, {
      method: route.verb,
      headers: {
        accept: "application/json, application/x-ndjson",
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(await headersOf(options, headers)),
      },
      // sound because these bytes were made here, over a buffer of their own
      ...(body === undefined ? {} : { body: body as string | Uint8Array<ArrayBuffer> }),
      signal,
    });
    onResponse?.(response);
    if (response.status >= 200 && response.status < 300) return response;
    throw errorOfStatus(parseOrUndefined(await response.text()), response.status);
  }
}

function joinLines(parts: readonly (string | Uint8Array)[]): string {
  return parts.map((part) => `${typeof part === "string" ? part : "{}"}\n`).join("");
}

function joinBytes(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const all = parts.filter((part) => typeof part !== "string");
  const bytes = new Uint8Array(all.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function readMessage<O>(route: RestRoute<never, O>, response: FetchResponse, options: JsonOptions): Promise<O> {
  if (route.rawResponse === true) {
    const data = toBase64(new Uint8Array(await response.arrayBuffer()));
    return readValue(route, { contentType: response.headers.get("content-type") ?? "", data }, options);
  }
  const text = await response.text();
  if (text === "") return route.output.create();
  if (route.responseBody === undefined) return route.output.fromJsonString(text, options);
  return readValue(route, JSON.parse(text) as JsonValue, options);
}

/** The values of a stream of lines. */
async function* readStream(route: RestRoute<never, unknown>, response: FetchResponse): AsyncGenerator<JsonValue> {
  const contentType = response.headers.get("content-type") ?? "";
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let over = false;
  try {
    if (route.rawResponse === true) {
      for (let step = await reader.read(); !step.done; step = await reader.read()) {
        if (step.value !== undefined) yield { contentType, data: toBase64(step.value) };
      }
      over = true;
      return;
    }
    const decoder = new TextDecoder();
    let pending = "";
    while (!over) {
      const step = await reader.read();
      over = step.done;
      pending += step.value === undefined ? decoder.decode() : decoder.decode(step.value, { stream: true });
      const lines = pending.split("\n");
      pending = over ? "" : (lines.pop() ?? "");
      for (const line of lines) if (line.trim() !== "") yield readFrame(line, response.status);
    }
  } finally {
    if (!over) await reader.cancel().catch(() => {});
  }
}

function parseOrUndefined(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
