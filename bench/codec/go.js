// Go's official implementation on the same bytes, where Go is installed.
import { spawn, spawnSync } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { missingFigure } from "../lib/figures.js";
import { compareSpeed, sampleMs } from "./binary.js";
import { cache, run, runPlugin } from "./build.js";
import { bytesFolder } from "./bytes.js";
import { shapes } from "./data.js";

const names = Object.keys(shapes);

/** At least so many times as fast as Go, by shape. */
const bars = {
  Lookup: { encode: 1, decode: 1 },
  OrderPlaced: { encode: 1, decode: 1 },
  ReadingBatch: { encode: 1, decode: 0.85 },
};

/** The entries of Go; the samples of ours come from binary.js. */
export async function prepare({ quick }) {
  if (spawnSync("go", ["version"]).status !== 0) {
    process.stderr.write("codec: Go is not installed, so nothing is compared with google.golang.org/protobuf\n");
    const absent = process.env.CI === "true" ? [missingFigure("codec.go", "Go is not installed")] : [];
    return { entries: [], figures: () => absent, close: () => {} };
  }
  const program = await build();
  const child = spawn(program, [bytesFolder], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (operation) => {
    child.stdin.write(`${operation} ${sampleMs(quick)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("the Go program ended");
    return Number(value);
  };
  const operations = names.flatMap((shape) => Object.keys(bars[shape]).map((operation) => `${shape} ${operation}`));
  return {
    entries: operations.map((operation) => ({ id: `${operation} go`, run: () => ask(operation) })),
    figures: (samples) =>
      operations.map((key) => {
        const [shape, operation] = key.split(" ");
        return compareSpeed(samples, key, "go", { least: bars[shape][operation] });
      }),
    close: () => child.stdin.end(),
  };
}

async function build() {
  const folder = join(cache, "go");
  await cp(fileURLToPath(new URL("./go/", import.meta.url)), folder, { recursive: true });
  await mkdir(join(folder, "shapes"));
  const plugin = join(folder, "protoc-gen-go");
  run("go", ["build", "-o", plugin, "google.golang.org/protobuf/cmd/protoc-gen-go"], { cwd: folder });
  runPlugin(plugin, join(folder, "shapes"), ["paths=source_relative"], false);
  const program = join(folder, "program");
  run("go", ["build", "-o", program, "."], { cwd: folder });
  return program;
}
