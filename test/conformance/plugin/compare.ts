import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { OutputFile } from "../../../src/emit.js";
import { createPipeline } from "../../../src/pipeline.js";
import { root } from "../../support/compile.js";
import { pipelineSettings } from "../../support/pipeline.js";
import { buildPlugin, emittedTree, runBuf, runProtoc, type CompilerResult } from "../../support/plugin.js";
import { provideProtoc } from "../../support/protoc.js";

interface Verdict {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly known: readonly string[];
}

/**
 * Compares what the plugin writes for contracts of a folder with what the command writes, byte for byte: a contract
 * passes when all its files are there and equal. Files that belong to no contract fail, too.
 */
export async function comparePlugin(
  folder: string,
  paths: readonly string[],
): Promise<Readonly<Record<string, Verdict>>> {
  const work = join(folder, ".wirespan");
  const module = join(work, "module");
  const wanted = await byCommand(folder, paths, module);
  const plugin = await buildPlugin();
  const protoc = await provideProtoc();
  if (protoc === undefined) throw new Error("needs protoc");

  const verdict = async (out: string, { code, stderr }: CompilerResult): Promise<Verdict> => {
    if (code !== 0) console.error(stderr);
    return judge(paths, wanted, await emittedTree(join(work, out)));
  };
  const byProtoc = await runProtoc(work, {
    protoc,
    plugin,
    roots: ["module"],
    files: paths,
    out: "by-protoc",
  });
  const files = paths.map((path) => `module/${path}`);
  const buf = { plugin, modules: ["module"], files };
  return {
    protoc: await verdict("by-protoc", byProtoc),
    "buf, strategy all": await verdict("by-all", await runBuf(work, { ...buf, out: "by-all", strategy: "all" })),
    "buf, strategy directory": await verdict(
      "by-directory",
      await runBuf(work, { ...buf, out: "by-directory", strategy: "directory" }),
    ),
  };
}

/** Outputs of the command by contract; the contracts with all that they import are copied to `module`. */
async function byCommand(
  folder: string,
  paths: readonly string[],
  module: string,
): Promise<ReadonlyMap<string, readonly OutputFile[]>> {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
  const settings = pipelineSettings(folder, { inputs: paths, include: ["."], version: String(version) });
  const { outputs, sources, diagnostics } = await createPipeline(settings).run();
  for (const { code, message, origin } of diagnostics) console.error(`${code} ${origin?.file}: ${message}`);
  rmSync(module, { recursive: true, force: true });
  for (const source of sources) {
    if (!source.startsWith(`${folder}/`)) continue;
    const target = join(module, source.slice(folder.length));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, target);
  }
  const files = outputs.filter(({ path }) => path.endsWith(".ts"));
  return new Map(paths.map((path) => [path, files.filter(({ sources: [source] }) => source === path)]));
}

function judge(
  paths: readonly string[],
  wanted: ReadonlyMap<string, readonly OutputFile[]>,
  found: ReadonlyMap<string, string>,
): Verdict {
  const left = new Set(found.keys());
  const failed = paths.filter((path) => {
    const outputs = wanted.get(path) ?? [];
    const differing = outputs.filter((output) => found.get(output.path) !== output.content);
    for (const output of outputs) left.delete(output.path);
    return outputs.length === 0 || differing.length > 0;
  });
  for (const path of left) failed.push(`${path}, which the command does not write`);
  console.info(`${found.size} files`);
  return { passed: paths.length - failed.length, failed, known: [] };
}
