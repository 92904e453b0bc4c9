import { lstatSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { diagnostic, type Diagnostic } from "../diagnostics/index.js";
import type { LeadsOutside } from "./links.js";
import { hashContent, printOwnership, type OwnedFile, type Ownership } from "./ownership.js";

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
  /** How many files are not as they should be, the ownership file included. */
  readonly changes: number;
  /** New content by path. Empty where it waits beside its place to be put there. */
  readonly contents: ReadonlyMap<string, string>;
  /** Content on disk by path, of the files to update or delete. Empty where `contents` is. */
  readonly before: ReadonlyMap<string, string>;
}

/** A wanted file as it was found to be, its content left out. */
export interface FoundFile {
  readonly path: string;
  readonly sources: readonly string[];
  readonly generator: string;
  /** Of the wanted content. */
  readonly hash: string;
  /** Of what is on disk; undefined when nothing is. */
  readonly present: string | undefined;
}

/** What decides about a write besides the files. */
export interface PlanInput {
  /** Absolute. */
  readonly outDir: string;
  readonly owned: Ownership;
  readonly covered: Coverage;
  readonly force: boolean;
  readonly leadsOutside: LeadsOutside;
  /** The ownership file as it is. */
  readonly ownershipBefore: string | undefined;
  /** Content on disk. */
  read(path: string): Uint8Array | undefined;
}

/** Which files change, and the ownership file for it. */
export interface Decision extends Omit<WritePlan, "contents" | "before"> {
  /** The new ownership file; undefined when it stays as it is. */
  readonly ownership: string | undefined;
  /** The ownership file while the write is under way: it knows old and new contents as ours. */
  readonly interim: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Decides what to do about wanted files, given in any order, and about owned ones that nobody wants any more. */
export function decide(found: readonly FoundFile[], input: PlanInput): Decision {
  const { outDir, owned, covered, force, leadsOutside, ownershipBefore, read } = input;
  const diagnostics: Diagnostic[] = [];
  const create: string[] = [];
  const update: string[] = [];
  const unchanged: string[] = [];
  const remove: string[] = [];
  const conflicts: string[] = [];
  /** Hashes on disk of what is updated or deleted. */
  const before = new Map<string, string>();
  const after = new Map(owned.files);
  const isGone = createGone(outDir, owned, covered);

  for (const { path, sources, generator, hash, present } of found.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const known = owned.files.get(path);
    if (present !== undefined && known !== undefined && present !== hash && !force) {
      const others = notGone(isGone, known.sources, covered);
      if (others.length > 0) {
        diagnostics.push(diagnostic("E6007", undefined, { path, others }));
        unchanged.push(path);
        continue;
      }
    }
    after.set(path, { sources, generator, hash });
    if (present === undefined) {
      create.push(path);
    } else if (present === hash) {
      unchanged.push(path);
    } else if (force || isOurs(known, present)) {
      update.push(path);
      before.set(path, present);
    } else {
      conflicts.push(path);
      const params = { path: join(outDir, path), stale: false };
      diagnostics.push(diagnostic(known === undefined ? "E6003" : "E6002", undefined, params));
    }
  }

  const wanted = new Set(found.map(({ path }) => path));
  for (const [path, entry] of owned.files) {
    if (wanted.has(path) || !isStale(entry, covered, isGone) || leadsOutside(path) !== undefined) continue;
    const bytes = read(path);
    const present = bytes === undefined ? undefined : hashContent(bytes);
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
  const text = printOwnership({ sources, files: after });
  const ownership = text !== ownershipBefore && (after.size > 0 || ownershipBefore !== undefined) ? text : undefined;
  const changed = create.length + update.length + remove.length;
  const interim = changed === 0 ? undefined : printOwnership({ sources, files: withBefore(after, owned, before) });
  const changes = changed + (ownership === undefined ? 0 : 1);
  return { create, update, unchanged, delete: remove.sort(), conflicts, changes, ownership, interim, diagnostics };
}

/** Content that we wrote: in the last run, or in one that broke off. */
function isOurs(entry: OwnedFile | undefined, present: string): boolean {
  return entry !== undefined && (present === entry.hash || present === entry.before);
}

/** Both contents of what changes, and what is deleted: whatever is on disk after a break, it is ours. */
function withBefore(
  after: ReadonlyMap<string, OwnedFile>,
  owned: Ownership,
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, OwnedFile> {
  const files = new Map(after);
  for (const [path, hash] of before) {
    const entry = after.get(path) ?? owned.files.get(path);
    if (entry !== undefined) files.set(path, { ...entry, before: hash });
  }
  return files;
}

type Gone = (source: string) => boolean;

/** Whether a contract that an earlier run emitted is there no more. */
function createGone(outDir: string, owned: Ownership, covered: Coverage): Gone {
  return (source) => {
    const location = owned.sources.get(source);
    // what ships with wirespan has no place of its own: it is needed as long as a run over everything needs it
    if (location === undefined) return covered.complete;
    try {
      return lstatSync(resolve(outDir, location), { throwIfNoEntry: false }) === undefined;
    } catch {
      return true;
    }
  };
}

/** Contracts that a file is made from, too, which this run did not read although they are there. */
function notGone(isGone: Gone, sources: readonly string[], covered: Coverage): readonly string[] {
  return sources.filter((source) => !covered.sources.has(source) && !isGone(source));
}

function isStale({ sources, generator }: OwnedFile, covered: Coverage, isGone: Gone): boolean {
  if (notGone(isGone, sources, covered).length > 0) return false;
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
