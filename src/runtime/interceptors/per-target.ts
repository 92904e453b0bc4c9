import { createLru } from "../resilience/index.js";
import { transportOf, type CallContext, type MethodInfo } from "../rpc/index.js";

/** Which target a call is for, where one client has several. */
export type TargetOf = (context: CallContext) => string;

/** Targets of one method whose state is kept; the ones of more start anew. */
const maxTargets = 1_000;

/** How state is made, and unmade when there is too much of it. */
export interface PerTarget<S> {
  readonly make: (method: MethodInfo, target: string) => S;
  readonly forget?: ((state: S) => void) | undefined;
  readonly target?: TargetOf | undefined;
}

/**
 * State for each method and target. On a client every transport is a target of its own, one that a layer chooses for a
 * call too, also where several clients share a chain, because a chain is put together once for each; `target` tells
 * further ones apart. On a server there is
 * one for each method, whichever way calls come in.
 */
export function statePerTarget<S>({ make, forget, target }: PerTarget<S>): (method: MethodInfo) => TargetState<S> {
  // methods come from contracts: there are only so many
  const served = new Map<string, TargetState<S>>();

  function createState(method: MethodInfo): TargetState<S> {
    if (target === undefined) {
      let only: S | undefined;
      return () => (only ??= make(method, ""));
    }
    const states = createLru(maxTargets, (name) => make(method, name), forget);
    return (context) => states.get(target(context));
  }

  return (method) => {
    const own = createState(method);
    const chosen = new WeakMap<object, TargetState<S>>();
    const stateOfChosen = (transport: object): TargetState<S> => {
      let state = chosen.get(transport);
      if (state === undefined) chosen.set(transport, (state = createState(method)));
      return state;
    };
    return (context) => {
      if (context.side === "client") {
        const transport = transportOf(context);
        return (transport === undefined ? own : stateOfChosen(transport))(context);
      }
      let shared = served.get(method.path);
      if (shared === undefined) served.set(method.path, (shared = createState(method)));
      return shared(context);
    };
  };
}

/** The state that a call is for. */
export type TargetState<S> = (context: CallContext) => S;
