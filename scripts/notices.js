// The licences of what is bundled: they ask to go where the code goes.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const licenceFile = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

/** Names of the packages below `node_modules` whose code went into a bundle, sorted. Paths are those of its inputs. */
export function bundledPackages(paths) {
  const names = paths.flatMap((path) => {
    const below = path.replaceAll("\\", "/").split("node_modules/").slice(1).at(-1);
    return below === undefined ? [] : [/^(?:@[^/]+\/)?[^/]+/.exec(below)?.[0] ?? below];
  });
  return [...new Set(names)].sort();
}

/** One text with name, version and licences of each package of a bundle. Throws where a package has no licence text. */
export async function notices(root, { inputs, outputs }) {
  const used = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const parts = await Promise.all(
    bundledPackages(used).map(async (name) => {
      const within = Object.keys(inputs).find((path) => path.replaceAll("\\", "/").includes(`node_modules/${name}/`));
      const at = within.replaceAll("\\", "/").lastIndexOf(`node_modules/${name}/`);
      const folder = join(root, within.slice(0, at), "node_modules", name);
      const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const files = (await readdir(folder)).filter((file) => licenceFile.test(file)).sort();
      if (files.length === 0) throw new Error(`${name} is bundled, and has no licence to go with it`);
      const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
      return [`${name} ${version} (${license})`, ...texts.map((text) => text.replaceAll("\r\n", "\n").trim())].join(
        "\n\n",
      );
    }),
  );
  const line = `\n\n${"-".repeat(80)}\n\n`;
  return `${["The programs of wirespan hold code of the packages below.", ...parts].join(line)}\n`;
}
