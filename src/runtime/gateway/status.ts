import { errorDetails, RetryInfo } from "../errors/index.js";
import { findDetail, type RpcError, httpStatusOf } from "../rpc/index.js";
import type { JsonValue, TypeRegistry } from "../wire/index.js";
import { HttpError } from "./errors.js";
import type { GatewayResponse } from "./gateway.js";

/** A `google.rpc.Status` as JSON. */
export function statusJson(error: HttpError | RpcError, registry: TypeRegistry | undefined): JsonValue {
  const details =
    error instanceof HttpError ? [...error.details] : error.details.map((detail) => detailJson(detail, registry));
  return { code: error.code, message: error.message, details };
}

/** The HTTP status of a failure. */
export function httpStatusOfError(error: HttpError | RpcError): number {
  return error instanceof HttpError ? error.status : httpStatusOf(error.code);
}

/** The response that tells a failure. */
export function errorResponse(
  error: HttpError | RpcError,
  registry: TypeRegistry | undefined,
): GatewayResponse & { readonly body: string } {
  const status = httpStatusOfError(error);
  const extra = error instanceof HttpError ? error.headers : {};
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...challengeOf(error, status),
      ...retryAfter(error, status),
      ...extra,
    },
    body: JSON.stringify(statusJson(error, registry)),
  };
}

/** When to try again, of a call that was refused for now: whole seconds, none of them too early. */
function retryAfter(error: HttpError | RpcError, status: number): Record<string, string> {
  if (error instanceof HttpError || (status !== 429 && status !== 503)) return {};
  const delay = findDetail(error, RetryInfo)?.retryDelay;
  if (delay === undefined) return {};
  const seconds = delay.seconds + (delay.nanos > 0 ? 1n : 0n);
  return { "retry-after": String(seconds > 0n ? seconds : 1n) };
}

/** What to send, RFC 9110: as the service says it, and for those that say nothing a bearer token. */
function challengeOf(error: HttpError | RpcError, status: number): Readonly<Record<string, string>> {
  if (status !== 401 && status !== 403) return {};
  const said = error instanceof HttpError ? undefined : error.metadata.get("www-authenticate");
  const challenge = said ?? (status === 401 ? "Bearer" : undefined);
  return challenge === undefined ? {} : { "www-authenticate": challenge };
}

/** A detail as the JSON form of `google.protobuf.Any`; one of an unknown type keeps its bytes, in base64. */
function detailJson(
  detail: { readonly typeUrl: string; readonly value: Uint8Array },
  registry: TypeRegistry | undefined,
): JsonValue {
  const typeName = detail.typeUrl.slice(detail.typeUrl.lastIndexOf("/") + 1);
  const type = registry?.get(typeName) ?? errorDetails.get(typeName);
  const head = { "@type": detail.typeUrl };
  if (type !== undefined) {
    try {
      // the type is the codec's own business: what it decodes it can write
      const json = type.toJson(type.decode(detail.value) as never, { registry });
      const plain = typeof json === "object" && json !== null && !Array.isArray(json);
      return plain && !typeName.startsWith("google.protobuf.") ? { ...head, ...json } : { ...head, value: json };
    } catch {
      // bytes that do not fit their type are passed on as they are
    }
  }
  return { ...head, value: Buffer.from(detail.value).toString("base64") };
}
