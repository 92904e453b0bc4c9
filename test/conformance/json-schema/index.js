import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { importFromSources } from "../from-sources.js";
import { groupsOf, remotes } from "./suite.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const parts = {
  "draft 7": { path: "", dialect: "draft7" },
  "draft 7, optional": { path: "optional/", dialect: "draft7" },
  "draft 7, formats": { path: "optional/format/", dialect: "draft7" },
  "AsyncAPI's schema object": { path: "", dialect: "asyncapi" },
};

/** Every case of the official suite, or of the groups that `chosen` names, against what our generator makes of it. */
export async function run(chosen = () => true) {
  const result = {};
  const known = await knownFailures();
  for (const [part, { path, dialect }] of Object.entries(parts)) {
    const groups = groupsOf(path).filter(({ name }) => chosen(name));
    const cases = await judgeGroups(groups, dialect);
    const failed = cases.filter(({ agrees }) => !agrees).map(({ name }) => name);
    const mine = known.filter((entry) => entry.part === part).flatMap(({ name }) => explained(name, cases, failed));
    result[part] = { passed: cases.length - failed.length, failed, known: mine };
  }
  return result;
}

/** The verdicts of emitted validators. A schema that was refused agrees with no case; `said` has what was said of it. */
export async function judgeGroups(groups, dialect) {
  const { emitSchemas } = await importFromSources("json-schema/emit.ts");
  const emitted = await emitSchemas(
    groups.map(({ schema }) => schema),
    remotes(),
    dialect,
  );
  const module = await load(emitted.text);
  return groups.flatMap(({ name, tests }, i) => {
    const payload = payloadOf(module, i);
    const said = emitted.diagnostics.get(i) ?? [];
    return tests.map(({ description, data, valid }) => ({
      name: `${name}: ${description}`,
      accepted: payload !== undefined && accepts(payload, data),
      agrees: payload !== undefined && accepts(payload, data) === valid,
      refused: payload === undefined,
      said,
    }));
  });
}

/** The channel's union has all schemas, in their order, under the names of their messages. */
function payloadOf({ all }, i) {
  const members = all.message.members ?? [];
  return members.find(({ name }) => name === `S${i}`)?.type;
}

function accepts(payload, data) {
  try {
    payload.fromJson(data);
    return true;
  } catch (error) {
    if (error.name === "QueueError") return false;
    throw error;
  }
}

async function load(text) {
  const cache = join(root, "node_modules/.cache/wirespan");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "conformance-json-schema-"));
  try {
    await writeFile(join(folder, "all.ts"), text);
    const outfile = join(folder, "all.mjs");
    await build({
      entryPoints: [join(folder, "all.ts")],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "error",
      alias: { "@wirespan/runtime": join(root, "src/runtime") },
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The cases that an entry of the list stands for; the entry itself where it explains nothing any more. */
function explained(entry, cases, failed) {
  const fits = (name) => (entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry);
  if (!cases.some(({ name }) => fits(name))) return [];
  const found = failed.filter(fits);
  return found.length > 0 ? found : [entry];
}

/** Entries are `part | case`, or the beginning of its cases' names with a `*`. */
async function knownFailures() {
  const list = await readFile(new URL("known-failures.txt", import.meta.url), "utf8");
  return list
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const at = line.indexOf(" | ");
      return { part: line.slice(0, at), name: line.slice(at + 3) };
    });
}
