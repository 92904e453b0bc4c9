import { readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { diagnostic, type Diagnostic } from "../diagnostics/index.js";
import { createLinkCheck } from "./links.js";
import { hashContent, noOwnership, ownershipFile, parseOwnership, type Ownership } from "./ownership.js";
import { decide, type Coverage, type Decision, type FoundFile, type WantedFile, type WritePlan } from "./plan-write.js";
import { createStaging, removeAbandoned, removeIfEmpty } from "./staging.js";

/** What the ownership file is while others are moved, beside what it is afterwards. */
const interimFile = `${ownershipFile}.interim`;

/** How outputs are compared, and whether they are to be written. */
export interface WriterOptions {
  /** Contents wait beside their places, not in memory; without it only the plan is wanted, with contents in it. */
  readonly write: boolean;
  /** Hand-edited files and files of others are written over. */
  readonly force: boolean;
}

/** Outputs on their way to disk: compared one by one as they are made, written when all are known to be good. */
export interface Writer {
  /** Compares one output with what is on disk. Never throws: `plan` does for it. */
  add(output: WantedFile): void;
  /** What has to be done, now that all are known. What stands in the way is a diagnostic. */
  plan(covered: Coverage): { readonly plan: WritePlan; readonly diagnostics: readonly Diagnostic[] };
  /**
   * Carries the plan out. The ownership file comes before and after all others: should the process die in between,
   * the next run still knows what is ours. Folders that deletions empty go too.
   */
  apply(): void;
  /**
   * To be called in the end, whatever happened: takes away what was put beside its place and is not wanted, and what
   * writers left there that were killed.
   */
  discard(): void;
}

/** A writer into an output folder. Nothing in there changes before `apply`. */
export function createWriter(outDir: string, { write, force }: WriterOptions): Writer {
  const root = resolve(outDir);
  const staging = createStaging(root);
  const leadsOutside = createLinkCheck(root);
  const found: FoundFile[] = [];
  const outside: Diagnostic[] = [];
  const contents = new Map<string, string>();
  const before = new Map<string, string>();
  let failure: { readonly error: unknown } | undefined;
  let decision: Decision | undefined;

  function read(path: string): Uint8Array | undefined {
    return readIfThere(join(root, path));
  }

  function compare({ path, content, sources, generator }: WantedFile): void {
    const escape = leadsOutside(path);
    if (escape !== undefined) {
      outside.push(diagnostic("E6005", undefined, { path: join(root, path), target: escape }));
      return;
    }
    const bytes = Buffer.from(content);
    const hash = hashContent(bytes);
    const there = read(path);
    const present = there === undefined ? undefined : bytes.equals(there) ? hash : hashContent(there);
    found.push({ path, sources, generator, hash, present });
    if (present === hash) return;
    if (write) {
      staging.write(path, bytes);
      return;
    }
    contents.set(path, content);
    if (there !== undefined) before.set(path, textOf(there));
  }

  return {
    add(output) {
      if (failure !== undefined) return;
      try {
        compare(output);
      } catch (error) {
        failure = { error };
      }
    },
    plan(covered) {
      if (failure !== undefined) throw failure.error;
      const bytes = read(ownershipFile);
      const ownershipBefore = bytes === undefined ? undefined : textOf(bytes);
      const { owned, diagnostics } = readOwnership(join(root, ownershipFile), ownershipBefore, force);
      decision = decide(found, { outDir: root, owned, covered, force, leadsOutside, ownershipBefore, read });
      const { create, update, unchanged, delete: removed, conflicts, changes } = decision;
      for (const path of write ? [] : removed) before.set(path, textOf(read(path) ?? new Uint8Array()));
      const plan = { create, update, unchanged, delete: removed, conflicts, changes, contents, before };
      return { plan, diagnostics: [...diagnostics, ...outside, ...decision.diagnostics] };
    },
    apply() {
      if (decision === undefined) throw new Error("nothing was planned");
      const { create, update, delete: removed, interim, ownership } = decision;
      if (interim !== undefined) staging.write(interimFile, interim);
      if (ownership !== undefined) staging.write(ownershipFile, ownership);
      staging.makeFolders();
      if (interim !== undefined) staging.place(interimFile, ownershipFile);
      for (const path of [...create, ...update]) staging.place(path);
      for (const path of removed) {
        rmSync(join(root, path), { force: true });
        removeEmptyFolders(dirname(join(root, path)), root);
      }
      if (ownership !== undefined) staging.place(ownershipFile);
    },
    discard() {
      staging.discard();
      if (write) removeAbandoned(root);
    },
  };
}

function readOwnership(
  path: string,
  text: string | undefined,
  force: boolean,
): { readonly owned: Ownership; readonly diagnostics: readonly Diagnostic[] } {
  if (text === undefined) return { owned: noOwnership, diagnostics: [] };
  try {
    return { owned: parseOwnership(text), diagnostics: [] };
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : (error as Error).message;
    const diagnostics = force ? [] : [diagnostic("E6004", undefined, { path, reason })];
    return { owned: noOwnership, diagnostics };
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code === "ENOENT" || failure.code === "ENOTDIR") return undefined;
    failure.path ??= path;
    throw failure;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function removeEmptyFolders(folder: string, root: string): void {
  for (let current = folder; current !== root && current.startsWith(root); current = dirname(current)) {
    if (!removeIfEmpty(current)) return;
  }
}
