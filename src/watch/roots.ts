import { dirname, extname, resolve, sep } from "node:path";
import type { OpenResult } from "../session.js";
import type { PipelineResult } from "../pipeline.js";

/** What a watcher has to look at. Absolute paths. */
export interface WatchTargets {
  /** Folders and files to watch. */
  readonly paths: readonly string[];
  /** These, and the folders of what was read: those whose replacement the watcher would miss. */
  readonly folders: readonly string[];
  /** Whether a path below them is of no interest; `file`: it is known to be one. */
  ignores(path: string, file: boolean): boolean;
  /** Whether a change of this path calls for reading the configuration again. */
  isConfig(path: string): boolean;
}

const contractEndings: ReadonlySet<string> = new Set([".proto", ".yaml", ".yml", ".json"]);

/**
 * Include roots, inputs, the configuration, and every file the last run read or missed. Folders are watched rather
 * than files, so that new files and imports that appear are noticed.
 */
export function watchTargets(
  { session, root, dependencies }: OpenResult,
  cwd: string,
  result: Pick<PipelineResult, "sources" | "missing"> | undefined,
): WatchTargets {
  const config = new Set(dependencies.filter((path) => [root, resolve(cwd)].includes(dirname(path)) || isRead(path)));
  const settings = session?.settings;
  const inputs = settings?.inputs ?? [];
  const include = new Set((settings?.include ?? []).map((path) => resolve(root, path)));
  const searched = settings === undefined ? [] : inputs.length === 0 ? ["."] : inputs.map(staticPart);
  const folders = [...searched.map((path) => resolve(root, path)), ...include];
  const files = [...(result?.sources ?? []), ...(result?.missing ?? [])].filter((path) => !isVendored(path));
  const exact = new Set([...config, ...files]);
  const outDir = session?.outDir;
  const outside = [...exact].filter((path) => !folders.some((folder) => isBelow(path, folder)));

  return {
    paths: [...new Set([...folders, ...outside])],
    folders: [...new Set([...folders, ...outside, ...files.flatMap(foldersOf)])],
    ignores(path, file) {
      if (exact.has(path)) return false;
      if (outDir !== undefined && (path === outDir || isBelow(path, outDir))) return true;
      if (isVendored(path)) return true;
      return file && !contractEndings.has(extname(path).toLowerCase());
    },
    // without an include folder the configuration is wrong
    isConfig: (path) => config.has(path) || include.has(path),
  };

  /** From the folder of a file up to the one that is watched. */
  function foldersOf(file: string): readonly string[] {
    const found = [dirname(file)];
    for (let folder = dirname(file); folders.some((watched) => isBelow(folder, watched)); folder = dirname(folder)) {
      found.push(dirname(folder));
    }
    return found;
  }

  /** A `tsconfig.json` further up was read, a candidate there is only a possibility. */
  function isRead(path: string): boolean {
    return !path.includes("wirespan.config.");
  }
}

/** The part of a glob before its first wildcard: the folder it searches. */
export function staticPart(pattern: string): string {
  const parts = pattern.split("/");
  const wild = parts.findIndex((part) => /[*?[\]{}()!]/.test(part));
  return wild === -1 ? pattern : parts.slice(0, wild).join("/") || (pattern.startsWith("/") ? "/" : ".");
}

function isVendored(path: string): boolean {
  return path.split(sep).some((part) => part === "node_modules" || part === ".git");
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
