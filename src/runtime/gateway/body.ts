import { ByteCollector, Code, RpcError, isRpcError } from "../rpc/index.js";
import { type HttpError, invalid, tooLarge } from "./errors.js";

/** Where the bytes of a request body come from. */
export type RequestBody = Uint8Array | BodySource | undefined;

/**
 * A body that is still on its way. Adapters may offer a faster way to have all of it. What it throws is taken for a
 * client that went away before it had sent all, which cancels the call; an `RpcError` is taken as it is.
 */
export interface BodySource extends AsyncIterable<Uint8Array> {
  /** All bytes; `undefined` as soon as there are more than `limit`. */
  readonly collect?: (limit: number) => Promise<Uint8Array | undefined>;
}

/** The whole body. @throws {HttpError} 413 before more than `limit` bytes are kept. */
export async function collectBody(body: RequestBody, limit: number, declared: number): Promise<Uint8Array> {
  if (declared > limit) throw bodyTooLarge(limit);
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) {
    if (body.length > limit) throw bodyTooLarge(limit);
    return body;
  }
  let bytes: Uint8Array | undefined;
  try {
    bytes = await (body.collect === undefined ? collect(body, limit) : body.collect(limit));
  } catch (cause) {
    throw departure(cause);
  }
  if (bytes === undefined) throw bodyTooLarge(limit);
  return bytes;
}

async function collect(body: BodySource, limit: number): Promise<Uint8Array | undefined> {
  const all = new ByteCollector();
  for await (const chunk of body) {
    if (all.size + chunk.length > limit) return undefined;
    all.push(chunk);
  }
  return all.take();
}

/** The texts of a newline-delimited body, blank lines left out. @throws {HttpError} 413 when one is over `limit`. */
export async function* readLines(body: RequestBody, limit: number): AsyncGenerator<string, void, undefined> {
  const pending = new ByteCollector();
  for await (const chunk of chunksOf(body)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (pending.size + end - start > limit) throw bodyTooLarge(limit);
      pending.push(chunk.subarray(start, end));
      const line = decodeText(pending.take());
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    if (pending.size + chunk.length - start > limit) throw bodyTooLarge(limit);
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  const line = decodeText(pending.take());
  if (line.trim() !== "") yield line;
}

/** The pieces of a body as they come. */
export async function* chunksOf(body: RequestBody): AsyncGenerator<Uint8Array, void, undefined> {
  if (body instanceof Uint8Array) {
    yield body;
  } else if (body !== undefined) {
    try {
      yield* body;
    } catch (cause) {
      throw departure(cause);
    }
  }
}

/** A client that is gone hears no answer, and it is no fault of ours to tell anybody of. */
function departure(cause: unknown): RpcError {
  return isRpcError(cause) ? cause : new RpcError(Code.CANCELLED, "the client has gone", { cause });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws {HttpError} 400 when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalid("the body is not valid UTF-8");
  }
}

function bodyTooLarge(limit: number): HttpError {
  // the rest of the body is not read, so the connection cannot serve another request
  return tooLarge("the body", limit, { connection: "close" });
}
