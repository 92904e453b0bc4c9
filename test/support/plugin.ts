import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./compile.js";

/** What a compiler that runs our plugin printed, and how it ended. */
export interface CompilerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The well-known types and what else ships with wirespan. */
export const schemas: string = join(root, "schemas");

const buf = join(root, "node_modules/.bin/buf");

/**
 * protoc-gen-wirespan as a program of its own, from the sources: no build has to come first. It lies below
 * node_modules, where it finds its libraries.
 */
export async function buildPlugin(): Promise<string> {
  const folder = join(root, "node_modules/.cache/wirespan", `plugin-${process.pid}`);
  const program = join(folder, "protoc-gen-wirespan.mjs");
  await mkdir(folder, { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [join(root, "src/plugins/protoc/main.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
    banner: { js: "#!/usr/bin/env node" },
    // its manifest is the repository's
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, "dist/bundled.js")).href) },
  });
  await chmod(program, 0o755);
  return program;
}

/** Runs a program in a folder. */
export function runIn(cwd: string, program: string, args: readonly string[]): Promise<CompilerResult> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** What protoc is to do: roots and files relative to the folder, parameters as in `--wirespan_opt`. */
export interface ProtocRun {
  readonly protoc: string;
  readonly plugin: string;
  readonly roots: readonly string[];
  readonly files: readonly string[];
  readonly out: string;
  readonly parameters?: string;
}

/** `protoc --wirespan_out`, in a folder. */
export async function runProtoc(cwd: string, options: ProtocRun): Promise<CompilerResult> {
  const { protoc, plugin, roots, files, out, parameters } = options;
  await mkdir(join(cwd, out), { recursive: true });
  return runIn(cwd, protoc, [
    `--plugin=protoc-gen-wirespan=${plugin}`,
    ...[...roots, schemas].map((path) => `-I${path}`),
    `--wirespan_out=${out}`,
    ...(parameters === undefined ? [] : [`--wirespan_opt=${parameters}`]),
    ...files,
  ]);
}

/** What buf is to do: modules relative to the folder, files of them to generate for (all by default). */
export interface BufRun {
  readonly plugin: string;
  readonly modules: readonly string[];
  readonly files?: readonly string[];
  readonly out: string;
  readonly strategy: "directory" | "all";
  readonly opt?: readonly string[];
}

/** `buf generate` with a template and a workspace of its own, in a folder. */
export async function runBuf(cwd: string, options: BufRun): Promise<CompilerResult> {
  const { plugin, modules, files = [], out, strategy, opt = [] } = options;
  const template = JSON.stringify({ version: "v2", plugins: [{ local: plugin, out, strategy, opt }] });
  await writeFile(join(cwd, "buf.yaml"), JSON.stringify({ version: "v2", modules: modules.map((path) => ({ path })) }));
  return runIn(cwd, buf, ["generate", "--template", template, ...files.flatMap((path) => ["--path", path])]);
}

/** The files below a folder by path with `/`; those of documents and the ownership file left out. */
export async function emittedTree(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    if (!path.endsWith(".ts") || !(await stat(join(folder, path))).isFile()) continue;
    found.set(path.replaceAll("\\", "/"), await readFile(join(folder, path), "utf8"));
  }
  return found;
}
