import { run } from "../../src/cli/run.js";
import type { Io, Output } from "../../src/cli/io.js";

/** What one command line printed, and how it ended. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  readonly signal?: AbortSignal;
  /** Called with all of stderr whenever it grows. */
  readonly onStderr?: (text: string) => void;
}

/** Runs the command line in this process. */
export async function cli(cwd: string, argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, tty = false, signal = new AbortController().signal, onStderr } = options;
  const written = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr"): Output => ({
    write(text) {
      written[name] += text;
      if (name === "stderr") onStderr?.(written.stderr);
    },
    isTTY: tty,
    columns: 100,
  });
  const io: Io = {
    cwd,
    env,
    stdout: output("stdout"),
    stderr: output("stderr"),
    signal,
    now: () => new Date(2026, 0, 2, 14, 2, 11),
  };
  const code = await run(argv, io);
  return { code, ...written };
}
