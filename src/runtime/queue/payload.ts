import type { JsonValue, PayloadType } from "../wire/index.js";
import { createChecker, resolveShape, type ShapeRef } from "./checker.js";
import { read, write } from "./convert.js";
import { QueueError, toError, type Issue } from "./errors.js";
import { copyPlain } from "./json.js";

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A payload described by a JSON Schema. What is written and what is read is checked against the shape; a value that
 * does not fit is a `QueueError` with the code `invalid` and its issues, bytes that are no JSON one with `undecodable`.
 *
 * @example const UserCreated = jsonPayload<UserCreated, UserCreatedInit>("UserCreated", userCreatedShape);
 */
export function jsonPayload<T, Init = T>(typeName: string, shape: ShapeRef): PayloadType<T, Init> {
  function check(value: unknown, maxDepth?: number): void {
    const checker = createChecker(maxDepth);
    resolveShape(shape).check(value, checker);
    if (!checker.ok) throw invalid(typeName, checker.issues);
  }

  function fromJson(value: unknown, maxDepth?: number): T {
    check(value, maxDepth);
    // sound as far as the contract goes: the value was just checked against it
    return read(shape, value) as T;
  }

  function toJson(message: Init): JsonValue {
    try {
      const value = write(shape, message);
      check(value);
      return value as JsonValue;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new QueueError("invalid", `${typeName}: is nested too deep`, { cause: error });
    }
  }

  function fromJsonString(text: string, maxDepth?: number): T {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // the parser's message would quote the content
      throw new QueueError("undecodable", `${typeName}: not JSON`);
    }
    return fromJson(value, maxDepth);
  }

  return {
    typeName,
    encoding: "json",
    // sound: a contract without required properties is met by an empty object, any other refuses it
    create: (init) => fromJson(copyPlain(toJson(init === undefined ? ({} as Init) : init))),
    encode: (message) => utf8.encode(JSON.stringify(toJson(message))),
    decode: (bytes, options) => fromJsonString(decodeText(bytes, typeName), options?.maxDepth),
    toJson,
    fromJson: (value, options) => fromJson(value, options?.maxDepth),
    toJsonString: (message) => JSON.stringify(toJson(message)),
    fromJsonString: (text, options) => fromJsonString(text, options?.maxDepth),
  };
}

/** What a validator of messages finds, as far as queues look at it. */
export interface PayloadFinding {
  readonly field: string;
  readonly message: string;
}

/**
 * A message type whose messages are checked by the contract's rules when they are read and before they are written. One
 * that breaks a rule is a `QueueError` with the code `invalid`: it is dead-lettered without another attempt.
 *
 * @example const payload = checkedPayload(OrderPlaced, validateOrderPlaced); // from `….pb.ts` and `….validate.ts`
 */
export function checkedPayload<P extends PayloadType<T, Init>, T, Init>(
  type: P & PayloadType<T, Init>,
  validate: (message: Init) => readonly PayloadFinding[],
): PayloadType<T, Init> {
  function check(message: Init): Init {
    let found: readonly PayloadFinding[];
    try {
      found = validate(message);
    } catch (cause) {
      throw new QueueError("invalid", `${type.typeName}: ${toError(cause).message}`, { cause });
    }
    if (found.length > 0) {
      throw invalid(
        type.typeName,
        found.map(({ field, message: text }) => ({ path: field, message: text })),
      );
    }
    return message;
  }

  function checked(message: T): T {
    // sound: whoever may hand in an init may hand in the whole message
    check(message as unknown as Init);
    return message;
  }

  return {
    ...type,
    create: (init) => type.create(init),
    encode: (message) => type.encode(check(message)),
    decode: (bytes, options) => checked(type.decode(bytes, options)),
    toJson: (message, options) => type.toJson(check(message), options),
    fromJson: (value, options) => checked(type.fromJson(value, options)),
    toJsonString: (message, options) => type.toJsonString(check(message), options),
    fromJsonString: (text, options) => checked(type.fromJsonString(text, options)),
  };
}

/** The error of a value that does not fit the contract, the first findings in its text. */
export function invalid(typeName: string, issues: readonly Issue[]): QueueError {
  const shown = issues.slice(0, 3).map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
  const more = issues.length > shown.length ? `, and ${issues.length - shown.length} more` : "";
  return new QueueError("invalid", `${typeName}: ${shown.join(", ")}${more}`, { issues });
}

/** Bytes as text. @throws {QueueError} `undecodable` when they are not UTF-8. */
export function decodeText(bytes: Uint8Array, typeName: string): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new QueueError("undecodable", `${typeName}: not UTF-8`);
  }
}

/**
 * A payload that is plain text (`text/plain`), checked against its shape. Its JSON is a string.
 *
 * @example const Line = textPayload<string>("Line", shape.string({ maxLength: 80 }));
 */
export function textPayload<T extends string>(typeName: string, shape: ShapeRef): PayloadType<T> {
  const json = jsonPayload<T>(typeName, shape);
  return {
    ...json,
    encoding: "text",
    encode: (message) => utf8.encode(json.create(message)),
    decode: (bytes) => json.fromJson(decodeText(bytes, typeName)),
  };
}

/** A payload that the contract does not describe: the bytes as they are. Its JSON is base64. */
export const bytesPayload: PayloadType<Uint8Array> = {
  typeName: "bytes",
  // not slice(): a Buffer's is a view of the same memory
  create: (init) => new Uint8Array(init ?? []),
  encode: (message) => message,
  // a copy: the delivery's bytes are needed again for a retry and for the dead letter
  decode: (bytes) => new Uint8Array(bytes),
  toJson: (message) => Buffer.from(message).toString("base64"),
  fromJson: (value) => {
    if (typeof value !== "string") throw new QueueError("invalid", "bytes: must be a base64 string");
    return new Uint8Array(Buffer.from(value, "base64"));
  },
  toJsonString: (message) => JSON.stringify(Buffer.from(message).toString("base64")),
  fromJsonString: (text) => bytesPayload.fromJson(JSON.parse(text) as JsonValue),
};
