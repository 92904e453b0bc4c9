import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { FSWatcher } from "chokidar";
import type { ConfigRequest } from "../config/index.js";
import type { Diagnostic } from "../diagnostics/index.js";
import { openSession, type OpenResult, type Session, type SessionRun } from "../session.js";
import { createFolderLook } from "./folders.js";
import { createSecondLook } from "./second-look.js";
import { watchTargets, type WatchTargets } from "./roots.js";

/** What to watch and whom to tell. */
export interface WatchOptions extends ConfigRequest {
  /** Writes over files that were edited by hand or are not ours. */
  readonly force?: boolean | undefined;
  /** Polls instead of waiting for events of the file system: for network drives and containers. */
  readonly poll?: boolean | undefined;
  /** Told after every run, the first included; not after one that found nothing changed. */
  readonly onRun: (run: WatchRun) => void;
  /** What the official AsyncAPI validator says about the last run, when it differs from what it said before. */
  readonly onVerdict?: ((found: readonly Diagnostic[], run: WatchRun) => void) | undefined;
}

/** One generation under watch. */
export interface WatchRun {
  /** Absolute paths that changed since the run before; empty in the first. */
  readonly changed: readonly string[];
  /** The project as it was opened last; its diagnostics are about the configuration. */
  readonly opened: OpenResult;
  /** Undefined when the configuration is broken and there is no earlier one. */
  readonly run: SessionRun | undefined;
}

/** A running watch. */
export interface Watcher {
  /** Ends it; resolves when a run under way has ended. */
  close(): Promise<void>;
  /** Resolves when it was closed, rejects when wirespan itself failed. */
  readonly done: Promise<void>;
}

/** Events of one save come within this time. */
const debounceMs = 10;
/** Some editors empty a file before they write it. */
const emptyFileMs = 40;
/** A run is given up for a newer state this often in a row, then one is let through. */
const maxCancelled = 5;

/**
 * Generates, then again whenever a contract or the configuration changes. One generation at a time; one that became
 * stale is cancelled. Broken contracts leave the output as it is. Resolves after the first run, with watchers ready.
 */
