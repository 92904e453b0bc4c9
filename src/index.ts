/**
 * The library: what the command line does, as functions.
 *
 * @module
 */
import { resolve } from "node:path";
import type { WirespanConfig } from "./config/define.js";
import { hasErrors, type Diagnostic } from "./diagnostics/index.js";
import type { OpenResult, SessionRun } from "./session.js";
import type { Watcher, WatchRun } from "./watch/index.js";

export { defineConfig, type PolicyConfig, type WirespanConfig } from "./config/define.js";
export { printDiagnostics as formatDiagnostics, type Diagnostic, type PrintOptions } from "./diagnostics/index.js";
export type { GeneratorId, Origin } from "./model/index.js";
export type { Watcher } from "./watch/index.js";

/** Which project, and options that win over its configuration file. */
export interface ProjectOptions extends WirespanConfig {
  /** Where to look for the configuration; relative paths of these options start here. Default: `process.cwd()`. */
  readonly cwd?: string | undefined;
  /** A configuration file; `false`: none. Default: the nearest `wirespan.config.*` upward. */
  readonly config?: string | false | undefined;
}

/** Options of `generate`. */
export interface GenerateOptions extends ProjectOptions {
  /** Compares only: the result says what would be written. */
  readonly dryRun?: boolean | undefined;
  /** Writes over files that were edited by hand or are not wirespan's. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Files by what happened, or would happen, to them; paths relative to the output folder, with `/`. */
export interface FileChanges {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  readonly unchanged: readonly string[];
}

/** What a generation came to. */
export interface GenerateResult extends FileChanges {
  /** False when there was an error; then nothing was written. */
  readonly ok: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** The output folder, absolute; undefined when the configuration has errors. */
  readonly out: string | undefined;
  /** Source text by the file name of a diagnostic, for `formatDiagnostics`. */
  text(file: string): string | undefined;
}

/** What a check came to. */
export interface CheckResult extends GenerateResult {
  /** True when the output folder is not what the contracts say. */
  readonly drift: boolean;
}

/**
 * Contracts → files. Faults of the contracts and of the configuration are diagnostics of the result; it rejects only
 * when aborted, or by a fault of wirespan.
 *
 * @example
 * const { ok, diagnostics, text } = await generate({ inputs: ["contracts"], out: "src/gen" });
 * if (!ok) console.error(formatDiagnostics(diagnostics, { color: true, width: 100, text }));
 */
export async function generate(options: GenerateOptions = {}): Promise<GenerateResult> {
  const { dryRun = false, force = false, signal, ...project } = options;
  const opened = await open(project);
  const run = await opened.session?.run({ mode: dryRun ? "plan" : "write", force, signal });
  return toResult(opened, run);
}

/**
 * Compares the output folder with what the contracts say; writes nothing.
 *
 * @example
 * const { drift, updated } = await check();
 * if (drift) throw new Error(`run wirespan generate: ${updated.join(", ")}`);
 */
export async function check(
  options: ProjectOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<CheckResult> {
  const { signal, ...project } = options;
  const opened = await open(project);
  const run = await opened.session?.run({ mode: "plan", force: true, judge: true, signal });
  const result = toResult(opened, run);
  return { ...result, drift: (run?.plan?.changes ?? 0) > 0 };
}

/** Options of `watch`. */
export interface WatchProjectOptions extends ProjectOptions {
  readonly force?: boolean | undefined;
  /** Polls instead of waiting for events of the file system: for network drives and containers. */
  readonly poll?: boolean | undefined;
  /** Told after the first generation and after every one that changed something. */
  readonly onRun: (event: WatchEvent) => void;
  /** What the official AsyncAPI validator says about the last generation; it may come after `onRun`. */
  readonly onVerdict?: ((diagnostics: readonly Diagnostic[]) => void) | undefined;
}

/** One generation under watch. */
export interface WatchEvent extends GenerateResult {
  /** Absolute paths that changed; empty in the first. */
  readonly changed: readonly string[];
}

/**
 * Generates, and again whenever a contract or the configuration changes. Broken contracts leave the output as it is.
 *
 * @example
 * const watcher = await watch({ onRun: ({ ok, updated }) => console.log(ok, updated) });
 * process.once("SIGINT", () => void watcher.close());
 * await watcher.done;
 */
export async function watch(options: WatchProjectOptions): Promise<Watcher> {
  const { onRun, onVerdict, force, poll, cwd, config, ...overrides } = options;
  const { startWatch } = await import("./watch/index.js");
  return startWatch({
    cwd: resolve(cwd ?? "."),
    file: config,
    overrides,
    force,
    poll,
    onRun: ({ changed, opened, run }: WatchRun) => onRun({ ...toResult(opened, run), changed }),
    onVerdict: onVerdict === undefined ? undefined : (found) => onVerdict(found),
  });
}

async function open({ cwd, config, ...overrides }: ProjectOptions): Promise<OpenResult> {
  // a configuration imports defineConfig from here: that must not load the whole generator
  const { openSession } = await import("./session.js");
  return openSession({ cwd: resolve(cwd ?? "."), file: config, overrides }, { keep: false });
}

function toResult(opened: OpenResult, run: SessionRun | undefined): GenerateResult {
  const diagnostics = [...opened.diagnostics, ...(run?.diagnostics ?? [])];
  return {
    ok: run !== undefined && !hasErrors(diagnostics),
    diagnostics,
    out: opened.session?.outDir,
    created: run?.plan?.create ?? [],
    updated: run?.plan?.update ?? [],
    deleted: run?.plan?.delete ?? [],
    unchanged: run?.plan?.unchanged ?? [],
    text: (file) => opened.texts.get(file) ?? run?.result.text(file),
  };
}
