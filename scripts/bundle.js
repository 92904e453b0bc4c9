// Bundles what a command starts with into few files: reading some two hundred modules costs more than generating from one.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { notices } from "./notices.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const source = join(root, "src");
const dist = join(root, "dist");

/** Small libraries that every run loads. All others are loaded from where they are installed, when they are needed. */
const bundled = new Set(["commander", "handlebars/runtime.js", "tinyglobby", "fdir", "picomatch"]);

/** Programs: folders that nobody imports. Of each, `main` is all that is left in `dist`. */
const programs = ["cli", "plugins/protoc"];

/** Bundles the programs, over what TypeScript emitted for them; parts that are loaded later lie in `dist/chunks`. */
export async function bundle() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: programs.map((folder) => join(source, folder, "main.ts")),
    outdir: dist,
    outbase: source,
    entryNames: "[dir]/[name]",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    logLevel: "warning",
    // handlebars asks for a Node module by require
    banner: {
      js: 'import { createRequire as $require } from "node:module"; const require = $require(import.meta.url);',
    },
    plugins: [{ name: "wirespan", setup }],
  });
  await writeFile(join(dist, "THIRD-PARTY-NOTICES.txt"), await notices(root, metafile));
  const fresh = new Set(Object.keys(metafile.outputs).map((path) => join(root, path)));
  for (const folder of ["chunks", ...programs]) {
    for (const name of await readdir(join(dist, folder))) {
      const path = join(dist, folder, name);
      if (!fresh.has(path)) await rm(path, { recursive: true });
    }
  }
}

function setup({ onResolve, onLoad }) {
  onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
    if (kind === "entry-point" || bundled.has(path)) return undefined;
    return { path, external: true };
  });
  // files that lie beside a module (package.json, schemas) are found from where the module would lie unbundled
  onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
    const text = await readFile(path, "utf8");
    const place = relative(source, path).replace(/\.ts$/, ".js");
    const url = `new URL(${JSON.stringify(`../${place.replaceAll("\\", "/")}`)}, import.meta.url).href`;
    return { contents: text.replaceAll("import.meta.url", url), loader: "ts", resolveDir: dirname(path) };
  });
}
