import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Diagnostic, diagnostic } from "../../diagnostics/index.js";
import { type AsyncApiDocument, entryOf, type JsonNode, type Origin } from "../../model/index.js";
import { copyForJudgement, expandedSize, type JudgedCopy, type JudgedFile } from "./judged-copy.js";
import { askOfficialParser, type Finding } from "./official-parser.js";

/** What `validateAsyncApi` is given. */
export interface ValidateAsyncApiInput {
  readonly document: AsyncApiDocument;
  /** All documents of the run by canonical path. */
  readonly documents: ReadonlyMap<string, AsyncApiDocument>;
  /** Absolute. Undefined: the verdict is not kept. */
  readonly cacheDir: string | undefined;
}

/** Changes when the copy that is judged, or what is made of the findings before they are kept, changes. */
const revision = 1;

/** Values the parser may have to look at; it takes about 5 µs for each. */
const mostValues = 1_000_000;

/**
 * The official parser's verdict on a document, at the places of the user's files. What the linker reports itself is
 * not repeated. It touches no network and no file but the cache.
 */
export async function validateAsyncApi(input: ValidateAsyncApiInput): Promise<readonly Diagnostic[]> {
  const { document, documents, cacheDir } = input;
  const version = entryOf(document.root, "asyncapi")?.value;
  // another version, or none, is the linker's finding, and the only one that makes sense
  if (version?.kind !== "scalar" || !/^(2\.[0-6]|3\.[01])\./.test(String(version.value))) return [];

  const copy = copyForJudgement(document, documents);
  if (expandedSize(copy, mostValues) > mostValues) {
    const reason = `its references expand to more than ${mostValues} values`;
    return [diagnostic("E3051", version.origin, { reason })];
  }
  const cached = cacheDir === undefined ? undefined : join(cacheDir, "asyncapi", `${keyOf(copy)}.json`);
  let findings = cached === undefined ? undefined : await readVerdict(cached);
  if (findings === undefined) {
    try {
      findings = await askOfficialParser(copy);
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
      return [diagnostic("E3051", version.origin, { reason: `it failed (${reason})` })];
    }
    if (cached !== undefined) await keepVerdict(cached, findings);
  }
  return diagnosticsOf(copy, findings);
}

function keyOf({ files }: JudgedCopy): string {
  const { version } = createRequire(import.meta.url)("@asyncapi/parser/package.json") as { readonly version: string };
  const hash = createHash("sha256").update(`${revision} ${version}\n`);
  for (const { name, json } of files) hash.update(`${name}\n${JSON.stringify(json)}\n`);
  return hash.digest("hex");
}

async function readVerdict(path: string): Promise<readonly Finding[] | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(path, "utf8"));
    return Array.isArray(kept) && kept.every(isFinding) ? kept : undefined;
  } catch {
    // not there, or cut off: it is made again
    return undefined;
  }
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== "object" || value === null) return false;
  const { rule, message, path, file } = value as Partial<Record<keyof Finding, unknown>>;
  const texts = [rule, message, file].every((text) => typeof text === "string");
  return texts && Array.isArray(path) && path.every((part) => typeof part === "string");
}

async function keepVerdict(path: string, findings: readonly Finding[]): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(draft, JSON.stringify(findings));
    await rename(draft, path);
  } catch {
    // a cache that cannot be written costs time, nothing else
  }
}

/** Rules whose subject the linker checks itself. */
const linkers: ReadonlySet<string> = new Set(["invalid-ref", "asyncapi3-operation-messages-from-referred-channel"]);

/** What a schema says about its branches, of no use where something inside of a branch is named too. */
const branches =
  /must match "(then|else|if)" schema|must not be valid|must match (exactly one|a) schema|must match some schema/;

function diagnosticsOf({ files }: JudgedCopy, findings: readonly Finding[]): readonly Diagnostic[] {
  const own = findings.filter((finding) => !isLinkers(finding) && !isReplaced(files, finding));
  const plain = own.filter(({ message }) => !branches.test(message));
  const found = new Map<string, Diagnostic>();
  for (const { rule, message, path, file } of plain.length > 0 ? plain : own) {
    const document = files.find(({ name }) => name === file)?.document ?? files[0]?.document;
    if (document === undefined) continue;
    const origin = originAt(document.root, path);
    const text = message.trim().replace(/\.$/, "");
    const key = JSON.stringify([text, origin.file, origin.line, origin.column]);
    if (!found.has(key)) found.set(key, diagnostic("E3050", origin, { rule, message: text }));
  }
  const order = new Map(files.map(({ document }, i) => [document.source.file, i]));
  const position = ({ origin }: Diagnostic): readonly number[] => [
    order.get(origin?.file ?? "") ?? 0,
    origin?.line ?? 0,
    origin?.column ?? 0,
  ];
  return [...found.values()].toSorted((one, other) => {
    const [a, b] = [position(one), position(other)];
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
  });
}

function isLinkers({ rule, message, path }: Finding): boolean {
  if (linkers.has(rule)) return true;
  if (path.length === 0) return /required property "(info|asyncapi)"/.test(message);
  if (path.length === 1 && path[0] === "info") return /required property "(title|version)"/.test(message);
  const inOperation = path[0] === "operations";
  if (inOperation && path.length === 2) return /required property "(action|channel)"/.test(message);
  return inOperation && path.length === 3 && path[2] === "action";
}

function isReplaced(files: readonly JudgedFile[], { path, file }: Finding): boolean {
  const replaced = files.find(({ name }) => name === file)?.replaced ?? [];
  return replaced.some((place) => startsWith(path, place) || startsWith(place, path));
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((part, i) => path[i] === part);
}

/** The place in the user's file: the key that a path ends at, or the last one on the way that is there. */
function originAt(root: JsonNode, path: readonly string[]): Origin {
  let node = root;
  let origin = root.origin;
  for (const part of path) {
    const entry = entryOf(node, part);
    const next = entry?.value ?? (node.kind === "array" ? node.items[Number(part)] : undefined);
    if (next === undefined) break;
    origin = entry?.origin ?? next.origin;
    node = next;
  }
  // a value says more than its key
  return node.kind === "scalar" ? node.origin : origin;
}
