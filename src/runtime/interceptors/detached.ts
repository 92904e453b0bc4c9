import { ambient, withAmbient, type Clock } from "../context/index.js";
import {
  Code,
  detachCall,
  lifetimeOf,
  statusOfError,
  type Call,
  type Next,
  type RpcError,
  type RpcStatus,
} from "../rpc/index.js";
import { encodeReply } from "./stored-reply.js";

/** What came of a call that went on by itself: its whole reply in bytes, or why it failed. */
export type Outcome =
  | { readonly kind: "reply"; readonly bytes: Uint8Array }
  /** `stopped`: it was told to stop or ran out of time, so that nobody knows what it has done. */
  | { readonly kind: "failure"; readonly status: RpcStatus; readonly stopped: boolean };

/** A unary call that goes on when its caller leaves. */
export interface Detached {
  readonly outcome: Promise<Outcome>;
  /** Tells it that nobody waits any longer. */
  stop(reason: RpcError): void;
}

/** Settings of {@link runDetached}. */
export interface DetachedOptions {
  /** Milliseconds since the epoch; the call is stopped then. */
  readonly deadline?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Runs the layers within, and the handler or the transport, in a life of its own: what the handler does is not
 * cancelled with the caller, and outgoing calls take their deadline from it. The promise never rejects.
 */
export function runDetached<I, O, C>(
  call: Call<I, O, C>,
  next: Next<I, O, C>,
  options: DetachedOptions = {},
): Detached {
  const { identity, trace, metadata } = ambient();
  const own = detachCall(call, options);
  const lifetime = lifetimeOf(own);
  const around = {
    identity,
    trace,
    metadata,
    deadline: options.deadline,
    get signal() {
      return lifetime.signal;
    },
  };
  const fail = (status: RpcStatus): Outcome => {
    lifetime.end(status);
    return { kind: "failure", status, stopped: false };
  };
  const run = async (): Promise<Outcome> => {
    try {
      const reply = await next(own);
      if (reply.failed !== undefined) return fail(reply.failed);
      const message = await reply.messages.one();
      const status = await reply.done;
      if (status.code !== Code.OK) return fail(status);
      lifetime.end(status);
      return { kind: "reply", bytes: encodeReply(call.method, message, reply.header, status.trailer) };
    } catch (error) {
      return fail(statusOfError(error));
    }
  };
  const outcome = new Promise<Outcome>((resolve) => {
    lifetime.onAbort((reason) => {
      // its own failure ends it too, and comes by the other way
      if (!lifetime.failed) resolve({ kind: "failure", status: statusOfError(reason), stopped: true });
    });
    void withAmbient(around, run).then(resolve);
  });
  return { outcome, stop: (reason) => lifetime.abort(reason) };
}
