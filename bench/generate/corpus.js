import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The contracts beside the repository, unpacked once into the cache; undefined where they are not there. */
export async function extractCorpus(root) {
  const archive = join(root, "../shared/corpus/googleapis.tar.xz");
  if (!existsSync(archive)) return undefined;
  const folder = join(root, "node_modules/.cache/wirespan-bench/googleapis");
  if (existsSync(folder)) return folder;
  // unpacked under another name first: half of it would look like all of it
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const { status } = spawnSync("tar", ["xJf", archive, "-C", partial], { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`tar could not unpack ${archive}`);
  await rename(partial, folder);
  return folder;
}

/** The subset that sizes and times are stated for. */
export async function files300(root) {
  const text = await readFile(join(root, "../shared/corpus/googleapis-300.list"), "utf8");
  const files = text.split("\n").filter((line) => line !== "");
  if (files.length !== 300) throw new Error(`googleapis-300.list has ${files.length} files`);
  return files;
}

/** Every contract of the corpus, as paths below its folder. */
export async function allFiles(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".proto")).sort();
}

/** A `buf.gen.yaml` as text: one plugin, started once for all files. */
export function bufTemplate(command, out, options) {
  return JSON.stringify({ version: "v2", plugins: [{ local: command, out, opt: options, strategy: "all" }] });
}

/**
 * Has buf make the plugin's input and keeps it, so that a measured plugin needs nobody to feed it. Without `files` for
 * all of the corpus.
 */
export async function saveRequest({ buf, googleapis, files = [], folder }) {
  const request = join(folder, `request-${files.length}.bin`);
  const saver = fileURLToPath(new URL("./save-request.js", import.meta.url));
  const template = bufTemplate([process.execPath, saver, request], join(folder, "none"), ["target=ts"]);
  const paths = files.flatMap((file) => ["--path", file]);
  const { status } = spawnSync(buf, ["generate", "--template", template, ...paths], {
    cwd: googleapis,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0 || !existsSync(request)) throw new Error("buf could not make the plugin's input");
  return request;
}
