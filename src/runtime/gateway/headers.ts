import { createMetadata, parseTimeout, type Metadata } from "../rpc/index.js";
import { type TraceContext, parseTrace, traceHeaders } from "../context/index.js";
import { invalid } from "./errors.js";

/** Request headers by lower-case name, as `node:http` gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const prefix = "grpc-metadata-";

/** The first value of a header. */
export function headerOf(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/** The caller's position in a trace. */
export function traceOf(headers: RequestHeaders): TraceContext | undefined {
  return parseTrace({
    traceparent: headerOf(headers, "traceparent"),
    tracestate: headerOf(headers, "tracestate"),
    baggage: headerOf(headers, "baggage"),
  });
}

/** What goes on as metadata under its own name, whatever the gateway's settings are. */
const always: ReadonlySet<string> = new Set(["authorization", "idempotency-key"]);

/**
 * What goes on as metadata: `authorization`, `idempotency-key`, headers that the gateway is told to pass, everything
 * under `grpc-metadata-` without that prefix, and the trace. Names that gRPC keeps for itself are left out, so that a
 * caller cannot set them.
 */
export function requestMetadata(
  headers: RequestHeaders,
  trace: TraceContext,
  passed: ReadonlySet<string> = new Set(),
): Metadata {
  const metadata = createMetadata();
  for (const name of Object.keys(headers)) {
    const own = name.startsWith(prefix);
    if (!own && !always.has(name) && !passed.has(name)) continue;
    const key = own ? name.slice(prefix.length) : name;
    if (key === "" || key.startsWith("grpc-") || key === "traceparent" || key === "tracestate") continue;
    for (const value of [headers[name] ?? []].flat()) appendHeader(metadata, name, key, value);
  }
  for (const [name, value] of Object.entries(traceHeaders(trace))) setIfValid(metadata, name, value);
  return metadata;
}

/** A caller's trace headers that cannot travel as metadata must not fail the call. */
function setIfValid(metadata: Metadata, key: string, value: string): void {
  try {
    metadata.set(key, value);
  } catch {
    metadata.delete(key);
  }
}

/** The names of headers that are to be passed on. @throws {TypeError} for one that cannot be. */
export function passedHeaders(names: readonly string[]): ReadonlySet<string> {
  const passed = new Set(names.map((name) => name.toLowerCase()));
  for (const name of passed) {
    if (!/^[0-9a-z_.-]+$/.test(name) || name.startsWith("grpc-")) {
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be passed on as metadata`);
    }
  }
  return passed;
}

function appendHeader(metadata: Metadata, header: string, key: string, value: string): void {
  try {
    metadata.append(key, key.endsWith("-bin") ? new Uint8Array(Buffer.from(value, "base64")) : value);
  } catch {
    throw invalid(`the header ${header} cannot be passed on as metadata`);
  }
}

/** Metadata of a reply as response headers, under the same prefix. */
export function responseHeaders(metadata: Metadata): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of metadata) {
    const text = typeof value === "string" ? value : Buffer.from(value).toString("base64");
    const name = prefix + key;
    headers[name] = headers[name] === undefined ? text : `${headers[name]}, ${text}`;
  }
  return headers;
}

/** The caller's time limit in milliseconds, from `grpc-timeout` (`500m`) or `x-server-timeout` (seconds). */
export function timeoutOf(headers: RequestHeaders): number | undefined {
  const grpc = headerOf(headers, "grpc-timeout");
  if (grpc !== undefined) {
    const timeout = parseTimeout(grpc.trim());
    if (timeout === undefined) throw invalid("malformed header grpc-timeout");
    return timeout;
  }
  const seconds = headerOf(headers, "x-server-timeout");
  if (seconds === undefined) return undefined;
  if (!/^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(seconds.trim())) throw invalid("malformed header x-server-timeout");
  return Number(seconds) * 1000;
}

/** The media type of a `content-type` header without parameters, lower case. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** True for UTF-8 and for what does not say. */
export function isUtf8(contentType: string | undefined): boolean {
  const match = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? "");
  return match === null || /^(utf-?8|us-ascii)$/i.test(match[1] ?? "");
}
