// npm run shape: are both packages what users need? Packs them, has publint and attw look at them, installs the
// runtime alone to prove that it needs nothing of the generator, and has buf run the packed plugin. Works offline.
import { spawn } from "node:child_process";
import { access, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { bundledPackages } from "./notices.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const packages = [
  { name: "wirespan", folder: root },
  { name: "@wirespan/runtime", folder: join(root, "src/runtime") },
];

const notices = "dist/THIRD-PARTY-NOTICES.txt";
const scratch = await mkdtemp(join(tmpdir(), "wirespan-shape-"));
const problems = [];
try {
  const tarballs = await Promise.all(packages.map(pack));
  await Promise.all([
    ...packages.map(({ name, folder }, at) => checkExports(name, folder, tarballs[at])),
    ...packages.map(({ name }, at) => checkTypes(name, tarballs[at])),
    checkAlone(tarballs[1]),
    checkPlugin(tarballs[0]),
    checkNotices(),
  ]);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "shape: both packages are sound" : `shape: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Packs one package into a folder of its own; resolves to the tarball. */
async function pack({ name, folder }) {
  const target = join(scratch, name.replace("/", "-"));
  await mkdir(target);
  const { status, stdout, output } = await run(
    "npm",
    ["pack", "--offline", "--ignore-scripts", "--json", "--pack-destination", target],
    folder,
  );
  if (status !== 0) throw new Error(`npm pack ${name} failed\n${output}`);
  const [{ filename, files }] = JSON.parse(stdout);
  const paths = files.map(({ path }) => path);
  for (const path of paths) {
    if (/(^|\/)(test|bench|fixtures|node_modules)\/|\.tsbuildinfo$/.test(path)) {
      problems.push(`${name}: ${path} does not belong into the package`);
    }
  }
  for (const needed of ["package.json", "LICENSE"]) {
    if (!paths.includes(needed)) problems.push(`${name}: ${needed} is missing from the package`);
  }
  if (name === "wirespan" && !paths.includes(notices)) problems.push(`${name}: ${notices} is missing from the package`);
  return join(target, basename(filename));
}

/** Every package whose code the source maps of our programs tell of is named with a licence. */
async function checkNotices() {
  const text = await readFile(join(root, notices), "utf8");
  const dist = join(root, "dist");
  const maps = (await readdir(dist, { recursive: true })).filter((path) => path.endsWith(".js.map"));
  const sources = await Promise.all(
    maps.map(async (map) => JSON.parse(await readFile(join(dist, map), "utf8")).sources),
  );
  const bundled = bundledPackages(sources.flat());
  if (bundled.length === 0) problems.push("wirespan: no source map names a bundled package");
  const parts = text.split(`\n${"-".repeat(80)}\n`);
  for (const name of bundled) {
    const part = parts.find((each) => each.trimStart().startsWith(`${name} `));
    if (!/copyright/i.test(part ?? "")) problems.push(`wirespan: ${notices} lacks the licence of ${name}`);
  }
}

async function checkExports(name, folder, path) {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  const tarball = buffer.slice(byteOffset, byteOffset + byteLength);
  const { messages } = await publint({ strict: true, pack: { tarball } });
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  for (const message of messages) problems.push(`${name}: publint: ${formatMessage(message, manifest)}`);
}

async function checkTypes(name, tarball) {
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  const args = [attw, tarball, "--profile", "esm-only", "--no-emoji", "--no-color", "--quiet"];
  const { status, output } = await run(process.execPath, args, scratch);
  if (status !== 0) problems.push(`${name}: attw:\n${output}`);
}

/** The runtime by itself: no generator, no optional peer. */
async function checkAlone(tarball) {
  const project = join(scratch, "alone");
  await mkdir(project);
  const local = join(project, "runtime.tgz");
  await cp(tarball, local);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "alone", private: true, type: "module" }));
  const install = [
    "install",
    "--offline",
    "--no-audit",
    "--no-fund",
    "--omit=optional",
    "--omit=peer",
    "./runtime.tgz",
  ];
  const installed = await run("npm", install, project);
  if (installed.status !== 0) {
    problems.push(`@wirespan/runtime: cannot be installed alone\n${installed.output}`);
    return;
  }
  const manifest = JSON.parse(await readFile(join(root, "src/runtime/package.json"), "utf8"));
  if (Object.keys(manifest.dependencies ?? {}).length > 0) problems.push("@wirespan/runtime: has dependencies");
  // transports, brokers and adapters bring a library each, which is the user's to install
  const modules = Object.keys(manifest.exports).filter((path) => /^\.\/[a-z]+$/.test(path));
  const program = modules
    .map(
      (path) =>
        `if (Object.keys(await import("@wirespan/runtime${path.slice(1)}")).length === 0) throw new Error("${path} exports nothing");`,
    )
    .join("\n");
  const imported = await run(process.execPath, ["--input-type=module", "-e", program], project);
  if (imported.status !== 0) problems.push(`@wirespan/runtime: cannot be imported alone\n${imported.output}`);
}

/** The packed generator as npm lays it out, its libraries those of this repository: buf finds and runs its plugin. */
async function checkPlugin(tarball) {
  const project = join(scratch, "packed/project");
  const modules = join(project, "node_modules");
  const bin = join(modules, ".bin");
  await mkdir(join(modules, "wirespan"), { recursive: true });
  await mkdir(bin);
  await symlink(join(root, "node_modules"), join(scratch, "packed/node_modules"), "junction");
  const unpacked = await run("tar", ["xzf", tarball, "--strip-components=1", "-C", join(modules, "wirespan")], project);
  if (unpacked.status !== 0) throw new Error(`wirespan cannot be unpacked\n${unpacked.output}`);
  const manifest = JSON.parse(await readFile(join(modules, "wirespan/package.json"), "utf8"));
  for (const [name, path] of Object.entries(manifest.bin)) await symlink(join("../wirespan", path), join(bin, name));
  // a folder of their own: buf would take the protos below node_modules, too
  await mkdir(join(project, "proto"));
  await writeFile(join(project, "proto/hello.proto"), 'syntax = "proto3";\npackage hello.v1;\nmessage Hello {}\n');
  const template = JSON.stringify({ version: "v2", plugins: [{ local: "protoc-gen-wirespan", out: "gen" }] });
  const buf = join(root, "node_modules/.bin/buf");
  const path = `${bin}${delimiter}${process.env.PATH ?? ""}`;
  const { status, output } = await run(buf, ["generate", "proto", "--template", template], project, { PATH: path });
  const written = await access(join(project, "gen/hello.pb.ts")).then(
    () => true,
    () => false,
  );
  if (status !== 0 || !written) problems.push(`wirespan: buf cannot run protoc-gen-wirespan\n${output}`);
}

function run(command, args, cwd, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, output }));
  });
}
