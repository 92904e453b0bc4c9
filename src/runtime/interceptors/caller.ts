import type { CallContext } from "../rpc/index.js";
import { canonicalText } from "./canonical.js";

/**
 * Who asks, as a text that tells callers apart: what is kept for one must not be given to another. An identity that
 * verifiers of ours have made is known by its claims, but for those that each token has of its own, or by the id of its
 * API key, so that a fresh token makes no difference; any other by all that it holds. Without one it is the `authorization` that came along. Empty for calls
 * that nobody has said anything about. It may hold secrets: only a hash of it may be kept.
 *
 * @throws {TypeError} for an identity that cannot be compared: two callers could look like one.
 */
export function callerOf(context: CallContext, identity: unknown): string {
  if (holdsOnly(identity, "claims", "scopes")) {
    const claims = memberOf(identity, "claims");
    const subject = memberOf(claims, "sub");
    if (typeof subject === "string" && subject !== "") return `subject ${canonicalText(lastingClaims(claims))}`;
  }
  if (holdsOnly(identity, "apiKey", "scopes")) {
    const key = memberOf(memberOf(identity, "apiKey"), "id");
    if (typeof key === "string") return `key ${canonicalText(key)}`;
  }
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

/** What one token of a caller has and the next one has otherwise. */
const passing: ReadonlySet<string> = new Set("iat exp nbf jti auth_time nonce at_hash sid".split(" "));

function lastingClaims(claims: unknown): object {
  return Object.fromEntries(Object.entries(claims ?? {}).filter(([name]) => !passing.has(name)));
}

/** True for an object with no members but those: the kind that a verifier of ours makes. */
function holdsOnly(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).every((name) => names.includes(name));
}

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
