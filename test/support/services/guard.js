// Outlives the test run by a moment: when the run ends, however it ends, this stops every server it started and
// removes their data. The run holds the other end of our stdin; the kernel closes it even after kill -9.
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const [folder = ""] = process.argv.slice(2);
process.stdin.resume();
process.stdin.on("end", () => void stopAll());
process.stdin.on("error", () => void stopAll());

async function stopAll() {
  // twice: a server may be starting at this very moment
  for (let round = 0; round < 2; round++) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.endsWith(".pid")) continue;
      const pid = Number(await readFile(join(folder, name), "utf8").catch(() => "0"));
      if (pid > 1) kill(pid);
    }
    await delay(100);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

/** The whole process group: servers start helpers. The data is thrown away, so there is nothing to say goodbye to. */
function kill(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}
