import type { Clock } from "../context/index.js";
import type { MessageType } from "../wire/index.js";
import type { Metadata } from "./metadata.js";
import type { MethodPolicy } from "./policy.js";
import type { RpcStatus } from "./status.js";

export type { MethodPolicy } from "./policy.js";

export type MethodKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

/** What the contract says about a method. Emitted as data, so that a diff of generated code shows a change. */
export interface MethodInfo<I = unknown, IInit = never, O = unknown, OInit = never> {
  readonly name: string;
  /** Full name of the service, `acme.user.v1.UserService`. */
  readonly service: string;
  /** `/acme.user.v1.UserService/GetUser`. */
  readonly path: string;
  readonly kind: MethodKind;
  readonly input: MessageType<I, IInit>;
  readonly output: MessageType<O, OInit>;
  readonly idempotency: "unknown" | "no_side_effects" | "idempotent";
  readonly policy: MethodPolicy;
}

/** Methods with other policies than the contract's, by their names in generated code. */
export type OwnMethods = ReadonlyMap<string, MethodInfo>;

export interface ServiceInfo {
  readonly typeName: string;
  readonly methods: { readonly [name: string]: MethodInfo };
}

/** What handlers and interceptors know about the call they serve or make. */
export interface CallContext {
  readonly method: MethodInfo;
  /** Which end of the call this process is. */
  readonly side: "client" | "server";
  /** Aborts when the call is cancelled or its deadline is over. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; undefined without a deadline. */
  readonly deadline: number | undefined;
  /** What the caller sent along. */
  readonly metadata: Metadata;
  /** Sent before the first message (server); received (client). */
  readonly header: Metadata;
  /** Sent after the last message (server); received (client). */
  readonly trailer: Metadata;
  /** Address of the caller, `127.0.0.1:50051`, or the target of the client's transport; empty in process. */
  readonly peer: string;
  /**
   * The certificate that the caller has shown and that an authority of the server has issued. Undefined without TLS,
   * where no certificate was asked for, for one that could not be verified, and in clients.
   *
   * @example const name = context.peerCertificate?.subjectAltName;
   */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** A certificate of the other side; `X509Certificate` of Node is one, and on Node's servers this is one. */
export interface PeerCertificate {
  /** The distinguished name, a part in each line: `CN=billing`. */
  readonly subject: string;
  /** The names it is for: `DNS:billing.internal, URI:spiffe://acme.org/billing`. */
  readonly subjectAltName: string | undefined;
  /** SHA-256 of `raw`: `AB:CD:…`. */
  readonly fingerprint256: string;
  /** The whole of it, DER. */
  readonly raw: Uint8Array;
}

/** A certificate, or what reads it when somebody asks. */
export type PeerCertificateSource = PeerCertificate | (() => PeerCertificate | undefined) | undefined;

/** What a layer may add to a context: anything but the names that every context has. */
export type Additions = object & { readonly [K in keyof CallContext]?: never };

/** The messages of one direction. */
export interface Messages<T> extends AsyncIterable<T> {
  /**
   * The only message of a unary side.
   * @throws {RpcError} `UNIMPLEMENTED` when there are none or several.
   */
  one(): Promise<T>;
  /** The same messages, each replaced; does not add an iterator step per layer. */
  map(replace: (message: T) => T): Messages<T>;
}

/** What may be given where messages are asked for. */
export type MessagesInput<T> = AsyncIterable<T> | Iterable<T>;

/** One call on its way through a chain, the same on both sides and for all four kinds. Immutable. */
export interface Call<I, O, C> {
  readonly method: MethodInfo;
  readonly context: CallContext & C;
  readonly requests: Messages<I>;
  /**
   * The same call with more in its context, typed. What every context has is changed by `change` alone.
   * @throws {TypeError} when an addition has such a name.
   */
  with<A extends Additions>(additions: A): Call<I, O, C & A>;
  /** The same call with other settings: a nearer deadline, more metadata, other messages. */
  change(changes: CallChanges<I>): Call<I, O, C>;
  /** Type of the reply; never set. */
  readonly output?: O;
}

export interface CallChanges<I> {
  /** Milliseconds since the epoch; has no effect unless it is nearer than the call's own. */
  readonly deadline?: number | undefined;
  /** One more signal that cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the call's; clone that to add to it. */
  readonly metadata?: Metadata | undefined;
  readonly requests?: Messages<I> | undefined;
  readonly side?: "client" | "server" | undefined;
  /** Address of the other side. */
  readonly peer?: string | undefined;
}

/**
 * What comes back. A failure before the first message is a reply too: `messages` throws it, `done` tells it,
 * `failed` holds it. So `await next(call)` never rejects, and code after it runs in every case.
 */
export interface Reply<O> {
  readonly header: Metadata;
  readonly messages: Messages<O>;
  /** The final status, once all messages were read or the call failed. Never rejects. */
  readonly done: Promise<RpcStatus>;
  /** Set when the call failed before any message: what a retry may look at. */
  readonly failed: RpcStatus | undefined;
}

export type Next<I, O, C> = (call: Call<I, O, C>) => Promise<Reply<O>>;

/**
 * A layer around calls: the same type on client and server, for unary and streaming methods.
 * The first of a chain is the outermost. `Add` is what it adds to the context for the layers within,
 * `Need` what layers outside must have added. `next` resolves when the reply begins (its headers), `reply.done`
 * when it is over; it never rejects. What an interceptor throws becomes a failed reply for the layers outside.
 * A layer that does not look at messages leaves `messages` alone and costs nothing per message.
 *
 * @example
 * const log: Interceptor = async (call, next) => {
 *   const start = performance.now();
 *   const reply = await next(call);
 *   void reply.done.then(({ code, message }) =>
 *     console.log(call.method.path, codeName(code), message, performance.now() - start));
 *   return reply;
 * };
 */
export interface Interceptor<Add = {}, Need = {}> {
  <I, O, C extends Need>(call: Call<I, O, C>, next: Next<I, O, C & Add>): Promise<Reply<O>>;
  readonly needs?: (need: Need) => void;
  readonly adds?: Add;
}

/** An immutable list of interceptors whose additions to the context are known to the compiler. */
export interface Chain<C> {
  /** The same chain with one more layer, inside of the ones before. */
  use<Add = {}>(interceptor: Interceptor<Add, C>): Chain<C & Add>;
  /** The same for some methods only: what it adds to the context may be missing in others. */
  use<Add = {}>(interceptor: Interceptor<Add, C>, selector: MethodSelector): Chain<C & Partial<Add>>;
  readonly layers: readonly ChainLayer[];
  readonly context?: C;
}

/** A chain for one service, whose methods may be named as in its handler. */
export interface ServiceChain<C, M extends string> extends Chain<C> {
  use<Add = {}>(interceptor: Interceptor<Add, C>): ServiceChain<C & Add, M>;
  use<Add = {}>(
    interceptor: Interceptor<Add, C>,
    selector: M | readonly M[] | RegExp | ((method: MethodInfo) => boolean),
  ): ServiceChain<C & Partial<Add>, M>;
}

/**
 * Which methods a layer is for. A string is a path, `/acme.v1.Users/GetUser`, or the beginning of paths when it ends
 * in `*`, `/acme.v1.*`; a pattern is matched against the path.
 */
export type MethodSelector = string | readonly string[] | RegExp | ((method: MethodInfo) => boolean);

export interface ChainLayer {
  readonly interceptor: Interceptor<unknown, never>;
  readonly selector: MethodSelector | undefined;
}

/**
 * Settings of one call.
 *
 * @example
 * await users.getUser({ id }, {
 *   timeoutMs: 500,
 *   metadata: { "x-request-id": requestId },
 *   onTrailer: (trailer) => console.log(trailer.get("x-cost")),
 * });
 */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds from now. The nearest of this, the client's `timeoutMs` (the contract's timeout where it has none) and
   * the surrounding call's deadline holds.
   */
  readonly timeoutMs?: number | undefined;
  readonly metadata?: Metadata | MetadataInit | undefined;
  /** Receives the response headers. */
  readonly onHeader?: ((header: Metadata) => void) | undefined;
  /** Receives the trailers. */
  readonly onTrailer?: ((trailer: Metadata) => void) | undefined;
}

