// `npm test` and `npm cit`: all checks with CI=true, where what cannot be had fails instead of being skipped.
import { spawnSync } from "node:child_process";

const { status } = spawnSync("npm", ["run", "check", "--silent"], {
  stdio: "inherit",
  env: { ...process.env, CI: "true" },
  // there npm is a script of the shell's
  shell: process.platform === "win32",
});
process.exit(status ?? 1);
