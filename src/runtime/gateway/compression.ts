import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { headerOf, type RequestHeaders } from "./headers.js";
import type { GatewayResponse } from "./gateway.js";

/** Which responses are compressed. */
export interface CompressionOptions {
  /**
   * `"gzip"` compresses bodies for those who accept that; `"identity"`, the default, sends them as they are, for mostly
   * a proxy before the gateway does it. Not for services whose responses hold secrets beside what a stranger may choose:
   * their size tells of the secrets.
   */
  readonly compression?: "gzip" | "identity" | undefined;
  /** Smaller bodies are not compressed, nor those that would not shrink; 1,024 bytes by default. */
  readonly compressionThreshold?: number | undefined;
}

/** Makes a response what its client accepts. Streams stay as they are: each message is sent as soon as it is there. */
export type Compress = (response: GatewayResponse, headers: RequestHeaders) => Promise<GatewayResponse>;

const deflate = promisify(gzip);
const encoder = new TextEncoder();

/** Undefined where nothing is compressed, which then costs nothing. @throws {TypeError} for a setting that is none. */
export function createCompress({
  compression = "identity",
  compressionThreshold = 1_024,
}: CompressionOptions): Compress | undefined {
  if (compression !== "gzip" && compression !== "identity") {
    throw new TypeError(`compression is "gzip" or "identity", not ${JSON.stringify(compression)}`);
  }
  if (!(compressionThreshold >= 0)) {
    throw new TypeError(`compressionThreshold is a number of bytes, not ${String(compressionThreshold)}`);
  }
  if (compression === "identity") return undefined;
  return async (response, headers) => {
    const { body } = response;
    if (typeof body !== "string" && !(body instanceof Uint8Array)) return response;
    if (body.length === 0 || response.headers["content-encoding"] !== undefined) return response;
    // caches must not give one client's form to another
    const vary = [response.headers["vary"] ?? [], "accept-encoding"].flat().join(", ");
    const varied = { ...response, headers: { ...response.headers, vary } };
    if (!acceptsGzip(headerOf(headers, "accept-encoding"))) return varied;
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    if (bytes.length < compressionThreshold) return varied;
    const packed = await deflate(bytes);
    if (packed.length >= bytes.length) return varied;
    return { ...varied, headers: { ...varied.headers, "content-encoding": "gzip" }, body: packed };
  };
}

/** RFC 9110: the weight of `gzip`, else of `*`, is not 0. */
function acceptsGzip(accepted: string | undefined): boolean {
  let any = false;
  for (const part of accepted?.split(",") ?? []) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (name === "gzip") return !refused;
    if (name === "*") any = !refused;
  }
  return any;
}
