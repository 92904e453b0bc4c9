// Writes the well-known types of the runtime, src/runtime/wkt, with our own messages generator (npm run generate:wkt).
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
  const { wellKnownOutputs } = await import(bundle);
  for (const [path, content] of await wellKnownOutputs(root)) {
    const target = `${root}src/runtime/wkt/${path}`;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
} finally {
  await rm(bundle, { force: true });
}
