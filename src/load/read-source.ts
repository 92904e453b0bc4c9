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

/** Bytes → text with its hash; a byte order mark is dropped. `origin` is the place that asked for them. */
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
    const { byte, line, column } = firstFault(bytes);
    const related = origin === undefined ? [] : [{ message: "asked for here", origin }];
    report(diagnostic("E1028", { file: shown, line, column, length: 1 }, { path: shown, byte }, related));
    return undefined;
  }
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** The first byte that is not part of UTF-8 text, in bytes that are not all. */
function firstFault(bytes: Uint8Array): { readonly byte: number; readonly line: number; readonly column: number } {
  const text = lossy.decode(bytes);
  let offset = 0;
  for (let from = 0; ;) {
    const at = text.indexOf("\ufffd", from);
    offset += Buffer.byteLength(text.slice(from, at));
    // the text may have the replacement character itself
    const written = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (at < 0 || !written) {
      const before = text.slice(0, Math.max(0, at)).replace(/^\ufeff/, "");
      const lines = before.split("\n");
      return { byte: bytes[offset] ?? 0, line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
    }
    from = at + 1;
    offset += 3;
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
