import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
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

const central = "https://repo1.maven.org/maven2";

/**
 * The official protoc, from Maven Central, kept in `node_modules/.cache`: by HTTPS, or with the installed Maven, which
 * knows of mirrors and proxies. Undefined, after one visible line, where it cannot be had; under `CI=true` that is an error. It brings no well-known types: they lie in `schemas`.
 */
export async function provideProtoc(version = usualVersion): Promise<string | undefined> {
  const platform = platforms[`${process.platform} ${process.arch}`];
  const folder = join(root, "node_modules/.cache/wirespan/protoc");
  const binary = join(folder, `protoc-${version}-${platform}.exe`);
  if (existsSync(binary)) return binary;
  if (platform === undefined) return missing(`there is none for ${process.platform} ${process.arch}`);
  if (process.env["WIRESPAN_OFFLINE"] === "1") return missing("WIRESPAN_OFFLINE=1 forbids to fetch it");
  const reasons: string[] = [];
  for (const [how, fetchInto] of [
    ["HTTPS", (work: string) => fetchFrom(central, version, platform, work)],
    ["Maven", (work: string) => fetchWithMaven(`com.google.protobuf:protoc:${version}:exe:${platform}`, work)],
  ] as const) {
    try {
      await putInPlace(folder, binary, fetchInto);
      return binary;
    } catch (error) {
      const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
      reasons.push(`${how} could not fetch it: ${line}`);
    }
  }
  return missing(reasons.join("; "));
}

/** Two test files may do so at once: what is complete is moved to its place. */
async function putInPlace(folder: string, binary: string, fetchInto: (work: string) => Promise<void>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "fetch-"));
  try {
    await fetchInto(work);
    const [name = ""] = (await readdir(work)).filter((file) => file.endsWith(".exe"));
    await chmod(join(work, name), 0o755);
    await rename(join(work, name), binary);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Puts the program into a folder. @throws {Error} when it cannot be had, or is not what its published SHA-1 says. */
export async function fetchFrom(base: string, version: string, platform: string, work: string): Promise<void> {
  const name = `protoc-${version}-${platform}.exe`;
  const get = async (path: string): Promise<Buffer> => {
    const address = `${base}/com/google/protobuf/protoc/${version}/${path}`;
    const response = await fetch(address, { signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`status ${response.status} for ${path}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const [bytes, published] = await Promise.all([get(name), get(`${name}.sha1`)]);
  const [wanted] = published.toString("latin1").trim().split(/\s/);
  if (createHash("sha1").update(bytes).digest("hex") !== wanted) throw new Error(`${name} has another SHA-1`);
  await writeFile(join(work, name), bytes);
}

async function fetchWithMaven(artifact: string, work: string): Promise<void> {
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";
  // in an empty folder: a pom.xml around would be taken for the project
  await run("mvn", ["-B", "-q", goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${work}`], { cwd: work });
}

function missing(reason: string): undefined {
  const line = `protoc: ${reason}`;
  if (process.env["CI"] === "true") throw new Error(line);
  console.warn(`skipped: tests on ${line}`);
  return undefined;
}
