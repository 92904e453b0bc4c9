// For programs.
export { isWireError, WireError } from "./error.js";
export type { WireErrorCode } from "./error.js";
export { clearExtension, getExtension, hasExtension, setExtension } from "./extension.js";
export { toRedactedJson } from "./redact.js";
export { createRegistry } from "./registry.js";
export type {
  DecodeOptions,
  EnumInfo,
  Extension,
  JsonObject,
  JsonOptions,
  JsonValue,
  MessageType,
  PayloadType,
  TypeRegistry,
  UnknownField,
} from "./types.js";

// For emitted code.
export type { Bytes, JsonInput, MessageFunctions, ReadMessage, WriteMessage } from "./types.js";
export { readLooseString, readString } from "./ascii.js";
export { bytesOf, emptyBytes } from "./base64.js";
export { enumInfo } from "./enum.js";
export type { EnumSpelling } from "./enum.js";
export * from "./enum-names.js";
export { truncated } from "./error.js";
export {
  addExtensions,
  extension,
  messageExtension,
  parseExtension,
  printExtensions,
  repeatedExtension,
} from "./extension.js";
export * from "./extension-codec.js";
export { appendAll, int64ToNumber, int64ToString, toInt64 } from "./integers.js";
export * from "./json-any.js";
export * from "./json-input.js";
export * from "./json-mask.js";
export * from "./json-output.js";
export * from "./json-print.js";
export * from "./json-struct.js";
export * from "./json-time.js";
export * from "./lists.js";
export {
  boolKey,
  checkCase,
  copyCase,
  copyList,
  copyMap,
  createList,
  hasEntries,
  hasItems,
  int32Key,
  int64Key,
  mapItems,
  mapKeys,
  same,
  setEntry,
  stringKey,
  uint32Key,
  uint64Key,
} from "./maps.js";
export { readMessageSetItem, writeMessageSet } from "./message-set.js";
export { messageType, messageTypeWithRules } from "./message-type.js";
export * from "./packed.js";
export { notePending, resumePending } from "./pending.js";
export * from "./read.js";
export { hide, hideIn, hideInValues, redacting } from "./redact.js";
export { required } from "./required.js";
export { copyUnknown, isKnown, keepUnknown, readPackedEnum, readUnknown, writeUnknown } from "./unknown.js";
export * from "./write.js";
