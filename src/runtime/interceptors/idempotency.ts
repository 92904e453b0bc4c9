import { ambient, systemClock, type Clock } from "../context/index.js";
import {
  Code,
  createWrapper,
  failedReply,
  implementationOf,
  isRpcError,
  lifetimeOf,
  oneMessage,
  printFailure,
  reportFailure,
  RpcError,
  settle,
  statusOfError,
  type Call,
  type CallContext,
  type FailureListener,
  type Interceptor,
  type MethodImplementation,
  type MethodInfo,
  type Next,
  type Reply,
} from "../rpc/index.js";
import type { Claim, ClaimRequest, IdempotencyStore } from "../stores/index.js";
import { callerOf } from "./caller.js";
import { canonicalText, digestOf } from "./canonical.js";
import { runDetached } from "./detached.js";
import { createKeyReader, idempotencyHeader, type KeyReader } from "./idempotency-key.js";
import { decodeReply } from "./stored-reply.js";

/** On replies that were given before, with the value `true`. */
export const replayedHeader = "idempotent-replayed";

/**
 * Settings of {@link idempotency}.
 *
 * @example idempotency({ store: createRedisIdempotencyStore({ redis }), ttlMs: 3_600_000 })
 */
export interface IdempotencyOptions {
  /** Where replies are kept. All processes of a service must share it. */
  readonly store: IdempotencyStore;
  /** Milliseconds for which a reply is given again; 86,400,000, a day, by default. */
  readonly ttlMs?: number | undefined;
  /** Milliseconds after which a call of a process that died may be made again; 30,000 by default. */
  readonly leaseMs?: number | undefined;
  /** Milliseconds that a call may go on after its caller has left, who will ask again; 30,000 by default. */
  readonly finishWithinMs?: number | undefined;
  /** Calls without a key are `INVALID_ARGUMENT` where it gives true; nowhere by default. */
  readonly required?: ((method: MethodInfo) => boolean) | undefined;
  /** Tells callers apart, whose keys are their own; by default by what the auth layer has found out. */
  readonly caller?: ((context: CallContext, identity: unknown) => string) | undefined;
  /** Hears that a reply could not be kept, though the call succeeded; prints to stderr by default. */
  readonly onError?: FailureListener | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Does once what is asked for twice: a second call with the same key gets the reply of the first, while that is under
 * way it waits. The key is the field that the contract names, else the metadata `idempotency-key`; without one, and
 * for streams, the layer does nothing. The same key with another request is `ALREADY_EXISTS`. A call that fails frees
 * its key. One whose caller leaves goes on, for nobody can tell how far it has come.
 *
 * @example serviceChain().use(auth({ verify })).use(idempotency({ store: createRedisIdempotencyStore({ redis }) }))
 */
export function idempotency(options: IdempotencyOptions): Interceptor {
  const work = createWorker(options);
  const { required = () => false, caller = callerOf } = options;
  const readers = new WeakMap<MethodInfo, KeyReader>();
  const readerOf = (method: MethodInfo, path: string): KeyReader => {
    let reader = readers.get(method);
    if (reader === undefined) readers.set(method, (reader = createKeyReader(method, path)));
    return reader;
  };
  return createWrapper((next, { method }) => {
    if (method.kind !== "unary" || method.idempotency === "no_side_effects") return next;
    const keyed = method.policy.idempotencyKey !== undefined || required(method);
    const inner = implementationOf(next);
    return (call, give) => {
      // most calls have none, and go on without a promise
      if (!keyed && !call.context.metadata.has(idempotencyHeader)) next(call, give);
      else settle(() => once(call, inner), give);
    };
  });

  async function once<I, O>(call: Call<I, O, {}>, next: MethodImplementation): Promise<Reply<O>> {
    const { method, context } = call;
    const path = method.policy.idempotencyKey;
    let key = headerKey(context);
    const request = await call.requests.one();
    const known = call.change({ requests: oneMessage(request) });
    if (path !== undefined) key = readerOf(method, path)(request) ?? key;
    if (key === undefined) {
      if (!required(method)) return next(known);
      throw new RpcError(
        Code.INVALID_ARGUMENT,
        `${method.name} needs an idempotency key: ${path ?? idempotencyHeader}`,
      );
    }
    const who = caller(context, ambient().identity);
    return work(known, next, {
      key: await digestOf(canonicalText([method.path, who, key])),
      fingerprint: await digestOf(canonicalText(request)),
    });
  }
}

const longestKey = 255;

function headerKey({ metadata }: CallContext): string | undefined {
  const values = metadata.getAll(idempotencyHeader);
  const [value = ""] = values;
  if (values.length > 1) throw new RpcError(Code.INVALID_ARGUMENT, `several values of ${idempotencyHeader}`);
  if (value.length > longestKey) {
    throw new RpcError(Code.INVALID_ARGUMENT, `${idempotencyHeader} has more than ${longestKey} characters`);
  }
  return value === "" ? undefined : `header ${value}`;
}

/** A call by the name under which it is kept. */
interface Keyed {
  readonly key: string;
  readonly fingerprint: string;
}

type Worker = <I, O, C>(call: Call<I, O, C>, next: Next<I, O, C>, keyed: Keyed) => Promise<Reply<O>>;

/** Milliseconds between looks at a call that another process is at: from, to. */
const firstPauseMs = 20;
const longestPauseMs = 500;

function createWorker(options: IdempotencyOptions): Worker {
  const { store, ttlMs = 86_400_000, leaseMs = 30_000, finishWithinMs = 30_000 } = options;
  const { clock = systemClock, onError = printFailure } = options;
  for (const [name, value] of Object.entries({ ttlMs, leaseMs, finishWithinMs })) {
    if (!(value > 0)) throw new RangeError(`${name} is ${value}; it must be more than 0 milliseconds`);
  }
  /** The calls of this process, for those who wait for them. */
  const underWay = new Map<string, Promise<void>>();

  return async (call, next, { key, fingerprint }) => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const claim = await claimOf(key, { fingerprint, leaseMs });
      if (claim.state === "claimed") return run(call, next, { key, fingerprint }, claim.token);
      if (claim.fingerprint !== fingerprint) {
        throw new RpcError(Code.ALREADY_EXISTS, "the idempotency key was used for another request");
      }
      if (claim.state === "done") return decodeReply(call.method, claim.result, { [replayedHeader]: "true" });
      await pause(call, key, pauseMs);
    }
  };

  async function claimOf(key: string, request: ClaimRequest): Promise<Claim> {
    try {
      return await store.claim(key, request);
    } catch (cause) {
      if (isRpcError(cause)) throw cause;
      throw new RpcError(Code.UNAVAILABLE, "idempotency keys cannot be looked up now", { cause });
    }
  }

  /** Until the call of that key is over, as far as this process can tell. Rejects when the caller's own time is. */
  function pause<I, O, C>(call: Call<I, O, C>, key: string, delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        cancel();
        forget();
        resolve();
      };
      const cancel = clock.after(delayMs, done);
      const forget = lifetimeOf(call).onAbort((reason) => {
        cancel();
        reject(reason);
      });
      void underWay.get(key)?.then(done);
    });
  }

  async function run<I, O, C>(
    call: Call<I, O, C>,
    next: Next<I, O, C>,
    { key, fingerprint }: Keyed,
    token: string,
  ): Promise<Reply<O>> {
    const { method, context } = call;
    const report = (cause: unknown): void =>
      reportFailure({ ...statusOfError(cause), code: Code.INTERNAL, cause }, method, onError);
    const deadline = context.deadline === undefined ? undefined : context.deadline + finishWithinMs;
    let finished: () => void = () => {};
    underWay.set(key, new Promise((resolve) => (finished = resolve)));
    const flight = runDetached(call, next, { deadline });
    const stop = (): void => flight.stop(new RpcError(Code.CANCELLED, "the caller has left"));
    let takeBack = (): void => {};
    const forget = lifetimeOf(call).onAbort(() => (takeBack = clock.after(finishWithinMs, stop)));
    const release = keepLease(key, token, report);
    try {
      const outcome = await flight.outcome;
      release();
      if (outcome.kind === "failure") {
        // who was stopped may still be at it: the key is free when the lease is over
        if (!outcome.stopped) await store.release(key, token).catch(report);
        return failedReply(outcome.status);
      }
      const { bytes } = outcome;
      try {
        const kept = await store.complete(key, token, { fingerprint, result: bytes, ttlMs });
        if (!kept) report(new Error(`the lease of a call of ${method.name} was lost: it may have been made twice`));
      } catch (error) {
        // it has been done: to say that it failed would have it done again
        report(error);
      }
      return decodeReply(method, bytes);
    } finally {
      release();
      forget();
      takeBack();
      underWay.delete(key);
      finished();
    }
  }

  /** Renews a lease for as long as this process lives and the call goes on. */
  function keepLease(key: string, token: string, report: (cause: unknown) => void): () => void {
    let over = false;
    let cancel = (): void => {};
    const renewLater = (): void => {
      cancel = clock.after(leaseMs / 3, () => {
        store.extend(key, token, leaseMs).then(
          (mine) => {
            if (mine && !over) renewLater();
          },
          (error: unknown) => {
            report(error);
            if (!over) renewLater();
          },
        );
      });
    };
    renewLater();
    return () => {
      over = true;
      cancel();
    };
  }
}
