// Generates the code of every example, so that it can be type-checked; its output is not committed.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const command = fileURLToPath(new URL("bin/wirespan.js", root));

for (const entry of readdirSync(new URL("examples/", root), { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  const cwd = fileURLToPath(new URL(`examples/${entry.name}/`, root));
  const { status } = spawnSync(process.execPath, [command, "generate", "--quiet"], { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
