import type { JsonObject } from "../model/index.js";
import type { SessionRun } from "../session.js";
import type { WritePlan } from "../write/index.js";
import type { Terminal } from "./output.js";

/** `5 files written, 1 deleted (3 unchanged)`. */
export function describeWrites({ create, update, delete: removed, unchanged, changes }: WritePlan): string {
  const written = create.length + update.length;
  const parts = [];
  if (written > 0) parts.push(`${files(written)} written`);
  if (removed.length > 0) parts.push(`${written > 0 ? removed.length : files(removed.length)} deleted`);
  if (parts.length === 0 && changes > 0) parts.push("ownership file written");
  if (parts.length === 0) return unchanged.length === 0 ? "nothing to write" : `${files(unchanged.length)} unchanged`;
  return `${parts.join(", ")}${unchanged.length > 0 ? ` (${unchanged.length} unchanged)` : ""}`;
}

/** `12 ms`, `1.4 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Tells how much was reused, and with `--profile` where the time went. */
export function tellStats(terminal: Terminal, { result: { stats }, durationMs }: SessionRun): void {
  const { parsed, linked, rendered, reused, phases } = stats;
  terminal.detail(`  parsed ${parsed}, linked ${linked}, rendered ${rendered}, reused ${reused}`);
  if (!terminal.flags.profile) return;
  for (const [phase, time] of Object.entries(phases))
    terminal.progress(`  ${phase.padEnd(10)} ${duration(time).padStart(8)}`);
  terminal.progress(`  ${"total".padEnd(10)} ${duration(durationMs).padStart(8)}`);
}

/** What a run did, for `--report json`. */
export function runToJson({ plan, written, durationMs, result: { stats } }: SessionRun, out: string): JsonObject {
  return {
    out,
    ...(plan === undefined ? {} : { files: planToJson(plan) }),
    written: written && plan !== undefined && plan.changes > 0,
    durationMs: Math.round(durationMs),
    stats: { ...stats, phases: Object.fromEntries(Object.entries(stats.phases).map(([k, v]) => [k, Math.round(v)])) },
  };
}

function planToJson({ create, update, unchanged, delete: removed, conflicts }: WritePlan): JsonObject {
  return { create, update, unchanged, delete: removed, conflicts };
}

function files(count: number): string {
  return `${count} file${count === 1 ? "" : "s"}`;
}
