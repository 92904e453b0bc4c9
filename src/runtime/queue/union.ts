import type { JsonValue, PayloadType } from "../wire/index.js";
import { type Encoding, encodingOf, isJson, isSameType, saysNothing } from "./content-type.js";
import { QueueError } from "./errors.js";
import { isRecord } from "./json.js";
import { decodeMsgpack, encodeMsgpack } from "./msgpack/index.js";
import { decodeText } from "./payload.js";
import type { HeadersType } from "./typed-headers.js";

/** One of a channel's several messages. */
export interface UnionMember {
  /** The discriminator that programs see. */
  readonly case: string;
  /** What stands in the header `x-message-name`. */
  readonly name: string;
  readonly type: PayloadType<unknown, never>;
  readonly contentType: string;
  readonly key?: string;
  readonly correlationId?: string;
  readonly headers?: HeadersType;
}

/** A channel of several messages: `{ case: "userCreated", value: … }`. */
export interface MessageUnion<T, Init> extends PayloadType<T, Init> {
  readonly members: readonly UnionMember[];
}

/**
 * The union of a channel's messages. On the wire a message is its own payload; the header `x-message-name` says which
 * one it is. Without that header the content type and, of JSON payloads, the schema decide; what fits none or several
 * is undecodable. As JSON a message is an object with one property, its case.
 *
 * @example
 * messageUnion<UserEventsMessage, UserEventsMessageInit>({
 *   typeName: "userEvents",
 *   members: [{ case: "userCreated", name: "UserCreated", type: UserCreated, contentType: "application/protobuf" }],
 * });
 */
export function messageUnion<T, Init = T>({
  typeName,
  members,
}: {
  readonly typeName: string;
  readonly members: readonly UnionMember[];
}): MessageUnion<T, Init> {
  const convert = (message: unknown, how: (member: UnionMember, value: never) => unknown): T => {
    const { member, value } = memberOf(members, message, typeName);
    // sound: the member's type made the value of its case
    return { case: member.case, value: how(member, value) } as T;
  };
  const toJson = (message: Init): JsonValue => {
    const { member, value } = memberOf(members, message, typeName);
    return { [member.case]: member.type.toJson(value) };
  };
  const fromJson = (value: JsonValue): T => {
    const entries = isRecord(value) ? Object.entries(value) : [];
    const [name, part] = entries[0] ?? [];
    const member = members.find((candidate) => candidate.case === name);
    if (entries.length !== 1 || member === undefined) {
      throw new QueueError("invalid", `${typeName}: must be an object with one of ${casesOf(members)}`);
    }
    return { case: member.case, value: member.type.fromJson(part as JsonValue) } as T;
  };
  return {
    typeName,
    members,
    create: (init) => convert(init, (member, value) => member.type.create(value)),
    encode: (message) => {
      const { member, value } = memberOf(members, message, typeName);
      return encodeAs(member.type, value, member.contentType);
    },
    decode: (bytes) => decodeUnion<T>(typeName, members, bytes, undefined, ""),
    toJson,
    fromJson,
    toJsonString: (message) => JSON.stringify(toJson(message)),
    fromJsonString: (text) => fromJson(JSON.parse(text) as JsonValue),
  };
}

/** True for the payload of a channel of several messages. */
export function isUnion<T, Init>(type: PayloadType<T, Init>): type is MessageUnion<T, Init> {
  return "members" in type;
}

/** The member a program's value is of, and its value. @throws {QueueError} `invalid`. */
export function memberOf(
  members: readonly UnionMember[],
  message: unknown,
  typeName: string,
): { readonly member: UnionMember; readonly value: never } {
  const name = isRecord(message) ? message["case"] : undefined;
  const member = members.find((candidate) => candidate.case === name);
  if (!isRecord(message) || member === undefined) {
    throw new QueueError("invalid", `${typeName}: case must be one of ${casesOf(members)}`);
  }
  // the member's own type checks its value
  return { member, value: message["value"] as never };
}

function casesOf(members: readonly UnionMember[]): string {
  return members.map((member) => JSON.stringify(member.case)).join(", ");
}

