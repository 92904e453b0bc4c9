import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { diagnostic, type Report } from "../diagnostics/index.js";
import type { Origin } from "../model/index.js";

/** Bytes a contract may have. The largest public one known has under 2 MB. */
export const longestSource: number = 16 * 1024 * 1024;

export interface ReadText {
  readonly text: string;
  readonly hash: string;
}

/** Reads a contract. What is wrong with it is reported, at the place that asked for it. */
export function readSource(
  path: string,
  shown: string,
  origin: Origin | undefined,
  report: Report,
): ReadText | undefined {
  try {
    const info = statSync(path);
    if (!info.isFile()) {
      // a pipe would be waited for, for ever
      report(
        diagnostic("E1020", origin, { path: shown, reason: info.isDirectory() ? "it is a folder" : "it is no file" }),
      );
      return undefined;
    }
    const { size } = info;
    if (size > longestSource) {
      report(diagnostic("E1027", origin, { path: shown, bytes: size, limit: longestSource }));
      return undefined;
    }
    return decodeSource(readFileSync(path), shown, origin, report);
  } catch (error) {
    report(diagnostic("E1020", origin, { path: shown, reason: reasonOf(error) }));
    return undefined;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Bytes → text with its hash; a byte order mark is dropped. */
export function decodeSource(
  bytes: Uint8Array,
  shown: string,
  origin: Origin | undefined,
  report: Report,
): ReadText | undefined {
  try {
    const text = decoder.decode(bytes);
    return { text, hash: hash("sha256", bytes, "hex") };
  } catch {
    report(diagnostic("E1028", origin, { path: shown }));
    return undefined;
  }
}

/** What the operating system said, without paths of ours. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "it is a folder";
    default:
      return code ?? (error instanceof Error ? error.message : String(error));
  }
}
