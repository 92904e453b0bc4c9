/** What a command needs of the world; tests give their own. */
export interface Io {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data: what a pipe should carry. */
  readonly stdout: Output;
  /** Diagnostics and progress. */
  readonly stderr: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** One of the two output streams. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** Whether to colour a stream: `--no-color` and NO_COLOR forbid it, FORCE_COLOR asks for it, else a terminal decides. */
export function wantsColor(io: Io, output: Output, flag: boolean): boolean {
  if (!flag || (io.env["NO_COLOR"] ?? "") !== "") return false;
  const forced = io.env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return output.isTTY && io.env["TERM"] !== "dumb";
}
