/** What a route is found by. */
export interface RoutePattern {
  readonly verb: string;
  readonly path: string;
  readonly segments: readonly string[];
  readonly customVerb?: string;
}

/** The outcome of a look-up. `segments` are those of the path, still percent-encoded, without the custom verb. */
export type Match<T> =
  | { readonly kind: "found"; readonly route: T; readonly segments: readonly string[] }
  /** The path exists under other verbs. */
  | { readonly kind: "verb"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/** Finds routes by specificity: a literal before `*` before `**`, segment by segment; a custom verb before none. */
export interface Router<T> {
  /** @throws {URIError} when a percent-encoding in the path is malformed. */
  match(verb: string, path: string): Match<T>;
}

interface Leaf<T> {
  readonly verbs: Map<string, T>;
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  one: Node<T> | undefined;
  /** Patterns that go on with `**`: what follows it, last segment first. */
  rest: Node<T> | undefined;
  leaf: Leaf<T> | undefined;
}

/** Colons that are tried as the start of a custom verb. */
const maxColons = 8;

/**
 * Builds a trie of the patterns. A look-up costs what the path is long, not how many routes there are.
 * @throws when two patterns are the same.
 */
export function createRouter<T extends RoutePattern>(routes: readonly T[]): Router<T> {
  const tries = new Map<string, Node<T>>();
  for (const route of routes) {
    const customVerb = route.customVerb ?? "";
    let root = tries.get(customVerb);
    if (root === undefined) tries.set(customVerb, (root = emptyNode()));
    insert(root, route);
  }
  const plain = tries.get("");
  const hasCustomVerbs = tries.size > (plain === undefined ? 0 : 1);

  return {
    match(verb, path) {
      const raw = splitPath(path);
      if (raw === undefined) return { kind: "none" };
      const allow = new Set<string>();
      if (hasCustomVerbs) {
        const found = matchCustomVerb(tries, verb, raw, allow);
        if (found !== undefined) return found;
      }
      const route = plain === undefined ? undefined : find(plain, raw.map(decodeSegment), verb, allow);
      if (route !== undefined) return { kind: "found", route, segments: raw };
      return allow.size === 0 ? { kind: "none" } : { kind: "verb", allow: [...allow].sort() };
    },
  };
}

function matchCustomVerb<T>(
  tries: ReadonlyMap<string, Node<T>>,
  verb: string,
  raw: readonly string[],
  allow: Set<string>,
): Match<T> | undefined {
  const last = raw.at(-1) ?? "";
  let colon = last.indexOf(":");
  for (let n = 0; colon >= 0 && n < maxColons; n++, colon = last.indexOf(":", colon + 1)) {
    const root = tries.get(last.slice(colon + 1));
    if (root === undefined || colon === last.length - 1) continue;
    const segments = colon === 0 ? raw.slice(0, -1) : [...raw.slice(0, -1), last.slice(0, colon)];
    const route = find(root, segments.map(decodeSegment), verb, allow);
    if (route !== undefined) return { kind: "found", route, segments };
  }
  return undefined;
}

/** The segments of an absolute path, or undefined when one is empty: no template matches those. */
function splitPath(path: string): readonly string[] | undefined {
  if (path === "/") return [];
  if (!path.startsWith("/")) return undefined;
  const segments = path.slice(1).split("/");
  return segments.includes("") ? undefined : segments;
}

function decodeSegment(segment: string): string {
  return segment.includes("%") ? decodeURIComponent(segment) : segment;
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), one: undefined, rest: undefined, leaf: undefined };
}

function insert<T extends RoutePattern>(root: Node<T>, route: T): void {
  const rest = route.segments.indexOf("**");
  const head = rest < 0 ? route.segments : route.segments.slice(0, rest);
  let node = descend(root, head);
  if (rest >= 0) node = descend((node.rest ??= emptyNode()), route.segments.slice(rest + 1).reverse());
  const { verbs } = (node.leaf ??= { verbs: new Map() });
  const other = verbs.get(route.verb);
  if (other !== undefined) {
    throw new Error(`two routes match the same requests: ${route.verb} ${other.path} and ${route.path}`);
  }
  verbs.set(route.verb, route);
}

function descend<T>(root: Node<T>, segments: readonly string[]): Node<T> {
  let node = root;
  for (const segment of segments) {
    if (segment === "*") {
      node = node.one ??= emptyNode();
    } else {
      let next = node.literals.get(segment);
      if (next === undefined) node.literals.set(segment, (next = emptyNode()));
      node = next;
    }
  }
  return node;
}

function find<T>(root: Node<T>, segments: readonly string[], verb: string, allow: Set<string>): T | undefined {
  return findForward(root, 0);

  function findForward(node: Node<T>, index: number): T | undefined {
    const segment = segments[index];
    if (segment === undefined) {
      const route = take(node);
      if (route !== undefined) return route;
    } else {
      const literal = node.literals.get(segment);
      const route = (literal && findForward(literal, index + 1)) ?? (node.one && findForward(node.one, index + 1));
      if (route !== undefined) return route;
    }
    return node.rest && findBackward(node.rest, index, segments.length);
  }

  /** The part after `**`, from the end: the longest such part is the most specific. */
  function findBackward(node: Node<T>, start: number, end: number): T | undefined {
    if (end > start) {
      const literal = node.literals.get(segments[end - 1] ?? "");
      const route =
        (literal && findBackward(literal, start, end - 1)) ?? (node.one && findBackward(node.one, start, end - 1));
      if (route !== undefined) return route;
    }
    return take(node);
  }

  function take(node: Node<T>): T | undefined {
    if (node.leaf === undefined) return undefined;
    const route = node.leaf.verbs.get(verb) ?? node.leaf.verbs.get("*");
    if (route === undefined) for (const other of node.leaf.verbs.keys()) allow.add(other);
    return route;
  }
}
