import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { importFromSources } from "../from-sources.js";
import { goTool } from "../go.js";
import { casesOfResults, filesOfResults } from "./harness.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const parts = { standard: "standard rules, groups, kitchen sink", cel: "CEL: library, predefined, custom" };

/** Suites whose cases are about rules in CEL. */
const celSuites = /^(library|predefined_rules|custom_rules)/;

/** The official suite for validators, or those parts of it whose names match, against what our generator makes of it. */
export async function run(suites = "") {
  const runner = await goTool(
    fileURLToPath(new URL(".", import.meta.url)),
    "github.com/bufbuild/protovalidate/tools/protovalidate-conformance",
  );
  const filter = suites === "" ? [] : ["--suite", suites];
  const plan = start(runner, [...filter, "--dump", "--proto", "--verbose"], "buffer").stdout;
  const cases = casesOfResults(plan);
  const { program, remove } = await buildTestee(filesOfResults(plan));
  try {
    const output = start(
      runner,
      [...filter, "--timeout", "120s", "--strict_message", "--strict_error", process.execPath, program],
      "utf8",
    );
    return judge(cases, output.stderr, await knownFailures());
  } finally {
    await remove();
  }
}

function start(command, args, encoding) {
  const result = spawnSync(command, args, { encoding, maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw new Error(`the runner does not start: ${result.error.message}`);
  return result;
}

async function knownFailures() {
  const list = await readFile(new URL("known-failures.txt", import.meta.url), "utf8");
  return list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Messages and validators of the suite with the program that answers it, as one file. */
export async function buildTestee(files) {
  const { emitSet } = await importFromSources("protovalidate/emit.ts");
  const { outputs } = await emitSet(files);
  const cache = join(root, "node_modules/.cache/wirespan");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "conformance-protovalidate-"));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const emitted = join(folder, "emitted");
    for (const [path, content] of outputs) {
      await mkdir(dirname(join(emitted, path)), { recursive: true });
      await writeFile(join(emitted, path), content);
    }
    const modules = [...outputs.keys()].map((path) => JSON.stringify(`./${path.replace(/\.ts$/, ".js")}`));
    const imports = modules.map((path, i) => `import * as m${i} from ${path};\n`).join("");
    const list = modules.map((_, i) => `...Object.values(m${i})`).join(", ");
    await writeFile(join(emitted, "all.ts"), `${imports}export const all: unknown[] = [${list}];\n`);
    const outfile = join(folder, "testee.mjs");
    await build({
      entryPoints: [join(root, "test/conformance/protovalidate/testee.js")],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "error",
      packages: "external",
      alias: { emitted, "@wirespan/runtime": join(root, "src/runtime") },
    });
    return { program: outfile, emitted, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The result of each part, from what the runner printed of the cases that failed. */
function judge(cases, output, known) {
  const failed = failures(output);
  const result = {};
  for (const [id, part] of Object.entries(parts)) {
    const names = [...cases].flatMap(([suite, list]) =>
      celSuites.test(suite) === (id === "cel") ? list.map((name) => `${suite}/${name}`) : [],
    );
    const mine = new Set(names);
    const bad = failed.filter((name) => mine.has(name));
    result[part] = { passed: names.length - bad.length, failed: bad, known: known.filter((name) => mine.has(name)) };
  }
  return result;
}

function failures(output) {
  const found = [];
  let suite = "";
  for (const line of output.split("\n")) {
    suite = /^--- (?:FAIL|PASS): (\S+) /.exec(line)?.[1] ?? suite;
    const name = /^\s+--- FAIL: (\S+)/.exec(line)?.[1];
    if (name !== undefined) found.push(`${suite}/${name}`);
  }
  return found;
}
