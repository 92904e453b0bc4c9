import { join } from "node:path";
import { hasErrors } from "../../diagnostics/index.js";
import { exitCodes, type ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { openProject, sourcesOf } from "../open.js";
import { shownFrom, type Terminal } from "../output.js";
import { describeWrites, duration, runToJson, tellStats } from "../summary.js";

/** `wirespan docs`: the page about all contracts, and where it is. */
export async function docsCommand(io: Io, terminal: Terminal): Promise<ExitCode> {
  const flags = { ...terminal.flags, overrides: { ...terminal.flags.overrides, only: ["docs" as const] } };
  const opened = await openProject(io, flags);
  const run = await opened.session?.run({ mode: "write", force: flags.force, signal: io.signal });
  const found = [...opened.diagnostics, ...(run?.diagnostics ?? [])];
  const code = terminal.exitCode(found);
  terminal.diagnostics(found, sourcesOf(opened, run?.result));
  if (opened.session === undefined || run === undefined) {
    terminal.document({ ok: code === exitCodes.ok, exitCode: code });
    return code;
  }
  const out = shownFrom(io.cwd, opened.session.outDir);
  const files = [...(run.plan?.create ?? []), ...(run.plan?.update ?? []), ...(run.plan?.unchanged ?? [])];
  const page = files.find((path) => path.endsWith(".html"));
  const path = page === undefined ? undefined : shownFrom(io.cwd, join(opened.session.outDir, page));
  if (!hasErrors(found) && run.plan !== undefined) {
    terminal.progress(`${terminal.paint("✓", "ok")} ${describeWrites(run.plan)} ${duration(run.durationMs)}`);
    if (path !== undefined) terminal.data(path);
  } else {
    terminal.progress(`${terminal.paint("✗", "error")} nothing written`);
  }
  tellStats(terminal, run);
  terminal.document({
    ok: code === exitCodes.ok,
    exitCode: code,
    ...runToJson(run, out),
    ...(path === undefined ? {} : { page: path }),
  });
  return code;
}
