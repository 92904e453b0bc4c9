import type { Clock } from "../context/index.js";
import { Lifetime, earliest } from "./lifetime.js";
import { messagesOf } from "./messages.js";
import { createMetadata, type Metadata } from "./metadata.js";
import type {
  Additions,
  Call,
  CallChanges,
  CallContext,
  MessagesInput,
  MethodInfo,
  Messages,
  MetadataInit,
  PeerCertificate,
  PeerCertificateSource,
} from "./types.js";

/** What a call starts with. */
export interface CallInit<I, O> {
  readonly method: MethodInfo<I, never, O, never>;
  /** `oneMessage(request)`, `messagesOf(iterable)`, or any iterable. */
  readonly requests: Messages<I> | MessagesInput<I>;
  readonly metadata?: Metadata | MetadataInit | undefined;
  /** Milliseconds since the epoch. */
  readonly deadline?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Address of the other side. */
  readonly peer?: string | undefined;
  /** The certificate that the other side has shown, verified, or what reads it. */
  readonly peerCertificate?: PeerCertificateSource;
  /** Which end of the call this process is; `server` by default. */
  readonly side?: "client" | "server" | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Makes a call to hand to a {@link MethodImplementation}: what transports and the gateway do for every request.
 *
 * @example
 * const call = createCall({ method, requests: oneMessage(request), deadline: Date.now() + 1_000 });
 * const reply = await implementation(call);
 * const user = await reply.messages.one();
 */
export function createCall<I, O>(init: CallInit<I, O>): Call<I, O, {}> {
  const { method, requests, metadata, deadline, signal, peer = "", side = "server", clock, peerCertificate } = init;
  const lifetime = new Lifetime({ deadline, signal, clock });
  const context = new Context(
    { method, side, metadata: metadataOf(metadata), header: createMetadata(), trailer: createMetadata(), peer },
    lifetime,
    peerCertificate,
  );
  return new LivingCall<I, O, {}>(context, "one" in requests ? requests : messagesOf(requests), lifetime);
}

function metadataOf(given: Metadata | MetadataInit | undefined): Metadata {
  return given === undefined || !(Symbol.iterator in given) ? createMetadata(given) : (given as Metadata);
}

/** What of a context does not come from the lifetime of its call. */
type Parts = Omit<CallContext, "signal" | "deadline" | "peerCertificate">;

/**
 * The context of a call. A layer that changes something gets a new one; the signal is made when somebody asks for it,
 * not when it is copied.
 */
class Context implements CallContext {
  readonly method: MethodInfo;
  readonly side: "client" | "server";
  readonly deadline: number | undefined;
  readonly metadata: Metadata;
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly peer: string;
  readonly #lifetime: Lifetime;
  readonly #certificate: PeerCertificateSource;
  #additions: object | undefined;

  constructor(
    { method, side, metadata, header, trailer, peer }: Parts,
    lifetime: Lifetime,
    certificate: PeerCertificateSource,
  ) {
    this.method = method;
    this.side = side;
    this.deadline = lifetime.deadline;
    this.metadata = metadata;
    this.header = header;
    this.trailer = trailer;
    this.peer = peer;
    this.#lifetime = lifetime;
    this.#certificate = certificate;
  }

  get signal(): AbortSignal {
    return this.#lifetime.signal;
  }

  get peerCertificate(): PeerCertificate | undefined {
    const certificate = this.#certificate;
    return typeof certificate === "function" ? certificate() : certificate;
  }

  // functions of the class and not of its objects, where additions of any name could hide them

  /** A copy with other metadata, another side or lifetime, and more additions. */
  static copy(
    of: Context,
    lifetime: Lifetime,
    { metadata = of.metadata, side = of.side, peer = of.peer }: CallChanges<never>,
    { method = of.method, more }: { readonly method?: MethodInfo; readonly more?: object } = {},
  ): Context {
    const { header, trailer } = of;
    return Context.renew(of, { method, header, trailer, peer, metadata, side }, lifetime, more);
  }

