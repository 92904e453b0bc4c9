import { implementationOf, settle, startOf, type Start } from "./answer.js";
import { enterLayer, planOf } from "./layers.js";
import type {
  Chain,
  ChainLayer,
  Interceptor,
  MethodImplementation,
  MethodInfo,
  ServiceChain,
  ServiceInfo,
} from "./types.js";
import { createSelector } from "./selectors.js";
import { wrapOf, type LayerPlace } from "./wrapper.js";

/**
 * An empty chain.
 *
 * @example const layers = chain().use(logging()).use(auth({ verify })).use(metrics({ meter }), "/acme.v1.*");
 */
export function chain(): Chain<{}> {
  return createChain<{}>([]);
}

function createChain<C>(layers: readonly ChainLayer[]): Chain<C> {
  return {
    layers,
    use<Add>(interceptor: Interceptor<Add, C>, selector?: ChainLayer["selector"]): Chain<C & Add> {
      return createChain([...layers, { interceptor: forget(interceptor), selector }]);
    },
  };
}

/** An empty chain for one service; used by generated code. */
export function serviceChain<S extends ServiceInfo>(service: S): ServiceChain<{}, keyof S["methods"] & string> {
  return createServiceChain<{}, keyof S["methods"] & string>(service, []);
}

function createServiceChain<C, M extends string>(
  service: ServiceInfo,
  layers: readonly ChainLayer[],
): ServiceChain<C, M> {
  return {
    layers,
    use<Add>(interceptor: Interceptor<Add, C>, selector?: ChainLayer["selector"]): ServiceChain<C & Add, M> {
      return createServiceChain(service, [
        ...layers,
        { interceptor: forget(interceptor), selector: pathsOf(service, selector) },
      ]);
    },
  };
}

/** Names of a service's methods become paths; what is no such name stays. */
function pathsOf(service: ServiceInfo, selector: ChainLayer["selector"]): ChainLayer["selector"] {
  if (typeof selector !== "string" && !Array.isArray(selector)) return selector;
  const names: readonly string[] = typeof selector === "string" ? [selector] : (selector as readonly string[]);
  return names.map((name) => (Object.hasOwn(service.methods, name) ? (service.methods[name]?.path ?? name) : name));
}

/** Sound because the types of `use` have checked what the layer needs; at run time all layers are alike. */
function forget<Add, Need>(interceptor: Interceptor<Add, Need>): ChainLayer["interceptor"] {
  return interceptor as unknown as ChainLayer["interceptor"];
}

/**
 * One function of a method's layers and what lies within, put together once. Whatever a layer throws becomes a
 * failed reply for the layers outside, so that no layer ever sees `next` reject.
 */
export function composeChain(
  layers: readonly ChainLayer[],
  method: MethodInfo,
  core: MethodImplementation,
): MethodImplementation {
  return implementationOf(composeStart(layers, method, startOf(core)));
}

/** The same for the runtime's own callers. `target`: what the calls end at. */
export function composeStart(layers: readonly ChainLayer[], method: MethodInfo, core: Start, target?: object): Start {
  const chosen = layers
    .filter(({ selector }) => selector === undefined || createSelector(selector)(method))
    .map(({ interceptor }) => interceptor);
  const place: LayerPlace = { method, layers: chosen, target };
  let next = core;
  for (const interceptor of chosen.toReversed()) next = around(interceptor, next, place);
  return next;
}

function around(interceptor: ChainLayer["interceptor"], next: Start, place: LayerPlace): Start {
  const plan = planOf(interceptor, place.method);
  if (plan !== undefined) return enterLayer(plan, next);
  const wrap = wrapOf(interceptor);
  if (wrap !== undefined) return wrap(next, place);
  // sound because a layer's `Need` was met by the layers outside: `use` checked it
  const layer = interceptor as unknown as Interceptor;
  const inner = implementationOf(next);
  return (call, give) => settle(() => layer(call, inner), give);
}
