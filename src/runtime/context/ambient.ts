import type { TraceContext } from "./trace.js";

/** What flows from a handler into everything it does, without being passed by hand. */
export interface Ambient {
  /** Milliseconds since the epoch by which the work must be done. */
  readonly deadline?: number | undefined;
  /** Aborts when the caller has gone or the deadline is over. */
  readonly signal?: AbortSignal | undefined;
  readonly trace?: TraceContext | undefined;
  /** Who the work is for, as an auth interceptor established it. */
  readonly identity?: unknown;
  /** What the caller sent along, of the call that is being served. */
  readonly metadata?: AmbientMetadata | undefined;
}

/** The headers of the call that is being served, as far as layers further on read them. */
export interface AmbientMetadata {
  has(key: string): boolean;
  getAll(key: string): readonly string[];
  getAllBytes(key: string): readonly Uint8Array[];
}

/** What keeps the context: Node's AsyncLocalStorage, whose type is not named here because browsers load this file. */
interface Storage {
  getStore(): Ambient | undefined;
  run<T>(context: Ambient, run: () => T): T;
}

const AsyncHooks = globalThis.process?.getBuiltinModule?.("node:async_hooks");
const storage: Storage = AsyncHooks === undefined ? createCallStorage() : new AsyncHooks.AsyncLocalStorage<Ambient>();

/** Where there is none, in browsers, a context holds until the function returns: nobody serves calls there. */
function createCallStorage(): Storage {
  let current: Ambient | undefined;
  return {
    getStore: () => current,
    run(context, run) {
      const outer = current;
      current = context;
      try {
        return run();
      } finally {
        current = outer;
      }
    },
  };
}

const none: Ambient = {};

/** The context of the handler around the caller; empty outside of one. */
export function ambient(): Ambient {
  return storage.getStore() ?? none;
}

/** The context around the caller with changes. Its signal is made when somebody asks for it, not when it is copied. */
export function ambientWith(changes: Omit<Ambient, "signal">): Ambient {
  const outer = ambient();
  const { deadline = outer.deadline, trace = outer.trace, identity = outer.identity } = changes;
  const { metadata = outer.metadata } = changes;
  return new Surroundings(deadline, trace, identity, metadata, outer);
}

/** What is around a call whose signal somebody else has. */
export function ambientOf(
  { deadline, trace, identity, metadata }: Omit<Ambient, "signal">,
  owner: { readonly signal?: AbortSignal | undefined },
): Ambient {
  return new Surroundings(deadline, trace, identity, metadata, owner);
}

/** A class, for an object with a getter costs its making several times as much. */
class Surroundings implements Ambient {
  readonly deadline: number | undefined;
  readonly trace: TraceContext | undefined;
  readonly identity: unknown;
  readonly metadata: AmbientMetadata | undefined;
  readonly #owner: { readonly signal?: AbortSignal | undefined };

  constructor(
    deadline: number | undefined,
    trace: TraceContext | undefined,
    identity: unknown,
    metadata: AmbientMetadata | undefined,
    owner: { readonly signal?: AbortSignal | undefined },
  ) {
    this.deadline = deadline;
    this.trace = trace;
    this.identity = identity;
    this.metadata = metadata;
    this.#owner = owner;
  }

  /** Made when it is asked for: most handlers never do. */
  get signal(): AbortSignal | undefined {
    return this.#owner.signal;
  }
}

/** Runs a function, and all that it starts, in a context. */
export function withAmbient<T>(context: Ambient, run: () => T): T {
  // a trace is made when it is asked for
  const trace = activations === undefined ? undefined : context.trace;
  const activate = trace === undefined ? undefined : activations?.get(trace);
  if (activate !== undefined) return activate(() => storage.run(context, run));
  return storage.getStore() === context ? run() : storage.run(context, run);
}

/** Runs a function where a position is the current one for somebody else too. */
export type Activation = <T>(run: () => T) => T;

/** Undefined until somebody has one, for every call comes by here. */
let activations: WeakMap<TraceContext, Activation> | undefined;

/**
 * Has everything that runs below a position run through a function too: how adapters make a span the current one of
 * the library it comes from, wherever this runtime enters it.
 *
 * @example activateWith(span.trace, (run) => context.with(trace.setSpan(context.active(), otelSpan), run));
 */
export function activateWith(trace: TraceContext, activation: Activation): void {
  (activations ??= new WeakMap()).set(trace, activation);
}

/** An iterable whose every step runs in a context: generators would otherwise resume in their consumer's. */
export function iterateWithAmbient<T>(context: Ambient, source: AsyncIterable<T>): AsyncIterable<T> {
  return stepwise(source, (step) => withAmbient(context, step));
}

/**
 * An iterable whose every step runs in the asynchronous context of here and now: this one's and everybody else's who
 * uses AsyncLocalStorage.
 */
export function bindIterable<T>(source: AsyncIterable<T> | Iterable<T>): AsyncIterable<T> {
  return stepwise(source, captureContext());
}

/** What runs a function in the asynchronous context of here and now, whoever calls it. */
export function captureContext(): <R>(run: () => R) => R {
  if (AsyncHooks === undefined) return (run) => run();
  // does what AsyncLocalStorage.snapshot() does, in a tenth of its time
  const resource = new AsyncHooks.AsyncResource("wirespan.context");
  return (run) => resource.runInAsyncScope(run);
}

function stepwise<T>(source: AsyncIterable<T> | Iterable<T>, run: <R>(step: () => R) => R): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T, unknown, undefined> {
      const iterator = run(() =>
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator](),
      );
      return {
        next: async () => run(() => iterator.next()),
        return: async (value?: unknown) => run(() => iterator.return?.(value)) ?? { done: true, value },
        throw: async (error?: unknown) =>
          run(() => {
            if (iterator.throw === undefined) throw error;
            return iterator.throw(error);
          }),
      };
    },
  };
}
