import { posix } from "node:path";
import {
  type AsyncApiDocument,
  isRemote,
  type JsonNode,
  type JsonObjectNode,
  type JsonValue,
  refOf,
} from "../../model/index.js";

/** The documents of one verdict under names of their own, as JSON that the official parser can take. */
export interface JudgedCopy {
  /** The first is the one to judge. */
  readonly files: readonly JudgedFile[];
}

export interface JudgedFile {
  /** What the copies' `$ref`s call it: they all stand in one folder, which does not exist. */
  readonly name: string;
  readonly document: AsyncApiDocument;
  readonly json: JsonValue;
  /** Where something was put for a `$ref` that leads nowhere; what the parser says there is not the user's fault. */
  readonly replaced: readonly (readonly string[])[];
}

/** Objects of these places may have `retry` and `deadLetter`, which the specification does not know yet. */
const retried: readonly RegExp[] = [
  /^(operations|channels)\/[^/]+$/,
  /^channels\/[^/]+\/(publish|subscribe)$/,
  /^components\/(operations|channels|operationTraits)\/[^/]+$/,
];

/**
 * Copies a document and all it refers to: `$ref`s to proto messages become `type: object`, `$ref`s to other files
 * the name of their copy, and what only wirespan understands is left out.
 */
export function copyForJudgement(
  document: AsyncApiDocument,
  documents: ReadonlyMap<string, AsyncApiDocument>,
): JudgedCopy {
  const find = createFinder(documents);
  const names = new Map<AsyncApiDocument, string>();
  const queue: AsyncApiDocument[] = [];
  const nameOf = (one: AsyncApiDocument): string => {
    let name = names.get(one);
    if (name === undefined) {
      names.set(one, (name = `document-${names.size}.json`));
      queue.push(one);
    }
    return name;
  };
  nameOf(document);

  const files: JudgedFile[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const from = next;
    const replaced: (readonly string[])[] = [];

    const copyRef = (node: JsonObjectNode, value: string, path: readonly string[]): JsonValue => {
      const hash = value.indexOf("#");
      const target = hash < 0 ? value : value.slice(0, hash);
      const fragment = hash < 0 ? "" : value.slice(hash);
      if (target.endsWith(".proto")) return { type: "object" };
      if (fragment.includes("__proto__")) {
        // the parser would follow it to Object.prototype, and freeze that
        replaced.push(path);
        return {};
      }
      if (target === "") return copyObject(node, path);
      const other = find(from, target);
      if (other !== undefined) return { $ref: `${nameOf(other)}${fragment}` };
      replaced.push(path);
      return {};
    };
    const copyObject = (node: JsonObjectNode, path: readonly string[]): JsonValue => {
      const place = path.map((part) => part.replaceAll("/", "~1")).join("/");
      const trimmed = retried.some((pattern) => pattern.test(place));
      const entries = node.entries.filter(
        // the parser falls over a property called __proto__, which is as good a name as any other
        ({ key }) => key !== "__proto__" && (!trimmed || (key !== "retry" && key !== "deadLetter")),
      );
      return Object.fromEntries(entries.map(({ key, value }) => [key, copy(value, [...path, key])]));
    };
    const copy = (node: JsonNode, path: readonly string[]): JsonValue => {
      if (node.kind === "scalar") return node.value;
      if (node.kind === "array") return node.items.map((item, i) => copy(item, [...path, `${i}`]));
      const ref = refOf(node);
      return ref === undefined ? copyObject(node, path) : copyRef(node, ref.value, path);
    };

    const json = copy(from.root, []);
    files.push({ name: nameOf(from), document: from, json, replaced });
  }
  return { files };
}

/** Finds the document that a target of another means: files beside one another, addresses below one another. */
function createFinder(
  documents: ReadonlyMap<string, AsyncApiDocument>,
): (from: AsyncApiDocument, target: string) => AsyncApiDocument | undefined {
  const byFile = new Map([...documents.values()].map((document) => [document.source.file, document]));
  return (from, target) => {
    const { file, path } = from.source;
    if (isRemote(target)) return documents.get(target);
    if (isRemote(path)) return URL.canParse(target, path) ? documents.get(new URL(target, path).href) : undefined;
    const decoded = decode(target);
    const beside = posix.join(posix.dirname(file), decoded);
    const found = byFile.get(beside) ?? documents.get(posix.join(posix.dirname(path), decoded));
    if (found !== undefined) return found;
    // a file outside of the working directory is shown by its absolute path
    const tail = `/${decoded.replace(/^(\.{1,2}\/)+/, "")}`;
    const ending = [...byFile.values()].filter((document) => document.source.file.endsWith(tail));
    return ending.length === 1 ? ending[0] : undefined;
  };
}

function decode(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

/**
 * How many values the documents have once every `$ref` is replaced by what it leads to. The parser walks all of
 * them, so a small file of references to references could keep it busy for ever. Stops counting above the limit.
 */
export function expandedSize({ files }: JudgedCopy, limit: number): number {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sizes = new Map<JsonValue, number>();
  const open = new Set<JsonValue>();

  function size(value: JsonValue, file: JudgedFile, depth: number): number {
    if (typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    // recursion ends where it started; the parser leaves the reference there
    if (open.has(value)) return 1;
    if (depth > 1000) return limit + 1;
    open.add(value);
    let sum = 1;
    const target = targetOf(value, file);
    if (target !== undefined) sum += size(target.value, target.file, depth + 1);
    else {
      for (const inner of Object.values(value)) {
        sum += size(inner as JsonValue, file, depth + 1);
        if (sum > limit) break;
      }
    }
    open.delete(value);
    sizes.set(value, Math.min(sum, limit + 1));
    return sum;
  }

  function targetOf(value: JsonValue, file: JudgedFile): { value: JsonValue; file: JudgedFile } | undefined {
    const ref = member(value, "$ref");
    if (typeof ref !== "string") return undefined;
    const [name = "", fragment = ""] = ref.split("#", 2);
    const to = name === "" ? file : byName.get(name);
    if (to === undefined) return undefined;
    let found: JsonValue | undefined = to.json;
    for (const part of decode(fragment).split("/").slice(1)) {
      found = member(found, part.replaceAll("~1", "/").replaceAll("~0", "~"));
    }
    return found === undefined ? undefined : { value: found, file: to };
  }

  const [first] = files;
  return first === undefined ? 0 : size(first.json, first, 0);
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as { readonly [key: string]: JsonValue })[key];
}
