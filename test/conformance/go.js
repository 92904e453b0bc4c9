import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../node_modules/.cache/wirespan/go/", import.meta.url));

/** Said of a tool that a suite needs and this project cannot install. */
export class MissingTool extends Error {}

/**
 * The path of a program of the Go world, built on first use into this project's cache folder.
 *
 * @example const grpcurl = await goProgram("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.4");
 */
export async function goProgram(path, version) {
  const name = basename(path);
  const folder = join(cache, `${path.replaceAll("/", "_")}@${version}`);
  const program = join(folder, process.platform === "win32" ? `${name}.exe` : name);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  // built under another name first: two runs may build it at the same time
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    go(["install", `${path}@${version}`], { GOBIN: partial });
    await rename(partial, folder);
  } catch (error) {
    if (!existsSync(program)) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return program;
}

/** The folder of a Go module in the module cache, where its sources and protos lie. */
export function goModule(module, version) {
  return JSON.parse(go(["mod", "download", "-json", `${module}@${version}`])).Dir;
}

/** Why there is no Go here that builds these programs; undefined where there is. */
export function goIsMissing() {
  const { stdout, error } = spawnSync("go", ["env", "GOVERSION", "GOTOOLCHAIN"], { encoding: "utf8" });
  if (error !== undefined) return "needs Go 1.25 or newer, which is not installed (https://go.dev/dl)";
  const [version = "", toolchain = ""] = stdout.split("\n");
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0);
  // from 1.21 on Go fetches a newer one by itself, unless it is told not to
  if (minor >= 25 || (minor >= 21 && toolchain !== "local")) return undefined;
  return `needs Go 1.25 or newer, not ${version || "an older one"}`;
}

function go(args, env = {}) {
  const missing = goIsMissing();
  if (missing !== undefined) throw new MissingTool(missing);
  mkdirSync(cache, { recursive: true });
  const offline = process.env.WIRESPAN_OFFLINE === "1" ? { GOPROXY: "off" } : {};
  const { status, stdout, stderr, error } = spawnSync("go", args, {
    cwd: cache,
    env: { ...process.env, ...offline, ...env },
    encoding: "utf8",
    timeout: 600_000,
  });
  if (error !== undefined) throw new Error(`go ${args.join(" ")}: ${error.message}`);
  // downloads are reported on stderr as well, the fault comes last
  if (status !== 0) throw new Error(`go ${args.join(" ")} failed: ${stderr.trim().split("\n").slice(-3).join("; ")}`);
  return stdout;
}

/** The path of a tool of the Go module in that folder, `go.mod` with its `go.sum`, built on first use into the cache. */
export async function goTool(folder, path) {
  const versions = createHash("sha256")
    .update(readFileSync(join(folder, "go.sum")))
    .digest("hex")
    .slice(0, 12);
  const target = join(cache, `${path.replaceAll("/", "_")}@${versions}`);
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    go(["build", "-C", folder, "-o", join(partial, "tool"), path]);
    await rename(join(partial, "tool"), target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return target;
}
