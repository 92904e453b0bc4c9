import { mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ownershipFile } from "./ownership.js";
import type { WritePlan } from "./plan-write.js";

/**
 * Carries a plan out. Each file is written beside its place and renamed into it, so that nobody ever reads half of
 * one. The ownership file comes first and last: should the process die in between, the next run still knows what is
 * ours. Folders that deletions empty go too.
 */
export async function applyWrite(outDir: string, plan: WritePlan): Promise<void> {
  if (plan.interim !== undefined) await replaceFile(join(outDir, ownershipFile), plan.interim);
  for (const [path, content] of plan.contents) {
    if (path !== ownershipFile) await replaceFile(join(outDir, path), content);
  }
  for (const path of plan.delete) {
    await rm(join(outDir, path), { force: true });
    await removeEmptyFolders(dirname(resolve(outDir, path)), resolve(outDir));
  }
  const ownership = plan.contents.get(ownershipFile);
  if (ownership !== undefined) await replaceFile(join(outDir, ownershipFile), ownership);
}

let serial = 0;

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${serial++}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
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
