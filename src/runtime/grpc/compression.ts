import { blamePeer, Code, RpcError } from "../rpc/index.js";
import { tooLarge } from "./limits.js";

/** Browsers have none that works at once; they load this file, so it is not imported. */
const zlib = globalThis.process?.getBuiltinModule?.("node:zlib");

/** What `grpc-accept-encoding` says on both sides. */
export const acceptedEncodings: string = zlib === undefined ? "identity" : "gzip,identity";

/** Encodings that messages can have. */
export function isKnownEncoding(name: string): boolean {
  return (name === "gzip" && zlib !== undefined) || name === "identity";
}

/** True when a peer takes gzip who accepts these encodings, `br, gzip;q=0.5`. */
export function acceptsGzip(accepted: string | undefined): boolean {
  if (zlib === undefined || accepted === undefined || !accepted.includes("gzip")) return false;
  return accepted.split(",").some((part) => /^\s*gzip\s*(;(?!\s*q=0(\.0*)?\s*$)|$)/.test(part));
}

/**
 * The message in gzip; undefined when it has fewer bytes than the threshold, when that is not smaller, or where there is
 * no gzip. With a threshold of 0 everything is compressed.
 */
export function deflate(bytes: Uint8Array, threshold: number): Uint8Array | undefined {
  if (zlib === undefined || bytes.length < threshold) return undefined;
  const packed = zlib.gzipSync(bytes);
  return packed.length < bytes.length || threshold === 0 ? packed : undefined;
}

/**
 * Gzip → message. No more than the limit is ever inflated, whatever the sender claims.
 *
 * @throws {RpcError} `RESOURCE_EXHAUSTED` for a message larger than that, `malformed` for what is no gzip.
 */
export function inflate(bytes: Uint8Array, limit: number, malformed: Code = Code.INTERNAL): Uint8Array {
  if (zlib === undefined) throw new RpcError(Code.INTERNAL, "a message is compressed, which cannot be read here");
  const { constants, gunzipSync } = zlib;
  try {
    // zlib asks for room for one byte at least
    const message = gunzipSync(bytes, { maxOutputLength: Math.min(Math.max(limit, 1), constants.Z_MAX_CHUNK) });
    if (message.length <= limit) return message;
  } catch (cause) {
    if (!isTooLarge(cause)) throw new RpcError(malformed, "a message is not valid gzip", { cause });
  }
  throw tooLarge("received", claimedSize(bytes, limit), limit);
}

/** The same for what a caller sent: that it is no gzip is no failure of ours, of which anybody should be told. */
export function inflateRequest(bytes: Uint8Array, limit: number, malformed: Code): Uint8Array {
  try {
    return inflate(bytes, limit, malformed);
  } catch (error) {
    if (error instanceof RpcError) blamePeer(error.cause);
    throw error;
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

/** Gzip ends with the size of what it holds; where that is a lie, only that there is more than allowed is known. */
function claimedSize(bytes: Uint8Array, limit: number): string {
  const end = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? 0 : end.getUint32(bytes.length - 4, true);
  return `${size > limit ? size : `more than ${limit}`} (${bytes.length} compressed)`;
}