export type MetadataInit = Readonly<Record<string, string | Uint8Array | readonly (string | Uint8Array)[]>>;

/** What a unary handler may return. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Settings of a generated client, whose methods have these names.
 *
 * @example
 * const users = createUserServiceClient(transport, {
 *   chain: userServiceChain().use(tracing()),
 *   timeoutMs: { getUser: 500, importUsers: 60_000 },
 *   metadata: { "x-client": "billing" },
 * });
 */
export interface ClientOptions<M extends string = string> {
  /** Layers around every call, the first is the outermost. */
  readonly chain?: LayerList | undefined;
  /** Milliseconds for each call: for all methods, or by their names on the client. In place of the contract's. */
  readonly timeoutMs?: number | { readonly [K in M]?: number | undefined } | undefined;
  /** Sent with every call. */
  readonly metadata?: MetadataInit | undefined;
  /** Policies in place of the contract's, of {@link overridePolicies}. Default: those of the contract. */
  readonly policies?: OwnMethods | undefined;
  /** What deadlines are measured by; the system's by default, another one in tests. */
  readonly clock?: Clock | undefined;
}

/**
 * Settings of a service that is registered.
 *
 * @example registerUserService(server, handler, { chain: userServiceChain().use(auth({ verify })).use(logging()) });
 */
