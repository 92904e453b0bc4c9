import { readLooseString, readString } from "./ascii.js";
import { unwritable } from "./error.js";
import { enumNameToJson, type EnumNames, enumToName, enumToNumber, parseEnumName } from "./enum-names.js";
import { int64ToNumber, int64ToString, toInt64 } from "./integers.js";
import {
  type JsonSlot,
  parseBool,
  parseBytes,
  parseDouble,
  parseEnum,
  parseFloat32,
  parseInt32,
  parseInt64,
  parseNull,
  parseString,
  parseUint32,
  parseUint64,
} from "./json-input.js";
import {
  boolToJson,
  bytesToJson,
  doubleToJson,
  enumToJson,
  floatToJson,
  int32ToJson,
  int64ToJson,
  nullToJson,
  stringToJson,
  uint32ToJson,
  uint64ToJson,
} from "./json-output.js";
import {
  readBool,
  readBytes,
  readDouble,
  readFixed32,
  readFixed64,
  readFloat,
  readGroup,
  readInt32,
  readInt64,
  readMessage,
  readSfixed32,
  readSfixed64,
  readSint32,
  readSint64,
  readUint32,
  readUint64,
} from "./read.js";
import type { Bytes, EnumInfo, JsonInput, JsonOptions, JsonValue, MessageFunctions } from "./types.js";
import {
  writeBool,
  writeBytes,
  writeDouble,
  writeFixed32,
  writeFixed64,
  writeFloat,
  writeGroup,
  writeInt32,
  writeInt64,
  writeMessage,
  writeSfixed32,
  writeSfixed64,
  writeSint32,
  writeSint64,
  writeString,
  writeUint32,
  writeUint64,
} from "./write.js";

// How one value of an extension is written and read. A field of a message has statements of its own in emitted code;
// extensions are rare, and each is one line of emitted code that names its codec.

/** One value of an extension, in both formats. */
export interface ExtensionCodec<T, Init = T> {
  readonly wireType: 0 | 1 | 2 | 3 | 5;
  /** `number` is that of the field, `into` an earlier value of it. */
  readonly read: (b: Bytes, p: number, e: number, d: number, number: number, into: T | undefined) => T;
  readonly write: (b: Bytes, p: number, t: number, value: Init) => number;
  readonly toJson: (value: Init, c: JsonOptions) => JsonValue;
  /** Undefined for the unknown name of an enum value that is to be ignored. */
  readonly fromJson: (x: JsonSlot, c: JsonInput, k: string | number | undefined) => T | undefined;
  /** False for numbers that a closed enum lacks: those stay unknown. */
  readonly accepts?: (value: T) => boolean;
  /** True where JSON null is a value. */
  readonly takesNull?: boolean;
}

/** `int32`. */
export const int32Codec: ExtensionCodec<number> = {
  wireType: 0,
  read: readInt32,
  write: writeInt32,
  toJson: int32ToJson,
  fromJson: parseInt32,
};

/** `uint32`. */
export const uint32Codec: ExtensionCodec<number> = {
  wireType: 0,
  read: readUint32,
  write: writeUint32,
  toJson: uint32ToJson,
  fromJson: parseUint32,
};

/** `sint32`. */
export const sint32Codec: ExtensionCodec<number> = {
  wireType: 0,
  read: readSint32,
  write: writeSint32,
  toJson: int32ToJson,
  fromJson: parseInt32,
};

/** `fixed32`. */
export const fixed32Codec: ExtensionCodec<number> = {
  wireType: 5,
  read: readFixed32,
  write: writeFixed32,
  toJson: uint32ToJson,
  fromJson: parseUint32,
};

/** `sfixed32`. */
export const sfixed32Codec: ExtensionCodec<number> = {
  wireType: 5,
  read: readSfixed32,
  write: writeSfixed32,
  toJson: int32ToJson,
  fromJson: parseInt32,
};

/** `int64`. */
export const int64Codec: ExtensionCodec<bigint> = {
  wireType: 0,
  read: readInt64,
  write: writeInt64,
  toJson: int64ToJson,
  fromJson: parseInt64,
};

/** `uint64`. */
export const uint64Codec: ExtensionCodec<bigint> = {
  wireType: 0,
  read: readUint64,
  write: writeUint64,
  toJson: uint64ToJson,
  fromJson: parseUint64,
};

/** `sint64`. */
export const sint64Codec: ExtensionCodec<bigint> = {
  wireType: 0,
  read: readSint64,
  write: writeSint64,
  toJson: int64ToJson,
  fromJson: parseInt64,
};

/** `fixed64`. */
export const fixed64Codec: ExtensionCodec<bigint> = {
  wireType: 1,
  read: readFixed64,
  write: writeFixed64,
  toJson: uint64ToJson,
  fromJson: parseUint64,
};

/** `sfixed64`. */
export const sfixed64Codec: ExtensionCodec<bigint> = {
  wireType: 1,
  read: readSfixed64,
  write: writeSfixed64,
  toJson: int64ToJson,
  fromJson: parseInt64,
};

/** `double`. */
export const doubleCodec: ExtensionCodec<number> = {
  wireType: 1,
  read: readDouble,
  write: writeDouble,
  toJson: doubleToJson,
  fromJson: parseDouble,
};

