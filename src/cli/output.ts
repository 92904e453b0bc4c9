import { relative, resolve, sep } from "node:path";
import {
  diagnosticsToGithub,
  diagnosticsToJson,
  paint,
  printDiagnostics,
  shortenPaths,
  type Diagnostic,
  type Style,
} from "../diagnostics/index.js";
import type { JsonObject, Origin } from "../model/index.js";
import { exitCodeOf, type ExitCode } from "./exit-codes.js";
import type { Flags } from "./flags.js";
import { wantsColor, type Io } from "./io.js";

/** How a command talks: what each line is decides where it goes and whether it is wanted. */
export interface Terminal {
  readonly flags: Flags;
  /** Coloured for the error stream. */
  paint(text: string, style: Style): string;
  /** Data: stdout. Not with `--report json`, whose document is the only data. */
  data(line: string): void;
  /** Progress: stderr, unless `--quiet` or another form of report was asked for. */
  progress(line: string): void;
  /** More of it, with `--verbose`. */
  detail(line: string): void;
  /** Diagnostics in the wanted form; with json they wait for `document`. */
  diagnostics(found: readonly Diagnostic[], sources: Sources): void;
  /** The document of `--report json`: one line of stdout per call. */
  document(content: JsonObject): void;
  /** Exit code for these diagnostics under `--fail-on`. */
  exitCode(found: readonly Diagnostic[]): ExitCode;
}

/** Where diagnostics come from: the folder that their file names are relative to, and the texts. */
export interface Sources {
  readonly root: string;
  /** The output folder, absolute: messages about writing name files below it. */
  readonly outDir?: string | undefined;
  readonly text: (file: string) => string | undefined;
}

/** No file belongs to these diagnostics. */
export const noSources: Sources = { root: "", text: () => undefined };

export function createTerminal(io: Io, command: string, flags: Flags): Terminal {
  const errorColor = wantsColor(io, io.stderr, flags.color);
  const pending: Diagnostic[] = [];

  return {
    flags,
    paint: (text, style) => paint(text, style, errorColor),
    data(line) {
      if (flags.report !== "json") io.stdout.write(`${line}\n`);
    },
    progress(line) {
      if (!flags.quiet && flags.report !== "json") io.stderr.write(`${line}\n`);
    },
    detail(line) {
      if (flags.verbose && !flags.quiet && flags.report !== "json") io.stderr.write(`${line}\n`);
    },
    diagnostics(found, { root, outDir, text }) {
      const asked = flags.quiet ? found.filter(({ severity }) => severity === "error") : found;
      const wanted = outDir === undefined ? asked : shortenPaths(asked, outDir, shownFrom(io.cwd, outDir));
      const { moved, originalOf } = relocate(wanted, root, io.cwd);
      switch (flags.report) {
        case "json":
          pending.push(...moved);
          return;
        case "github":
          io.stdout.write(diagnosticsToGithub(moved));
          return;
        case "text":
          io.stderr.write(
            printDiagnostics(moved, {
              color: errorColor,
              width: io.stderr.isTTY ? io.stderr.columns : 120,
              text: (file) => text(originalOf.get(file) ?? file),
            }),
          );
      }
    },
    document(content) {
      if (flags.report !== "json") return;
      const diagnostics = diagnosticsToJson(pending.splice(0));
      io.stdout.write(`${JSON.stringify({ version: 1, command, ...content, diagnostics })}\n`);
    },
    exitCode: (found) => exitCodeOf(found, flags.failOn),
  };
}

/** File names relative to the project folder become relative to the working directory, so that a click opens them. */
function relocate(
  found: readonly Diagnostic[],
  root: string,
  cwd: string,
): { readonly moved: readonly Diagnostic[]; readonly originalOf: ReadonlyMap<string, string> } {
  const originalOf = new Map<string, string>();
  if (root === "" || resolve(root) === resolve(cwd)) return { moved: found, originalOf };
  const move = (origin: Origin): Origin => {
    // files that ship with wirespan, and remote ones, are no paths
    if (origin.file.startsWith("wirespan/schemas/") || origin.file.includes("://")) return origin;
    const file = shownFrom(cwd, resolve(root, origin.file));
    originalOf.set(file, origin.file);
    return { ...origin, file };
  };
  const moved = found.map((one) => ({
    ...one,
    origin: one.origin === undefined ? undefined : move(one.origin),
    related: one.related.map((related) => ({ ...related, origin: move(related.origin) })),
  }));
  return { moved, originalOf };
}

/** A path as the user would type it: relative where it lies below the working directory or not far above. */
export function shownFrom(cwd: string, path: string): string {
  const short = relative(cwd, path) || ".";
  const shown = short.startsWith(`..${sep}..${sep}..`) ? path : short;
  return sep === "/" ? shown : shown.replaceAll(sep, "/");
}
