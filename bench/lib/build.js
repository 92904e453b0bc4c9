// What suites need that measure emitted code: commands, plugins through buf, and JavaScript of what they wrote.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Where the programs of the peers lie. */
export const bin = join(root, "bench/node_modules/.bin");

/** Where a suite's code lies: beneath the peers, so that it finds them, and beneath ours. */
export function cacheOf(suite) {
  return join(root, "bench/node_modules/.cache", suite);
}

/** An empty cache for a suite. Generating takes seconds, and old code would be measured in place of new. */
export async function emptyCache(suite) {
  if (!existsSync(join(root, "dist/cli/main.js"))) throw new Error("wirespan is not built: npm run build");
  const cache = cacheOf(suite);
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, "package.json"), '{ "type": "module" }');
}

/** Runs a command to its end in a folder. */
export function run(command, args, { cwd, env = process.env }) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ").slice(0, 200)} failed\n${error?.message ?? stdout + stderr}`);
}

/** Our code for a contract of a folder. */
export function generateOurs(contract, out, { cwd }) {
  run(process.execPath, [join(root, "bin/wirespan.js"), "generate", contract, "--out", out, "--quiet"], { cwd });
}

/** Runs a plugin on a contract of a folder through buf; ts-proto emits code of its own for well-known types, too. */
export function generate(contract, command, out, options, { cwd, withImports = true }) {
  const template = { version: "v2", plugins: [{ local: command, out, opt: options, include_imports: withImports }] };
  run(join(bin, "buf"), ["generate", "--template", JSON.stringify(template), "--path", contract], { cwd });
}

/** Every TypeScript file of a folder as JavaScript beside it, otherwise as it is. */
export async function compile(folder) {
  const entries = await readdir(folder, { recursive: true });
  for (const entry of entries.filter((name) => name.endsWith(".ts"))) {
    const path = join(folder, entry);
    const { code } = await transform(await readFile(path, "utf8"), { loader: "ts", target: "node20" });
    await writeFile(path.replace(/\.ts$/, ".js"), code);
  }
}
