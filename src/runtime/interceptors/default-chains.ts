import {
  clientLayersFor,
  clientOrder,
  flattenPolicy,
  serverLayersFor,
  serverOrder,
  type ClientLayerName,
  type ServerLayerName,
} from "../policy/index.js";
import {
  serviceChain,
  type Interceptor,
  type MethodInfo,
  type OwnMethods,
  type ServiceChain,
  type ServiceInfo,
} from "../rpc/index.js";
import { breaker } from "./breaker.js";
import { concurrency } from "./concurrency.js";
import { markCredentials } from "./credentials.js";
import { deadline } from "./deadline.js";
import { hedge } from "./hedge.js";
import { checkNames } from "./method-names.js";
import { rateLimit } from "./rate-limit.js";
import { recovery } from "./recovery.js";
import { retry } from "./retry.js";

/**
 * Layers of a server by what they are for; their order does not matter. `false`: none, also where the contract calls for
 * one. What is not named: the layer with its defaults where the contract calls for it and there is one that needs no
 * options; `recovery` in any case.
 */
export interface ServerLayers<A = {}> {
  /** Default: `recovery()`. */
  readonly recovery?: Interceptor | false | undefined;
  readonly tracing?: Interceptor | false | undefined;
  readonly metrics?: Interceptor | false | undefined;
  readonly logging?: Interceptor | false | undefined;
  /** Default: `deadline()` where the contract has timeouts. */
  readonly deadline?: Interceptor | false | undefined;
  /** By method or peer, before anybody is known. */
  readonly rateLimit?: Interceptor | false | undefined;
  readonly concurrency?: Interceptor | false | undefined;
  readonly shedding?: Interceptor | false | undefined;
  /** What it adds to the context is there in handlers. */
  readonly auth?: Interceptor<A> | false | undefined;
  /** By a claim of who was let in. */
  readonly claimLimit?: Interceptor | false | undefined;
  /** Has to be given, or left out, where requests have rules. */
  readonly validation?: Interceptor | false | undefined;
  readonly idempotency?: Interceptor | false | undefined;
  readonly cache?: Interceptor | false | undefined;
  /** Next to the handler: so that layers further out meet statuses only. Default: none, `recovery` tells the same. */
  readonly handlerRecovery?: Interceptor | false | undefined;
}

/** Layers of a client by what they are for, as {@link ServerLayers}. */
export interface ClientLayers {
  readonly deadline?: Interceptor | false | undefined;
  readonly tracing?: Interceptor | false | undefined;
  readonly metrics?: Interceptor | false | undefined;
  readonly logging?: Interceptor | false | undefined;
  /** What is passed on of an incoming call. */
  readonly headers?: Interceptor | false | undefined;
  readonly validation?: Interceptor | false | undefined;
  readonly cache?: Interceptor | false | undefined;
  readonly shadow?: Interceptor | false | undefined;
  readonly split?: Interceptor | false | undefined;
  readonly breaker?: Interceptor | false | undefined;
  readonly retry?: Interceptor | false | undefined;
  readonly hedge?: Interceptor | false | undefined;
  readonly rateLimit?: Interceptor | false | undefined;
  readonly concurrency?: Interceptor | false | undefined;
  readonly attemptSpan?: Interceptor | false | undefined;
  readonly attemptTimeout?: Interceptor | false | undefined;
  /** Credentials, fresh for each attempt. With a `cache` outside of it, that has to be told who asks. */
  readonly auth?: Interceptor | false | undefined;
}

/** Settings of default chains. */
export interface DefaultChainOptions<N extends string> {
  /** Another order, from the outside in, with every layer that is in use. Default: `serverOrder`, `clientOrder`. */
  readonly order?: readonly N[] | undefined;
  /** What is given to the client or handler as `policies`, so that layers are there for that, too. */
  readonly policies?: OwnMethods | undefined;
}

/** Layers that need no options, for what a contract may call for. */
const serverDefaults: { readonly [N in ServerLayerName]?: () => Interceptor } = {
  deadline,
  rateLimit: () => rateLimit({ stage: "admission" }),
  concurrency,
  claimLimit: () => rateLimit({ stage: "identity" }),
};
const clientDefaults: { readonly [N in ClientLayerName]?: () => Interceptor } = { breaker, retry, hedge };

/** Layers that do what another one does, too: who has that one needs no further one. */
const partOf: Readonly<Record<string, readonly string[]>> = { attemptTimeout: ["retry", "hedge"] };

/**
 * A server's chain in the default order, with a layer for all that the policies of a service and the rules of its requests
 * call for.
 *
 * @throws {TypeError} when the contract calls for a layer that is not given and needs options: limits, scopes or rules that
 * nobody keeps look the same as those that somebody does. The same for options of a layer that name a method which the
 * service does not have.
 * @example
 * const chain = serverChain(UserService, {
 *   logging: logging({ logger: pino() }),
 *   metrics: metrics({ meter }),
 *   auth: auth({ verify }),
 * });
 * registerUserService(server, handler, { chain });
 */
