// Generates and compiles the code of every library, ours included, into the cache.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));
const bin = join(root, "bench/node_modules/.bin");

/** Where the code of all libraries lies: beneath the peers, so that it finds them, and beneath ours. */
export const cache = join(root, "bench/node_modules/.cache/codec");

/** Fresh code of every library. Generating takes seconds, and old code would be measured in place of new. */
export async function buildLibraries() {
  if (!existsSync(join(root, "dist/cli/main.js"))) throw new Error("wirespan is not built: npm run build");
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, "package.json"), '{ "type": "module" }');

  const ours = join(cache, "wirespan");
  run(process.execPath, [join(root, "bin/wirespan.js"), "generate", "shapes.proto", "--out", ours, "--quiet"]);
  const pbjs = join(cache, "protobufjs.js");
  run(join(bin, "pbjs"), ["-t", "static-module", "-w", "es6", "--es6", "-o", pbjs, "shapes.proto"]);
  generate(join(bin, "protoc-gen-es"), join(cache, "protobuf-es"), ["target=js", "import_extension=js"]);
  generate(join(bin, "protoc-gen-ts_proto"), join(cache, "ts-proto"), [
    "forceLong=bigint",
    "useDate=false",
    "importSuffix=.js",
    "esModuleInterop=true",
  ]);
  generate(join(bin, "protoc-gen-ts_proto"), join(cache, "ts-proto-defaults"), [
    "importSuffix=.js",
    "esModuleInterop=true",
  ]);
  for (const name of ["wirespan", "ts-proto", "ts-proto-defaults"]) await compile(join(cache, name));
}

/** Runs a plugin through buf; ts-proto emits code of its own for well-known types, too. */
export function generate(command, out, options, withImports = true) {
  const template = { version: "v2", plugins: [{ local: command, out, opt: options, include_imports: withImports }] };
  run(join(bin, "buf"), ["generate", "--template", JSON.stringify(template), "--path", "shapes.proto"]);
}

/** Runs a command to its end in a folder, by default that of the contracts. */
export function run(command, args, { cwd = here, env = process.env } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ").slice(0, 200)} failed\n${error?.message ?? stdout + stderr}`);
}

/** Every TypeScript file of a folder as JavaScript beside it, otherwise as it is. */
async function compile(folder) {
  const entries = await readdir(folder, { recursive: true });
  for (const entry of entries.filter((name) => name.endsWith(".ts"))) {
    const path = join(folder, entry);
    const { code } = await transform(await readFile(path, "utf8"), { loader: "ts", target: "node20" });
    await writeFile(path.replace(/\.ts$/, ".js"), code);
  }
}
