import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { figure, missingFigure } from "../lib/figures.js";
import { processCpu } from "../lib/process-cpu.js";
import { processUsage } from "../lib/process-memory.js";
import { median, spread } from "../lib/stats.js";
import { allFiles, bufTemplate, extractCorpus, files300, saveRequest } from "./corpus.js";

export const peers = ["@bufbuild/buf", "@bufbuild/protobuf", "@bufbuild/protoc-gen-es"];
export const rounds = { quick: 3, full: 7 };

const root = fileURLToPath(new URL("../../", import.meta.url));
const bench = join(root, "bench");
const wirespan = join(root, "bin/wirespan.js");
const plugin = join(bench, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es");
const buf = join(bench, "node_modules/.bin/buf");

/** What a run may cost: CPU seconds beyond an empty start of Node, CPU seconds, MB. */
const bars = { oneFile: 0.15, all: 60, allMemory: 2048 };

/** Everything a run needs: extracted contracts, and requests for the plugin made beforehand. */
export async function prepare({ quick }) {
  if (!existsSync(join(root, "dist/cli/main.js"))) throw new Error("wirespan is not built: npm run build");
  const folder = await mkdtemp(join(tmpdir(), "wirespan-bench-"));
  const out = join(folder, "out");
  const one = join(folder, "one");
  await mkdir(join(one, "shop/v1"), { recursive: true });
  await writeFile(join(one, "shop/v1/shop.proto"), await readFile(join(bench, "generate/shop.proto")));
  const memory = new Map();

  const entries = [
    { id: "node", run: () => processCpu(process.execPath, ["--input-type=module", "-e", "0"]) },
    { id: "one", run: ours("one", ["shop/v1/shop.proto", "--include", "."], one) },
  ];
  const googleapis = await extractCorpus(root);
  let count = 0;
  if (googleapis !== undefined) {
    const files = await files300(root);
    const only = ["--include", ".", "--only", "messages,rpc"];
    const request = await saveRequest({ buf, googleapis, files, folder });
    const template = bufTemplate([process.execPath, plugin], join(folder, "out-es"), ["target=ts"]);
    const paths = files.flatMap((file) => ["--path", file]);
    const unchanged = join(folder, "unchanged");
    await generate([...files, ...only], googleapis, unchanged);
    entries.push(
      { id: "300 messages,rpc", run: ours("300", [...files, ...only], googleapis) },
      { id: "300 unchanged", run: async () => (await generate([...files, ...only], googleapis, unchanged)).cpu },
      { id: "300", run: ours("300 all outputs", [...files, "--include", "."], googleapis) },
      { id: "es", run: noting("es", () => processUsage([plugin], { stdin: request })) },
      { id: "buf", run: () => processCpu(buf, ["generate", "--template", template, ...paths], { cwd: googleapis }) },
    );
    if (!quick) {
      count = (await allFiles(googleapis)).length;
      const everything = await saveRequest({ buf, googleapis, folder });
      entries.push(
        // a warning is a failure, and so is one file left out
        { id: "7000", run: once(ours("7000", [".", ...only, "--fail-on", "warn"], googleapis)) },
        { id: "7000 es", run: once(noting("7000 es", () => processUsage([plugin], { stdin: everything }))) },
      );
    }
  }

  async function generate(args, cwd, to) {
    return processUsage([wirespan, "generate", ...args, "--out", to, "--quiet"], { cwd });
  }

  /** Cold, into an empty folder. */
  function ours(id, args, cwd) {
    return noting(id, async () => {
      await rm(out, { recursive: true, force: true });
      return generate(args, cwd, out);
    });
  }

  /** Gives the CPU time, and keeps the most memory of all rounds. */
  function noting(id, run) {
    return async () => {
      const { cpu, megabytes } = await run();
      memory.set(id, Math.max(megabytes, memory.get(id) ?? 0));
      return cpu;
    };
  }

  return {
    entries,
    figures: (samples) => [
      ...oneFile(samples, memory),
      ...(googleapis === undefined ? [noCorpus] : threeHundred(samples, memory)),
      ...(googleapis === undefined || quick ? [] : everyFile(samples, memory, count)),
    ],
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What takes minutes is measured in the first round; the others repeat its figure. */
function once(run) {
  let taken;
  return () => (taken ??= run());
}

const noCorpus = missingFigure("generate.300-files", "../shared/corpus is not there: no contracts to measure on");

function oneFile(samples, memory) {
  const node = median(samples.get("node"));
  return [
    figure({
      id: "generate.one-file",
      value: median(samples.get("one")) - node,
      unit: "s",
      spread: spread(samples.get("one")),
      bar: { most: bars.oneFile },
      note: `beyond Node's own ${node.toFixed(3)} s`,
    }),
    figure({ id: "generate.one-file.memory", value: memory.get("one"), unit: "MB", note: "Node's own included" }),
  ];
}

function threeHundred(samples, memory) {
  const value = median(samples.get("300 messages,rpc"));
  const peer = { name: "protoc-gen-es, parsing not counted", value: median(samples.get("es")) };
  return [
    figure({
      id: "generate.300-files",
      value,
      unit: "s",
      spread: spread(samples.get("300 messages,rpc")),
      peer,
      bar: { most: 1 },
      note: "the same kinds of output: messages and services",
    }),
    figure({
      id: "generate.300-files.memory",
      value: memory.get("300"),
      unit: "MB",
      peer: { name: "protoc-gen-es", value: memory.get("es") },
      note: "the peer's parser not counted",
    }),
    figure({
      id: "generate.300-files.buf",
      value,
      unit: "s",
      peer: { name: "buf generate with protoc-gen-es", value: median(samples.get("buf")) },
      note: "the peer parses too",
    }),
    figure({
      id: "generate.300-files.unchanged",
      value: median(samples.get("300 unchanged")),
      unit: "s",
      spread: spread(samples.get("300 unchanged")),
      note: "again, with nothing to write",
    }),
    figure({
      id: "generate.300-files.all",
      value: median(samples.get("300")),
      unit: "s",
      spread: spread(samples.get("300")),
      peer,
      note: "all outputs",
    }),
  ];
}

function everyFile(samples, memory, count) {
  const value = median(samples.get("7000"));
  return [
    figure({
      id: "generate.7000-files",
      value,
      unit: "s",
      bar: { most: bars.all },
      note: `${count} files, messages and services, no diagnostic; measured once`,
    }),
    figure({
      id: "generate.7000-files.memory",
      value: memory.get("7000"),
      unit: "MB",
      bar: { most: bars.allMemory },
      note: "the whole process",
    }),
    figure({
      id: "generate.7000-files.peer",
      value,
      unit: "s",
      peer: { name: "protoc-gen-es, parsing not counted", value: median(samples.get("7000 es")) },
      note: "the peer makes messages and service descriptors; measured once",
    }),
    figure({
      id: "generate.7000-files.peer-memory",
      value: memory.get("7000"),
      unit: "MB",
      peer: { name: "protoc-gen-es", value: memory.get("7000 es") },
      note: "the peer's parser not counted",
    }),
  ];
}
