// Builds both packages: templates are precompiled first, then TypeScript emits runtime and generator, then programs are
// bundled.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { bundle } from "./bundle.js";
import { precompileTemplates } from "./templates.js";

await precompileTemplates();
for (const project of ["src/runtime", "."]) {
  const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}
await bundle();
for (const program of ["bin/wirespan.js", "bin/protoc-gen-wirespan"]) chmodSync(program, 0o755);
