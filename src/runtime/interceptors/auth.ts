import { ambientWith, withAmbient } from "../context/index.js";
import {
  Code,
  createMetadata,
  createSelector,
  createWrapper,
  failedAnswer,
  isRpcError,
  RpcError,
  type Additions,
  type Call,
  type CallContext,
  type Give,
  type Interceptor,
  type MethodInfo,
  type MethodSelector,
  type Start,
} from "../rpc/index.js";

/**
 * Settings of {@link auth}.
 *
 * @example auth({ verify: jwt({ keys: new URL("https://id.example.com/keys"), issuer, audience }) })
 */
export interface AuthOptions<A extends Additions> {
  /**
   * Checks a token and gives what the handler shall know of the caller, under names that no context has yet: claims
   * as they came belong into a property of their own, `{ claims }`. An {@link RpcError} reaches the caller
   * (`PERMISSION_DENIED`); anything else that is thrown is `UNAUTHENTICATED`. `jwt` and `apiKeys` make such functions.
   */
  readonly verify: (token: string, context: CallContext) => A | Promise<A>;
  /** The metadata that holds it; `authorization` by default, there as `Bearer <token>`. */
  readonly header?: string | undefined;
  /** What a method asks for, in place of the scopes in its contract. All of them must have been granted. */
  readonly scopes?: ((method: MethodInfo) => readonly string[]) | undefined;
  /** What was granted to a caller; by default the list `scopes` of what `verify` gives. */
  readonly granted?: ((identity: A) => Iterable<string>) | undefined;
}

/** The same with methods that anybody may call, and without anything about callers there. */
export interface PublicAuthOptions<A extends Additions> extends AuthOptions<A> {
  /**
   * Methods that need no token, in place of those that the contract calls public, or `"contract"` for just those. What
   * `verify` gives is missing in their context, and optional in its type.
   */
  readonly public: MethodSelector | "contract";
}

/** The same with something for handlers of public methods to find in place of an identity. */
export interface AnonymousAuthOptions<A extends Additions> extends AuthOptions<A> {
  readonly public?: MethodSelector | "contract" | undefined;
  /** What the context of a public method gets. */
  readonly anonymous: A;
}

/**
 * Lets in only callers with a valid token that grants what the contract asks for, and adds to the context what
 * `verify` gives. It is also the identity of the ambient context. Methods that the contract calls public are let
 * through without a look at tokens; state `public` or `anonymous` when there are some, so that types say what their
 * handlers find.
 *
 * @example
 * const layers = userServiceChain().use(auth({ verify: async (token) => ({ user: await claimsOf(token) }) }));
 * registerUserService(server, { getUser: (request, { user }) => find(request.id, user) }, { chain: layers });
 */
export function auth<A extends Additions>(options: AnonymousAuthOptions<A>): Interceptor<A>;
export function auth<A extends Additions>(options: PublicAuthOptions<A>): Interceptor<Partial<A>>;
export function auth<A extends Additions>(options: AuthOptions<A>): Interceptor<A>;
export function auth<A extends Additions>(
  options: AuthOptions<A> & { readonly public?: MethodSelector | "contract" | undefined; readonly anonymous?: A },
): Interceptor<A> {
  const { verify, header = "authorization", granted = grantedTo, anonymous } = options;
  const { scopes: scopesOf = ({ policy }: MethodInfo) => policy.auth?.scopes ?? [] } = options;
  const isPublic = publicSelector(options.public);

  /** The token is valid: lets in whom the method's scopes were granted to. */
  function enter<I, O>(call: Call<I, O, {}>, identity: A, next: Start, give: Give<O>): void {
    let known: Call<I, O, A>;
    try {
      const needed = scopesOf(call.method);
      if (needed.length > 0) checkScopes(needed, new Set(granted(identity)), header);
      known = call.with(identity);
    } catch (error) {
      return give(failedAnswer(error));
    }
    withAmbient(ambientWith({ identity }), () => next<I, O>(known, give));
  }

  function start<I, O>(call: Call<I, O, {}>, next: Start, give: Give<O>): void {
    // sound because the overload without anything in its place types the additions as optional
    if (isPublic(call.method)) return next<I, O>(call.with(anonymous ?? ({} as A)), give);
    const token = tokenOf(call.context, header);
    if (token === undefined) throw unauthenticated(`no token in ${header}`, header);
    const refuse = (cause: unknown): void => give(failedAnswer(refusal(cause, header)));
    let identity: A | Promise<A>;
    try {
      identity = verify(token, call.context);
    } catch (cause) {
      return refuse(cause);
    }
    if (isPromise(identity)) Promise.resolve(identity).then((found) => enter(call, found, next, give), refuse);
    else enter(call, identity, next, give);
  }

  const layer: Interceptor = createWrapper((next) => (call, give) => {
    try {
      start(call, next, give);
    } catch (error) {
      give(failedAnswer(error));
    }
  });
  // sound because every call that goes on has the additions
  return layer as Interceptor<A>;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}

function publicSelector(selector: MethodSelector | "contract" | undefined): (method: MethodInfo) => boolean {
  if (selector === undefined || selector === "contract") return ({ policy }) => policy.auth?.public === true;
  return createSelector(selector);
}

/** A caller of whom nothing is known has been granted nothing. */
function grantedTo(identity: object): Iterable<string> {
  const scopes: unknown = "scopes" in identity ? identity.scopes : undefined;
  return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [];
}

/** The contract's own scopes may be named: it is no secret. Those of the caller are not. */
function checkScopes(needed: readonly string[], granted: ReadonlySet<string>, header: string): void {
  const missing = needed.filter((scope) => !granted.has(scope));
  if (missing.length === 0) return;
  const error = `error="insufficient_scope", scope="${quoted(needed.join(" "))}"`;
  throw new RpcError(Code.PERMISSION_DENIED, `the token lacks the scope ${missing.join(", ")}`, {
    metadata: createMetadata({ [challengeHeader]: challengeOf(header, error) }),
  });
}

/** How a refusal tells HTTP clients what to send, RFC 9110 and 6750. The gateway answers with it. */
const challengeHeader = "www-authenticate";

function unauthenticated(message: string, header: string, error = "", cause?: unknown): RpcError {
  const challenge = challengeOf(header, error === "" ? "" : `error="${error}"`);
  return new RpcError(Code.UNAUTHENTICATED, message, {
    metadata: createMetadata({ [challengeHeader]: challenge }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Scheme and parameters. Keys in a header of their own have no scheme that is registered; most call it `ApiKey`. */
function challengeOf(header: string, error: string): string {
  if (header.toLowerCase() === "authorization") return error === "" ? "Bearer" : `Bearer ${error}`;
  return `ApiKey header="${quoted(header)}"${error === "" ? "" : `, ${error}`}`;
}

function quoted(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, "");
}

/** What a caller is told of what `verify` threw. */
function refusal(cause: unknown, header: string): unknown {
  if (!isRpcError(cause)) return unauthenticated("the token is not valid", header, "invalid_token", cause);
  if (cause.code !== Code.UNAUTHENTICATED || cause.metadata.has(challengeHeader)) return cause;
  return unauthenticated(cause.message, header, "invalid_token", cause.cause);
}

function tokenOf(context: CallContext, header: string): string | undefined {
  const values = context.metadata.getAll(header);
  // which of two would be the caller's is for nobody to guess
  if (values.length !== 1) return undefined;
  const [value = ""] = values;
  if (header.toLowerCase() !== "authorization") return value === "" ? undefined : value;
  return /^bearer +([^ ]+) *$/i.exec(value)?.[1];
}
