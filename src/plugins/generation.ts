import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { WirespanConfig } from "../config/index.js";
import { printDiagnostic, shortenPaths, sortDiagnostics, type Diagnostic } from "../diagnostics/index.js";
import { openSession, type OpenResult, type SessionRun } from "../session.js";
import { watchTargets, type WatchTargets } from "../watch/roots.js";

/** Options of the bundler plugins: those of the configuration, which win over the file, and where to find it. */
export interface WirespanPluginOptions extends WirespanConfig {
  /** Where to look for the configuration; relative paths of these options start here. Default: `process.cwd()`. */
  readonly cwd?: string | undefined;
  /** A configuration file; `false`: none. Default: the nearest `wirespan.config.*` upward. */
  readonly config?: string | false | undefined;
}

/** What a bundler needs to know after a generation. */
export interface Generation {
  readonly errors: readonly PluginFinding[];
  readonly warnings: readonly PluginFinding[];
  /** Absolute paths that were read, the configuration included. */
  readonly files: readonly string[];
  /** Folders in which new contracts may appear, absolute; none that holds the output folder. */
  readonly folders: readonly string[];
  /** Files that would matter if they appeared, absolute. */
  readonly missing: readonly string[];
  /** Absolute paths of the outputs that this generation changed. */
  readonly written: readonly string[];
}

/** A diagnostic as bundlers show it. */
export interface PluginFinding {
  /** Code, message, place, code frame and help. */
  readonly text: string;
  /** Absolute. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** From 1. */
  readonly column: number | undefined;
}

/** Generates on behalf of a bundler: runs never overlap, and one that nothing calls for does not happen. */
export interface PluginSession {
  /** Generates when something changed since the last time, else gives the last result again. */
  generate(): Promise<Generation>;
  /** Whether a path is one that a generation depends on; then the next `generate` runs. */
  changed(path: string): boolean;
  /** Makes the next `generate` run: for bundlers that do not say what changed. */
  refresh(): void;
}

/** One per bundler. */
export function createPluginSession({ cwd, config, ...overrides }: WirespanPluginOptions): PluginSession {
  const request = { cwd: resolve(cwd ?? "."), file: config, overrides };
  let opened: OpenResult | undefined;
  let configStamp = "";
  let last: Generation | undefined;
  let targets: WatchTargets | undefined;
  let stale = true;
  let queue: Promise<unknown> = Promise.resolve();

  async function run(): Promise<Generation> {
    if (!stale && last !== undefined) return { ...last, written: [] };
    stale = false;
    try {
      if (opened === undefined || (await stamp(opened.dependencies)) !== configStamp) {
        opened = await openSession(request);
        configStamp = await stamp(opened.dependencies);
      }
      const done = await opened.session?.run({ mode: "write" });
      targets = watchTargets(opened, request.cwd, done?.result);
      last = toGeneration(opened, done, targets);
      return last;
    } catch (error) {
      stale = true;
      throw error;
    }
  }

  return {
    generate() {
      const next = queue.then(run);
      // one that failed must not take the later ones with it
      queue = next.catch(() => {});
      return next;
    },
    changed(path) {
      const absolute = resolve(path);
      const known = targets === undefined || last?.folders.includes(absolute) === true;
      if (!known && targets?.ignores(absolute, true) !== false) return false;
      stale = true;
      return true;
    },
    refresh() {
      stale = true;
    },
  };
}

/** Changes when one of these files changes, appears or goes. */
async function stamp(paths: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
        () => "",
      ),
    ),
  );
  return stamps.join("\n");
}

function toGeneration(opened: OpenResult, run: SessionRun | undefined, targets: WatchTargets): Generation {
  const outDir = opened.session?.outDir;
  const all = [...opened.diagnostics, ...(run?.diagnostics ?? [])];
  const shown = outDir === undefined ? all : shortenPaths(all, outDir, relative(opened.root, outDir) || ".");
  const found = sortDiagnostics(shown);
  const text = (file: string): string | undefined => opened.texts.get(file) ?? run?.result.text(file);
  const show = (one: Diagnostic): PluginFinding => ({
    text: printDiagnostic(one, { color: false, width: 120, text }).trimEnd(),
    file: one.origin === undefined ? undefined : resolve(opened.root, one.origin.file),
    line: one.origin?.line,
    column: one.origin?.column,
  });
  const sources = run?.result.sources ?? [];
  const holdsOutput = (folder: string): boolean =>
    outDir !== undefined && `${outDir}${sep}`.startsWith(`${folder}${sep}`);
  const config = opened.dependencies.filter((path) => targets.isConfig(path));
  const candidates = config.filter(
    (path) => path !== opened.configFile && basename(path).startsWith("wirespan.config."),
  );
  const missing = new Set([...candidates, ...(run?.result.missing ?? [])]);
  const files = new Set([...config.filter((path) => !candidates.includes(path)), ...sources]);
  const folders = new Set([
    ...sources.map((path) => dirname(path)),
    ...targets.paths.filter((path) => !files.has(path) && !missing.has(path)),
  ]);
  const changed =
    run?.plan === undefined || !run.written ? [] : [...run.plan.create, ...run.plan.update, ...run.plan.delete];
  return {
    errors: found.filter(({ severity }) => severity === "error").map(show),
    warnings: found.filter(({ severity }) => severity === "warning").map(show),
    files: [...files],
    folders: [...folders].filter((folder) => !holdsOutput(folder)),
    missing: [...missing],
    written: outDir === undefined ? [] : changed.map((path) => join(outDir, path)),
  };
}
