import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The folder that all processes of one test run share. Servers keep their data and process ids in it. */
export interface TestRun {
  readonly folder: string;
  /** Stops what was started and removes the folder. */
  close(): Promise<void>;
}

const variable = "WIRESPAN_TEST_RUN";

/**
 * Begins a run: makes its folder, tells child processes of it through the environment, and starts the guard that
 * cleans up after it even when this process is killed.
 */
export async function openTestRun(): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), "wirespan-test-"));
  const script = fileURLToPath(new URL("./guard.js", import.meta.url));
  // of its own session: Ctrl-C in the terminal must not reach it
  const guard = spawn(process.execPath, [script, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const ended = new Promise<void>((resolve) => guard.once("exit", () => resolve()));
  guard.unref();
  // its pipe must not keep the run alive
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  process.env[variable] = folder;
  return {
    folder,
    async close() {
      guard.ref();
      guard.stdin?.end();
      await ended;
    },
  };
}

let own: Promise<TestRun> | undefined;

/** The folder of the run that this process belongs to; outside of a test run one that ends with the process. */
export async function testRunFolder(): Promise<string> {
  const known = process.env[variable];
  if (known !== undefined) return known;
  own ??= openTestRun();
  return (await own).folder;
}

/** Tells the guard which process group to end with the run. */
export async function guardProcess(pid: number): Promise<void> {
  await writeFile(join(await testRunFolder(), `${pid}.pid`), String(pid));
}

/**
 * Runs something once per test run, in whichever process asks first; the others wait for its result, which must be
 * JSON. A failure is everybody's.
 */
export async function oncePerRun<T>(name: string, make: () => Promise<T>): Promise<T> {
  const folder = await testRunFolder();
  const result = join(folder, `${name}.json`);
  const lock = join(folder, `${name}.lock`);
  for (;;) {
    const known = await readFile(result, "utf8").catch(() => undefined);
    if (known !== undefined) {
      const outcome = JSON.parse(known) as { value: T } | { error: string };
      if ("error" in outcome) throw new Error(outcome.error);
      return outcome.value;
    }
    const mine = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (mine) break;
    await waitForHolder(lock);
  }
  const beat = setInterval(() => void writeFile(join(lock, "alive"), "").catch(() => {}), 1000);
  try {
    const value = await make();
    await publish(result, { value });
    return value;
  } catch (error) {
    await publish(result, { error: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    clearInterval(beat);
    await rm(lock, { recursive: true, force: true });
  }
}

const silence = 10_000;

/** Waits a little; takes the lock away from a process that died with it. */
async function waitForHolder(lock: string): Promise<void> {
  await delay(50);
  const touched = await stat(join(lock, "alive"))
    .catch(() => stat(lock))
    .catch(() => undefined);
  if (touched !== undefined && Date.now() - touched.mtimeMs > silence) {
    await rm(lock, { recursive: true, force: true });
  }
}

async function publish(path: string, outcome: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(outcome));
  await rename(`${path}.new`, path);
}
