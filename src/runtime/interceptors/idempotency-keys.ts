import { createLayer, createSelector, type Interceptor, type MethodInfo, type MethodSelector } from "../rpc/index.js";
import { idempotencyHeader } from "./idempotency-key.js";

/** Settings of {@link idempotencyKeys}. */
export interface IdempotencyKeysOptions {
  /** Which methods; by default unary ones that have side effects and no key in their request. */
  readonly methods?: MethodSelector | undefined;
  /** Makes a key; a random UUID by default. */
  readonly createKey?: (() => string) | undefined;
}

/**
 * Gives every call of a client a key by which the server knows it again. It belongs outside of retry, so that all
 * attempts of one call have the same. A key that a call comes with stays.
 *
 * @example createOrdersClient(transport, { chain: chain().use(idempotencyKeys()).use(retry()) });
 */
export function idempotencyKeys(options: IdempotencyKeysOptions = {}): Interceptor {
  const { methods, createKey = () => crypto.randomUUID() } = options;
  const isMeant = methods === undefined ? needsKey : createSelector(methods);
  return createLayer((call) => {
    const { metadata } = call.context;
    if (!isMeant(call.method) || metadata.has(idempotencyHeader)) return { call };
    const keyed = metadata.clone();
    keyed.set(idempotencyHeader, createKey());
    return { call: call.change({ metadata: keyed }) };
  });
}

function needsKey({ kind, idempotency, policy }: MethodInfo): boolean {
  return kind === "unary" && idempotency !== "no_side_effects" && policy.idempotencyKey === undefined;
}
