import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./compile.js";

const run = promisify(execFile);

/** Editions 2023 and 2024; `protoc --version` says 33.2. */
const usualVersion = "4.33.2";

/** As Maven Central names the platforms that it has binaries for. */
const platforms: Readonly<Record<string, string>> = {
  "linux x64": "linux-x86_64",
  "linux arm64": "linux-aarch_64",
  "darwin x64": "osx-x86_64",
  "darwin arm64": "osx-aarch_64",
  "win32 x64": "windows-x86_64",
};

/**
 * The official protoc, from Maven Central, kept in `node_modules/.cache`. Undefined, after one visible line, where it
 * cannot be had; under `CI=true` that is an error. It brings no well-known types: they lie in `schemas`.
 */
export async function provideProtoc(version = usualVersion): Promise<string | undefined> {
  const platform = platforms[`${process.platform} ${process.arch}`];
  const folder = join(root, "node_modules/.cache/wirespan/protoc");
  const binary = join(folder, `protoc-${version}-${platform}.exe`);
  if (existsSync(binary)) return binary;
  if (platform === undefined) return missing(`there is none for ${process.platform} ${process.arch}`);
  if (process.env["WIRESPAN_OFFLINE"] === "1") return missing("WIRESPAN_OFFLINE=1 forbids to fetch it");
  try {
    await fetchWithMaven(`com.google.protobuf:protoc:${version}:exe:${platform}`, folder, binary);
    return binary;
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return missing(`Maven could not fetch it: ${line}`);
  }
}

/** Two test files may do so at once: what is complete is moved to its place. */
async function fetchWithMaven(artifact: string, folder: string, binary: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "fetch-"));
  try {
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";
    // in an empty folder: a pom.xml around would be taken for the project
    await run("mvn", ["-B", "-q", goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${work}`], { cwd: work });
    const [name = ""] = (await readdir(work)).filter((file) => file.endsWith(".exe"));
    await chmod(join(work, name), 0o755);
    await rename(join(work, name), binary);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function missing(reason: string): undefined {
  const line = `protoc: ${reason}`;
  if (process.env["CI"] === "true") throw new Error(line);
  console.warn(`skipped: tests on ${line}`);
  return undefined;
}