export function serverChain<S extends ServiceInfo, A = {}>(
  service: S,
  layers: ServerLayers<A>,
  { order = serverOrder, policies }: DefaultChainOptions<ServerLayerName> = {},
): ServiceChain<A, keyof S["methods"] & string> {
  const called = calledFor(service, policies, ({ input, policy }) => {
    const names = serverLayersFor(flattenPolicy(policy));
    return input.hasRules === true ? new Set([...names, "validation"]) : names;
  });
  const given = { recovery: layers.recovery ?? recovery(), ...defined(layers) };
  return build<A, S>(service, { side: "server", order, called, given, defaults: serverDefaults });
}

/**
 * A client's chain in the default order, with a layer for all that the policies of a service call for.
 *
 * @throws {TypeError} when the contract calls for a layer that is not given and has no default.
 * @example
 * const chain = clientChain(UserService, { tracing: tracing({ tracer }), auth: bearer(token) });
 * const users = createUserServiceClient(transport, { chain });
 */
export function clientChain<S extends ServiceInfo>(
  service: S,
  layers: ClientLayers = {},
  { order = clientOrder, policies }: DefaultChainOptions<ClientLayerName> = {},
): ServiceChain<{}, keyof S["methods"] & string> {
  // the rules of requests are kept by servers; a client may know older ones
  const called = calledFor(service, policies, ({ policy }) => clientLayersFor(flattenPolicy(policy)));
  if (typeof layers.auth === "function") markCredentials(layers.auth);
  return build<{}, S>(service, { side: "client", order, called, given: defined(layers), defaults: clientDefaults });
}

/** The methods that call for each layer. */
function calledFor(
  service: ServiceInfo,
  policies: OwnMethods | undefined,
  layersFor: (method: MethodInfo) => ReadonlySet<string>,
): ReadonlyMap<string, readonly MethodInfo[]> {
  const called = new Map<string, MethodInfo[]>();
  for (const [key, contract] of Object.entries(service.methods)) {
    const method = policies?.get(key) ?? contract;
    for (const name of layersFor(method)) {
      const methods = called.get(name);
      if (methods === undefined) called.set(name, [method]);
      else methods.push(method);
    }
  }
  return called;
}

interface Build {
  readonly side: "client" | "server";
  readonly order: readonly string[];
  readonly called: ReadonlyMap<string, readonly MethodInfo[]>;
  readonly given: Readonly<Record<string, object | false>>;
  readonly defaults: Readonly<Record<string, (() => Interceptor) | undefined>>;
}

function build<A, S extends ServiceInfo>(
  service: S,
  { side, order, called, given, defaults }: Build,
): ServiceChain<A, keyof S["methods"] & string> {
  for (const name of [...Object.keys(given), ...called.keys()]) {
    const left = given[name] === false || partOf[name]?.some((other) => called.has(other)) === true;
    if (!left && !order.includes(name))
      throw new TypeError(`the order of the ${side}'s chain has no place for ${name}`);
  }
  for (const layer of Object.values(given)) if (layer !== false) checkNames(layer, service);
  let chain = serviceChain(service);
  for (const name of order) {
    const layer = given[name];
    // sound because the types of the layers' slots have said what each is
    if (typeof layer === "object" || typeof layer === "function") {
      // nobody is known there yet: counted by address, callers behind one would share what each of them has
      const later = name === "rateLimit" ? pathsOf(called, "claimLimit") : undefined;
      if (later === undefined || later.size === 0) chain = chain.use(layer as Interceptor);
      else chain = chain.use(layer as Interceptor, ({ path }) => !later.has(path));
    }
    if (layer !== undefined) continue;
    const needed = defaultLayer(name, called, defaults, service, side);
    if (needed === undefined) continue;
    // the methods that call for it, and no others: two layers of one kind share the methods between them
    const paths = pathsOf(called, name);
    chain = chain.use(needed, ({ path }) => paths.has(path));
  }
  // sound because `auth`, whose additions `A` are, is the one slot that takes a layer with some
  return chain as ServiceChain<A, keyof S["methods"] & string>;
}

function pathsOf(called: Build["called"], name: string): ReadonlySet<string> {
  return new Set(called.get(name)?.map(({ path }) => path));
}

function defaultLayer(
  name: string,
  called: Build["called"],
  defaults: Build["defaults"],
  { typeName }: ServiceInfo,
  side: string,
): Interceptor | undefined {
  const methods = called.get(name);
  if (methods === undefined || partOf[name]?.some((other) => called.has(other)) === true) return undefined;
  const make = defaults[name];
  if (make !== undefined) return make();
  const names = methods.map((method) => method.name).join(", ");
  throw new TypeError(
    `the contract of ${typeName} calls for the layer ${name} in the ${side}'s chain (${names}): give one, or false for none`,
  );
}

function defined(layers: object): Readonly<Record<string, object | false>> {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(layers);
  return Object.fromEntries(
    entries.filter((entry): entry is readonly [string, object | false] => entry[1] !== undefined),
  );
}
