// npm run bench -- <suite> [<part>] [--quick] [--json]: measures one suite, or one part of it, against its peers. See
// README.md.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { printReport, report } from "./lib/figures.js";
import { interleave } from "./lib/interleave.js";
import { ensurePeers } from "./lib/peers.js";
import { suites } from "./suites.js";

const usage = `usage: npm run bench -- <suite> [<part>] [--quick] [--json]

${Object.entries(suites)
  .map(([name, { about }]) => `  ${name.padEnd(10)}${about}`)
  .join("\n")}
`;

process.exitCode = await main();

async function main() {
  let input;
  try {
    input = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "boolean" } }, allowPositionals: true });
  } catch (error) {
    return fail(2, `${error.message}\n${usage}`);
  }
  const { positionals, values } = input;
  const [name, part] = positionals;
  if (positionals.length > 2 || !Object.hasOwn(suites, name)) return fail(2, usage);

  const { load } = suites[name];
  if (load === undefined) return fail(1, `bench ${name}: no entries yet\n`);
  const suite = await load();
  if (part !== undefined && !Object.hasOwn(suite.parts ?? {}, part)) {
    const known = Object.keys(suite.parts ?? {}).join(", ") || "none";
    return fail(2, `bench ${name}: no part ${part}; its parts: ${known}\n`);
  }
  const absent = await ensurePeers(suite.peers);
  if (absent.length > 0) return fail(1, `bench ${name}: missing peer ${absent.join(", ")}; see bench/package.json\n`);

  const rounds = values.quick ? suite.rounds.quick : suite.rounds.full;
  const runs = part === undefined && suite.partByPart === true ? Object.keys(suite.parts) : [part];
  try {
    const figures = [];
    for (const run of runs)
      figures.push(...(await measure(suite, { quick: values.quick === true, part: run }, rounds)));
    if (figures.length === 0) return fail(1, `bench ${name}: no entries\n`);
    const result = report({
      suite: [name, part].filter(Boolean).join(" "),
      machine: machine(),
      rounds,
      figures,
    });
    process.stdout.write(values.json ? `${JSON.stringify(result, undefined, 2)}\n` : printReport(result));
    return result.holds ? 0 : 1;
  } catch (error) {
    return fail(1, `bench ${name}: ${error.message}\n`);
  }
}

/** The figures of a suite, or of one part of it; all that is measured takes turns. */
async function measure(suite, options, rounds) {
  const prepared = await suite.prepare(options);
  try {
    if (prepared.entries.length === 0) return [];
    const samples = await interleave(prepared.entries, rounds, {
      onRound: (round) => process.stderr.isTTY && process.stderr.write(`\rround ${round} of ${rounds} `),
    });
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    return prepared.figures(samples);
  } finally {
    await prepared.close();
  }
}

function machine() {
  const all = cpus();
  return {
    node: process.versions.node,
    cpu: all[0]?.model ?? "unknown",
    cores: all.length,
    platform: `${process.platform}-${process.arch}`,
  };
}

function fail(code, text) {
  process.stderr.write(text);
  return code;
}
