import { checkOneOf, createJsonCodec, protoCodec, type Codec } from "../rpc/index.js";
import type { TypeRegistry } from "../wire/index.js";
import { checkLimits, type MessageOptions } from "./limits.js";

/** What clients say of their messages. */
export interface ClientMessageOptions extends MessageOptions {
  /** How messages are written: binary, the default, or as JSON, which people can read and fewer servers take. */
  readonly codec?: "proto" | "json" | undefined;
  /** The types that `google.protobuf.Any` may hold in JSON. */
  readonly registry?: TypeRegistry | undefined;
}

/**
 * Looks at what a client says of its messages before it opens anything.
 *
 * @throws {RangeError} for a limit that is no number of bytes, {@link TypeError} for a name that is none.
 */
export function checkClientMessages(options: ClientMessageOptions): void {
  checkOneOf("codec", options.codec, ["proto", "json"]);
  checkLimits(options);
}

/** The codec of a client. */
export function codecOf({ codec, registry }: ClientMessageOptions): Codec {
  return codec === "json" ? createJsonCodec(registry) : protoCodec;
}