/** Bytes and headers back to a value of the union. @throws {QueueError} `undecodable`. */
export function decodeUnion<T>(
  typeName: string,
  members: readonly UnionMember[],
  bytes: Uint8Array,
  name: string | undefined,
  contentType: string,
): T {
  if (name !== undefined) {
    const member = members.find((candidate) => candidate.name === name);
    if (member === undefined) {
      throw new QueueError("undecodable", `${typeName}: no message ${JSON.stringify(name.slice(0, 100))}`);
    }
    return valueOf<T>(member, decodeReceived(member.type, bytes, contentType, member.contentType));
  }
  const candidates = candidatesOf(members, contentType);
  if (candidates.length === 0) throw noCodec(typeName, contentType);
  const only = candidates.length === 1 ? candidates[0] : undefined;
  const read = (member: UnionMember): T =>
    valueOf<T>(member, decodeReceived(member.type, bytes, contentType, member.contentType));
  if (only !== undefined) return read(only);
  if (!candidates.every((member) => isJson(member.contentType))) {
    throw new QueueError("undecodable", `${typeName}: cannot tell which message it is without x-message-name`);
  }
  const found: T[] = [];
  for (const member of candidates) {
    try {
      found.push(read(member));
    } catch {
      // not this one
    }
  }
  const first = found[0];
  if (first !== undefined && found.length === 1) return first;
  const what = found.length === 0 ? "fits none of its messages" : "fits several of its messages";
  throw new QueueError("undecodable", `${typeName}: the payload ${what} and has no x-message-name`);
}

/** What a message without a name may be, as far as its content type says. */
function candidatesOf(members: readonly UnionMember[], contentType: string): readonly UnionMember[] {
  const sameType = members.filter((member) => isSameType(member.contentType, contentType));
  if (sameType.length > 0) return sameType;
  if (saysNothing(contentType)) return members;
  const encoding = encodingOf(contentType);
  return members.filter(({ type, contentType: own }) => hasCodec(type, encoding, contentType, own));
}

function valueOf<T>(member: UnionMember, value: unknown): T {
  // sound: the member's type made the value of its case
  return { case: member.case, value } as T;
}

const utf8 = new TextEncoder();

/**
 * A value in the form that its content type asks for: JSON, MessagePack, else the type's own bytes. `own` is the
 * contract's content type, which the type speaks whatever it is called.
 *
 * @throws {QueueError} `undecodable` where the type has no codec for the content type.
 */
export function encodeAs<T, Init>(
  type: PayloadType<T, Init>,
  message: Init,
  contentType: string,
  own: string = contentType,
): Uint8Array {
  switch (encodingFor(type, contentType, own)) {
    case "json":
      return utf8.encode(type.toJsonString(message));
    case "msgpack":
      return encodeMsgpack(type.toJson(message));
    default:
      return type.encode(message);
  }
}

/** The way back. Fields that are not in the contract are skipped in JSON as they are in binary. */
export function decodeAs<T, Init>(
  type: PayloadType<T, Init>,
  bytes: Uint8Array,
  contentType: string,
  own: string = contentType,
): T {
  switch (encodingFor(type, contentType, own)) {
    case "json":
      return type.fromJsonString(decodeText(bytes, type.typeName), { ignoreUnknownFields: true });
    case "msgpack":
      // sound: read as JSON there is nothing else in it
      return type.fromJson(decodeMsgpack(bytes, { json: true }) as JsonValue, { ignoreUnknownFields: true });
    default:
      return type.decode(bytes);
  }
}

/** The same with a message's content type, in place of which the contract's holds where it says nothing. */
export function decodeReceived<T, Init>(
  type: PayloadType<T, Init>,
  bytes: Uint8Array,
  contentType: string,
  own: string,
): T {
  return decodeAs(type, bytes, contentType === own || saysNothing(contentType) ? own : contentType, own);
}

type Spoken = Pick<PayloadType<unknown>, "typeName" | "encoding">;

/** What a content type asks of a type. @throws {QueueError} `undecodable` where that is another one's codec. */
function encodingFor(type: Spoken, contentType: string, own: string): Encoding {
  const encoding = encodingOf(contentType);
  if (!hasCodec(type, encoding, contentType, own)) throw noCodec(type.typeName, contentType);
  return encoding;
}

function hasCodec({ encoding: spoken }: Spoken, encoding: Encoding, contentType: string, own: string): boolean {
  // a payload that the contract does not describe is bytes, whatever they are called
  if (encoding === "json" || encoding === "msgpack" || spoken === undefined || spoken === encoding) return true;
  return (encoding === "other" || encoding === "text") && isSameType(contentType, own);
}

function noCodec(typeName: string, contentType: string): QueueError {
  return new QueueError("undecodable", `${typeName}: has no codec for ${JSON.stringify(contentType.slice(0, 100))}`);
}