export interface ServeOptions<C> {
  /** Layers around every call; they add to the context what the handler needs. */
  readonly chain: Chain<C>;
  /** Policies in place of the contract's, of {@link overridePolicies}. Default: those of the contract. */
  readonly policies?: OwnMethods | undefined;
}

/** A chain whose context is of no interest. */
export interface LayerList {
  readonly layers: readonly ChainLayer[];
}

/**
 * Carries calls to a server. Each call of `call` is an attempt of its own: a layer may make several of one call.
 *
 * @example
 * const transport: Transport = createGrpcJsTransport("localhost:50051");
 * const users = createUserServiceClient(transport);
 * process.once("SIGTERM", () => transport.close(5_000));
 */
export interface Transport {
  /** `grpc-js`, `memory`, …; for logs and traces. */
  readonly id: string;
  /** Starts a call. Resolves when the reply begins; never rejects. */
  call<I, O>(call: Call<I, O, {}>): Promise<Reply<O>>;
  /**
   * Takes no new calls and resolves when those under way are done, at the latest after that time (10 s by default),
   * when they are cancelled. A stream that nobody reads to its end is under way.
   */
  close(withinMs?: number): Promise<void>;
  /** Where it calls, as it was told: `users:50051`, `https://users.internal`. Undefined in process. */
  readonly target?: string | undefined;
}

/**
 * Takes implementations of methods and serves them; implemented by every server transport.
 *
 * @example
 * const registry: ServiceRegistry = createGrpcJsServer();
 * registerUserService(registry, handler);
 * registry.register(EchoService, implementService(EchoService, { say: (note) => note }));
 */
export interface ServiceRegistry {
  /** `methods` by name in the contract, `GetUser`. @throws when a path is taken. */
  register(service: ServiceInfo, methods: ReadonlyMap<string, MethodImplementation>): void;
  /** True for the full name of a service that was registered. A registry that cannot tell goes without. */
  registered?(typeName: string): boolean;
}

/** A method with its chain and handler behind one function; what transports and the gateway call. Never rejects. */
export type MethodImplementation = <I, O>(call: Call<I, O, {}>) => Promise<Reply<O>>;
