import { lstat, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { diagnostic, type Diagnostic } from "../diagnostics/index.js";
import {
  hashContent,
  noOwnership,
  ownershipFile,
  parseOwnership,
  printOwnership,
  type OwnedFile,
  type Ownership,
} from "./ownership.js";

/** A file as it should be. */
export interface WantedFile {
  readonly path: string;
  readonly content: string;
  /** Canonical paths of the contracts it is made from. */
  readonly sources: readonly string[];
  readonly generator: string;
}

/** What a run covered: the only outputs it may delete are ones it would have written, or whose contract is gone. */
export interface Coverage {
  readonly generators: ReadonlySet<string>;
  /**
   * The contracts it emitted, by canonical path: where they lie, absolute. Undefined for those that ship with
   * wirespan.
   */
  readonly sources: ReadonlyMap<string, string | undefined>;
  /** True when the run was over all contracts of the project, not over some that were named for it. */
  readonly complete: boolean;
}

/** What a write would do. Paths are relative to the output folder, sorted. */
export interface WritePlan {
  readonly create: readonly string[];
  readonly update: readonly string[];
  readonly unchanged: readonly string[];
  readonly delete: readonly string[];
  /** Hand-edited files of ours, and files of others: nothing is written while there are any. */
  readonly conflicts: readonly string[];
  /** New content by path, the ownership file included when it changes. */
  readonly contents: ReadonlyMap<string, string>;
  /** Content on disk by path, of the files to update or delete. */
  readonly before: ReadonlyMap<string, string>;
  /** The ownership file while the write is under way: it knows old and new contents as ours. */
  readonly interim: string | undefined;
}

/** Compares wanted files with those on disk. Reads only; what stands in the way is a diagnostic. */
export async function planWrite(
  outDir: string,
  { outputs, covered }: { readonly outputs: readonly WantedFile[]; readonly covered: Coverage },
  { force = false }: { readonly force?: boolean } = {},
): Promise<{ plan: WritePlan; diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const create: string[] = [];
  const update: string[] = [];
  const unchanged: string[] = [];
  const remove: string[] = [];
  const conflicts: string[] = [];
  const contents = new Map<string, string>();
  const before = new Map<string, string>();
  const owned = await readOwnership(outDir, force, diagnostics);
  const after = new Map(owned.files);
  const gone = createGone(outDir, owned, covered);
  const wanted = new Set(outputs.map((output) => output.path));

  for (const { path, content, sources, generator } of [...outputs].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const escape = await leadsOutside(outDir, path);
    if (escape !== undefined) {
      diagnostics.push(diagnostic("E6005", undefined, { path: join(outDir, path), target: escape }));
      continue;
    }
    const present = await readIfThere(join(outDir, path));
    const known = owned.files.get(path);
    if (present !== undefined && known !== undefined && present !== content && !force) {
      const others = await notGone(gone, known.sources, covered);
      if (others.length > 0) {
        diagnostics.push(diagnostic("E6007", undefined, { path, others }));
        unchanged.push(path);
        continue;
      }
    }
    after.set(path, { sources, generator, hash: hashContent(content) });
    if (present === undefined) {
      create.push(path);
      contents.set(path, content);
    } else if (present === content) {
      unchanged.push(path);
    } else if (force || isOurs(known, present)) {
      update.push(path);
      contents.set(path, content);
      before.set(path, present);
    } else {
      conflicts.push(path);
      const params = { path: join(outDir, path), stale: false };
      diagnostics.push(diagnostic(known === undefined ? "E6003" : "E6002", undefined, params));
    }
  }

  for (const [path, entry] of owned.files) {
    if (wanted.has(path) || !(await isStale(entry, covered, gone))) continue;
    if ((await leadsOutside(outDir, path)) !== undefined) continue;
    const present = await readIfThere(join(outDir, path));
    if (present !== undefined && !force && !isOurs(entry, present)) {
      conflicts.push(path);
      diagnostics.push(diagnostic("E6002", undefined, { path: join(outDir, path), stale: true }));
      continue;
    }
    after.delete(path);
    if (present === undefined) continue;
    remove.push(path);
    before.set(path, present);
  }

  const sources = locate(outDir, owned, after, covered);
  const ownership = printOwnership({ sources, files: after });
  const ownershipBefore = await readIfThere(join(outDir, ownershipFile));
  if (ownership !== ownershipBefore && (after.size > 0 || ownershipBefore !== undefined)) {
    contents.set(ownershipFile, ownership);
  }
  const interim =
    create.length + update.length + remove.length === 0
      ? undefined
      : printOwnership({ sources, files: withBefore(after, owned, before) });
  const plan = { create, update, unchanged, delete: remove.sort(), conflicts, contents, before, interim };
  return { plan, diagnostics };
}

/** Content that we wrote: in the last run, or in one that broke off. */
function isOurs(entry: OwnedFile | undefined, present: string): boolean {
  if (entry === undefined) return false;
  const hash = hashContent(present);
  return hash === entry.hash || hash === entry.before;
}

/** Both contents of what changes, and what is deleted: whatever is on disk after a break, it is ours. */
function withBefore(
  after: ReadonlyMap<string, OwnedFile>,
  owned: Ownership,
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, OwnedFile> {
  const files = new Map(after);
  for (const [path, content] of before) {
    const entry = after.get(path) ?? owned.files.get(path);
    if (entry !== undefined) files.set(path, { ...entry, before: hashContent(content) });
  }
  return files;
}

type Gone = (source: string) => Promise<boolean>;

/** Whether a contract that an earlier run emitted is there no more. */
function createGone(outDir: string, owned: Ownership, covered: Coverage): Gone {
  return async (source) => {
    const location = owned.sources.get(source);
    // what ships with wirespan has no place of its own: it is needed as long as a run over everything needs it
    if (location === undefined) return covered.complete;
    return (await lstat(resolve(outDir, location)).catch(() => undefined)) === undefined;
  };
}

/** Contracts that a file is made from, too, which this run did not read although they are there. */
async function notGone(gone: Gone, sources: readonly string[], covered: Coverage): Promise<readonly string[]> {
  const others = sources.filter((source) => !covered.sources.has(source));
  const there = await Promise.all(others.map(async (source) => !(await gone(source))));
  return others.filter((_, i) => there[i]);
}

async function isStale({ sources, generator }: OwnedFile, covered: Coverage, gone: Gone): Promise<boolean> {
  if ((await notGone(gone, sources, covered)).length > 0) return false;
  return covered.generators.has(generator) || sources.every((source) => !covered.sources.has(source));
}

/** Where the contracts lie that files are made from, as seen from the output folder. */
function locate(
  outDir: string,
  owned: Ownership,
  after: ReadonlyMap<string, OwnedFile>,
  covered: Coverage,
): ReadonlyMap<string, string> {
  const locations = new Map<string, string>();
  for (const source of new Set([...after.values()].flatMap(({ sources }) => sources))) {
    const path = covered.sources.get(source);
    const location = path === undefined ? owned.sources.get(source) : relative(outDir, path).replaceAll(sep, "/");
    if (location !== undefined) locations.set(source, location);
  }
  return locations;
}

async function readOwnership(outDir: string, force: boolean, diagnostics: Diagnostic[]): Promise<Ownership> {
  const path = join(outDir, ownershipFile);
  const text = await readIfThere(path);
  if (text === undefined) return noOwnership;
  try {
    return parseOwnership(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : (error as Error).message;
    if (!force) diagnostics.push(diagnostic("E6004", undefined, { path, reason }));
    return noOwnership;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    error.path ??= path;
    throw error;
  });
}

/** Where a path really leads when symbolic links take it out of the output folder. */
async function leadsOutside(outDir: string, path: string): Promise<string | undefined> {
  const root = await realpath(outDir).catch(() => undefined);
  if (root === undefined) return undefined;
  for (let current = resolve(outDir, path); current !== resolve(outDir); current = dirname(current)) {
    const info = await lstat(current).catch(() => undefined);
    if (info === undefined) continue;
    // a link that leads nowhere is somebody's, too
    const real = await realpath(current).catch(() => readlink(current).catch(() => current));
    const inside = relative(root, real);
    return inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside ? real : undefined;
  }
  return undefined;
}
