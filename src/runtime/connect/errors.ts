import { decodeBytes, decodeText, encodeBytes, encodeText, statusOfHttp, trailerOf } from "../grpc/index.js";
import {
  Code,
  codeName,
  codeOfName,
  createMetadata,
  type ErrorDetail,
  type Metadata,
  type RpcStatus,
} from "../rpc/index.js";
import type { JsonObject, JsonValue } from "../wire/index.js";
import { trailersOnly } from "./fields.js";

/** The name of a code in Connect, `not_found`. */
function nameOfCode(code: Code): string {
  return code === Code.CANCELLED ? "canceled" : codeName(code).toLowerCase();
}

function codeOf(name: JsonValue | undefined): Code | undefined {
  if (name === "canceled") return Code.CANCELLED;
  if (typeof name !== "string" || name !== name.toLowerCase()) return undefined;
  const code = codeOfName(name.toUpperCase());
  return code === Code.OK || code === Code.CANCELLED ? undefined : code;
}

function errorJson({ code, message, details }: RpcStatus): JsonObject {
  return {
    code: nameOfCode(code),
    ...(message === "" ? {} : { message }),
    ...(details.length === 0 ? {} : { details: details.map(detailJson) }),
  };
}

function detailJson({ typeUrl, value }: ErrorDetail): JsonObject {
  return { type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value: encodeBytes(value) };
}

/** The body of a response that failed. */
export function encodeError(status: RpcStatus): Uint8Array {
  return encodeText(JSON.stringify(errorJson(status)));
}

/** The status of a response that failed: what its body says, else what its HTTP status means. Never throws. */
export function decodeError(
  body: Uint8Array | undefined,
  httpStatus: string | undefined,
  trailer: Metadata,
): RpcStatus {
  const error = body === undefined ? undefined : parseJson(body);
  const fallback = statusOfHttp(httpStatus);
  return isObject(error) ? readError(error, fallback.code, trailer) : { ...fallback, trailer };
}

function readError({ code, message, details }: JsonObject, fallback: Code, trailer: Metadata): RpcStatus {
  return {
    code: codeOf(code) ?? fallback,
    message: typeof message === "string" ? message : "",
    details: Array.isArray(details) ? details.flatMap(readDetail) : [],
    trailer,
  };
}

/** A detail; one that is none is left out. */
function readDetail(detail: JsonValue): ErrorDetail[] {
  if (!isObject(detail) || typeof detail["type"] !== "string" || typeof detail["value"] !== "string") return [];
  return [{ typeUrl: `type.googleapis.com/${detail["type"]}`, value: decodeBytes(detail["value"]) }];
}

/** What ends a stream: how the call went, and its trailers. */
export function encodeEndOfStream(status: RpcStatus): Uint8Array {
  const metadata: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const trailers = trailersOnly(status.trailer);
  for (const name of Object.keys(trailers)) metadata[name] = [trailers[name] ?? []].flat();
  return encodeText(
    JSON.stringify({
      ...(status.code === Code.OK ? {} : { error: errorJson(status) }),
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    }),
  );
}

/** The status that the end of a stream tells; undefined when it is none. */
export function decodeEndOfStream(bytes: Uint8Array): RpcStatus | undefined {
  const end = parseJson(bytes);
  if (!isObject(end)) return undefined;
  const { error, metadata } = end;
  const trailer = readMetadata(metadata);
  if (error === undefined || error === null) return { code: Code.OK, message: "", details: [], trailer };
  return isObject(error) ? readError(error, Code.UNKNOWN, trailer) : undefined;
}

function readMetadata(metadata: JsonValue | undefined): Metadata {
  if (!isObject(metadata)) return createMetadata();
  const fields: string[] = [];
  for (const name of Object.keys(metadata)) {
    const values = metadata[name];
    if (!Array.isArray(values)) continue;
    for (const value of values) if (typeof value === "string") fields.push(name.toLowerCase(), value);
  }
  return trailerOf(fields);
}

function parseJson(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(decodeText(bytes)) as JsonValue;
  } catch {
    return undefined;
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
