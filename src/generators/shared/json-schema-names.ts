import type { Model } from "../../model/index.js";
import { pascalCase } from "../../plan/index.js";

/** Names of schemas in a document: short, unique, safe as identifiers. */
export type SchemaNames = (typeName: string) => string;

/**
 * Names messages and enums: `Book`, nested `Shelf_Theme`; where two share that, as much of the package goes in front
 * as tells them apart, `LibraryV1Book`.
 */
export function nameSchemas(model: Model, typeNames: Iterable<string>): SchemaNames {
  const all = [...new Set(typeNames)].map((typeName) => ({ typeName, ...partsOf(model, typeName) }));
  const names = new Map<string, string>();
  const taken = new Set<string>();
  let open = all;
  const longest = Math.max(0, ...all.map(({ packages }) => packages.length));
  for (let depth = 0; depth <= longest; depth++) {
    const wanted = open.map((item) => ({ item, name: qualified(item, depth) }));
    const counts = new Map<string, number>();
    for (const { name } of wanted) counts.set(name, (counts.get(name) ?? 0) + 1);
    const next: typeof all = [];
    for (const { item, name } of wanted) {
      if (counts.get(name) === 1 && !taken.has(name)) {
        names.set(item.typeName, name);
        taken.add(name);
      } else {
        next.push(item);
      }
    }
    open = next;
  }
  // what is left differs only in letters that identifiers lack
  for (const item of open) {
    const base = qualified(item, longest);
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    names.set(item.typeName, name);
    taken.add(name);
  }
  return (typeName) => {
    const name = names.get(typeName);
    if (name === undefined) throw new Error(`no schema name was given to ${typeName}`);
    return name;
  };
}

function qualified({ packages, own }: { packages: readonly string[]; own: string }, depth: number): string {
  const prefix = depth === 0 ? [] : packages.slice(-depth);
  return prefix.map(pascalCase).join("") + own;
}

function partsOf(model: Model, typeName: string): { readonly packages: readonly string[]; readonly own: string } {
  const file = (model.messages.get(typeName) ?? model.enums.get(typeName))?.file;
  const known = file === undefined ? undefined : model.files.get(file)?.package;
  const owner = known ?? typeName.split(".").slice(0, -1).join(".");
  const own = owner === "" ? typeName : typeName.slice(owner.length + 1);
  return { packages: owner === "" ? [] : owner.split("."), own: own.replace(/\./g, "_") };
}