export async function startWatch(options: WatchOptions): Promise<Watcher> {
  const { onRun, onVerdict } = options;
  const { watch: watchFiles } = await import("chokidar");
  let opened = await openSession(options);
  let session: Session | undefined = opened.session;
  let targets: WatchTargets = watchTargets(opened, options.cwd, undefined);
  let watched = new Set<string>();
  const pending = new Set<string>();
  const secondLook = createSecondLook(notice);
  const folderLook = createFolderLook((paths) => void watchAnew(paths).catch(fail));
  let reload = false;
  let cancelled = 0;
  let running: Promise<void> | undefined;
  let current: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let last = "";
  let lastVerdict = "";
  let generation = 0;
  let settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const done = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  // whoever does not look at `done` must not be ended by an unhandled rejection
  done.catch(() => {});

  let watcher = openWatcher();
  let ready = readiness(watcher);

  function openWatcher(): FSWatcher {
    const opening = watchFiles([], {
      ignoreInitial: true,
      usePolling: options.poll ?? false,
      interval: 100,
      ignored: (path, stats) => targets.ignores(path, stats?.isFile() ?? false),
    });
    opening.on("all", (event, path) => {
      if (event === "unlinkDir") folderLook.lost(path);
      if (event === "addDir" || targets.ignores(path, event !== "unlinkDir")) return;
      notice(path);
    });
    // what cannot be watched (a folder without permission, one that went away) is still read by the next run
    opening.on("error", () => {});
    return opening;
  }

  /** These folders are not what the watcher holds on to. What happens meanwhile is seen by the run that follows. */
  async function watchAnew(paths: readonly string[]): Promise<void> {
    if (closed) return;
    // before the new one takes hold: watchers of one path share what they hold on to
    const closing = watcher.close();
    watcher = openWatcher();
    ready = readiness(watcher);
    watched = new Set(targets.paths);
    const added = addPaths([...watched]);
    await closing;
    await added;
    paths.forEach(notice);
  }

  /**
   * Resolves when they are watched. Those that are not there come second: chokidar counts them twice, and would be
   * ready before it holds on to the others.
   */
  async function addPaths(paths: readonly string[]): Promise<void> {
    const there = paths.filter((path) => existsSync(path));
    watcher.add(there);
    if (there.length > 0) await ready;
    // adding to a closed watcher opens it again
    if (!closed) watcher.add(paths.filter((path) => !there.includes(path)));
  }

  function notice(path: string): void {
    if (closed) return;
    pending.add(path);
    reload ||= targets.isConfig(path);
    if (cancelled < maxCancelled) current?.abort();
    clearTimeout(timer);
    timer = setTimeout(start, debounceMs);
    secondLook.noticed(path);
  }

  function start(): void {
    if (closed || running !== undefined) return;
    running = drain()
      .catch(fail)
      .finally(() => (running = undefined));
  }

  async function drain(): Promise<void> {
    while (pending.size > 0) {
      if (closed) return;
      await untilFilled([...pending]);
      const changed = [...pending].sort();
      const again = reload;
      pending.clear();
      reload = false;
      await secondLook.taken(changed);
      if (await attempt(changed, again)) {
        cancelled = 0;
        continue;
      }
      // given up for newer events: what this run was about is still to do
      cancelled++;
      changed.forEach((path) => pending.add(path));
      reload ||= again;
      await delay(debounceMs);
    }
  }

  /** False when the run was cancelled. */
  async function attempt(changed: readonly string[], again: boolean): Promise<boolean> {
    const controller = new AbortController();
    current = controller;
    try {
      if (again) {
        opened = await openSession(options);
        session = opened.session ?? session;
      }
      const usable = opened.session === undefined ? undefined : session;
      const run = await usable?.run({
        mode: "write",
        force: options.force ?? false,
        signal: controller.signal,
        deferVerdict: true,
      });
      if (run !== undefined || again) await look(run);
      const outcome: WatchRun = { changed, opened, run };
      if (!isIdle(outcome)) onRun(outcome);
      if (run !== undefined) awaitVerdict(outcome, run);
      return true;
    } catch (error) {
      if (controller.signal.aborted) return false;
      throw error;
    } finally {
      current = undefined;
    }
  }

  async function look(run: SessionRun | undefined): Promise<void> {
    // adding to a closed watcher opens it again
    if (closed) return;
    targets = watchTargets(opened, options.cwd, run?.result);
    const wanted = new Set(targets.paths);
    const fresh = [...wanted].filter((path) => !watched.has(path));
    watcher.unwatch([...watched].filter((path) => !wanted.has(path) && !wanted.has(parentIn(path, wanted) ?? "")));
    watched = wanted;
    folderLook.at(targets.folders);
    await addPaths(fresh);
  }

  /** An event without a consequence: a file saved unchanged, one that no contract needs. */
  function isIdle({ changed, run }: WatchRun): boolean {
    const found = [...opened.diagnostics, ...(run?.diagnostics ?? [])];
    const told = JSON.stringify(found);
    const same = told === last;
    last = told;
    if (changed.length === 0 || !same) return false;
    if (run === undefined) return true;
    const { stats } = run.result;
    const writes = run.plan?.changes ?? 0;
    return stats.parsed === 0 && stats.rendered === 0 && writes === 0;
  }

  function awaitVerdict(outcome: WatchRun, run: SessionRun): void {
    const mine = ++generation;
    run.result.verdict.then((found) => {
      const told = JSON.stringify(found);
      if (closed || mine !== generation || told === lastVerdict) return;
      lastVerdict = told;
      if (found.length > 0) onVerdict?.(found, outcome);
    }, fail);
  }

  function fail(error: unknown): void {
    settle?.reject(error);
    void close();
  }

  async function close(): Promise<void> {
    closed = true;
    clearTimeout(timer);
    secondLook.close();
    folderLook.close();
    current?.abort();
    await watcher.close();
    await running;
    settle?.resolve();
  }

  await look(undefined);
  running = attempt([], false).then(() => {}, fail);
  await running;
  running = undefined;
  if (pending.size > 0) start();
  return { close, done };
}

/** Waits once for a file that an editor has emptied and is about to write. */
async function untilFilled(paths: readonly string[]): Promise<void> {
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => undefined,
      ),
    ),
  );
  if (sizes.includes(0)) await delay(emptyFileMs);
}

function readiness(watcher: FSWatcher): Promise<void> {
  return new Promise((resolve) => watcher.once("ready", resolve));
}

function parentIn(path: string, folders: ReadonlySet<string>): string | undefined {
  return [...folders].find((folder) => path.startsWith(`${folder}/`));
}
