import type { OpenResult } from "../session.js";
import type { Flags } from "./flags.js";
import type { Io } from "./io.js";
import type { Sources } from "./output.js";

/** Opens the project that the flags mean, for one run. */
export async function openProject(io: Io, flags: Flags): Promise<OpenResult> {
  const { openSession } = await import("../session.js");
  return openSession({ cwd: io.cwd, file: flags.config, overrides: flags.overrides }, { keep: false });
}

/** The texts of the configuration and, where a run has read them, of the contracts. */
export function sourcesOf(
  { root, session, texts }: Pick<OpenResult, "root" | "session" | "texts">,
  contracts?: { text(file: string): string | undefined },
): Sources {
  return { root, outDir: session?.outDir, text: (file) => texts.get(file) ?? contracts?.text(file) };
}
