import type { MethodImplementation, MethodInfo, ServiceRegistry } from "../rpc/index.js";
import { checkLimits, limitsOf, type MessageOptions, type ResolvedLimits } from "./limits.js";

/** A method that a server answers. */
export interface ServedMethod {
  readonly method: MethodInfo;
  readonly implementation: MethodImplementation;
  readonly limits: ResolvedLimits;
}

/** The methods of a server by their paths; all its protocols share one. */
export interface MethodTable extends Required<ServiceRegistry> {
  get(path: string): ServedMethod | undefined;
}

/** An empty table, with the limits of the server it is for. @throws for limits that are none, see `checkLimits`. */
export function createMethodTable(options: MessageOptions): MethodTable {
  checkLimits(options);
  const served = new Map<string, ServedMethod>();
  const names = new Set<string>();
  return {
    register(service, methods) {
      for (const method of Object.values(service.methods)) {
        const implementation = methods.get(method.name);
        if (implementation === undefined) continue;
        if (served.has(method.path)) throw new Error(`${method.path} is registered already`);
        served.set(method.path, { method, implementation, limits: limitsOf(method.path, options) });
      }
      names.add(service.typeName);
    },
    registered: (typeName) => names.has(typeName),
    get: (path) => served.get(path),
  };
}
