import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { diagnostic, type Report } from "../diagnostics/index.js";
import { below, shownPath } from "./include-roots.js";
import { reasonOf } from "./read-source.js";

/** What counts as a contract when a folder, or nothing, is given. */
const contract = /\.proto$|(^|\.)asyncapi\.(ya?ml|json)$|\.events\.(ya?ml|json)$/;

/** Folders that hold other people's contracts, or none. */
const skipped: ReadonlySet<string> = new Set(["node_modules", "dist"]);

/**
 * The contract files that inputs (files, folders, globs; none: the working directory) stand for, as sorted absolute
 * paths. A folder that cannot be read is an error: what is in it must not count as gone.
 */
export async function findInputs(
  inputs: readonly string[],
  { cwd, out }: { readonly cwd: string; readonly out: string },
  report: Report,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const outDir = resolve(cwd, out);

  for (const input of inputs.length === 0 ? ["."] : inputs) {
    const path = resolve(cwd, input);
    const info = await stat(path).catch(() => undefined);
    // an output folder that holds the inputs is not left out
    const left = below(outDir, path) === undefined && outDir !== path ? outDir : undefined;
    let files: readonly string[];
    if (info?.isDirectory() === true) files = await walk(path, left, cwd, report);
    else if (info !== undefined) files = [path];
    else if (isDynamicPattern(input)) files = await expand(input, cwd, left);
    else {
      report(diagnostic("E1021", undefined, { path: input }));
      continue;
    }
    if (files.length === 0) report(diagnostic("E1030", undefined, { input: inputs.length === 0 ? undefined : input }));
    for (const file of files) found.add(resolve(file));
  }
  return [...found].sort();
}

/** The contracts below a folder. Links are followed, once each. */
async function walk(
  folder: string,
  outDir: string | undefined,
  cwd: string,
  report: Report,
): Promise<readonly string[]> {
  const found: string[] = [];
  const seen = new Set<string>();

  async function visit(path: string): Promise<void> {
    const real = await realpath(path).catch(() => path);
    if (seen.has(real) || path === outDir) return;
    seen.add(real);
    try {
      for (const entry of await readdir(path, { withFileTypes: true })) {
        const child = join(path, entry.name);
        if (entry.name.startsWith(".") || skipped.has(entry.name)) continue;
        const info = entry.isSymbolicLink() ? await stat(child).catch(() => undefined) : entry;
        if (info?.isDirectory() === true) await visit(child);
        else if (info !== undefined && contract.test(entry.name)) found.push(child);
      }
    } catch (error) {
      report(diagnostic("E1020", undefined, { path: shownPath(path, cwd), reason: reasonOf(error) }));
    }
  }

  await visit(folder);
  return found;
}

async function expand(pattern: string, cwd: string, outDir: string | undefined): Promise<readonly string[]> {
  const ignore = [...[...skipped].map((name) => `**/${name}/**`), ...(outDir === undefined ? [] : [`${outDir}/**`])];
  return glob([pattern.replaceAll("\\", "/")], { cwd, absolute: true, ignore });
}

/** Names of the `.proto` files below a folder, relative to it. */
export async function listProtos(folder: string): Promise<readonly string[]> {
  const files = await walk(folder, undefined, folder, () => {});
  return files.flatMap((file) => (file.endsWith(".proto") ? (below(folder, file) ?? []) : []));
}
