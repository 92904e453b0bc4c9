import { isJson } from "../queue/content-type.js";
import { isQueueError, QueueError } from "../queue/errors.js";
import { isRecord } from "../queue/json.js";
import { decodeAs, encodeAs, memberOf } from "../queue/union.js";
import type { JsonValue, PayloadType } from "../wire/index.js";
import { openEnvelope, sealBinary, sealText } from "./envelope.js";
import type { Frame, FrameMember, Frames } from "./types.js";

/** Messages of one direction to frames and back. */
export interface FrameCodec<T, Init> {
  /** @throws {QueueError} `invalid`. */
  encode(message: Init, headers: Readonly<Record<string, string>>): EncodedFrame;
  /**
   * @throws {QueueError} `undecodable`; `invalid` when it is against the contract; `usage` when no message of the
   * channel comes in such a frame.
   */
  decode(data: string | Uint8Array): DecodedFrame<T>;
}

/** A message on its way out. */
export interface EncodedFrame {
  /** Text for JSON and `text/*`, else bytes. */
  readonly data: string | Uint8Array;
  /** The message's name. */
  readonly name: string;
}

/** A message that came, with its name. */
export interface DecodedFrame<T> extends Frame<T> {
  readonly name: string;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
const noHeaders: Readonly<Record<string, string>> = {};

/** The codec of a direction. */
export function frameCodec<T, Init>(
  channel: string,
  { members }: Frames<T, Init>,
  envelope: boolean,
): FrameCodec<T, Init> {
  const [only] = members;
  const several = members.length > 1;
  const texts = members.filter(({ contentType }) => isText(contentType));
  const binaries = members.filter(({ contentType }) => !isText(contentType));
  const json = texts.filter(({ contentType }) => isJson(contentType));

  function pick(message: Init): { readonly member: FrameMember; readonly value: never } {
    if (only === undefined) throw new QueueError("usage", `channel ${channel}: the contract sends nothing this way`);
    // sound: the only message's values are the direction's
    if (!several) return { member: only, value: message as never };
    return memberOf(members, message, channel);
  }

  /** Sound: the member's type made the value of its case. */
  function valueOf(member: FrameMember, value: unknown): T {
    return (several ? { case: member.case, value } : value) as T;
  }

  function named(name: string): FrameMember {
    const member = members.find((candidate) => candidate.name === name);
    if (member !== undefined) return member;
    throw new QueueError("undecodable", `channel ${channel}: no message ${JSON.stringify(name.slice(0, 100))}`);
  }

  function decodeText(text: string): DecodedFrame<T> {
    const plain = texts.length === 1 && json.length === 0 ? texts[0] : undefined;
    if (plain !== undefined) return bare(plain, decodeAs(plain.type, utf8.encode(text), plain.contentType));
    const value = parseJson(channel, text);
    const tagged = taggedMember(channel, json, value);
    const [first, ...others] = tagged === undefined ? json : [tagged];
    if (first === undefined) throw new QueueError("undecodable", `channel ${channel}: no message fits this text`);
    if (others.length === 0) return bare(first, fromJson(first.type, value));
    for (const member of [first, ...others]) {
      try {
        return bare(member, fromJson(member.type, value));
      } catch (error) {
        if (!isQueueError(error) && !(error instanceof Error)) throw error;
      }
    }
    throw new QueueError("invalid", `channel ${channel}: fits none of ${namesOf(json)}`);
  }

  function bare(member: FrameMember, value: unknown): DecodedFrame<T> {
    return { message: valueOf(member, value), headers: noHeaders, name: member.name };
  }

  function decodeBare(data: string | Uint8Array): DecodedFrame<T> {
    if (typeof data === "string") {
      if (texts.length === 0) throw wrongFrame(channel, "text", members);
      return decodeText(data);
    }
    const binary = binaries[0];
    // others send JSON in binary frames, too
    if (binary === undefined && texts.length > 0) return decodeText(textOf(channel, data));
    if (binary === undefined) throw wrongFrame(channel, "binary", members);
    return bare(binary, decodeAs(binary.type, data, binary.contentType));
  }

  function decodeSealed(data: string | Uint8Array): DecodedFrame<T> {
    const { name, headers, payload, body } = openEnvelope(channel, data);
    const member = named(name);
    if (body !== undefined) {
      return { message: valueOf(member, decodeAs(member.type, body, member.contentType)), headers, name };
    }
    if (!isText(member.contentType)) throw wrongFrame(channel, "text", [member]);
    return { message: valueOf(member, fromJson(member.type, payload ?? null)), headers, name };
  }

  return {
    encode(message, headers) {
      const { member, value } = pick(message);
      const { name, type, contentType } = member;
      if (!isText(contentType)) {
        const body = encodeAs(type, value, contentType);
        return { data: envelope ? sealBinary(name, headers, body) : body, name };
      }
      if (envelope) return { data: sealText(name, headers, type.toJson(value)), name };
      const text = isJson(contentType) ? type.toJsonString(value) : strictUtf8.decode(type.encode(value));
      return { data: text, name };
    },
    decode: (data) => guard(channel, () => (envelope ? decodeSealed(data) : decodeBare(data))),
  };
}

/** Whatever a codec throws as a fault of the message. */
function guard<R>(channel: string, run: () => R): R {
  try {
    return run();
  } catch (cause) {
    if (isQueueError(cause)) throw cause;
    // the text of a codec's error names positions and types; that of a parser would quote the content
    throw new QueueError("undecodable", `channel ${channel}: the message cannot be decoded`, { cause });
  }
}

function fromJson(type: PayloadType<unknown, never>, value: JsonValue): unknown {
  return type.fromJson(value, { ignoreUnknownFields: true });
}

/**
 * The member whose tag the value has; undefined where not all members have one. What has none of the tags is none of
 * them, so that the error says which were expected.
 */
function taggedMember(channel: string, members: readonly FrameMember[], value: JsonValue): FrameMember | undefined {
  if (members.length < 2 || !members.every(({ tag }) => tag !== undefined)) return undefined;
  for (const member of members) {
    const [property, expected] = member.tag ?? [];
    if (property !== undefined && isRecord(value) && Object.hasOwn(value, property) && value[property] === expected) {
      return member;
    }
  }
  const properties = [...new Set(members.map(({ tag }) => tag?.[0] ?? ""))].join(", ");
  const known = members.map(({ tag }) => JSON.stringify(tag?.[1])).join(", ");
  throw new QueueError("invalid", `channel ${channel}: ${properties} must be one of ${known}`);
}

function parseJson(channel: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new QueueError("undecodable", `channel ${channel}: not JSON`);
  }
}

function textOf(channel: string, data: Uint8Array): string {
  try {
    return strictUtf8.decode(data);
  } catch {
    throw new QueueError("undecodable", `channel ${channel}: not UTF-8`);
  }
}

function wrongFrame(channel: string, kind: string, members: readonly FrameMember[]): QueueError {
  const expected = members.length === 0 ? "no message is expected" : `expected is ${namesOf(members)}`;
  return new QueueError("usage", `channel ${channel}: a ${kind} frame, ${expected}`);
}

function namesOf(members: readonly FrameMember[]): string {
  return members.map(({ name }) => name).join(", ");
}

/** True for what travels in text frames. */
export function isText(contentType: string): boolean {
  return isJson(contentType) || contentType.trim().toLowerCase().startsWith("text/");
}
