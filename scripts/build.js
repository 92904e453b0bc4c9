// Builds both packages: templates are precompiled first, then TypeScript emits runtime and generator.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { precompileTemplates } from "./templates.js";

await precompileTemplates();
for (const project of ["src/runtime", "."]) {
  const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}
chmodSync("bin/wirespan.js", 0o755);
