import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Contents on their way into an output folder. All are written into a folder of their own in there first, so that a
 * full disk changes nothing; then each is renamed into its place, so that nobody ever reads half of one.
 */
export interface Staging {
  /** Writes the content of one file. Paths are relative to the output folder. */
  write(path: string, content: string | Uint8Array): void;
  /** Makes the folders that staged files go to. What stands in the way of one is found before any file moves. */
  makeFolders(): void;
  /** Moves one staged file into its place, or into that of another. */
  place(staged: string, path?: string): void;
  /** Takes away what was not placed, and the folders that were made for it. */
  discard(): void;
}

let serial = 0;

/** Nothing is touched before the first `write`. `root` is absolute. */
export function createStaging(root: string): Staging {
  const folder = join(root, `.wirespan.${process.pid}.${serial++}.tmp`);
  const staged = new Map<string, string>();
  /** Folders that were not there before, outer ones first. */
  const made: string[] = [];
  const known = new Set<string>();

  function makeFolder(path: string): void {
    if (known.has(path)) return;
    const first = mkdirSync(path, { recursive: true });
    known.add(path);
    if (first === undefined) return;
    const fresh: string[] = [];
    for (let current = path; current.length >= first.length; current = dirname(current)) fresh.unshift(current);
    made.push(...fresh);
  }

  /** What the user knows is the file, not the name it had for a moment. */
  function naming<T>(path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof Error && "path" in error) error.path = join(root, path);
      throw error;
    }
  }

  return {
    write(path, content) {
      const temporary = join(folder, String(staged.size));
      naming(path, () => {
        makeFolder(folder);
        writeFileSync(temporary, content);
      });
      staged.set(path, temporary);
    },
    makeFolders() {
      for (const path of staged.keys()) naming(path, () => makeFolder(dirname(join(root, path))));
    },
    place(name, path = name) {
      const temporary = staged.get(name);
      if (temporary === undefined) throw new Error(`${name} was not staged`);
      naming(path, () => renameSync(temporary, join(root, path)));
    },
    discard() {
      if (known.has(folder)) rmSync(folder, { recursive: true, force: true });
      for (const path of made.reverse()) removeIfEmpty(path);
    },
  };
}

/** False when it holds something, or cannot be removed. */
export function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** A folder of a process that runs here no more is left alone that long: it may run in another container. */
const idleMs = 60_000;
/** A number is given to another process at some time. */
const longIdleMs = 24 * 3_600_000;

/** Takes away what processes left behind that were killed while they wrote into the folder. `root` is absolute. */
export function removeAbandoned(root: string): void {
  for (const name of namesIn(root)) {
    const pid = /^\.wirespan\.(\d+)\.\d+\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && isAbandoned(join(root, name), Number(pid))) removeTree(join(root, name));
  }
}

function isAbandoned(folder: string, pid: number): boolean {
  const info = lstatSync(folder, { throwIfNoEntry: false });
  if (info === undefined || !info.isDirectory()) return false;
  if (Date.now() - info.mtimeMs < (isRunning(pid) ? longIdleMs : idleMs)) return false;
  // nothing but what `write` put there
  return namesIn(folder).every((file) => /^\d+$/.test(file));
}

function removeTree(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // somebody else's: no reason to fail
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
