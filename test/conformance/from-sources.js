import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { precompileTemplates } from "../../scripts/templates.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Imports a TypeScript module of this folder with all it takes from the sources: no build has to come first. */
export async function importFromSources(path) {
  await precompileTemplates();
  // beside node_modules, which it imports from
  const folder = join(root, "node_modules/.cache/wirespan");
  // a name for each: a process imports what has the same one only once
  const bundle = join(folder, `conformance-${process.pid}-${path.replace(/\W/g, "-")}.mjs`);
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [join(root, "test/conformance", path)],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
    // what looks for the repository lies two folders below it
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, "test/support/bundled.js")).href) },
  });
  try {
    return await import(pathToFileURL(bundle).href);
  } finally {
    await rm(bundle, { force: true });
  }
}
