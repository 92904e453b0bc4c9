import { QueueError } from "../queue/errors.js";
import { isRecord } from "../queue/json.js";
import type { JsonValue } from "../wire/index.js";

/** What stands around a message where the contract asks for an envelope. */
export interface Opened {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a text frame. */
  readonly payload?: JsonValue | undefined;
  /** Of a binary frame. */
  readonly body?: Uint8Array | undefined;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** Headers of one message, at most. */
const mostHeaders = 64;
const mostNameLength = 256;
const mostValueLength = 8_192;
/** Bytes of the head of a binary frame, at most. */
const mostHeadBytes = 65_536;

/** `{"name":"chat","headers":{…},"payload":…}`; without headers the property is absent. */
export function sealText(name: string, headers: Readonly<Record<string, string>>, payload: JsonValue): string {
  const head = Object.keys(headers).length === 0 ? { name } : { name, headers: checkHeaders(headers) };
  return JSON.stringify({ ...head, payload });
}

/** The head's length in four bytes, most significant first; the head as JSON, `{"name":…,"headers":…}`; the body. */
export function sealBinary(name: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Uint8Array {
  const head = utf8.encode(
    JSON.stringify(Object.keys(headers).length === 0 ? { name } : { name, headers: checkHeaders(headers) }),
  );
  const frame = new Uint8Array(4 + head.length + body.length);
  new DataView(frame.buffer).setUint32(0, head.length);
  frame.set(head, 4);
  frame.set(body, 4 + head.length);
  return frame;
}

/** @throws {QueueError} `undecodable` when it is no envelope. */
export function openEnvelope(channel: string, data: string | Uint8Array): Opened {
  if (typeof data === "string") {
    const { name, headers, value } = readHead(channel, data);
    if (!Object.hasOwn(value, "payload")) throw noEnvelope(channel, "payload is missing");
    return { name, headers, payload: value["payload"] as JsonValue };
  }
  if (data.length < 4) throw noEnvelope(channel, "shorter than its head");
  const length = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0);
  if (length > mostHeadBytes || length > data.length - 4) throw noEnvelope(channel, "shorter than its head");
  let text: string;
  try {
    text = strictUtf8.decode(data.subarray(4, 4 + length));
  } catch {
    throw noEnvelope(channel, "its head is not UTF-8");
  }
  const { name, headers } = readHead(channel, text);
  return { name, headers, body: data.subarray(4 + length) };
}

interface Head {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Readonly<Record<string, unknown>>;
}

function readHead(channel: string, text: string): Head {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw noEnvelope(channel, "not JSON");
  }
  if (!isRecord(value) || typeof value["name"] !== "string") throw noEnvelope(channel, "name is missing");
  return { name: value["name"], headers: readHeaders(channel, value["headers"]), value };
}

function readHeaders(channel: string, headers: unknown): Readonly<Record<string, string>> {
  const read: Record<string, string> = {};
  if (headers === undefined) return read;
  const entries = isRecord(headers) ? Object.entries(headers) : [];
  if (!isRecord(headers) || entries.length > mostHeaders)
    throw noEnvelope(channel, "headers must be few and an object");
  for (const [name, value] of entries) {
    const fits = name.length <= mostNameLength && typeof value === "string" && value.length <= mostValueLength;
    if (!fits) throw noEnvelope(channel, "headers must be short strings");
    // not an assignment: `__proto__` is a name like any other
    Object.defineProperty(read, name.toLowerCase(), { value, enumerable: true, configurable: true, writable: true });
  }
  return read;
}

function noEnvelope(channel: string, what: string): QueueError {
  return new QueueError("undecodable", `channel ${channel}: no envelope, ${what}`);
}

function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers);
  const long = entries.some(([name, value]) => name.length > mostNameLength || value.length > mostValueLength);
  if (entries.length > mostHeaders || long) {
    const limits = `${mostHeaders} headers, names of ${mostNameLength} and values of ${mostValueLength} characters`;
    throw new QueueError("invalid", `headers: at most ${limits}`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}
