import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./compile.js";

/** Contracts of other projects, beside the repository; not part of it. */
export const corpus: string = join(root, "../shared/corpus");

/**
 * False, with one visible line, where the corpus is absent; under `CI=true`, too: it is no part of the repository, and
 * nothing here could fetch it.
 */
export function haveCorpus(what: string): boolean {
  const there = existsSync(corpus);
  if (!there) console.warn(`skipped: ${what} needs ../shared/corpus, which is not there`);
  return there;
}

/** The protos below a folder, relative to it, with `/`, sorted. */
export function protosBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".proto"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}