  /** The same additions, and more, around other parts. */
  static renew(of: Context, parts: Parts, lifetime: Lifetime, more?: object): Context {
    // a call that goes on to somebody else is not that caller's
    const samePeer = parts.peer === of.peer && parts.side === of.side;
    const copy = new Context(parts, lifetime, samePeer ? of.#certificate : undefined);
    const before = of.#additions;
    if (before === undefined && more === undefined) return copy;
    copy.#additions = { ...before, ...more };
    // names of additions may be anything; this one would not become a property of the copy, and defining costs more
    if (!Object.hasOwn(copy.#additions, "__proto__")) return Object.assign(copy, copy.#additions);
    return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(copy.#additions));
  }
}

class LivingCall<I, O, C> implements Call<I, O, C> {
  readonly context: Context & C;
  readonly requests: Messages<I>;
  readonly lifetime: Lifetime;
  encode: EncodeReply | undefined;

  constructor(context: Context & C, requests: Messages<I>, lifetime: Lifetime, encode?: EncodeReply) {
    this.context = context;
    this.requests = requests;
    this.lifetime = lifetime;
    this.encode = encode;
  }

  get method(): MethodInfo {
    return this.context.method;
  }

  with<A extends Additions>(additions: A): Call<I, O, C & A> {
    for (const name of Object.keys(additions)) {
      // additions may be the claims of a token, whose names nobody here has chosen
      if (Object.hasOwn(taken, name)) {
        throw new TypeError(`a layer adds "${name}" to the context, where that name is taken`);
      }
    }
    // sound because a copy has all additions
    const context = Context.copy(this.context, this.lifetime, {}, { more: additions }) as Context & C & A;
    return new LivingCall<I, O, C & A>(context, this.requests, this.lifetime, this.encode);
  }

  change(changes: CallChanges<I>): Call<I, O, C> {
    const { deadline, signal, metadata, requests = this.requests, side, peer } = changes;
    let { context, lifetime } = this;
    if (signal !== undefined || (deadline !== undefined && earliest(deadline, lifetime.deadline) === deadline)) {
      lifetime = new Lifetime({ deadline, signal, parent: lifetime });
    }
    const same = (side ?? context.side) === context.side && (peer ?? context.peer) === context.peer;
    if (lifetime !== this.lifetime || metadata !== undefined || !same) {
      context = Context.copy(context, lifetime, changes as CallChanges<never>) as Context & C;
    } else if (requests === this.requests) {
      return this;
    }
    return new LivingCall(context, requests, lifetime, this.encode);
  }
}

/** @throws {RpcError} for what is no message of the method. */
export type EncodeReply = (message: unknown) => Uint8Array;

/** Has the only message of a reply encoded as soon as the handler has given it, so that all layers see how that went. */
export function encodeReplyWith<I, O, C>(call: Call<I, O, C>, encode: EncodeReply): void {
  if (call instanceof LivingCall) call.encode = encode;
}

/** What encodes the only message of a call's reply, where that is to be done. */
export function encoderOf<I, O, C>(call: Call<I, O, C>): EncodeReply | undefined {
  return call instanceof LivingCall ? (call as LivingCall<I, O, C>).encode : undefined;
}

/** The names that every context has. */
const taken: { readonly [K in keyof CallContext]: true } = {
  method: true,
  side: true,
  signal: true,
  deadline: true,
  metadata: true,
  header: true,
  trailer: true,
  peer: true,
  peerCertificate: true,
};

/**
 * The same call under what this end says of its method. A call that somebody else made stays as it is: nobody here
 * knows how to copy it.
 */
export function underMethod<I, O>(call: Call<I, O, {}>, method: MethodInfo): Call<I, O, {}> {
  if (!(call instanceof LivingCall) || call.method === method) return call;
  const { context, requests, lifetime, encode } = call as LivingCall<I, O, {}>;
  return new LivingCall<I, O, {}>(Context.copy(context, lifetime, {}, { method }), requests, lifetime, encode);
}

/** The lifetime behind a call, for the runtime's own parts. A call that somebody else made has one of its signal. */
export function lifetimeOf<I, O, C>(call: Call<I, O, C>): Lifetime {
  if (call instanceof LivingCall) return (call as LivingCall<I, O, C>).lifetime;
  const { deadline, signal } = call.context;
  return new Lifetime({ deadline, signal });
}

/**
 * The same call in a life of its own: with everything that layers have added, but going on when the one it was made
 * from is over. Headers and trailers of its reply are its own too. For layers that work for several callers at once, or
 * beyond the life of the caller.
 *
 * @example
 * const shared = detachCall(call, { deadline: clock.now() + 5_000 });
 * const stop = (): void => lifetimeOf(shared).abort(new RpcError(Code.CANCELLED, "nobody waits any longer"));
 */
export function detachCall<I, O, C>(
  call: Call<I, O, C>,
  { deadline, clock = lifetimeOf(call).clock }: DetachInit = {},
): Call<I, O, C> {
  const { method, side, metadata, peer } = call.context;
  const lifetime = new Lifetime({ deadline, clock });
  const own = { method, side, metadata: metadata.clone(), header: createMetadata(), trailer: createMetadata(), peer };
  if (!(call instanceof LivingCall)) throw new TypeError("only a call that createCall has made can be detached");
  const living = call as LivingCall<I, O, C>;
  // sound because the new context gets all additions of the old one
  const context = Context.renew(living.context, own, lifetime) as Context & C;
  return new LivingCall<I, O, C>(context, call.requests, lifetime);
}

/** Limits of a call in a life of its own. */
export interface DetachInit {
  /** Milliseconds since the epoch; none by default. */
  readonly deadline?: number | undefined;
  /** The call's by default. */
  readonly clock?: Clock | undefined;
}

/**
 * The lifetime of one attempt, which a transport ends with the status it received. The call's own goes on, so that a
 * layer may look at the reply and try again.
 */
export function attemptOf<I, O, C>(call: Call<I, O, C>): Lifetime {
  const lifetime = lifetimeOf(call);
  // one that was made here and now is the attempt's alone
  return call instanceof LivingCall ? new Lifetime({ parent: lifetime }) : lifetime;
}

/**
 * A call with a lifetime inside of its own, which whoever asked for it ends: so that one of several attempts can be
 * cancelled, and nothing is left of one that is over.
 */
export function nestedCall<I, O, C>(
  call: Call<I, O, C>,
): {
  readonly call: Call<I, O, C>;
  readonly lifetime: Lifetime;
} {
  const lifetime = new Lifetime({ parent: lifetimeOf(call) });
  if (!(call instanceof LivingCall)) return { call: call.change({ signal: lifetime.signal }), lifetime };
  const living = call as LivingCall<I, O, C>;
  // sound because a copy has all additions
  const context = Context.copy(living.context, lifetime, {}) as Context & C;
  return { call: new LivingCall<I, O, C>(context, living.requests, lifetime), lifetime };
}
