import { createMetadata, type Metadata } from "../rpc/index.js";
import { decodeBase64, encodeBase64 } from "./bytes.js";
import type { HttpFields } from "./http.js";

/** Names that HTTP, gRPC or Connect itself use: sent as metadata they would break the call or the connection. */
const reserved: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connect-accept-encoding",
  "connect-content-encoding",
  "connect-protocol-version",
  "connect-timeout-ms",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What gRPC lets layers around calls say of their attempts. */
const ofRetries: ReadonlySet<string> = new Set(["grpc-previous-rpc-attempts", "grpc-retry-pushback-ms"]);
/** Bytes of a field in a list of headers, as HTTP/2 counts them. */
export function fieldSize(name: string, valueSize: number): number {
  return name.length + valueSize + 32;
}

/** Headers of which HTTP has one: several values are joined as a list. */
const singleValue: ReadonlySet<string> = new Set(
  (
    "access-control-allow-credentials access-control-max-age access-control-request-method age authorization " +
    "content-language content-location content-md5 content-range dnt etag expires from if-modified-since if-range " +
    "if-unmodified-since last-modified location max-forwards proxy-authorization range referer retry-after tk " +
    "upgrade-insecure-requests user-agent x-content-type-options"
  ).split(" "),
);

/** True for headers of which HTTP has one. */
export function isSingleValue(name: string): boolean {
  return singleValue.has(name);
}

/** True for names that are no metadata: those of HTTP/2, of gRPC and of the connection. */
export function isReserved(name: string): boolean {
  if (name.startsWith("grpc-")) return !ofRetries.has(name);
  return name.startsWith(":") || reserved.has(name);
}

/**
 * Adds metadata to headers: reserved names are left out, bytes become base64 without padding. Where there is only so
 * much `room`, as {@link fieldSize} counts, what does not fit is left out.
 */
export function addMetadata(
  headers: Record<string, string | string[]>,
  metadata: Metadata,
  room: number = Infinity,
): void {
  if (metadata.size === 0) return;
  let left = room;
  for (const [name, value] of metadata) {
    if (isReserved(name)) continue;
    const text = typeof value === "string" ? value : encodeBytes(value);
    const size = fieldSize(name, text.length);
    if (size > left) continue;
    left -= size;
    const before = headers[name];
    if (before === undefined) headers[name] = text;
    else if (Array.isArray(before)) before.push(text);
    else headers[name] = singleValue.has(name) ? `${before},${text}` : [before, text];
  }
}

/**
 * Metadata that came in. What is no valid name or value is left out.
 *
 * @throws {RpcError} `RESOURCE_EXHAUSTED` when it is more than metadata may hold.
 */
export function metadataOf(fields: HttpFields): Metadata {
  const metadata = createMetadata();
  readFields(fields, (name, value) => metadata.append(name, value));
  return metadata;
}

/** The same where the call is over anyway: metadata that does not fit is left out. */
export function trailerOf(fields: HttpFields): Metadata {
  const metadata = createMetadata();
  readFields(fields, (name, value) => appendFitting(metadata, name, value));
  return metadata;
}

function readFields(fields: HttpFields, take: (name: string, value: string | Uint8Array) => void): void {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    if (isReserved(name) || !/^[0-9a-z_.-]+$/.test(name)) continue;
    if (name.endsWith("-bin")) {
      for (const part of value.split(",")) take(name, decodeBytes(part));
    } else if (/^[ -~]*$/.test(value)) {
      take(name, value);
    }
  }
}

/** Adds a value where there is room for it. */
export function appendFitting(metadata: Metadata, name: string, value: string | Uint8Array): void {
  try {
    metadata.append(name, value);
  } catch {
    // what is smaller may still fit
  }
}

/** Bytes as gRPC sends them in headers: base64 without padding. */
export function encodeBytes(bytes: Uint8Array): string {
  const text = encodeBase64(bytes);
  return text.endsWith("=") ? text.slice(0, text.indexOf("=")) : text;
}

/** Base64 with or without padding; what is none is skipped. */
export function decodeBytes(text: string): Uint8Array {
  return decodeBase64(text);
}
