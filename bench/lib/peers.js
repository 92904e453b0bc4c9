import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";

const folder = new URL("../", import.meta.url);

/** Installs the peers of `bench/package.json` when one is missing. Resolves to what could not be had. */
export async function ensurePeers(names) {
  if ((await missing(names)).length === 0) return [];
  process.stderr.write("installing the peers of bench/package.json …\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  spawnSync(npm, ["ci", "--prefix", ".", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
  });
  return missing(names);
}

/** The version of an installed peer. */
export async function peerVersion(name) {
  return JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, folder), "utf8")).version;
}

async function missing(names) {
  const { packages } = JSON.parse(await readFile(new URL("package-lock.json", folder), "utf8"));
  const found = await Promise.all(
    names.map(async (name) => {
      const version = await peerVersion(name).catch(() => undefined);
      // an old one would be measured in place of what the bars are about
      return version !== undefined && version === packages[`node_modules/${name}`]?.version;
    }),
  );
  return names.filter((_, at) => !found[at]);
}
