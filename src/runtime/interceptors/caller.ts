import type { CallContext } from "../rpc/index.js";
import { canonicalText } from "./canonical.js";

/**
 * Who asks, as a text that tells callers apart: what is kept for one must not be given to another. An identity that
 * verifiers of ours have made is known by issuer and subject, or by the id of its API key, so that a fresh token makes
 * no difference; any other by all that it holds. Without one it is the `authorization` that came along. Empty for calls
 * that nobody has said anything about. It may hold secrets: only a hash of it may be kept.
 *
 * @throws {TypeError} for an identity that cannot be compared: two callers could look like one.
 */
export function callerOf(context: CallContext, identity: unknown): string {
  const claims = memberOf(identity, "claims");
  const subject = memberOf(claims, "sub");
  if (typeof subject === "string" && subject !== "") {
    return `subject ${canonicalText([memberOf(claims, "iss"), memberOf(claims, "client_id"), subject])}`;
  }
  const key = memberOf(memberOf(identity, "apiKey"), "id");
  if (typeof key === "string") return `key ${canonicalText(key)}`;
  if (identity !== undefined && !isEmpty(identity)) {
    checkComparable(identity, deepest);
    return `identity ${canonicalText(identity)}`;
  }
  const credentials = context.metadata.getAll("authorization");
  if (credentials.length > 0) return `credentials ${canonicalText(credentials)}`;
  if (identity !== undefined) throw incomparable("is empty");
  return "";
}

const deepest = 20;

function isEmpty(identity: unknown): boolean {
  return typeof identity === "object" && identity !== null && isPlain(identity) && Object.keys(identity).length === 0;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What a class keeps to itself, or a function, cannot be seen: all its objects would look the same. */
function checkComparable(value: unknown, depth: number): void {
  if (typeof value === "function" || typeof value === "symbol") throw incomparable("holds a function");
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date) return;
  if (depth === 0) throw incomparable("goes too deep");
  if (!Array.isArray(value) && !isPlain(value)) throw incomparable("holds an object of a class");
  for (const member of Object.values(value)) checkComparable(member, depth - 1);
}

function incomparable(why: string): TypeError {
  return new TypeError(
    `the identity of a caller ${why}, so that callers cannot be told apart: state the option caller`,
  );
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
