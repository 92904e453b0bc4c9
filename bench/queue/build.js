// Our code for the contract, and the starters of servers that the tests have.
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cacheOf, compile, emptyCache, generateOurs } from "../lib/build.js";

const here = fileURLToPath(new URL("./", import.meta.url));
const cache = cacheOf("queue");
/** Beneath the repository's root: what tests import is found from there. */
const starters = fileURLToPath(new URL("../../node_modules/.cache/wirespan-bench/services/", import.meta.url));

/** Fresh code of ours. */
export async function buildQueue() {
  await emptyCache("queue");
  generateOurs(".", join(cache, "wirespan"), { cwd: join(here, "contract") });
  await compile(join(cache, "wirespan"));
}

/** The code that was generated. */
export function emitted(path) {
  return import(pathToFileURL(join(cache, "wirespan", path)).href);
}

/** The modules of test/support/services as JavaScript. */
export async function loadStarter(name) {
  const url = pathToFileURL(join(starters, `${name}.js`)).href;
  return import(url);
}

/** Makes the starters; they may have changed. */
export async function buildStarters() {
  await mkdir(starters, { recursive: true });
  await cp(fileURLToPath(new URL("../../test/support/services/", import.meta.url)), starters, { recursive: true });
  await compile(starters);
}
