import {
  createLayer,
  listenToLayers,
  printFailure,
  reportFailure,
  type FailureListener,
  type Interceptor,
} from "../rpc/index.js";

/** Settings of {@link recovery}. */
export interface RecoveryOptions {
  /** Hears of what was thrown, with its stack; prints to stderr by default. */
  readonly onError?: FailureListener | undefined;
}

/**
 * Tells of what was thrown inside of it, by handlers and other layers. The caller gets `INTERNAL` without text or
 * stack with or without this layer; this one sees to it that the stack is in the log. It may stand at both ends of a
 * chain: each failure is told once. What a layer throws when the call is over already, which changes nothing for the
 * caller, is told too.
 *
 * @example chain().use(recovery({ onError: (error, method) => logger.error({ err: error }, method.path) }))
 */
export function recovery({ onError = printFailure }: RecoveryOptions = {}): Interceptor {
  return createLayer((call) => {
    listenToLayers(call, onError);
    return { call, onEnd: (status) => reportFailure(status, call.method, onError) };
  });
}
