/** What was wrong with bytes, with JSON, or with a message that was to be written. */
export type WireErrorCode =
  /** The bytes end too early, or a length reaches beyond them. */
  | "truncated"
  /** Bytes that no writer produces: a bad tag, an overlong varint, a group without end. */
  | "malformed"
  | "invalid_utf8"
  /** More levels of nested messages than allowed. */
  | "too_deep"
  /** A `required` field is absent. */
  | "missing_required"
  /** A value outside of its field's type. */
  | "invalid_value"
  /** Text that is not JSON. */
  | "invalid_json"
  /** A JSON name that the contract does not know. */
  | "unknown_field"
  /** A type that the registry does not know. */
  | "unknown_type";

const brand = Symbol.for("wirespan.WireError");

/**
 * The one error of codecs. `path` leads to the value in JSON input or in the message that was to be written,
 * `user.emails[2]`; in bytes it is the number of the outermost field, `4`. It is empty for the whole value.
 *
 * @example
 * try {
 *   User.fromJson(body);
 * } catch (error) {
 *   if (isWireError(error)) return badRequest(error.path, error.message);
 *   throw error;
 * }
 */
export class WireError extends Error {
  readonly code: WireErrorCode;
  readonly path: string;
  /** The message without the path. */
  readonly reason: string;

  constructor(code: WireErrorCode, reason: string, path = "", cause?: unknown) {
    super(path === "" ? reason : `${path}: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = "WireError";
    this.code = code;
    this.path = path;
    this.reason = reason;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a {@link WireError}, also for one of another copy of this package. */
export function isWireError(error: unknown): error is WireError {
  return typeof error === "object" && error !== null && Object.hasOwn(error, brand);
}

/** For `throw truncated()`. */
export function truncated(): WireError {
  return new WireError("truncated", "the bytes end in the middle of a value");
}

/** For `throw malformed(…)`. */
export function malformed(reason: string): WireError {
  return new WireError("malformed", reason);
}

/** For `throw tooDeep()`. */
export function tooDeep(path = ""): WireError {
  return new WireError("too_deep", "messages are nested too deeply", path);
}

/**
 * What to throw for an error that came out of a message's functions. As a {@link WireError}: the end of the stack, which
 * a message that holds itself or that many levels runs into, and what engines throw where something else stands in place
 * of a message, a list or a map. Anything else as it is. So writers need to count no levels and to check no shapes.
 */
export function stackError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof TypeError) {
    return new WireError("invalid_value", "the message does not have the shape of its type", "", error);
  }
  // RangeError in V8 and JavaScriptCore, InternalError in SpiderMonkey; RangeErrors of other kinds have other texts
  if (!/^(Maximum call stack size|too much recursion)/.test(error.message)) return error;
  return new WireError("too_deep", "messages are nested too deeply", "", error);
}

/** For a value that a writer cannot write; shows numbers, and of anything else, which may be a secret, only the kind. */
export function unwritable(wanted: string, value: unknown): WireError {
  const shown = typeof value === "number" || isShort(value) ? `the ${typeof value} ${value}` : describe(value);
  return new WireError("invalid_value", `expected ${wanted}, got ${shown}`);
}

/** True for a bigint whose digits take no time. */
function isShort(value: unknown): value is bigint {
  return typeof value === "bigint" && BigInt.asIntN(128, value) === value;
}

/** What a wrong value is, in words. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const kind = kindOf(value);
  return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${/^(Array|Object)$/.test(kind) ? kind.toLowerCase() : kind}`;
}

/** `Object`, `Array`, `Date`, `Map`, `ArrayBuffer`, …: the same in every realm. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1).slice(0, 40);
}

/**
 * Looks at what a writer found nothing in: a message or a map that is empty, or something of another kind, such as a
 * Date, a Map or a number, in which no writer finds anything. So writers need to check no kinds beforehand.
 *
 * @throws {WireError} for the latter.
 */
export function checkBlank(value: unknown, wanted = "a message"): void {
  const blank =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    // a class may give its objects a kind of their own; the built-in ones have no properties
    (kindOf(value) === "Object" || Object.keys(value).length > 0);
  if (!blank) throw unwritable(wanted, value);
}
