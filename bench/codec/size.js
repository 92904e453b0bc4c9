// Sizes: of emitted code, of one message in a bundle, and what TypeScript's compiler pays for emitted code.
import { readdir, readFile, rm, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { bufTemplate, extractCorpus, files300 } from "../generate/corpus.js";
import { figure, missingFigure } from "../lib/figures.js";
import { processCpu } from "../lib/process-cpu.js";
import { median, spread } from "../lib/stats.js";
import { cache, run } from "./build.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = join(root, "bench/node_modules/.bin");
const tsc = join(root, "node_modules/typescript/bin/tsc");

/** Where the 300 files are emitted to: from there the compiler finds what emitted code imports. */
const folder = join(cache, "googleapis-300");

/** How often the compiler runs: on ts-proto's code it takes half a minute. */
const compilerRuns = { wirespan: 7, "protobuf-es": 7, "ts-proto": 3 };

/** The same for all emitted code. */
const compilerOptions = {
  target: "ES2022",
  lib: ["ES2023"],
  module: "NodeNext",
  moduleResolution: "NodeNext",
  types: ["node"],
  typeRoots: [join(root, "node_modules/@types")],
  strict: true,
  skipLibCheck: true,
  isolatedModules: true,
  noEmit: true,
};

/** The entries, which are compiler runs, and the figures of everything that is the same in each round. */
export async function prepare() {
  const bundles = await bundleFigures();
  const googleapis = await extractCorpus(root);
  if (googleapis === undefined) {
    const absent = missingFigure("codec.size", "../shared/corpus is not there: no contracts to measure on");
    return { entries: [], figures: () => [...bundles, absent], close: () => {} };
  }
  await emitAll(googleapis);
  const bytes = Object.fromEntries(
    await Promise.all(Object.keys(compilerRuns).map(async (name) => [name, await sizeOf(join(folder, name))])),
  );
  return {
    entries: Object.entries(compilerRuns).map(([name, runs]) => compilerEntry(name, runs)),
    figures: (samples) => [...bundles, ...emittedFigures(bytes), ...compilerFigures(samples)],
    close: () => {},
  };
}

/** The 300 files and what they import: ours with all outputs, ts-proto with services, protobuf-es as it is. */
async function emitAll(googleapis) {
  await rm(folder, { recursive: true, force: true });
  const files = await files300(root);
  const ours = join(folder, "wirespan");
  const args = ["generate", ...files, "--include", ".", "--out", ours, "--quiet"];
  run(process.execPath, [join(root, "bin/wirespan.js"), ...args], { cwd: googleapis });
  const peers = [
    ["protobuf-es", "protoc-gen-es", ["target=ts", "import_extension=js"], false],
    ["ts-proto", "protoc-gen-ts_proto", ["outputServices=grpc-js", "esModuleInterop=true", "importSuffix=.js"], true],
  ];
  const paths = files.flatMap((file) => ["--path", file]);
  for (const [name, plugin, options, wellKnown] of peers) {
    const template = JSON.parse(bufTemplate(join(bin, plugin), join(folder, name), options));
    // ts-proto emits the well-known types, the others have them in their runtimes
    Object.assign(template.plugins[0], { include_imports: true, include_wkt: wellKnown });
    run(join(bin, "buf"), ["generate", "--template", JSON.stringify(template), ...paths], { cwd: googleapis });
  }
  for (const name of Object.keys(compilerRuns)) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, name, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["."] }));
  }
}

async function sizeOf(path) {
  const entries = await readdir(path, { recursive: true });
  const sizes = entries
    .filter((name) => name.endsWith(".ts"))
    .map(async (name) => (await readFile(join(path, name))).length);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** CPU seconds of the compiler; undefined once it has run often enough. */
function compilerEntry(name, runs) {
  let done = 0;
  return {
    id: `tsc ${name}`,
    // the first run is not counted
    run: async () => (done++ > runs ? undefined : processCpu(process.execPath, [tsc, "-p", join(folder, name)])),
  };
}

function emittedFigures(bytes) {
  const compare = (peer, bar) =>
    figure({
      id: "codec.size.emitted",
      value: bytes.wirespan / 1e6,
      unit: "MB",
      peer: { name: peer, value: bytes[peer] / 1e6 },
      bar,
      note: "300 files, all outputs",
    });
  return [compare("ts-proto", { most: 1.3 }), compare("protobuf-es")];
}

function compilerFigures(samples) {
  const taken = (name) => samples.get(`tsc ${name}`).filter((value) => value !== undefined);
  const compare = (peer, most) =>
    figure({
      id: "codec.size.tsc",
      value: median(taken("wirespan")),
      unit: "s",
      spread: spread(taken("wirespan")),
      peer: { name: peer, value: median(taken(peer)) },
      bar: { most },
      note: "300 files, all outputs",
    });
  return [compare("protobuf-es", 5), compare("ts-proto", 0.3)];
}

/** Programs that use one message for what the library can do with it. */
const programs = {
  wirespan: (shape) => `export { ${shape} } from "./wirespan/shapes.pb.js";`,
  "wirespan, binary only": (shape) => `export { read${shape}, write${shape} } from "./wirespan/shapes.pb.js";`,
  "protobuf-es, binary only": (shape) =>
    `export { fromBinary, toBinary } from "@bufbuild/protobuf"; export { ${shape}Schema } from "./protobuf-es/shapes_pb.js";`,
  "protobuf-es": (shape) =>
    `export { fromBinary, toBinary, fromJsonString, toJsonString } from "@bufbuild/protobuf"; export { ${shape}Schema } from "./protobuf-es/shapes_pb.js";`,
  "ts-proto": (shape) => `export { ${shape} } from "./ts-proto/shapes.js";`,
  "protobufjs static, binary only": () => `export { bench } from "./protobufjs.js";`,
};

/** Every message of the contract, those that need no other first; the bar is on the message of a small call. */
const bundled = ["Lookup", "Amount", "PostalAddress", "OrderLine", "Series", "ReadingBatch", "OrderPlaced"];
const bundleBars = { Lookup: { most: 9 } };

async function bundleFigures() {
  const found = [];
  for (const shape of bundled) {
    for (const [name, program] of Object.entries(programs)) {
      const result = await build({
        stdin: { contents: program(shape), resolveDir: cache },
        bundle: true,
        minify: true,
        format: "esm",
        write: false,
        logLevel: "error",
      });
      const size = gzipSync(result.outputFiles[0].contents, { level: 9 }).length / 1000;
      const note = `${name}, bundled, minified, gzipped`;
      const id = `codec.size.bundle.${shape}`;
      found.push(
        figure({ id, value: size, unit: "KB", bar: name === "wirespan" ? bundleBars[shape] : undefined, note }),
      );
    }
  }
  return found;
}
