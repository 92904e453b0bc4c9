import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs a command to its end and gives the CPU seconds that it and its children took (user and system). Node cannot
 * ask the kernel for a child's usage, bash's `time` can.
 */
export async function processCpu(command, args, { cwd, stdin, env = process.env } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "wirespan-bench-"));
  const errors = join(folder, "stderr");
  const input = openSync(stdin ?? "/dev/null", "r");
  try {
    const script = 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>"$WIRESPAN_BENCH_STDERR"; } 2>&1';
    const child = spawn("bash", ["-c", script, "bash", command, ...args], {
      cwd,
      env: { ...env, LC_ALL: "C", WIRESPAN_BENCH_STDERR: errors },
      stdio: [input, "pipe", "inherit"],
    });
    let times = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (times += text));
    const status = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (status !== 0) {
      const text = await readFile(errors, "utf8").catch(() => "");
      throw new Error(`${[command, ...args].join(" ").slice(0, 200)} … ended with ${status}\n${text.slice(-3000)}`);
    }
    const [user, system] = times.trim().split(/\s+/).map(Number);
    return user + system;
  } finally {
    closeSync(input);
    await rm(folder, { recursive: true, force: true });
  }
}
