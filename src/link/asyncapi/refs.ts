import { nearest, type Related } from "../../diagnostics/index.js";
import {
  type AsyncApiDocument,
  entryOf,
  type JsonNode,
  type JsonObjectNode,
  type ProtoDocument,
  refOf,
  schemaIdsOf,
  type WrittenRef,
  writtenRefs,
} from "../../model/index.js";
import type { Context, LinkAsyncApiInput } from "./context.js";
import { pathOf, type Place, pointerOf, rootOf } from "./place.js";

/** Where one `$ref` leads. */
export type Target =
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "proto"; readonly typeName: string }
  /** It was reported, here or by `load`. */
  | { readonly kind: "broken" };

/** Follows `$ref`s: local pointers, other files, proto messages; each broken one is reported once. */
export interface Refs {
  /** One step; undefined where the node is no reference. */
  step(node: JsonNode): Target | undefined;
  /** All steps of a chain, the start first; the last is what it leads to, undefined where it is broken. */
  chain(start: Place): { readonly places: readonly Place[]; readonly end: Target | undefined };
  /** The place a chain ends at, the start itself where that is no reference. */
  follow(start: Place): Place | undefined;
  /** Checks every `$ref` of the document, used or not. */
  check(): void;
  /** Documents that were reached, this one first. */
  documents(): readonly AsyncApiDocument[];
}

/** References that one pointer may go through; each costs stack. */
const deepest = 100;

const broken: Target = { kind: "broken" };

export function createRefs({
  input,
  fault,
}: {
  readonly input: LinkAsyncApiInput;
  readonly fault: Context["fault"];
}): Refs {
  const targets = new Map<JsonObjectNode, Target>();
  /** By the name in origins: a node knows its document by that even after traits were merged. */
  const byFile = new Map<string, AsyncApiDocument>([[input.document.source.file, input.document]]);
  const pending = new Set<JsonObjectNode>();

  function step(node: JsonNode): Target | undefined {
    const ref = refOf(node);
    return ref === undefined ? undefined : resolve(ref, []);
  }

  function resolve(ref: WrittenRef, related: readonly Related[]): Target {
    const known = targets.get(ref.node);
    if (known !== undefined) return known;
    // a pointer that itself goes through references may need this one for its own answer
    if (pending.has(ref.node) || pending.size > deepest) {
      fault("E3009", ref.origin, { ref: ref.value }, related);
      targets.set(ref.node, broken);
      return broken;
    }
    pending.add(ref.node);
    const target = lookUp(ref, related);
    pending.delete(ref.node);
    targets.set(ref.node, target);
    return target;
  }

  function lookUp(ref: WrittenRef, related: readonly Related[]): Target {
    const from = byFile.get(ref.origin.file);
    if (from === undefined) throw new Error(`no document ${ref.origin.file} was linked`);
    const identified = byId(from, ref);
    if (identified !== undefined) return { kind: "place", place: identified };
    const hash = ref.value.indexOf("#");
    const target = hash < 0 ? ref.value : ref.value.slice(0, hash);
    const fragment = hash < 0 ? "" : ref.value.slice(hash + 1);

    const document = target === "" ? from : input.resolve(from.source.path, target);
    if (document === undefined) return broken;
    if (document.kind === "proto") return lookUpMessage(ref, document, target, fragment, related);
    byFile.set(document.source.file, document);

    const path = pathOf(fragment);
    if (path === undefined) {
      fault("E3010", ref.origin, { ref: ref.value }, related);
      return broken;
    }
    return descend(ref, target, document, path, related);
  }

  function lookUpMessage(
    ref: WrittenRef,
    document: ProtoDocument,
    target: string,
    fragment: string,
    related: readonly Related[],
  ): Target {
    const typeName = fragment.replace(/^[/.]/, "");
    const message = input.messages.get(typeName);
    if (message !== undefined && message.file === document.source.path) return { kind: "proto", typeName };
    const ofFile = [...input.messages.values()].filter(({ file }) => file === document.source.path);
    // the package is what people leave out
    const short = ofFile.filter(({ name }) => name === typeName).map((found) => found.typeName);
    const close =
      short[0] ??
      nearest(
        typeName,
        ofFile.map((found) => found.typeName),
      );
    const suggestion = close === undefined ? undefined : `${target}#/${close}`;
    fault("E3011", ref.origin, { typeName: typeName || "without a name", target, nearest: suggestion }, related);
    return broken;
  }

  function descend(
    ref: WrittenRef,
    target: string,
    document: AsyncApiDocument,
    path: readonly string[],
    related: readonly Related[],
  ): Target {
    let place = rootOf(document);
    for (const [i, part] of path.entries()) {
      const through = follow(place);
      if (through === undefined) return broken;
      place = through;
      const node = itemOf(place.node, part);
      if (node === undefined) {
        const rest = path.slice(i);
        const close = nearestKey(place.node, rest);
        const suggestion = close === undefined ? undefined : `${target}#${pointerOf([...path.slice(0, i), ...close])}`;
        const missing = `${JSON.stringify(part)} in ${place.path.length === 0 ? "the document" : pointerOf(place.path)}`;
        fault("E3007", ref.origin, { ref: ref.value, missing, nearest: suggestion }, related);
        return broken;
      }
      place = { document: place.document, path: [...place.path, part], node };
    }
    return { kind: "place", place };
  }

  function chain(start: Place): ReturnType<Refs["chain"]> {
    const places = [start];
    const related: Related[] = [];
    const seen = new Set<JsonNode>();
    for (let place = start; ;) {
      const ref = refOf(place.node);
      if (ref === undefined) return { places, end: { kind: "place", place } };
      const looped = seen.has(place.node);
      seen.add(place.node);
      const target = looped ? broken : resolve(ref, related);
      if (looped && targets.get(ref.node) !== broken) {
        fault("E3009", ref.origin, { ref: ref.value }, related.slice(0, -1));
        targets.set(ref.node, broken);
      }
      if (target.kind !== "place") return { places, end: target.kind === "broken" ? undefined : target };
      related.push({ message: "by way of this $ref", origin: ref.origin });
      place = target.place;
      places.push(place);
    }
  }

  function follow(start: Place): Place | undefined {
    // nearly all places are no reference
    if (refOf(start.node) === undefined) return start;
    const { end } = chain(start);
    return end?.kind === "place" ? end.place : undefined;
  }

  function check(): void {
    const written = [...writtenRefs(input.document.root)];
    // a chain is reported where it breaks, so those that only lead there come first and show the way
    const start = (ref: WrittenRef): Place => ({ document: input.document, path: [], node: ref.node });
    const isStep = new Set<JsonNode>();
    for (const ref of written) {
      const path = ref.value.startsWith("#") ? pathOf(ref.value.slice(1)) : undefined;
      const node = path?.reduce<JsonNode | undefined>(itemOf, input.document.root);
      if (refOf(node) !== undefined && node !== undefined) isStep.add(node);
    }
    for (const ref of written) if (!isStep.has(ref.node)) chain(start(ref));
    for (const ref of written) chain(start(ref));
  }

  return { step, chain, follow, check, documents: () => [...byFile.values()] };
}

