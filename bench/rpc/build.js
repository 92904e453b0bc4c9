// Generates and compiles the code of every stack, ours included, into the cache, and keeps the bytes of all orders.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bin, cacheOf, compile, emptyCache, generate, generateOurs } from "../lib/build.js";
import { orders, sizes } from "./data.js";

const cwd = fileURLToPath(new URL("./", import.meta.url));
const contract = "calls.proto";

/** Where the code of all stacks lies. */
export const cache = cacheOf("rpc");

/** A folder per size, a file per order. */
export const bytesFolder = join(cache, "bytes");

/** Fresh code of every stack; grpc-js and nice-grpc share ts-proto's. */
export async function buildStacks() {
  await emptyCache("rpc");
  generateOurs(contract, join(cache, "wirespan"), { cwd });
  runPlugin(join(bin, "protoc-gen-es"), join(cache, "protobuf-es"), ["target=js", "import_extension=js"]);
  runPlugin(join(bin, "protoc-gen-ts_proto"), join(cache, "ts-proto"), [
    "outputServices=grpc-js",
    "outputServices=generic-definitions",
    "forceLong=bigint",
    "importSuffix=.js",
    "esModuleInterop=true",
  ]);
  for (const name of ["wirespan", "ts-proto"]) await compile(join(cache, name));
  await saveBytes();
}

/** Runs a plugin on the contract. */
export function runPlugin(command, out, options) {
  generate(contract, command, out, options, { cwd, withImports: false });
}

/** The code that a generator wrote. */
export function emitted(path) {
  return import(pathToFileURL(join(cache, path)).href);
}

/** The bytes of all orders by size; every stack decodes them with its own codec. */
export async function readBytes() {
  const all = Object.keys(sizes).map(async (size) => {
    const names = (await readdir(join(bytesFolder, size))).sort();
    return [size, await Promise.all(names.map((name) => readFile(join(bytesFolder, size, name))))];
  });
  return Object.fromEntries(await Promise.all(all));
}

async function saveBytes() {
  const { Order } = await emitted("wirespan/calls.pb.js");
  for (const size of Object.keys(sizes)) {
    await mkdir(join(bytesFolder, size), { recursive: true });
    for (const [i, order] of orders(size).entries()) {
      await writeFile(join(bytesFolder, size, `${String(i).padStart(2, "0")}.bin`), Order.encode(order));
    }
  }
}
