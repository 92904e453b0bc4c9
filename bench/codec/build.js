// Generates and compiles the code of every library, ours included, into the cache.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bin, cacheOf, compile, emptyCache, generate, generateOurs, run } from "../lib/build.js";

export { run };

const cwd = fileURLToPath(new URL("./", import.meta.url));
const contract = "shapes.proto";

/** Where the code of all libraries lies. */
export const cache = cacheOf("codec");

/** Fresh code of every library. */
export async function buildLibraries() {
  await emptyCache("codec");
  generateOurs(contract, join(cache, "wirespan"), { cwd });
  const pbjs = join(cache, "protobufjs.js");
  run(join(bin, "pbjs"), ["-t", "static-module", "-w", "es6", "--es6", "-o", pbjs, contract], { cwd });
  runPlugin(join(bin, "protoc-gen-es"), join(cache, "protobuf-es"), ["target=js", "import_extension=js"]);
  runPlugin(join(bin, "protoc-gen-ts_proto"), join(cache, "ts-proto"), [
    "forceLong=bigint",
    "useDate=false",
    "importSuffix=.js",
    "esModuleInterop=true",
  ]);
  runPlugin(join(bin, "protoc-gen-ts_proto"), join(cache, "ts-proto-defaults"), [
    "importSuffix=.js",
    "esModuleInterop=true",
  ]);
  for (const name of ["wirespan", "ts-proto", "ts-proto-defaults"]) await compile(join(cache, name));
}

/** Runs a plugin on the shapes. */
export function runPlugin(command, out, options, withImports = true) {
  generate(contract, command, out, options, { cwd, withImports });
}
