import { createEncoder } from "./arena.js";
import { isBytes } from "./base64.js";
import { depthOf } from "./depth.js";
import { checkBlank, unwritable } from "./error.js";
import { type JsonKey, type JsonSlot, openJson } from "./json-input.js";
import { readText } from "./json-text.js";
import { locateBytes, locateValue } from "./locate.js";
import { checkWhole, closePending, openPending } from "./pending.js";
import { wrapBytes } from "./text.js";
import type { JsonInput, JsonOptions, JsonValue, MessageType, ReadMessage, WriteMessage } from "./types.js";

/** The message itself. @throws {WireError} for what has no fields: it would pass for one that has none set. */
function checkMessage<Init>(message: Init): Init {
  if (typeof message !== "object" || message === null) throw unwritable("a message", message);
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
    encoding: "protobuf",
    typeName,
    create(init) {
      try {
        return create(init);
      } catch (error) {
        throw locateValue(error, init, create);
      }
    },
    encode(message) {
      try {
        const bytes = encode(checkMessage(message));
        if (bytes.length === 0) checkBlank(message);
        return bytes;
      } catch (error) {
        throw locateValue(error, message, encode);
      }
    },
    decode(bytes, options) {
      if (!isBytes(bytes)) throw unwritable("a Uint8Array", bytes);
      const depth = depthOf(options);
      const b = wrapBytes(bytes);
      const outer = openPending();
      try {
        return checkWhole(read(b, 0, b.length, depth));
      } catch (error) {
        throw locateBytes(error, typeName, b, read, depth);
      } finally {
        closePending(outer);
      }
    },
    toJson(message, options = {}) {
      try {
        return toJson(checkMessage(message), options);
      } catch (error) {
        throw locateValue(error, message, (m) => toJson(m, options));
      }
    },
    toJsonString(message, options = {}) {
      try {
        return print(checkMessage(message), options);
      } catch (error) {
        throw locateValue(error, message, (m) => print(m, options));
      }
    },
    fromJson: (value, options) => fromJson(value, openJson(options), undefined),
    fromJsonString: (text, options) => readText(text, options, fromJson),
  };
}

/** The same for a message that the contract has rules for. */
export function messageTypeWithRules<T, Init>(
  ...functions: Parameters<typeof messageType<T, Init>>
): MessageType<T, Init> {
  return { ...messageType(...functions), hasRules: true };
}
