import { ambient, captureContext, withAmbient, type Ambient } from "../context/index.js";
import { failedAnswer, implementationOf, okStatus, startOf, type Answer, type Start } from "./answer.js";
import { lifetimeOf } from "./call.js";
import { printFailure, type FailureListener } from "./report.js";
import type { RpcStatus } from "./status.js";
import type { Call, Interceptor, MethodImplementation, MethodInfo } from "./types.js";

/** What a layer that needs no promise and leaves messages alone makes of a call. */
export interface Entered<I, O> {
  /** What the layers within get. */
  readonly call: Call<I, O, {}>;
  /** What is around them, where that is different from what is around this layer. */
  readonly ambient?: Ambient | undefined;
  /**
   * Where the call may have to wait before it goes on: calls one of the two functions, once, at once or later. A call
   * that is aborted meanwhile must be failed by the layer. What it fails with becomes the reply; `onEnd` is not called.
   */
  readonly wait?: ((go: () => void, fail: (error: unknown) => void) => void) | undefined;
  /** Hears that the reply has begun, unless it failed before its first message. What it throws goes where that of `onEnd` goes. */
  readonly onBegin?: (() => void) | undefined;
  /** Hears how the call ended, in what is around this layer. What it throws is told to `recovery`, or printed. */
  readonly onEnd?: ((status: RpcStatus) => void) | undefined;
}

/** What such a layer does with every call. What it throws becomes a failed reply. */
export type LayerPlan = <I, O>(call: Call<I, O, {}>) => Entered<I, O>;

const plans = new WeakMap<object, (method: MethodInfo) => LayerPlan>();

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
  return registered(
    () => plan,
    () => plan,
  );
}

/**
 * The same with a plan for each method of each client and server that the layer becomes part of: what it remembers
 * there is of one method and one target. Called outside of a chain, it has one plan for each method.
 *
 * @example
 * const counting = createMethodLayer((method) => {
 *   let calls = 0;
 *   return (call) => ({ call, onEnd: () => console.log(method.path, ++calls) });
 * });
 */
export function createMethodLayer(make: (method: MethodInfo) => LayerPlan): Interceptor {
  const alone = new WeakMap<MethodInfo, LayerPlan>();
  return registered(make, (method) => {
    const known = alone.get(method);
    if (known !== undefined) return known;
    const plan = make(method);
    alone.set(method, plan);
    return plan;
  });
}

function registered(
  make: (method: MethodInfo) => LayerPlan,
  outsideOfChains: (method: MethodInfo) => LayerPlan,
): Interceptor {
  const layer: Interceptor = (call, next) => {
    // sound because `next` takes the calls that this one is turned into: the same with other limits and metadata
    const inner = startOf(next as MethodImplementation);
    return implementationOf(enterLayer(outsideOfChains(call.method), inner))(call);
  };
  plans.set(layer, make);
  return layer;
}

/** What an interceptor does for a method, if {@link createLayer} or {@link createMethodLayer} has made it. */
export function planOf(interceptor: object, method: MethodInfo): LayerPlan | undefined {
  return plans.get(interceptor)?.(method);
}

/** Has a listener hear of what the layers of a call throw when there is no caller left to fail. */
export function listenToLayers<I, O>(call: Call<I, O, {}>, listener: FailureListener): void {
  lifetimeOf(call).onLayerFailure = listener;
}

/**
 * Tells of what a layer threw over the end of a call, which stays what it is: a `recovery` layer hears of it, else it is
 * printed. It must not end the process, which a rejection that nobody handles does.
 */
function reportLayer<I, O>(thrown: unknown, call: Call<I, O, {}>, status: RpcStatus): void {
  try {
    (lifetimeOf(call).onLayerFailure ?? printFailure)(thrown, call.method, status);
  } catch {
    // a logger that fails must not fail the process
  }
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
    const { call: inner, ambient: within, wait, onBegin, onEnd } = entered;
    let end = give;
    if (onEnd !== undefined || onBegin !== undefined) {
      const here = ambient();
      end = (answer) => {
        const watch = (run: () => void, status?: RpcStatus): void =>
          withAmbient(here, () => {
            try {
              run();
            } catch (error) {
              reportLayer(error, call, status ?? okStatus());
            }
          });
        if (onBegin !== undefined && answer.failed === undefined) watch(onBegin);
        if (onEnd !== undefined) answer.ending.when((status) => watch(() => onEnd(status), status));
        give(answer);
      };
    }
    const run = (): void => {
      if (within === undefined) next(inner, end);
      else withAmbient(within, () => next(inner, end));
    };
    if (wait === undefined) run();
    else waitThen(wait, run, (error) => give(failedAnswer(error)));
  };
}

/** Goes on, or fails, in the context of here and now: who ends the waiting is in that of another call. */
function waitThen(
  wait: NonNullable<Entered<never, never>["wait"]>,
  run: () => void,
  fail: (error: unknown) => void,
): void {
  let settled = false;
  let resume: (<R>(step: () => R) => R) | undefined;
  const once = (step: () => void): void => {
    if (settled) return;
    settled = true;
    if (resume === undefined) step();
    else resume(step);
  };
  try {
    wait(
      () => once(run),
      (error) => once(() => fail(error)),
    );
  } catch (error) {
    once(() => fail(error));
  }
  if (!settled) resume = captureContext();
}
