import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./compile.js";

const run = promisify(execFile);
const version = "0.26.0";

/** Metrics of one name, as Prometheus' own parser sees them. */
export interface Family {
  /** Of a counter without `_total`. */
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    /** As Python prints it: `2.0`. */
    readonly value: string;
  }[];
}

/** Reads the text format. Rejects what is none. */
export type ParsePrometheus = (text: string) => Promise<readonly Family[]>;

const program = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.buffer.read().decode())
json.dump([{"name": f.name, "type": f.type, "help": f.documentation,
  "samples": [{"name": s.name, "labels": s.labels, "value": repr(float(s.value))} for s in f.samples]} for f in families], sys.stdout)
`;

/**
 * The parser of Prometheus' client for Python, from its registry by the installed pip, kept in `node_modules/.cache`.
 * Undefined, after one visible line, where it cannot be had; under `CI=true` that is an error.
 */
export async function providePrometheus(): Promise<ParsePrometheus | undefined> {
  const cache = join(root, "node_modules/.cache/wirespan");
  const folder = join(cache, `prometheus-client-${version}`);
  if (!existsSync(folder)) {
    if (process.env["WIRESPAN_OFFLINE"] === "1") return missing("WIRESPAN_OFFLINE=1 forbids to fetch it");
    await mkdir(cache, { recursive: true });
    const work = await mkdtemp(join(cache, "fetch-"));
    try {
      const target = join(work, "packages");
      await run("python3", ["-m", "pip", "install", "-q", "--target", target, `prometheus_client==${version}`]);
      // two test files may do so at once: whoever is later finds it in its place
      await rename(target, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error;
      });
    } catch (error) {
      return missing(String(error).split("\n")[0] ?? "");
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return (text) => parse(folder, text);
}

function parse(folder: string, text: string): Promise<readonly Family[]> {
  return new Promise((resolve, reject) => {
    const child = spawn("python3", ["-c", program], { env: { ...process.env, PYTHONPATH: folder } });
    let out = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (out += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(out) as Family[]);
      else reject(new Error(`no text format of Prometheus: ${errors.trim().split("\n").at(-1)}`));
    });
    child.stdin.end(text);
  });
}

function missing(reason: string): undefined {
  const line = `the parser of Prometheus: ${reason}`;
  if (process.env["CI"] === "true") throw new Error(line);
  console.warn(`skipped: tests on ${line}`);
  return undefined;
}
