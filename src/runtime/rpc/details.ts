import type { MessageType } from "../wire/index.js";
import { RpcError } from "./error.js";
import { Code } from "./status.js";

/** A detail of an error, a `google.protobuf.Any`: any message by its type URL. */
export interface ErrorDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * A message as an error detail.
 *
 * @example
 * throw new RpcError(Code.INVALID_ARGUMENT, "no name", { details: [detailOf(BadRequest, { fieldViolations })] });
 */
export function detailOf<T, Init>(type: MessageType<T, Init>, message: Init): ErrorDetail {
  return { typeUrl: `type.googleapis.com/${type.typeName}`, value: type.encode(message) };
}

/** The details of one type. Those that cannot be decoded are left out: they came from a peer. */
export function detailsOf<T, Init>(error: RpcError, type: MessageType<T, Init>): T[] {
  const found: T[] = [];
  for (const { typeUrl, value } of error.details) {
    if (typeUrl.slice(typeUrl.lastIndexOf("/") + 1) !== type.typeName) continue;
    try {
      found.push(type.decode(value));
    } catch {
      // not ours to fail on
    }
  }
  return found;
}

/**
 * The first detail of a type; undefined where there is none that can be decoded.
 *
 * @example const wait = findDetail(error, RetryInfo)?.retryDelay; // from `@wirespan/runtime/errors`
 */
export function findDetail<T, Init>(error: RpcError, type: MessageType<T, Init>): T | undefined {
  return detailsOf(error, type)[0];
}

/** What `google.rpc.ErrorInfo` says: which error it is, by a name that programs can rely on. */
export interface ErrorInfo {
  /** `USER_NOT_FOUND`. */
  readonly reason: string;
  /** Who gives reasons their meaning: `users.acme.example`. */
  readonly domain: string;
  /** Particulars of this one error. */
  readonly metadata: Readonly<Record<string, string>>;
}

const errorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";

/** An ErrorInfo as a detail. Written by hand, as what is around it, so that calls do not load messages they never use. */
export function errorInfoDetail({ reason, domain, metadata }: ErrorInfo): ErrorDetail {
  const parts = [...field(1, text.encode(reason)), ...field(2, text.encode(domain))];
  for (const key of Object.keys(metadata)) {
    const entry = [...field(1, text.encode(key)), ...field(2, text.encode(String(metadata[key])))];
    parts.push(...field(3, concat(entry)));
  }
  return { typeUrl: errorInfoUrl, value: concat(parts) };
}