/** `float`. */
export const floatCodec: ExtensionCodec<number> = {
  wireType: 5,
  read: readFloat,
  write: writeFloat,
  toJson: floatToJson,
  fromJson: parseFloat32,
};

/** `bool`. */
export const boolCodec: ExtensionCodec<boolean> = {
  wireType: 0,
  read: readBool,
  write: writeBool,
  toJson: boolToJson,
  fromJson: parseBool,
};

/** `string`. */
export const stringCodec: ExtensionCodec<string> = {
  wireType: 2,
  read: readString,
  write: writeString,
  toJson: stringToJson,
  fromJson: parseString,
};

/** `string` of a contract that does not promise UTF-8. */
export const looseStringCodec: ExtensionCodec<string> = {
  wireType: 2,
  read: readLooseString,
  write: writeString,
  toJson: stringToJson,
  fromJson: parseString,
};

/** `bytes`. */
export const bytesCodec: ExtensionCodec<Uint8Array> = {
  wireType: 2,
  read: readBytes,
  write: writeBytes,
  toJson: bytesToJson,
  fromJson: parseBytes,
};

/** A 64-bit integer that is a number in programs; `name` is that of the extension, for errors. */
export function int64AsNumber(codec: ExtensionCodec<bigint>, name: string): ExtensionCodec<number> {
  return convert(codec, (value) => int64ToNumber(value, name), toInt64);
}

/** A 64-bit integer that is a string in programs. */
export function int64AsString(codec: ExtensionCodec<bigint>): ExtensionCodec<string> {
  return convert(codec, int64ToString, toInt64);
}

function convert<T>(
  { wireType, read, write, toJson, fromJson }: ExtensionCodec<bigint>,
  from: (value: bigint) => T,
  to: (value: T) => bigint,
): ExtensionCodec<T> {
  return {
    wireType,
    read: (b, p, e, d, number) => from(read(b, p, e, d, number, undefined)),
    write: (b, p, t, value) => write(b, p, t, to(value)),
    toJson: (value, c) => toJson(to(value), c),
    fromJson(x, c, k) {
      const value = fromJson(x, c, k);
      return value === undefined ? undefined : from(value);
    },
  };
}

/** An enum; `info` is asked when it is needed, since it may be declared after the extension. */
export function enumCodec<E extends number>(info: () => EnumInfo<E>): ExtensionCodec<E> {
  return {
    wireType: 0,
    // an open enum takes any number, and E is number there; what a closed one lacks is not accepted
    read: (b, p) => readInt32(b, p) as E,
    write: (b, p, t, value) => writeInt32(b, p, t, memberOf(value, info())),
    toJson: (value) => enumToJson(value, info()),
    fromJson: (x, c, k) => parseEnum(x, c, k, info()),
    accepts: (value) => !info().closed || info().names.has(value),
  };
}

/** An enum whose values are names in programs. */
export function enumNameCodec<E extends string | number>(info: () => EnumNames<E>): ExtensionCodec<E> {
  return {
    wireType: 0,
    read: (b, p) => enumToName(readInt32(b, p), info()),
    write: (b, p, t, value) => writeInt32(b, p, t, memberOf(enumToNumber(value, info()), info())),
    toJson: (value) => enumNameToJson(value, info()),
    fromJson: (x, c, k) => parseEnumName(x, c, k, info()),
    accepts: (value) => !info().closed || typeof value === "string",
  };
}

/** A number of an enum. @throws {WireError} for one that a closed enum lacks: no reader would take it for a value. */
function memberOf(number: number, info: EnumInfo): number {
  if (info.closed && !info.names.has(number)) throw unwritable(`a member of ${info.typeName}`, number);
  return number;
}

/** `google.protobuf.NullValue`. */
export const nullCodec: ExtensionCodec<number> = {
  wireType: 0,
  read: readInt32,
  write: writeInt32,
  toJson: nullToJson,
  fromJson: parseNull,
  takesNull: true,
};

/** What there is to say about a message of an extension. */
interface MessageParts<T, Init> extends Pick<MessageFunctions<T, Init>, "write" | "read" | "toJson" | "fromJson"> {
  /** True for the one that JSON null is a value of. */
  readonly takesNull?: boolean;
  /** True for what is no message in programs: a date, a text. */
  readonly any?: boolean;
}

/** A message. */
export function messageCodec<T, Init>({
  write,
  read,
  toJson,
  fromJson,
  takesNull = false,
  any = false,
}: MessageParts<T, Init>): ExtensionCodec<T, Init> {
  return {
    wireType: 2,
    read: (b, p, e, d, _number, into) => readMessage(b, p, e, d, read, into),
    write: (b, p, t, value) => writeMessage(b, p, t, value, write, any),
    toJson,
    fromJson,
    takesNull,
  };
}

/** A message in the delimited encoding. */
export function groupCodec<T, Init>({
  write,
  read,
  toJson,
  fromJson,
  takesNull = false,
  any = false,
}: MessageParts<T, Init>): ExtensionCodec<T, Init> {
  return {
    wireType: 3,
    read: (b, p, e, d, number, into) => readGroup(b, p, e, d, number, read, into),
    write: (b, p, t, value) => writeGroup(b, p, t, value, write, any),
    toJson,
    fromJson,
    takesNull,
  };
}
