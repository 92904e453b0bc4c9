import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { freePorts, startProcess, waitFor } from "../../support/services/processes.js";
import { oncePerRun, openTestRun, testRunFolder } from "../../support/services/run.js";

test("what is asked for once per run is made once, and a failure is everybody's", async () => {
  let made = 0;
  const make = async (): Promise<number> => ++made;
  const name = `once-${process.pid}`;
  expect(await Promise.all([oncePerRun(name, make), oncePerRun(name, make), oncePerRun(name, make)])).toEqual([
    1, 1, 1,
  ]);
  const fail = (): Promise<never> => Promise.reject(new Error("no such server"));
  await expect(oncePerRun(`${name}-bad`, fail)).rejects.toThrow("no such server");
  await expect(oncePerRun(`${name}-bad`, make)).rejects.toThrow("no such server");
  expect(made).toBe(1);
});

test("free ports are different", async () => {
  const ports = await freePorts(5);
  expect(new Set(ports).size).toBe(5);
});

test("a server's whole process group ends with kill", async () => {
  const folder = await testRunFolder();
  const server = await startProcess("sh", ["-c", "sleep 300 & wait"], {
    log: `${folder}/sleep.log`,
    cwd: folder,
    env: { PATH: process.env["PATH"] },
  });
  expect(server.running()).toBe(true);
  await server.kill();
  expect(server.running()).toBe(false);
  await waitFor("the end of the group", async () => (alive(-server.pid) ? undefined : true), { withinMs: 5000 });
});

test("the guard cleans up after a run that was killed", async () => {
  const before = process.env["WIRESPAN_TEST_RUN"];
  const run = await openTestRun();
  if (before !== undefined) process.env["WIRESPAN_TEST_RUN"] = before;
  const orphan = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
  orphan.unref();
  await writeFile(`${run.folder}/${orphan.pid}.pid`, String(orphan.pid));
  // closing the pipe is all that the death of the run does
  await run.close();
  expect(existsSync(run.folder)).toBe(false);
  await waitFor("the end of the orphan", async () => (orphan.signalCode === "SIGKILL" ? true : undefined), {
    withinMs: 5000,
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
