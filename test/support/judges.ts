import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./compile.js";
import { provideProtoc } from "./protoc.js";

/** What protoc and buf say about a contract, and who accepts it where they differ. */
export type Verdict = "accepted" | "refused" | "protoc accepts" | "buf accepts";

/** The protoc that knows edition 2026. */
const version = "4.36.2";
const schemas = join(root, "schemas");
const buf = join(root, "node_modules/.bin/buf");

/** Asks protoc and buf about one contract; undefined where protoc cannot be had. */
export async function createJudge(): Promise<((files: Readonly<Record<string, string>>) => Verdict) | undefined> {
  const protoc = await provideProtoc(version);
  return protoc === undefined ? undefined : (files) => judge(protoc, files);
}

function judge(protoc: string, files: Readonly<Record<string, string>>): Verdict {
  const work = mkdtempSync(join(tmpdir(), "wirespan-judge-"));
  try {
    for (const [path, text] of Object.entries({ ...bundledFor(files), ...files })) {
      mkdirSync(join(work, dirname(path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    const accepts = (program: string, args: readonly string[]): boolean => {
      const { status, error } = spawnSync(program, args, { cwd: work, stdio: "pipe" });
      if (error !== undefined) throw error;
      return status === 0;
    };
    const protocAccepts = accepts(protoc, [
      "-I.",
      `-I${schemas}`,
      `--descriptor_set_out=${work}/out`,
      ...Object.keys(files),
    ]);
    const bufAccepts = accepts(buf, ["build", ".", "-o", join(work, "out.binpb")]);
    if (protocAccepts !== bufAccepts) return protocAccepts ? "protoc accepts" : "buf accepts";
    return protocAccepts ? "accepted" : "refused";
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What we ship and they do not. */
function bundledFor(files: Readonly<Record<string, string>>): Record<string, string> {
  const text = Object.values(files).join("\n");
  if (!text.includes('"google/api/annotations.proto"')) return {};
  const paths = ["google/api/annotations.proto", "google/api/http.proto"];
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(schemas, path), "utf8")]));
}
