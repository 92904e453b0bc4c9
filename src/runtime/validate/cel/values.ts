import { celList as list, celMap as map, celUint as uint, type CelInput, type CelUint } from "@bufbuild/cel";
import { enumToNumber, type EnumNames, type MessageType } from "../../wire/index.js";
import { timestampOf } from "../time.js";
import type { CelTypes } from "./types.js";

// CEL tells int, uint and double apart; JavaScript has one number for all.

/** A signed integer or the number of an enum. */
export function celInt(value: bigint | number | string): bigint {
  return BigInt(value);
}

/** An unsigned integer. */
export function celUint(value: bigint | number | string): CelUint {
  return uint(BigInt(value));
}

/** A key of a map that stands for a bool; programs have all keys as texts. */
export function celBool(key: string): boolean {
  return key === "true";
}

/** For values of an enum that are names in programs. */
export function celEnums(info: EnumNames): (name: string | number) => bigint {
  return (name) => BigInt(enumToNumber(name, info));
}

/** A message. */
export function celMessage<T, Init>(types: CelTypes, type: MessageType<T, Init>, message: Init): unknown {
  return types.message(type.typeName, type.encode(message));
}

/** For messages of a type. */
export function celMessages<T, Init>(types: CelTypes, type: MessageType<T, Init>): (message: Init) => unknown {
  return (message) => celMessage(types, type, message);
}

/** For Timestamps that are no messages in programs. */
export function celTimestamps<T, Init>(types: CelTypes, type: MessageType<T, Init>): (time: Date | string) => unknown {
  // sound: the type is that of Timestamp
  return (time) => celMessage(types, type, timestampOf(time) as Init);
}

/** A repeated field; without `convert` its items are CEL's already. */
export function celList<T>(items: readonly T[], convert?: (item: T) => unknown): unknown {
  // sound: emitted code converts what is not CEL's by the functions of this module
  return list((convert === undefined ? items : items.map((item) => convert(item))) as readonly CelInput[]);
}

/** A map field from its entries, likewise. */
export function celMap<T>(
  entries: readonly (readonly [key: string, value: T])[],
  convertKey: ((key: string) => unknown) | undefined,
  convert?: (value: T) => unknown,
): unknown {
  const converted = entries.map(
    ([key, value]) =>
      [
        convertKey === undefined ? key : convertKey(key),
        convert === undefined ? value : convert(value),
        // sound likewise
      ] as [string, CelInput],
  );
  return map(new Map(converted));
}
