import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { figure, missingFigure } from "../lib/figures.js";
import { processCpu } from "../lib/process-cpu.js";
import { median, spread } from "../lib/stats.js";
import { bufTemplate, extractCorpus, files300, saveRequest } from "./corpus.js";

export const peers = ["@bufbuild/buf", "@bufbuild/protobuf", "@bufbuild/protoc-gen-es"];
export const rounds = { quick: 3, full: 7 };

const root = fileURLToPath(new URL("../../", import.meta.url));
const bench = join(root, "bench");
const wirespan = join(root, "bin/wirespan.js");
const plugin = join(bench, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es");
const buf = join(bench, "node_modules/.bin/buf");

/** A run may not cost more than this beyond an empty start of Node, in CPU seconds. */
const coldStartBar = 0.15;

/** Everything a run needs: extracted contracts, and requests for the plugin made beforehand. */
export async function prepare() {
  if (!existsSync(join(root, "dist/cli/main.js"))) throw new Error("wirespan is not built: npm run build");
  const folder = await mkdtemp(join(tmpdir(), "wirespan-bench-"));
  const out = join(folder, "out");
  const one = join(folder, "one");
  await mkdir(join(one, "shop/v1"), { recursive: true });
  await writeFile(join(one, "shop/v1/shop.proto"), await readFile(join(bench, "generate/shop.proto")));

  const entries = [
    { id: "node", run: () => processCpu(process.execPath, ["--input-type=module", "-e", "0"]) },
    { id: "one", run: ours(["shop/v1/shop.proto", "--include", "."], one) },
  ];
  const googleapis = await extractCorpus(root);
  if (googleapis !== undefined) {
    const files = await files300(root);
    const request = await saveRequest({ buf, googleapis, files, folder });
    const template = bufTemplate([process.execPath, plugin], join(folder, "out-es"), ["target=ts"]);
    const paths = files.flatMap((file) => ["--path", file]);
    entries.push(
      { id: "300 messages,rpc", run: ours([...files, "--include", ".", "--only", "messages,rpc"], googleapis) },
      { id: "300", run: ours([...files, "--include", "."], googleapis) },
      { id: "es", run: () => processCpu(process.execPath, [plugin], { stdin: request }) },
      { id: "buf", run: () => processCpu(buf, ["generate", "--template", template, ...paths], { cwd: googleapis }) },
    );
  }

  /** Cold, into an empty folder. */
  function ours(args, cwd) {
    return async () => {
      await rm(out, { recursive: true, force: true });
      return processCpu(process.execPath, [wirespan, "generate", ...args, "--out", out, "--quiet"], { cwd });
    };
  }

  return {
    entries,
    figures: (samples) => figures(samples, googleapis !== undefined),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function figures(samples, haveCorpus) {
  const taken = (id) => median(samples.get(id));
  const found = [
    figure({
      id: "generate.one-file",
      value: taken("one") - taken("node"),
      unit: "s",
      spread: spread(samples.get("one")),
      bar: { most: coldStartBar },
      note: `beyond Node's own ${taken("node").toFixed(3)} s`,
    }),
  ];
  if (!haveCorpus) {
    return [...found, missingFigure("generate.300-files", "../shared/corpus is not there: no contracts to measure on")];
  }
  const es = { name: "protoc-gen-es, parsing not counted", value: taken("es") };
  return [
    ...found,
    figure({
      id: "generate.300-files",
      value: taken("300 messages,rpc"),
      unit: "s",
      spread: spread(samples.get("300 messages,rpc")),
      peer: es,
      bar: { most: 1 },
      note: "the same kinds of output: messages and services",
    }),
    figure({
      id: "generate.300-files.buf",
      value: taken("300 messages,rpc"),
      unit: "s",
      peer: { name: "buf generate with protoc-gen-es", value: taken("buf") },
      note: "the peer parses too",
    }),
    figure({
      id: "generate.300-files.all",
      value: taken("300"),
      unit: "s",
      spread: spread(samples.get("300")),
      peer: es,
      note: "all outputs",
    }),
  ];
}
