import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { diagnostic, type Report } from "../diagnostics/index.js";
import { below } from "./include-roots.js";

/** What counts as a contract when a folder, or nothing, is given. */
const contracts = ["**/*.proto", "**/{asyncapi,*.asyncapi,*.events}.{yaml,yml,json}"];

const ignored = ["**/node_modules/**", "**/.git/**", "**/dist/**"];

/**
 * The contract files that inputs (files, folders, globs; none: the working directory) stand for, as sorted absolute
 * paths.
 */
export async function findInputs(
  inputs: readonly string[],
  { cwd, out }: { readonly cwd: string; readonly out: string },
  report: Report,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const outDir = resolve(cwd, out);
  const search = async (pattern: readonly string[], from: string): Promise<readonly string[]> => {
    // an output folder that holds the inputs is not left out
    const outputs = below(outDir, from) === undefined && outDir !== from ? [`${outDir}/**`] : [];
    return glob([...pattern], { cwd: from, absolute: true, ignore: [...ignored, ...outputs] });
  };

  for (const input of inputs.length === 0 ? ["."] : inputs) {
    const path = resolve(cwd, input);
    const info = await stat(path).catch(() => undefined);
    let files: readonly string[];
    if (info?.isDirectory() === true) files = await search(contracts, path);
    else if (info !== undefined) files = [path];
    else if (isDynamicPattern(input)) files = await search([input.replaceAll("\\", "/")], cwd);
    else {
      report(diagnostic("E1021", undefined, { path: input }));
      continue;
    }
    if (files.length === 0) report(diagnostic("E1030", undefined, { input: inputs.length === 0 ? undefined : input }));
    for (const file of files) found.add(resolve(file));
  }
  return [...found].sort();
}

/** Names of the `.proto` files below a folder, relative to it. */
export async function listProtos(folder: string): Promise<readonly string[]> {
  return glob(["**/*.proto"], { cwd: folder, ignore: ignored });
}
