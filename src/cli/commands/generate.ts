import { hasErrors, paint } from "../../diagnostics/index.js";
import type { SessionRun } from "../../session.js";
import { ownershipFile, type WritePlan } from "../../write/index.js";
import { unifiedDiff } from "../diff.js";
import { exitCodes, type ExitCode } from "../exit-codes.js";
import { wantsColor, type Io } from "../io.js";
import { openProject, sourcesOf } from "../open.js";
import { shownFrom, type Terminal } from "../output.js";
import { describeWrites, duration, runToJson, tellStats } from "../summary.js";

/** More of a diff than this does not help; the count of the rest does. */
const maxDiffLines = 50;

/** `wirespan generate`: contracts → files; with `--check` and `--dry-run` only what would be written. */
export async function generateCommand(io: Io, terminal: Terminal): Promise<ExitCode> {
  const { flags } = terminal;
  const opened = await openProject(io, flags);
  const finish = (code: ExitCode, content: object = {}): ExitCode => {
    terminal.document({ ok: code === exitCodes.ok, exitCode: code, ...content });
    return code;
  };
  if (opened.session === undefined) {
    terminal.diagnostics(opened.diagnostics, sourcesOf(opened));
    return finish(terminal.exitCode(opened.diagnostics));
  }

  const { session } = opened;
  const out = shownFrom(io.cwd, session.outDir);
  const run = await session.run({
    mode: flags.check || flags.dryRun ? "plan" : "write",
    // a hand-edited output is drift like any other: its diff is wanted, not a refusal
    force: flags.force || flags.check,
    judge: flags.check,
    signal: io.signal,
  });
  const found = [...opened.diagnostics, ...run.diagnostics];
  terminal.diagnostics(found, sourcesOf(opened, run.result));
  if (run.plan === undefined || (hasErrors(found) && !flags.dryRun)) {
    terminal.progress(`${terminal.paint("✗", "error")} nothing written`);
    tellStats(terminal, run);
    return finish(terminal.exitCode(found), runToJson(run, out));
  }

  const { plan } = run;
  if (flags.check) {
    const drift = plan.changes > 0;
    if (drift) tellDrift(io, terminal, plan, out, run);
    else terminal.progress(`${terminal.paint("✓", "ok")} ${out} is up to date ${duration(run.durationMs)}`);
    tellStats(terminal, run);
    return finish(drift ? exitCodes.drift : terminal.exitCode(found), { ...runToJson(run, out), drift });
  }
  if (flags.dryRun) {
    for (const line of listPlan(plan)) terminal.data(line);
    return finish(terminal.exitCode(found), runToJson(run, out));
  }
  for (const line of listPlan(plan)) terminal.detail(`  ${line}`);
  terminal.progress(`${terminal.paint("✓", "ok")} ${describeWrites(plan)} ${duration(run.durationMs)}`);
  tellStats(terminal, run);
  return finish(terminal.exitCode(found), runToJson(run, out));
}

function listPlan(plan: WritePlan): readonly string[] {
  const rows = [
    ...plan.create.map((path) => ["create", path]),
    ...plan.update.map((path) => ["update", path]),
    ...plan.delete.map((path) => ["delete", path]),
    ...plan.conflicts.map((path) => ["refuse", path]),
    ...plan.unchanged.map((path) => ["unchanged", path]),
  ];
  return rows.map(([action = "", path = ""]) => `${action.padEnd(9)} ${path}`);
}

/** The diff is data; that there is one, is a finding. */
function tellDrift(io: Io, terminal: Terminal, plan: WritePlan, out: string, run: SessionRun): void {
  const color = wantsColor(io, io.stdout, terminal.flags.color);
  const changed = [...plan.create, ...plan.update, ...plan.delete].sort();
  const lines: string[] = [];
  for (const path of changed) {
    // enough is enough: the rest of a large drift is only counted
    if (lines.length > maxDiffLines * 20) break;
    lines.push(...unifiedDiff(`${out}/${path}`, plan.before.get(path), plan.contents.get(path)));
  }
  for (const line of lines.slice(0, maxDiffLines)) terminal.data(colorDiff(line, color));
  if (lines.length > maxDiffLines) terminal.data(`… ${lines.length - maxDiffLines} more lines of diff`);
  const what =
    changed.length === 0
      ? `${out}/${ownershipFile} is not`
      : `${changed.length} file${changed.length === 1 ? " is" : "s are"} not`;
  terminal.progress(
    `${terminal.paint("✗", "error")} ${what} what the contracts say; run wirespan generate ${duration(run.durationMs)}`,
  );
}

function colorDiff(line: string, color: boolean): string {
  if (line.startsWith("+++") || line.startsWith("---")) return paint(line, "strong", color);
  if (line.startsWith("@@")) return paint(line, "faint", color);
  if (line.startsWith("+")) return paint(line, "added", color);
  return line.startsWith("-") ? paint(line, "removed", color) : line;
}
