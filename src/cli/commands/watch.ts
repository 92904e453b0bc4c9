import { relative } from "node:path";
import { hasErrors } from "../../diagnostics/index.js";
import { startWatch, type WatchRun } from "../../watch/index.js";
import { exitCodes, type ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { sourcesOf } from "../open.js";
import { shownFrom, type Terminal } from "../output.js";
import { describeWrites, duration, runToJson, tellStats } from "../summary.js";

/** `wirespan watch`: generates until Ctrl-C; one line per run. */
export async function watchCommand(io: Io, terminal: Terminal): Promise<ExitCode> {
  const { flags } = terminal;
  const watcher = await startWatch({
    cwd: io.cwd,
    file: flags.config,
    overrides: flags.overrides,
    force: flags.force,
    poll: flags.poll,
    onRun: (run) => tellRun(io, terminal, run),
    onVerdict(found, { opened, run }) {
      terminal.diagnostics(found, sourcesOf(opened, run?.result));
      terminal.document({ ok: !hasErrors(found), verdict: true });
    },
  });
  terminal.progress(terminal.paint("watching; Ctrl-C ends", "faint"));
  const stop = (): void => void watcher.close();
  if (io.signal.aborted) stop();
  io.signal.addEventListener("abort", stop, { once: true });
  await watcher.done;
  return exitCodes.interrupted;
}

function tellRun(io: Io, terminal: Terminal, { changed, opened, run }: WatchRun): void {
  const found = [...opened.diagnostics, ...(run?.diagnostics ?? [])];
  terminal.diagnostics(found, sourcesOf(opened, run?.result));
  const time = io.now().toTimeString().slice(0, 8);
  const what = describeChange(io, changed);
  if (run === undefined || run.plan === undefined || hasErrors(found)) {
    terminal.progress(`${terminal.paint("✗", "error")} ${time} ${what} → the last good output stays`);
  } else {
    const line = `${time} ${what} → ${describeWrites(run.plan)} ${duration(run.durationMs)}`;
    terminal.progress(`${terminal.paint("✓", "ok")} ${line}`);
    for (const path of [...run.plan.create, ...run.plan.update]) terminal.detail(`  ${path}`);
  }
  if (run !== undefined) tellStats(terminal, run);
  const out = opened.session === undefined ? {} : { out: shownFrom(io.cwd, opened.session.outDir) };
  terminal.document({
    ok: !hasErrors(found),
    changed: changed.map((path) => relative(io.cwd, path)),
    ...(run === undefined ? {} : runToJson(run, out.out ?? "")),
  });
}

/** `user.proto`, `user.proto and 3 more`, `start`. */
function describeChange(io: Io, changed: readonly string[]): string {
  const [first] = changed;
  if (first === undefined) return "start";
  const name = shownFrom(io.cwd, first);
  return changed.length === 1 ? name : `${name} and ${changed.length - 1} more`;
}
