import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importFromSources } from "../from-sources.js";

const corpus = fileURLToPath(new URL("../../../../shared/corpus/", import.meta.url));
const archive = join(corpus, "googleapis.tar.xz");

/** 300 protos of googleapis by the command, and by the plugin under protoc and buf: a case is a contract. */
export async function run() {
  if (!existsSync(archive)) throw new Error("needs ../shared/corpus/googleapis.tar.xz, which is not there");
  const { comparePlugin } = await importFromSources("plugin/compare.ts");
  const folder = mkdtempSync(join(tmpdir(), "wirespan-plugin-"));
  try {
    execFileSync("tar", ["xJf", archive, "-C", folder], { stdio: ["ignore", "inherit", "inherit"] });
    const paths = readFileSync(join(corpus, "googleapis-300.list"), "utf8").trim().split("\n");
    return await comparePlugin(folder, paths);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
