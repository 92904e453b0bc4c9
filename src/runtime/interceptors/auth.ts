import { ambientWith, withAmbient } from "../context/index.js";
import {
  Code,
  createSelector,
  isRpcError,
  RpcError,
  type Additions,
  type CallContext,
  type Interceptor,
  type MethodSelector,
} from "../rpc/index.js";

/** Settings of {@link auth}. */
export interface AuthOptions<A extends Additions> {
  /**
   * Checks a token and gives what the handler shall know of the caller, under names that no context has yet: claims
   * as they came belong into a property of their own, `{ claims }`. An {@link RpcError} reaches the caller
   * (`PERMISSION_DENIED`); anything else that is thrown is `UNAUTHENTICATED`.
   */
  readonly verify: (token: string, context: CallContext) => A | Promise<A>;
  /** The metadata that holds it; `authorization` by default, there as `Bearer <token>`. */
  readonly header?: string | undefined;
}

/** The same with methods that anybody may call. */
export interface PublicAuthOptions<A extends Additions> extends AuthOptions<A> {
  /** Methods that need no token; what `verify` gives is missing in their context. */
  readonly public: MethodSelector;
}

/**
 * Lets in only callers with a valid token, and adds to the context what `verify` gives. It is also the identity of
 * the ambient context.
 *
 * @example
 * const layers = userServiceChain().use(auth({ verify: async (token) => ({ user: await claimsOf(token) }) }));
 * registerUserService(server, { getUser: (request, { user }) => find(request.id, user) }, { chain: layers });
 */
export function auth<A extends Additions>(options: PublicAuthOptions<A>): Interceptor<Partial<A>>;
export function auth<A extends Additions>(options: AuthOptions<A>): Interceptor<A>;
export function auth<A extends Additions>(
  options: AuthOptions<A> & { readonly public?: MethodSelector },
): Interceptor<A> {
  const header = options.header ?? "authorization";
  const isPublic = options.public === undefined ? () => false : createSelector(options.public);
  return async (call, next) => {
    // sound because the overload for public methods types the additions as optional
    if (isPublic(call.method)) return next(call.with({} as A));
    const token = tokenOf(call.context, header);
    if (token === undefined) throw new RpcError(Code.UNAUTHENTICATED, `no token in ${header}`);
    const identity = await verified(options.verify, token, call.context);
    return withAmbient(ambientWith({ identity }), () => next(call.with(identity)));
  };
}

async function verified<A extends Additions>(
  verify: AuthOptions<A>["verify"],
  token: string,
  context: CallContext,
): Promise<A> {
  try {
    return await verify(token, context);
  } catch (cause) {
    if (isRpcError(cause)) throw cause;
    throw new RpcError(Code.UNAUTHENTICATED, "the token is not valid", { cause });
  }
}

function tokenOf(context: CallContext, header: string): string | undefined {
  const value = context.metadata.get(header);
  if (header !== "authorization") return value === "" ? undefined : value;
  return /^bearer +([^ ]+) *$/i.exec(value ?? "")?.[1];
}

/**
 * Sends a bearer token with every call of a client.
 *
 * @example createUserServiceClient(transport, { chain: chain().use(bearer(() => tokens.current())) });
 */
export function bearer(token: string | (() => string | Promise<string>)): Interceptor {
  return async (call, next) => {
    const metadata = call.context.metadata.clone();
    metadata.set("authorization", `Bearer ${typeof token === "string" ? token : await token()}`);
    return next(call.change({ metadata }));
  };
}
