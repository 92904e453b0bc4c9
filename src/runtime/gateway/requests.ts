import { Code, RpcError } from "../rpc/index.js";
import type { JsonValue } from "../wire/index.js";
import { type RequestBody, chunksOf, collectBody, decodeText, readLines } from "./body.js";
import { HttpError } from "./errors.js";
import { type RequestHeaders, headerOf, isUtf8, mediaType } from "./headers.js";
import type { ResolvedRoute } from "./template.js";
import type { RequestReader } from "./transcode.js";

/** A request whose route is known. */
export interface MatchedRequest {
  readonly route: ResolvedRoute;
  readonly read: RequestReader;
  /** Of the path, percent-encoded. */
  readonly segments: readonly string[];
  readonly query: string;
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  /** The most bytes of a body, or of one message of a streamed body. */
  readonly limit: number;
}

/** The only request message. @throws {HttpError} when the request does not fit the contract. */
export async function readRequest(request: MatchedRequest): Promise<unknown> {
  const { route, read, segments, query, headers } = request;
  if (route.body === undefined) return read({ segments, query, text: undefined, raw: undefined });
  const declared = Number(headerOf(headers, "content-length") ?? 0);
  const bytes = await collectBody(request.body, request.limit, declared);
  const contentType = headerOf(headers, "content-type");
  if (route.body.raw === true) return read({ segments, query, text: undefined, raw: rawBody(contentType, bytes) });
  if (bytes.length === 0) return read({ segments, query, text: undefined, raw: undefined });
  requireType(contentType, isJson, "application/json");
  return read({ segments, query, text: decodeText(bytes), raw: undefined });
}

/**
 * The messages of a streamed body: one per line, or one per piece where the body is bytes. `onError` hears what was
 * wrong with the body, which a handler may never tell.
 */
export async function* readRequests(
  request: MatchedRequest,
  onError: (error: unknown) => void,
): AsyncGenerator<unknown, void, undefined> {
  const { route, read, segments, query, headers } = request;
  try {
    const contentType = headerOf(headers, "content-type");
    if (route.body?.raw === true) {
      for await (const chunk of chunksOf(request.body)) {
        yield read({ segments, query, text: undefined, raw: rawBody(contentType, chunk) });
      }
      return;
    }
    requireType(contentType, isLines, "application/x-ndjson");
    for await (const text of readLines(request.body, request.limit)) {
      yield read({ segments, query, text, raw: undefined });
    }
  } catch (error) {
    onError(error);
    throw error instanceof HttpError ? new RpcError(error.code, error.message) : error;
  }
}

/** Bytes as the JSON form of `google.api.HttpBody`. */
function rawBody(contentType: string | undefined, bytes: Uint8Array): JsonValue {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  return { contentType: contentType ?? "", data };
}

function requireType(contentType: string | undefined, takes: (type: string) => boolean, wanted: string): void {
  const type = mediaType(contentType);
  const known = type === "" || takes(type);
  // a client that says nothing gets the benefit of the doubt
  if (known && isUtf8(contentType)) return;
  const given = known ? `the charset of ${contentType}` : type;
  throw new HttpError(415, Code.INVALID_ARGUMENT, `the body must be ${wanted} in UTF-8, not ${given}`);
}

function isJson(type: string): boolean {
  return type === "application/json" || type === "text/json" || type.endsWith("+json");
}

function isLines(type: string): boolean {
  return isJson(type) || ["application/x-ndjson", "application/ndjson", "application/jsonl"].includes(type);
}
