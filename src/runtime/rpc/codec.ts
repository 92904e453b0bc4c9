import { isWireError, type JsonOptions, type MessageType, type TypeRegistry } from "../wire/index.js";
import { Code } from "./status.js";

/** A message whose type only the contract knows. */
type AnyMessage = MessageType<unknown, never>;

/** How the messages of a call become bytes. */
export interface Codec {
  readonly id: "proto" | "json";
  /** @throws {WireError} for a message that is none of the type. */
  encode(type: AnyMessage, message: unknown): Uint8Array;
  /** @throws {WireError} for bytes that are none. */
  decode(type: AnyMessage, bytes: Uint8Array): unknown;
  /** What a request is that cannot be read. */
  readonly unreadable: Code;
  /** What may be said about why: nothing, unless it was written by hand. */
  reason(error: unknown): string;
}

/** The binary form. What cannot be read is `INTERNAL`, as gRPC has it: two programs disagree. */
export const protoCodec: Codec = {
  id: "proto",
  // sound because a message comes from who the contract's types were given to
  encode: (type, message) => type.encode(message as never),
  decode: (type, bytes) => type.decode(bytes),
  unreadable: Code.INTERNAL,
  reason: () => "",
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** ProtoJSON. Fields that the contract does not know are skipped, as in the binary form. */
export function createJsonCodec(registry: TypeRegistry | undefined): Codec {
  const options: JsonOptions = { registry, ignoreUnknownFields: true };
  return {
    id: "json",
    // sound as above
    encode: (type, message) => encoder.encode(type.toJsonString(message as never, options)),
    decode: (type, bytes) => type.fromJsonString(decoder.decode(bytes), options),
    unreadable: Code.INVALID_ARGUMENT,
    reason: (error) => (isWireError(error) ? `: ${error.message}` : ""),
  };
}
