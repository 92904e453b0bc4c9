import { implementationOf, startOf, type Start } from "./answer.js";
import type { Interceptor, MethodImplementation, MethodInfo } from "./types.js";

/** Where a layer stands. */
export interface LayerPlace {
  readonly method: MethodInfo;
  /** All layers of the chain that are for the method, this one too; the first is the outermost. */
  readonly layers: readonly object[];
  /** What calls of the chain end at: the transport of a client. Undefined on servers. */
  readonly target: object | undefined;
}

/** Makes the function of a layer, once for each method of a client or a server. It may be `next` itself. */
export type LayerWrap = (next: Start, place: LayerPlace) => Start;

const wraps = new WeakMap<object, LayerWrap>();

/**
 * An interceptor that may wait, or send a call several times, without promises of its own: a function around the
 * function of what lies within. What needs no such thing is a `createLayer`, or a plain {@link Interceptor}.
 *
 * @example
 * const once = createWrapper((next, { method }) => (method.idempotency === "unknown" ? next : retried(next)));
 */
export function createWrapper(wrap: LayerWrap): Interceptor {
  const layer: Interceptor = (call, next) => {
    // sound because `next` takes the calls that this one is turned into: the same with other limits and metadata
    const inner = startOf(next as MethodImplementation);
    return implementationOf(wrap(inner, { method: call.method, layers: [layer], target: undefined }))(call);
  };
  wraps.set(layer, wrap);
  return layer;
}

/** What an interceptor does, if {@link createWrapper} has made it. */
export function wrapOf(interceptor: object): LayerWrap | undefined {
  return wraps.get(interceptor);
}
