import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTestee } from "./build.js";
import { runnerCommand } from "./runner.js";

export { runnerCommand };

const options = ["--enforce_recommended", "--maximum_edition", "2023"];

/** The official suite for protobuf codecs, against what our generator makes of its protos. */
export async function run() {
  const command = await runnerCommand();
  const folder = await mkdtemp(join(tmpdir(), "wirespan-conformance-"));
  try {
    const testee = join(folder, "testee");
    const program = await buildTestee(folder);
    await writeFile(testee, `#!/bin/sh\nexec "${process.execPath}" "${program}"\n`, { mode: 0o755 });
    const list = await readFile(new URL("known-failures.txt", import.meta.url), "utf8");
    const known = list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const output = await start([...command, ...options, testee]);
    return { "binary and JSON": { ...readOutput(output), known } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => (output += text));
    }
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}

/**
 * What the runner said. It runs two suites: the first are the binary and JSON cases, which end in the first summary;
 * the other is the text format, which we do not claim.
 */
function readOutput(output) {
  const summary = /CONFORMANCE SUITE \w+: (\d+) successes, (\d+) skipped, (\d+) expected failures, (\d+) unexpected/;
  const match = summary.exec(output);
  if (match === null) throw new Error(`the runner did not finish:\n${output.slice(-2000)}`);
  const [, passed, skipped, , unexpected] = match.map(Number);
  const failures = [...output.slice(0, match.index).matchAll(/^ERROR, test=(\S+?): (.*)$/gm)];
  const failed = [...new Set(failures.map(([, name]) => name))];
  if (skipped > 0) throw new Error(`${skipped} cases were skipped, which counts as none of them passed`);
  if (failed.length !== unexpected)
    throw new Error(`${unexpected} cases failed, of which ${failed.length} have a name`);
  return { passed, failed };
}
