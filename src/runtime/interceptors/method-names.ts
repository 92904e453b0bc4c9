import type { MethodInfo, ServiceInfo } from "../rpc/index.js";

/** By the name of an option: the names of methods that it has entries for. */
export type NamedMethods = Readonly<Record<string, readonly string[]>>;

const named = new WeakMap<object, NamedMethods>();

/** Notes which methods the options of a layer name, for chains that know their service. */
export function noteNames(layer: object, names: NamedMethods): void {
  named.set(layer, names);
}

/**
 * Paths of other services are let pass: a layer may stand in several chains.
 *
 * @throws {TypeError} for the name of a method that the service does not have.
 */
export function checkNames(layer: object, { typeName, methods }: ServiceInfo): void {
  const known = new Set(Object.entries(methods).flatMap(([key, { name, path }]) => [key, name, path]));
  for (const [option, names] of Object.entries(named.get(layer) ?? {})) {
    for (const name of names) {
      if (known.has(name) || (name.startsWith("/") && !name.startsWith(`/${typeName}/`))) continue;
      const there = Object.keys(methods).join(", ");
      throw new TypeError(
        `${option} has ${JSON.stringify(name)}, which is no method of ${typeName}; there are ${there}`,
      );
    }
  }
}

/** The entry for a method: by its path, its name in the contract, or that in generated code. */
export function entryFor<T>(entries: Readonly<Record<string, T>> | undefined, method: MethodInfo): T | undefined {
  if (entries === undefined) return undefined;
  const names = Object.keys(entries);
  const wanted = plain(method.name);
  const name =
    names.find((each) => each === method.path) ??
    names.find((each) => each === method.name) ??
    names.find((each) => plain(each) === wanted);
  return name === undefined ? undefined : entries[name];
}

/** What the rules for names in generated code leave of a name as it is. */
function plain(name: string): string {
  return name.replace(/[_$]/g, "").toLowerCase();
}
