import {
  isUnaryInput,
  readMessage,
  repeatable,
  type Call,
  type CallContext,
  type Give,
  type MethodInfo,
  type Start,
} from "../rpc/index.js";
import { canonicalText } from "./canonical.js";
import { createFieldReader } from "./request-field.js";

/** The metadata that tells the same intent again, as the HTTP header of that name does. */
export const idempotencyHeader = "idempotency-key";

/** The key in a field of a request. Undefined for what a field holds that was not set. */
export type KeyReader = (request: unknown) => string | undefined;

/** Reads the field that the contract names. */
export function createKeyReader(method: MethodInfo, path: string): KeyReader {
  const read = createFieldReader(path);
  // zero looks different in the forms that 64-bit integers and enums may have in programs
  const unset = new Set([undefined, "", 0, 0n, new Uint8Array(), read(method.input.create())].map(canonicalText));
  return (request) => {
    const key = canonicalText(read(request));
    return unset.has(key) ? undefined : `field ${key}`;
  };
}

/** Calls that come with a key go one way, the others the other: without one nobody knows them again. */
export function byKey(method: MethodInfo, keyed: Start, others: Start): Start {
  const { idempotencyKey: path } = method.policy;
  if (path === undefined || !isUnaryInput(method.kind)) return others;
  const read = createKeyReader(method, path);
  return <I, O>(call: Call<I, O, {}>, give: Give<O>): void => {
    if (hasHeader(call.context)) return keyed(call, give);
    const several = call.change({ requests: repeatable(call.requests) });
    readMessage(
      several.requests,
      (request) => (hasKey(read, request) ? keyed : others)(several, give),
      // what cannot be read fails where it is to be sent
      () => others(several, give),
    );
  };
}

function hasHeader({ metadata }: CallContext): boolean {
  return metadata.getAll(idempotencyHeader).some((value) => value !== "");
}

/** What has no text is no key; it is for the transport to say what is wrong with it. */
function hasKey(read: KeyReader, request: unknown): boolean {
  try {
    return read(request) !== undefined;
  } catch {
    return false;
  }
}
