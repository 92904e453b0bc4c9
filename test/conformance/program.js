import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { importFromSources } from "./from-sources.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Generates messages, clients and servers of a suite's protos, `{ [import name]: path }`, and bundles a program of this
 * folder with them (as `emitted/…`) and the runtime's sources. Gives the bundle's path and what removes it.
 */
export async function buildProgram(entry, protos) {
  const { emitServices } = await importFromSources("emit-services.ts");
  const texts = await Promise.all(
    Object.entries(protos).map(async ([name, path]) => [name, await readFile(path, "utf8")]),
  );
  // beside node_modules, from where the bundle imports what it does not hold
  const cache = join(root, "node_modules/.cache/wirespan");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "conformance-program-"));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const emitted = join(folder, "emitted");
    for (const [path, content] of await emitServices(Object.fromEntries(texts))) {
      await mkdir(dirname(join(emitted, path)), { recursive: true });
      await writeFile(join(emitted, path), content);
    }
    const outfile = join(folder, "program.mjs");
    await build({
      entryPoints: [join(root, "test/conformance", entry)],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "error",
      packages: "external",
      alias: { emitted, "@wirespan/runtime": join(root, "src/runtime") },
    });
    return { program: outfile, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
