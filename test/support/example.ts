import { join } from "node:path";
import { root } from "./compile.js";
import { cli } from "./cli.js";

/** Generates an example's code and page from its contracts, as its `start.js` does. */
export async function generateExample(name: string): Promise<string> {
  const cwd = join(root, "examples", name);
  for (const command of ["generate", "docs"]) {
    const { code, stderr } = await cli(cwd, [command]);
    if (code !== 0) throw new Error(`wirespan ${command} in ${name} ended with ${code}:\n${stderr}`);
  }
  return cwd;
}
