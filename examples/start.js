// What an example's start.js does: contracts → code → program.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Generates with each of the commands, compiles, runs dist/main.js. Ends the process when a step fails. */
export async function start(folder, commands) {
  const step = (title, script, ...args) => {
    console.log(`\n$ ${title}`);
    const { status } = spawnSync(process.execPath, [`${root}${script}`, ...args], { cwd: folder, stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  };
  for (const command of commands) step(`wirespan ${command}`, "bin/wirespan.js", command);
  step("tsc", "node_modules/typescript/bin/tsc", "-p", ".");
  console.log("\n$ node dist/main.js");
  await import(new URL("dist/main.js", folder));
}
