import { fromBase64, toBase64 } from "../wire/base64.js";
import { createMetadata, okReply, RpcError, Code, type Metadata, type MethodInfo, type Reply } from "../rpc/index.js";

/** A reply with one message that succeeded, as bytes: its message, header and trailer. */
export function encodeReply(method: MethodInfo, message: unknown, header: Metadata, trailer: Metadata): Uint8Array {
  // sound because the message is this method's own; the cast is to the parameter of a type only the contract knows
  const body = method.output.encode(message as never);
  const head = encoder.encode(JSON.stringify([plain(header), plain(trailer)]));
  const bytes = new Uint8Array(4 + head.length + body.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  bytes.set(body, 4 + head.length);
  return bytes;
}

/** The reply again; each time with a message of its own. @throws {RpcError} `DATA_LOSS` for bytes that are none. */
export function decodeReply<O>(
  method: MethodInfo,
  bytes: Uint8Array,
  more?: Readonly<Record<string, string>>,
): Reply<O> {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
    const head: unknown = JSON.parse(decoder.decode(bytes.subarray(4, 4 + length)));
    if (!Array.isArray(head)) throw new TypeError("a stored reply has no header");
    const header = metadataOf(head[0]);
    for (const key of Object.keys(more ?? {})) header.set(key, more?.[key] ?? "");
    // a copy: decoded messages may point into what they were read from. Sound because it was encoded as this type
    const message = method.output.decode(bytes.slice(4 + length)) as O;
    return okReply(message, { header, trailer: metadataOf(head[1]) });
  } catch (cause) {
    throw new RpcError(Code.DATA_LOSS, `a stored reply of ${method.name} cannot be read`, { cause });
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Cookies are for whom they were made. */
const personal: ReadonlySet<string> = new Set(["set-cookie"]);

type PlainMetadata = readonly (readonly [key: string, value: string])[];

function plain(metadata: Metadata): PlainMetadata {
  const all: (readonly [string, string])[] = [];
  for (const [key, value] of metadata) {
    if (!personal.has(key)) all.push([key, typeof value === "string" ? value : toBase64(value)]);
  }
  return all;
}

function metadataOf(entries: unknown): Metadata {
  const metadata = createMetadata();
  // sound because `plain` wrote it; what was tampered with is refused by the metadata itself
  for (const [key, value] of entries as PlainMetadata) {
    metadata.append(key, key.endsWith("-bin") ? (fromBase64(value) ?? value) : value);
  }
  return metadata;
}
