// Writes the messages that wirespan itself uses with our own messages generator (npm run generate:wkt): the well-known
// types of the runtime, error details, its own services, and what plugin mode reads requests with.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { precompileTemplates } from "./templates.js";

const root = fileURLToPath(new URL("../", import.meta.url));
// bundled from the sources, so that no build has to come first; beside node_modules, which it imports from
const bundle = `${root}node_modules/.cache/wirespan/wkt-${process.pid}.mjs`;

await precompileTemplates();
await build({
  entryPoints: [`${root}scripts/wkt.ts`],
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  logLevel: "error",
});
try {
  const { wellKnownOutputs, descriptorOutputs, errorOutputs, serviceOutputs } = await import(bundle);
  await writeAll("src/runtime/wkt/", await wellKnownOutputs(root));
  await writeAll("src/load/descriptor/", await descriptorOutputs(root));
  await writeAll("src/runtime/errors/", await errorOutputs(root));
  await writeAll("src/runtime/services/", await serviceOutputs(root));
} finally {
  await rm(bundle, { force: true });
}

async function writeAll(folder, files) {
  for (const [path, content] of files) {
    const target = root + folder + path;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}
