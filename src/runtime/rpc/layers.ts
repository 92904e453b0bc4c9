import { ambient, withAmbient, type Ambient } from "../context/index.js";
import { failedAnswer, implementationOf, startOf, type Answer, type Start } from "./answer.js";
import { reportLayer } from "./report.js";
import type { RpcStatus } from "./status.js";
import type { Call, Interceptor, MethodImplementation } from "./types.js";

/** What a layer that waits for nothing and leaves messages alone makes of a call. */
export interface Entered<I, O> {
  /** What the layers within get. */
  readonly call: Call<I, O, {}>;
  /** What is around them, where that is different from what is around this layer. */
  readonly ambient?: Ambient | undefined;
  /** Hears how the call ended, in what is around this layer. What it throws is told to `recovery`, or printed. */
  readonly onEnd?: ((status: RpcStatus) => void) | undefined;
}

/** What such a layer does with every call. What it throws becomes a failed reply. */
export type LayerPlan = <I, O>(call: Call<I, O, {}>) => Entered<I, O>;

const plans = new WeakMap<object, LayerPlan>();

/**
 * An interceptor that waits for nothing and leaves messages alone, which a chain runs without a promise of its own.
 *
 * @example
 * const timing = createLayer((call) => {
 *   const started = performance.now();
 *   return { call, onEnd: () => console.log(call.method.path, performance.now() - started) };
 * });
 */
export function createLayer(plan: LayerPlan): Interceptor {
  const layer: Interceptor = (call, next) => {
    // sound because `next` takes the calls that this one is turned into: the same with other limits and metadata
    const inner = startOf(next as MethodImplementation);
    return implementationOf(enterLayer(plan, inner))(call);
  };
  plans.set(layer, plan);
  return layer;
}

/** What an interceptor does, if {@link createLayer} has made it. */
export function planOf(interceptor: object): LayerPlan | undefined {
  return plans.get(interceptor);
}

/** A layer around what lies within. */
export function enterLayer(plan: LayerPlan, next: Start): Start {
  return <I, O>(call: Call<I, O, {}>, give: (answer: Answer<O>) => void): void => {
    let entered: Entered<I, O>;
    try {
      entered = plan(call);
    } catch (error) {
      return give(failedAnswer(error));
    }
    const { call: inner, ambient: within, onEnd } = entered;
    let end = give;
    if (onEnd !== undefined) {
      const here = ambient();
      end = (answer) => {
        answer.ending.when((status) =>
          withAmbient(here, () => {
            try {
              onEnd(status);
            } catch (error) {
              reportLayer(error, call.context, status);
            }
          }),
        );
        give(answer);
      };
    }
    if (within === undefined) next(inner, end);
    else withAmbient(within, () => next(inner, end));
  };
}
