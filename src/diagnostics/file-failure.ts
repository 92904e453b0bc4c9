import { diagnostic, type Diagnostic } from "./diagnostic.js";

/** What the file system refuses is the user's to mend; undefined for anything else, which is our fault. */
export function fileFailure(error: unknown): Diagnostic | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : "the output folder";
  const reason = /^\w+: ([^,]+)/.exec(error.message)?.[1] ?? String(error.code);
  return diagnostic("E6006", undefined, { path, reason });
}