/**
 * The place that a `$ref` means by the `$id` of a schema in its document. Undefined too where its pointer leads nowhere
 * from there: authors of AsyncAPI documents mean the whole document by `#/`, whatever `$id` is around.
 */
function byId(from: AsyncApiDocument, ref: WrittenRef): Place | undefined {
  const found = schemaIdsOf(from.root, from.source.path).find(ref.node, ref.value);
  const path = found && pathOf(found.pointer);
  if (found === undefined || path === undefined) return undefined;
  const all = [...found.path, ...path];
  const node = all.reduce<JsonNode | undefined>(itemOf, from.root);
  return node && { document: from, path: all, node };
}

function itemOf(node: JsonNode | undefined, part: string): JsonNode | undefined {
  if (node?.kind === "array") return /^(0|[1-9]\d*)$/.test(part) ? node.items[Number(part)] : undefined;
  return entryOf(node, part)?.value;
}

/** What the author may have meant: an unescaped slash, or a key that is nearly the same. */
function nearestKey(node: JsonNode, rest: readonly string[]): readonly string[] | undefined {
  if (node.kind !== "object") return undefined;
  for (let length = rest.length; length > 1; length--) {
    const joined = rest.slice(0, length).join("/");
    if (entryOf(node, joined) !== undefined) return [joined, ...rest.slice(length)];
  }
  const close = nearest(
    rest[0] ?? "",
    node.entries.map(({ key }) => key),
  );
  return close === undefined ? undefined : [close, ...rest.slice(1)];
}
