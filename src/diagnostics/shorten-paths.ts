import { sep } from "node:path";
import type { Diagnostic } from "./diagnostic.js";

/**
 * Writes paths at and below a folder as the reader would: the folder replaced by what is shown for it, which is `.`
 * for the working directory. Writing does not know that directory, so that its messages have absolute paths.
 */
export function shortenPaths(found: readonly Diagnostic[], folder: string, shown: string): readonly Diagnostic[] {
  const below = shown === "." ? "" : `${shown}/`;
  const shorten = (text: string): string =>
    text.replaceAll(`${folder}${sep}`, () => below).replaceAll(`${folder}:`, () => `${shown}:`);
  // a contract may quote any path: what is said about its lines stays as it is
  return found.map((one) => (one.code.startsWith("E6") ? { ...one, message: shorten(one.message) } : one));
}
