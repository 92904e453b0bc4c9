import { mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ownershipFile } from "./ownership.js";
import type { WritePlan } from "./plan-write.js";

/**
 * Carries a plan out. All contents are written beside their places first, so that a full disk changes nothing; then
 * each is renamed into its place, so that nobody ever reads half of one. The ownership file comes before and after:
 * should the process die in between, the next run still knows what is ours. Folders that deletions empty go too.
 */
export async function applyWrite(outDir: string, plan: WritePlan): Promise<void> {
  const root = resolve(outDir);
  const staged = new Map<string, string>();
  const interim = plan.interim === undefined ? undefined : temporaryPath(join(root, ownershipFile));
  try {
    if (interim !== undefined) await writeWhole(interim, plan.interim ?? "");
    for (const [path, content] of plan.contents) {
      const temporary = temporaryPath(join(root, path));
      staged.set(path, temporary);
      await writeWhole(temporary, content);
    }
    if (interim !== undefined) await rename(interim, join(root, ownershipFile));
    for (const [path, temporary] of staged) if (path !== ownershipFile) await rename(temporary, join(root, path));
    for (const path of plan.delete) {
      await rm(join(root, path), { force: true });
      await removeEmptyFolders(dirname(join(root, path)), root);
    }
    const ownership = staged.get(ownershipFile);
    if (ownership !== undefined) await rename(ownership, join(root, ownershipFile));
  } catch (error) {
    for (const temporary of [interim, ...staged.values()]) {
      if (temporary !== undefined) await rm(temporary, { force: true });
    }
    throw withoutTemporaryName(error);
  }
}

let serial = 0;
const temporaryName = /\.\d+\.\d+\.tmp$/;

function temporaryPath(path: string): string {
  return `${path}.${process.pid}.${serial++}.tmp`;
}

async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** What the user knows is the file, not the name it had for a moment. */
function withoutTemporaryName(error: unknown): unknown {
  const failure = error as NodeJS.ErrnoException;
  if (typeof failure.path === "string") failure.path = failure.path.replace(temporaryName, "");
  return error;
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let current = folder; current !== root && current.startsWith(root); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return; // not empty
    }
  }
}
