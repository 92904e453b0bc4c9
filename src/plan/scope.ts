import { relativePath } from "./paths.js";
import type { ImportSettings, PlannedSymbol, RuntimeModule } from "./symbols.js";

/**
 * The names of one output file while it is being written. Asking for a name imports it, so an unused import
 * cannot exist, and two imports of one name cannot clash.
 */
export interface Scope {
  readonly path: string;
  /** A symbol as a value (and type): the name to write. */
  value(key: string): string;
  /** A symbol in type positions only. */
  type(key: string): string;
  /** A value of the runtime: `scope.runtime("wire", "writeString")`. */
  runtime(module: RuntimeModule, name: string): string;
  /** A type of the runtime. */
  runtimeType(module: RuntimeModule, name: string): string;
  /** A global (`Promise`, `Uint8Array`), as `globalThis.X` where the file declares or imports that name. */
  global(name: string): string;
  /** A name for a parameter or local that neither declarations nor imports of the file have; ask before importing. */
  local(name: string): string;
  /** The import statements, sorted, formatted; empty without imports. */
  imports(): string;
}

interface ScopeInput {
  readonly path: string;
  readonly declared: ReadonlySet<string>;
  readonly get: (key: string) => PlannedSymbol;
  readonly settings: ImportSettings;
}

interface ImportedName {
  readonly name: string;
  readonly local: string;
  type: boolean;
}

export function createScope({ path, declared, get, settings }: ScopeInput): Scope {
  const modules = new Map<string, Map<string, ImportedName>>();
  const taken = new Set<string>(declared);
  const globals = new Set<string>();

  function importName(specifier: string, name: string, type: boolean): string {
    let names = modules.get(specifier);
    if (names === undefined) modules.set(specifier, (names = new Map()));
    const known = names.get(name);
    if (known !== undefined) {
      known.type &&= type;
      return known.local;
    }
    let local = name;
    for (let n = 2; taken.has(local) || globals.has(local); n++) local = `${name}$${n}`;
    taken.add(local);
    names.set(name, { name, local, type });
    return local;
  }

  function symbol(key: string, type: boolean): string {
    const { home, name } = get(key);
    if (home.kind === "runtime") return importName(runtimeSpecifier(home.module), name, type);
    if (home.path === path) return name;
    return importName(fileSpecifier(home.path), name, type);
  }

  function runtimeSpecifier(module: RuntimeModule): string {
    return isRelative(settings.runtimeImport)
      ? withExtension(`${relativeRuntime(path, settings.runtimeImport)}/${module}/index.js`)
      : `${settings.runtimeImport}/${module}`;
  }

  function fileSpecifier(target: string): string {
    return withExtension(relativePath(path, target).replace(/\.ts$/, ".js"));
  }

  function withExtension(specifier: string): string {
    switch (settings.importExtension) {
      case "js":
        return specifier;
      case "ts":
        return specifier.replace(/\.js$/, ".ts");
      case "none":
        return specifier.replace(/\.js$/, "");
    }
  }

  return {
    path,
    value: (key) => symbol(key, false),
    type: (key) => symbol(key, true),
    runtime: (module, name) => importName(runtimeSpecifier(module), name, false),
    runtimeType: (module, name) => importName(runtimeSpecifier(module), name, true),
    global(name) {
      if (taken.has(name)) return `globalThis.${name}`;
      globals.add(name);
      return name;
    },
    local(name) {
      let free = name;
      while (taken.has(free)) free += "$";
      taken.add(free);
      return free;
    },
    imports() {
      return [...modules.entries()]
        .sort(([a], [b]) => compareSpecifiers(a, b))
        .map(([specifier, names]) => printImport(specifier, [...names.values()]))
        .join("\n");
    },
  };
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}

/** A relative `runtimeImport` is relative to the output folder. */
function relativeRuntime(path: string, runtimeImport: string): string {
  const up = path
    .split("/")
    .slice(0, -1)
    .map(() => "..");
  const joined = [...up, ...runtimeImport.split("/").filter((part) => part !== ".")].join("/");
  return joined.startsWith(".") ? joined : `./${joined}`;
}

/** Packages before files, then by code unit. */
function compareSpecifiers(a: string, b: string): number {
  if (a.startsWith(".") !== b.startsWith(".")) return a.startsWith(".") ? 1 : -1;
  return a < b ? -1 : 1;
}

/** One import statement as prettier prints it. */
function printImport(specifier: string, names: readonly ImportedName[]): string {
  const onlyTypes = names.every((name) => name.type);
  const parts = [...names]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, local, type }) => {
      const binding = name === local ? name : `${name} as ${local}`;
      return type && !onlyTypes ? `type ${binding}` : binding;
    });
  const keyword = onlyTypes ? "import type" : "import";
  const from = `from ${JSON.stringify(specifier)};`;
  const line = `${keyword} { ${parts.join(", ")} } ${from}`;
  // prettier never breaks a single name
  if (line.length <= 80 || parts.length === 1) return line;
  return `${keyword} {\n${parts.map((part) => `  ${part},\n`).join("")}} ${from}`;
}
