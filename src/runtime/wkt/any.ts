import { type DecodeOptions, type MessageType, WireError } from "../wire/index.js";
import type { Any, AnyInit } from "./google/protobuf/any.pb.js";

/**
 * A message packed into an Any.
 *
 * @example Envelope.create({ payload: packAny(Invoice, { number: "2024-7" }) });
 */
export function packAny<T, Init>(type: MessageType<T, Init>, message: Init): Any {
  // a copy: messages live long, and what encoders give may keep other bytes alive
  return { typeUrl: `type.googleapis.com/${type.typeName}`, value: type.encode(message).slice() };
}

/** True when an Any holds a message of that type. */
export function isAny<T, Init>(any: AnyInit, type: MessageType<T, Init>): boolean {
  const url = any.typeUrl ?? "";
  return url.slice(url.lastIndexOf("/") + 1) === type.typeName;
}

/** The message that an Any holds. @throws {WireError} when it is of another type. */
export function unpackAny<T, Init>(any: AnyInit, type: MessageType<T, Init>, options?: DecodeOptions): T {
  if (!isAny(any, type)) throw new WireError("unknown_type", `an Any does not hold ${type.typeName}`);
  return type.decode(any.value ?? new Uint8Array(0), options);
}
