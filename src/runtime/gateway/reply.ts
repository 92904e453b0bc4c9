import type { MessageType, JsonOptions, JsonValue, TypeRegistry } from "../wire/index.js";
import { type Reply, RpcError } from "../rpc/index.js";
import type { HttpError } from "./errors.js";
import { fieldOf } from "./json.js";
import type { GatewayResponse } from "./gateway.js";
import type { ResolvedRoute } from "./template.js";
import { responseHeaders } from "./headers.js";
import { statusJson } from "./status.js";
import { systemClock } from "../context/index.js";

/** What is needed to turn replies of one route into responses. */
export interface ReplyContext {
  readonly route: ResolvedRoute;
  readonly output: MessageType<unknown, never>;
  readonly json: JsonOptions;
}

/** How a stream of messages is framed. */
export type StreamFormat = "ndjson" | "sse";

/** Milliseconds a stream may take to its first message before the headers go out without it. */
const headerGraceMs = 1000;

/** The response of a method with one response message. @throws {RpcError} when the call failed. */
export async function unaryResponse(context: ReplyContext, reply: Reply<unknown>): Promise<GatewayResponse> {
  const message = await reply.messages.one();
  const { route, output, json } = context;
  const status = route.status ?? 200;
  const headers = responseHeaders(reply.header);
  if (route.responseBody?.raw !== undefined) {
    const raw = httpBody(message, route.responseBody.raw);
    headers["content-type"] = raw.contentType;
    return { status, headers, body: raw.data };
  }
  headers["content-type"] = "application/json";
  if (route.responseBody === undefined && route.location === undefined) {
    const body = hasBody(status) ? output.toJsonString(initOf(message), json) : "";
    return { status, headers, body };
  }
  const value = output.toJson(initOf(message), json);
  const location = route.location === undefined ? undefined : locationOf(route.location, value);
  if (location !== undefined) headers["location"] = location;
  return { status, headers, body: hasBody(status) ? JSON.stringify(partOf(context, value)) : "" };
}

/** A reply's message as its codec takes it: sound because method and codec come from one contract. */
function initOf(message: unknown): never {
  return message as never;
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 205;
}

/** The part of a message that is the body. */
function partOf({ route }: ReplyContext, value: JsonValue): JsonValue {
  const part = route.responseBody;
  return part === undefined || part.json === "*" ? value : (fieldOf(value, part.json) ?? part.empty);
}

/** Fills a `Location` template; undefined when a field it needs is empty. A resource name keeps its slashes. */
function locationOf(template: NonNullable<ResolvedRoute["location"]>, value: JsonValue): string | undefined {
  let text = "";
  for (const part of template) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    let field: JsonValue | undefined = value;
    for (const name of part) field = fieldOf(field, name);
    if (field === undefined || field === null || field === "" || typeof field === "object") return undefined;
    text += encodeURIComponent(String(field)).replace(/%2F/g, "/");
  }
  return text;
}

/** The `google.api.HttpBody` at a path of properties; an absent one is empty. */
function httpBody(message: unknown, path: readonly string[]): { contentType: string; data: Uint8Array } {
  let value = message;
  for (const name of path) value = propertyOf(value, name);
  const contentType = propertyOf(value, "contentType");
  const data = propertyOf(value, "data");
  const usable = typeof contentType === "string" && /^[\x21-\x7e][\x20-\x7e]*$/.test(contentType);
  return {
    contentType: usable ? contentType : "application/octet-stream",
    data: data instanceof Uint8Array ? data : new Uint8Array(),
  };
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * The response of a method that streams messages. A failure before the first of them still sets the status, so the
 * headers wait for it, but not for long: who subscribes to something quiet must know that it worked.
 * @throws {RpcError} when the call failed before its first message.
 */
export async function streamResponse(
  context: ReplyContext,
  pending: Promise<Reply<unknown>>,
  format: StreamFormat,
): Promise<GatewayResponse> {
  const stream = beginStream(pending);
  const begun = await settlesWithin(stream, headerGraceMs);
  const raw = context.route.responseBody?.raw;
  // the content type of bytes is in the first message
  const start = begun || raw !== undefined ? await stream : undefined;
  const status = context.route.status ?? 200;
  const headers = start === undefined ? {} : responseHeaders(start.reply.header);
  if (raw !== undefined && start !== undefined) {
    const { first, iterator } = start;
    headers["content-type"] = first.done === true ? "application/octet-stream" : httpBody(first.value, raw).contentType;
    return { status, headers, body: rawFrames(iterator, first, raw) };
  }
  headers["content-type"] = format === "sse" ? "text/event-stream" : "application/x-ndjson";
  headers["cache-control"] = "no-cache";
  // proxies that buffer would hold messages back
  headers["x-accel-buffering"] = "no";
  return { status, headers, body: frames(context, stream, format) };
}

/** A reply with its first step taken. */
interface BegunStream {
  readonly reply: Reply<unknown>;
  readonly iterator: AsyncIterator<unknown>;
  readonly first: IteratorResult<unknown>;
}

async function beginStream(pending: Promise<Reply<unknown>>): Promise<BegunStream> {
  const reply = await pending;
  const iterator = reply.messages[Symbol.asyncIterator]();
  return { reply, iterator, first: await iterator.next() };
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let cancel: () => void = () => {};
  const late = new Promise<boolean>((resolve) => (cancel = systemClock.after(ms, () => resolve(false))));
  const settled = promise.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, late]);
  cancel();
  return result;
}

async function* frames(
  context: ReplyContext,
  stream: Promise<BegunStream>,
  format: StreamFormat,
): AsyncGenerator<string, void, undefined> {
  let open: AsyncIterator<unknown> | undefined;
  try {
    const { first, iterator } = await stream;
    open = iterator;
    let step = first;
    while (step.done !== true) {
      yield messageFrame(context, step.value, format);
      step = await iterator.next();
    }
    open = undefined;
    // an EventSource that is not told would connect again and repeat the call
    if (format === "sse") yield "event: end\ndata: {}\n\n";
  } catch (error) {
    const failure = RpcError.from(error);
    const { registry } = context.json;
    yield format === "sse"
      ? `event: error\ndata: ${JSON.stringify(statusJson(failure, registry))}\n\n`
      : `${errorText(failure, registry)}\n`;
  } finally {
    await open?.return?.();
  }
}

function messageFrame(context: ReplyContext, message: unknown, format: StreamFormat): string {
  return format === "sse" ? `data: ${messageText(context, message)}\n\n` : `${resultText(context, message)}\n`;
}

function messageText(context: ReplyContext, message: unknown): string {
  const { route, output, json } = context;
  return route.responseBody === undefined
    ? output.toJsonString(initOf(message), json)
    : JSON.stringify(partOf(context, output.toJson(initOf(message), json)));
}

/** A message of a stream, `{"result":…}`. */
export function resultText(context: ReplyContext, message: unknown): string {
  return `{"result":${messageText(context, message)}}`;
}

/** The failure that ends a stream, `{"error":…}`. */
export function errorText(error: HttpError | RpcError, registry: TypeRegistry | undefined): string {
  return `{"error":${JSON.stringify(statusJson(error, registry))}}`;
}

async function* rawFrames(
  iterator: AsyncIterator<unknown>,
  initial: IteratorResult<unknown>,
  raw: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let step = initial;
  try {
    while (step.done !== true) {
      yield httpBody(step.value, raw).data;
      step = await iterator.next();
    }
  } finally {
    if (step.done !== true) await iterator.return?.();
  }
}
