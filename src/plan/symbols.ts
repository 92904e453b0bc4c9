import type { Origin } from "../model/index.js";
import { createScope, type Scope } from "./scope.js";

/** Parts of the runtime that emitted code imports from. */
export type RuntimeModule =
  "wire" | "wkt" | "rpc" | "gateway" | "rest" | "queue" | "channels" | "validate" | "validate/cel" | "validate/re2";

/** Where a symbol lives: an output file, or a module of the runtime. */
export type SymbolHome =
  { readonly kind: "file"; readonly path: string } | { readonly kind: "runtime"; readonly module: RuntimeModule };

export interface SymbolRequest {
  /** How generators find it: `message:acme.User`, `read:acme.User`, `service:…`, `channel:<path>#<id>`. */
  readonly key: string;
  readonly home: SymbolHome;
  /** The wanted name, already a safe identifier. */
  readonly name: string;
  readonly origin: Origin;
}

export interface PlannedSymbol {
  readonly key: string;
  readonly home: SymbolHome;
  readonly name: string;
}

/** Import settings of the run. */
export interface ImportSettings {
  readonly importExtension: "js" | "ts" | "none";
  /** Prefix of the runtime's modules, `@wirespan/runtime`. */
  readonly runtimeImport: string;
}

/** All names of all outputs. Filled by the generators' `declare`, then read by their `files`. */
export interface SymbolTable {
  /** Takes a name; of two that meet in one file the later gets the suffix `$`. Declaring a key twice is our bug. */
  declare(request: SymbolRequest): void;
  has(key: string): boolean;
  /** @throws when nobody declared the key, which is our bug. */
  get(key: string): PlannedSymbol;
  /** The scope of one output file, empty of imports. */
  scope(path: string): Scope;
}

export function createSymbolTable(settings: ImportSettings): SymbolTable {
  const symbols = new Map<string, PlannedSymbol>();
  const taken = new Map<string, Set<string>>();

  function namesOf(home: SymbolHome): Set<string> {
    const id = home.kind === "file" ? home.path : `runtime:${home.module}`;
    let names = taken.get(id);
    if (names === undefined) taken.set(id, (names = new Set()));
    return names;
  }

  function get(key: string): PlannedSymbol {
    const symbol = symbols.get(key);
    if (symbol === undefined) throw new Error(`no symbol was declared for ${key}`);
    return symbol;
  }

  return {
    declare({ key, home, name }) {
      if (symbols.has(key)) throw new Error(`symbol ${key} was declared twice`);
      const names = namesOf(home);
      let free = name;
      while (names.has(free)) free += "$";
      names.add(free);
      symbols.set(key, { key, home, name: free });
    },
    has: (key) => symbols.has(key),
    get,
    scope: (path) => createScope({ path, declared: namesOf({ kind: "file", path }), get, settings }),
  };
}
