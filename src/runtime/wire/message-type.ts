import { createEncoder } from "./arena.js";
import { stackError } from "./error.js";
import { openJson } from "./json-input.js";
import { parseText } from "./json-text.js";
import { wrapBytes } from "./text.js";
import type { MessageFunctions, MessageType } from "./types.js";

/** A message type from its functions; what emitted files call once per message. */
export function messageType<T, Init>(typeName: string, functions: MessageFunctions<T, Init>): MessageType<T, Init> {
  const { create, write, read, toJson, print, fromJson } = functions;
  return {
    kind: "message",
    typeName,
    create(init) {
      try {
        return create(init);
      } catch (error) {
        throw stackError(error);
      }
    },
    encode: createEncoder(write),
    decode(bytes, options) {
      const b = wrapBytes(bytes);
      return read(b, 0, b.length, options?.maxDepth ?? 100);
    },
    toJson(message, options = {}) {
      try {
        return toJson(message, options);
      } catch (error) {
        throw stackError(error);
      }
    },
    toJsonString(message, options = {}) {
      try {
        return print(message, options);
      } catch (error) {
        throw stackError(error);
      }
    },
    fromJson: (value, options) => fromJson(value, openJson(options), undefined),
    fromJsonString: (text, options) => fromJson(parseText(text), openJson(options), undefined),
  };
}
