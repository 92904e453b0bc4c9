/** The ids of the page's elements, by what they show: `message:acme.v1.User`, `operation:…`, `channel:…`. */
export interface Anchors {
  /** The id of that key, made on first use. Unique, whatever the contract's names are. */
  of(key: string): string;
  /** The id when something with that key stands in the page. */
  find(key: string): string | undefined;
}

/** Ids are readable and stable: people link to them. */
export function createAnchors(): Anchors {
  const byKey = new Map<string, string>();
  const taken = new Set<string>();
  return {
    of(key) {
      let id = byKey.get(key);
      if (id === undefined) {
        const base = key.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-+|-+$/g, "") || "x";
        id = base;
        for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
        taken.add(id);
        byKey.set(key, id);
      }
      return id;
    },
    find: (key) => byKey.get(key),
  };
}
