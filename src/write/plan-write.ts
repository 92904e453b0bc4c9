import { lstat, readFile, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { diagnostic, type Diagnostic } from "../diagnostics/index.js";
import {
  hashContent,
  noOwnership,
  ownershipFile,
  parseOwnership,
  printOwnership,
  type Ownership,
} from "./ownership.js";

/** A file as it should be. */
export interface WantedFile {
  readonly path: string;
  readonly content: string;
  readonly source: string;
  readonly generator: string;
}

/** What a run covered: the only outputs it may delete are ones it would have written. */
export interface Coverage {
  readonly generators: ReadonlySet<string>;
  /** Canonical paths of the contracts it emitted. */
  readonly sources: ReadonlySet<string>;
  /** True when the run was over all contracts of the project, not over some named on the command line. */
  readonly complete: boolean;
  /** Whether a contract that an earlier run emitted still exists. */
  sourceExists(source: string): Promise<boolean>;
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

  for (const { path, content, source, generator } of [...outputs].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const escape = await leadsOutside(outDir, path);
    if (escape !== undefined) {
      diagnostics.push(diagnostic("E6005", undefined, { path: join(outDir, path), target: escape }));
      continue;
    }
    const hash = hashContent(content);
    after.set(path, { source, generator, hash });
    const present = await readIfThere(join(outDir, path));
    if (present === undefined) {
      create.push(path);
      contents.set(path, content);
    } else if (present === content) {
      unchanged.push(path);
    } else if (force || owned.files.get(path)?.hash === hashContent(present)) {
      update.push(path);
      contents.set(path, content);
      before.set(path, present);
    } else {
      conflicts.push(path);
      const code = owned.files.has(path) ? "E6002" : "E6003";
      diagnostics.push(diagnostic(code, undefined, { path: join(outDir, path) }));
    }
  }

  const wanted = new Set(outputs.map((output) => output.path));
  for (const [path, entry] of owned.files) {
    if (wanted.has(path) || !(await isStale(entry, covered))) continue;
    if ((await leadsOutside(outDir, path)) !== undefined) continue;
    const present = await readIfThere(join(outDir, path));
    if (present !== undefined && !force && hashContent(present) !== entry.hash) {
      conflicts.push(path);
      diagnostics.push(diagnostic("E6002", undefined, { path: join(outDir, path) }));
      continue;
    }
    after.delete(path);
    if (present === undefined) continue;
    remove.push(path);
    before.set(path, present);
  }

  const ownership = printOwnership({ files: after });
  const ownershipBefore = await readIfThere(join(outDir, ownershipFile));
  if (ownership !== ownershipBefore && (after.size > 0 || ownershipBefore !== undefined)) {
    contents.set(ownershipFile, ownership);
  }
  return { plan: { create, update, unchanged, delete: remove.sort(), conflicts, contents, before }, diagnostics };
}

async function isStale(
  { source, generator }: { readonly source: string; readonly generator: string },
  covered: Coverage,
): Promise<boolean> {
  if (source === "*") return covered.complete && covered.generators.has(generator);
  if (covered.sources.has(source)) return covered.generators.has(generator);
  return !(await covered.sourceExists(source));
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
    const real = await realpath(current).catch(() => current);
    const inside = relative(root, real);
    return inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside ? real : undefined;
  }
  return undefined;
}
