import { createEncoder } from "./arena.js";
import { isBytes } from "./base64.js";
import { stackError, unwritable } from "./error.js";
import { type JsonKey, type JsonSlot, openJson } from "./json-input.js";
import { parseText } from "./json-text.js";
import { checkWhole, closePending, openPending } from "./pending.js";
import { wrapBytes } from "./text.js";
import type { JsonInput, JsonOptions, JsonValue, MessageType, ReadMessage, WriteMessage } from "./types.js";

/** The message itself. What has no fields would pass for one that has none set. @throws {WireError} for such a value. */
function checkMessage<Init>(message: Init): Init {
  if (typeof message !== "object") throw unwritable("a message", message);
  return message;
}

/** A message type from its functions; what emitted files call once per message. */
export function messageType<T, Init>(
  typeName: string,
  create: (init?: Init) => T,
  write: WriteMessage<Init>,
  read: ReadMessage<T>,
  toJson: (m: Init, c: JsonOptions) => JsonValue,
  print: (m: Init, c: JsonOptions) => string,
  fromJson: (v: JsonSlot, c: JsonInput, k: JsonKey) => T,
): MessageType<T, Init> {
  const encode = createEncoder(write);

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
    encode: (message) => encode(checkMessage(message)),
    decode(bytes, options) {
      if (!isBytes(bytes)) throw unwritable("bytes", bytes);
      const b = wrapBytes(bytes);
      const outer = openPending();
      try {
        return checkWhole(read(b, 0, b.length, options?.maxDepth ?? 100));
      } finally {
        closePending(outer);
      }
    },
    toJson(message, options = {}) {
      try {
        return toJson(checkMessage(message), options);
      } catch (error) {
        throw stackError(error);
      }
    },
    toJsonString(message, options = {}) {
      try {
        return print(checkMessage(message), options);
      } catch (error) {
        throw stackError(error);
      }
    },
    fromJson: (value, options) => fromJson(value, openJson(options), undefined),
    fromJsonString: (text, options) => fromJson(parseText(text), openJson(options), undefined),
  };
}
