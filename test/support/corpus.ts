import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.js";

/** Contracts of other projects, beside the repository; not part of it. */
export const corpus: string = join(root, "../shared/corpus");

/** False, with one visible line, where the corpus is absent. */
export function haveCorpus(what: string): boolean {
  const there = existsSync(corpus);
  if (!there) console.warn(`skipped: ${what} needs ../shared/corpus, which is not there`);
  return there;
}
