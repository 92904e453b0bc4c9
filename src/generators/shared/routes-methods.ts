import type { Method, Service } from "../../model/index.js";
import { camelCase, safeProperty } from "../../plan/index.js";

/** `new(…)` in an interface would be a constructor, and a client with a `then` would be taken for a promise. */
const awkward: ReadonlySet<string> = new Set(["new", "then"]);

/** The properties of a service's methods on generated clients and handlers; the later of two that meet gets `$`. */
export function methodProperties(service: Service): ReadonlyMap<Method, string> {
  const names = new Map<Method, string>();
  const taken = new Set<string>();
  for (const method of service.methods) {
    let name = safeProperty(camelCase(method.name));
    while (taken.has(name) || awkward.has(name)) name += "$";
    taken.add(name);
    names.set(method, name);
  }
  return names;
}
