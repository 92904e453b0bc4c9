import type { JsonValue, PayloadType } from "../wire/index.js";
import { type Encoding, encodingOf, isJson } from "./content-type.js";
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
    return valueOf<T>(member, decodeAs(member.type, bytes, contentType === "" ? member.contentType : contentType));
  }
  const sameType = members.filter((member) => member.contentType === contentType);
  const candidates = sameType.length > 0 ? sameType : members;
  const only = candidates.length === 1 ? candidates[0] : undefined;
  const how = (member: UnionMember): string => (encodingOf(contentType) === "other" ? member.contentType : contentType);
  if (only !== undefined) return valueOf<T>(only, decodeAs(only.type, bytes, how(only)));
  if (!candidates.every((member) => isJson(member.contentType))) {
    throw new QueueError("undecodable", `${typeName}: cannot tell which message it is without x-message-name`);
  }
  const found: T[] = [];
  for (const member of candidates) {
    try {
      found.push(valueOf<T>(member, decodeAs(member.type, bytes, how(member))));
    } catch {
      // not this one
    }
  }
  const first = found[0];
  if (first !== undefined && found.length === 1) return first;
  const what = found.length === 0 ? "fits none of its messages" : "fits several of its messages";
  throw new QueueError("undecodable", `${typeName}: the payload ${what} and has no x-message-name`);
}

function valueOf<T>(member: UnionMember, value: unknown): T {
  // sound: the member's type made the value of its case
  return { case: member.case, value } as T;
}

const utf8 = new TextEncoder();

/**
 * A value in the form that its content type asks for: JSON, MessagePack, else the type's own bytes.
 *
 * @throws {QueueError} `undecodable` where the type has no codec for the content type.
 */
export function encodeAs<T, Init>(type: PayloadType<T, Init>, message: Init, contentType: string): Uint8Array {
  switch (encodingFor(type, contentType)) {
    case "json":
      return utf8.encode(type.toJsonString(message));
    case "msgpack":
      return encodeMsgpack(type.toJson(message));
    default:
      return type.encode(message);
  }
}

/** The way back. Fields that are not in the contract are skipped in JSON as they are in binary. */
export function decodeAs<T, Init>(type: PayloadType<T, Init>, bytes: Uint8Array, contentType: string): T {
  switch (encodingFor(type, contentType)) {
    case "json":
      return type.fromJsonString(decodeText(bytes, type.typeName), { ignoreUnknownFields: true });
    case "msgpack":
      // sound: read as JSON there is nothing else in it
      return type.fromJson(decodeMsgpack(bytes, { json: true }) as JsonValue, { ignoreUnknownFields: true });
    default:
      return type.decode(bytes);
  }
}

/** What a content type asks of a type. @throws {QueueError} `undecodable` where that is another one's codec. */
function encodingFor(type: Pick<PayloadType<unknown>, "typeName" | "encoding">, contentType: string): Encoding {
  const encoding = encodingOf(contentType);
  const foreign = type.encoding !== undefined && type.encoding !== encoding;
  if (!foreign || encoding === "json" || encoding === "msgpack" || encoding === "other") return encoding;
  throw new QueueError(
    "undecodable",
    `${type.typeName}: has no codec for ${JSON.stringify(contentType.slice(0, 100))}`,
  );
}