/** The first ErrorInfo among details; undefined where there is none that can be read. */
export function errorInfoOf(details: readonly ErrorDetail[]): ErrorInfo | undefined {
  const found = details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.ErrorInfo"));
  if (found === undefined) return undefined;
  let reason = "";
  let domain = "";
  // its keys are a peer's: without a prototype `__proto__` is one like any other
  const metadata = Object.create(null) as Record<string, string>;
  try {
    for (const { number, data } of fields(found.value)) {
      if (data === undefined) continue;
      if (number === 1) reason = utf8.decode(data);
      else if (number === 2) domain = utf8.decode(data);
      else if (number === 3) {
        let key = "";
        let value = "";
        for (const entry of fields(data)) {
          if (entry.data === undefined) continue;
          if (entry.number === 1) key = utf8.decode(entry.data);
          else if (entry.number === 2) value = utf8.decode(entry.data);
        }
        metadata[key] = value;
      }
    }
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
  return { reason, domain, metadata };
}

const retryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";
/** What a `google.protobuf.Duration` holds at most. */
const longestSeconds = 315_576_000_000;

/** A `google.rpc.RetryInfo` as a detail: so many milliseconds from now the call may be worth trying again. */
export function retryInfoDetail(delayMs: number): ErrorDetail {
  const ms = Math.max(0, Math.min(Math.ceil(delayMs), longestSeconds * 1_000));
  const seconds = Math.floor(ms / 1_000);
  const nanos = (ms % 1_000) * 1_000_000;
  const duration: Uint8Array[] = [];
  if (seconds > 0) duration.push(Uint8Array.of(0x08, ...varint(seconds)));
  if (nanos > 0) duration.push(Uint8Array.of(0x10, ...varint(nanos)));
  return { typeUrl: retryInfoUrl, value: concat(field(1, concat(duration))) };
}

/**
 * Milliseconds that the first `google.rpc.RetryInfo` among details asks to wait for, rounded up; undefined where there
 * is none that can be read.
 */
export function retryInfoDelayOf(details: readonly ErrorDetail[]): number | undefined {
  const found = details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.RetryInfo"));
  if (found === undefined) return undefined;
  let seconds = 0;
  let nanos = 0;
  try {
    for (const { number, data } of fields(found.value)) {
      if (number !== 1 || data === undefined) continue;
      for (const part of fields(data)) {
        if (part.number === 1) seconds = part.varint;
        else if (part.number === 2) nanos = part.varint;
      }
    }
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
  // negative numbers look like very large ones
  if (seconds > longestSeconds || nanos >= 1_000_000_000) return undefined;
  return seconds * 1_000 + Math.ceil(nanos / 1_000_000);
}

/** What `grpc-status-details-bin` holds: a `google.rpc.Status`. */
export interface StatusDetails {
  readonly code: number;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}

const text = new TextEncoder();
const utf8 = new TextDecoder();

/** Writes a `google.rpc.Status`. */
export function encodeStatusDetails({ code, message, details }: StatusDetails): Uint8Array {
  const parts: Uint8Array[] = [];
  if (code !== 0) parts.push(Uint8Array.of(0x08, ...varint(code)));
  if (message !== "") parts.push(...field(2, text.encode(message)));
  for (const { typeUrl, value } of details) {
    const any = [...field(1, text.encode(typeUrl)), ...field(2, value)];
    parts.push(...field(3, concat(any)));
  }
  return concat(parts);
}

/**
 * The same in no more bytes than that: of the details those that fit, in their order, but room is kept for the
 * ErrorInfo, by which programs know an error. Undefined when none of them fits.
 */
export function encodeStatusDetailsWithin(limit: number, status: StatusDetails): Uint8Array | undefined {
  const sizeOf = (details: readonly ErrorDetail[]): number => encodeStatusDetails({ ...status, details }).length;
  let room = limit - sizeOf([]);
  const none = room;
  const kept = new Set<ErrorDetail>();
  const isInfo = ({ typeUrl }: ErrorDetail): boolean => typeUrl.endsWith("/google.rpc.ErrorInfo");
  const all = status.details;
  for (const detail of [...all.filter(isInfo), ...all.filter((each) => !isInfo(each))]) {
    const size = sizeOf([detail]) - sizeOf([]);
    if (size > room) continue;
    room -= size;
    kept.add(detail);
  }
  if (room === none) return undefined;
  return encodeStatusDetails({ ...status, details: all.filter((detail) => kept.has(detail)) });
}

/** Reads a `google.rpc.Status`; undefined when the bytes are none, for they come from a peer. */
export function decodeStatusDetails(bytes: Uint8Array): StatusDetails | undefined {
  let code = 0;
  let message = "";
  const details: ErrorDetail[] = [];
  try {
    for (const { number, varint: value, data } of fields(bytes)) {
      if (number === 1 && data === undefined) code = value;
      else if (number === 2 && data !== undefined) message = utf8.decode(data);
      else if (number === 3 && data !== undefined) details.push(decodeAny(data));
    }
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
  return { code, message, details };
}

function decodeAny(bytes: Uint8Array): ErrorDetail {
  let typeUrl = "";
  let value: Uint8Array = new Uint8Array();
  for (const { number, data } of fields(bytes)) {
    if (number === 1 && data !== undefined) typeUrl = utf8.decode(data);
    else if (number === 2 && data !== undefined) value = data.slice();
  }
  return { typeUrl, value };
}

interface RawField {
  readonly number: number;
  readonly varint: number;
  readonly data: Uint8Array | undefined;
}

function* fields(bytes: Uint8Array): Generator<RawField, void, undefined> {
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      // above 2^53 precision is lost, which no length and no code reaches
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new RpcError(Code.DATA_LOSS, "malformed status details");
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new RpcError(Code.DATA_LOSS, "malformed status details");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = read();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, varint: read(), data: undefined };
        break;
      case 1:
        take(8);
        break;
      case 2:
        yield { number, varint: 0, data: take(read()) };
        break;
      case 5:
        take(4);
        break;
      default:
        throw new RpcError(Code.DATA_LOSS, "malformed status details");
    }
  }
}

function field(number: number, data: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(number * 8 + 2, ...varint(data.length)), data];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
