import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importFromSources } from "../from-sources.js";

const archive = fileURLToPath(new URL("../../../../shared/corpus/googleapis.tar.xz", import.meta.url));

/** The model of every googleapis proto against buf's descriptors: a case is a file. */
export async function run() {
  if (!existsSync(archive)) throw new Error("needs ../shared/corpus/googleapis.tar.xz, which is not there");
  const { compareFolder } = await importFromSources("descriptors/compare.ts");
  const folder = mkdtempSync(join(tmpdir(), "wirespan-descriptors-"));
  try {
    execFileSync("tar", ["xJf", archive, "-C", folder], { stdio: ["ignore", "inherit", "inherit"] });
    return { googleapis: await compareFolder(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
