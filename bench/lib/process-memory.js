import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processCpu } from "./process-cpu.js";

const reporter = new URL("./report-peak.js", import.meta.url).href;

/**
 * Runs a Node program to its end and gives the CPU seconds that it took and the most memory it held at a time (resident,
 * in MB), as the kernel counts both. The program must not start others.
 */
export async function processUsage(args, { cwd, stdin } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "wirespan-bench-"));
  const report = join(folder, "peak");
  try {
    const env = { ...process.env, WIRESPAN_BENCH_PEAK: report };
    const cpu = await processCpu(process.execPath, ["--import", reporter, ...args], { cwd, stdin, env });
    return { cpu, megabytes: Number(await readFile(report, "utf8")) / 1024 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
