import type { CallContext } from "../rpc/index.js";
import { canonicalText } from "./canonical.js";

/**
 * Who asks, as a text that tells callers apart: what is kept for one must not be given to another. An identity that
 * verifiers of ours have made is known by issuer and subject, or by the id of its API key, so that a fresh token makes
 * no difference; any other by all that it holds. Without an identity it is the `authorization` that came along.
 * Empty for calls that nobody has said anything about. It may hold secrets: only a hash of it may be kept.
 */
export function callerOf(context: CallContext, identity: unknown): string {
  if (identity === undefined) {
    const credentials = context.metadata.getAll("authorization");
    return credentials.length === 0 ? "" : `credentials ${canonicalText(credentials)}`;
  }
  const claims = memberOf(identity, "claims");
  const subject = memberOf(claims, "sub");
  if (typeof subject === "string" && subject !== "") {
    return `subject ${canonicalText([memberOf(claims, "iss"), memberOf(claims, "client_id"), subject])}`;
  }
  const key = memberOf(memberOf(identity, "apiKey"), "id");
  if (typeof key === "string") return `key ${canonicalText(key)}`;
  return `identity ${canonicalText(identity)}`;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
