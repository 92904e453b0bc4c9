import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goModule, goProgram } from "../go.js";
import { buildProgram } from "../program.js";
import { explain, parseKnown } from "./known.js";

const module = "connectrpc.com/conformance";
/** 1.0.7 cannot be installed: a module that it needs is on no proxy. */
const version = "v1.0.6";

const folder = fileURLToPath(new URL("./", import.meta.url));
const protos = ["config", "server_compat", "client_compat", "service"];

/** The runs: by the name of its part which transport, which configuration, which side is ours. */
export const runs = Object.fromEntries([
  ...["grpc-js", "http2"].flatMap((transport) =>
    [
      ["gRPC", "grpc"],
      ["gRPC with TLS", "grpc-tls"],
      ...(transport === "http2" ? [["all protocols", "all"]] : []),
    ].flatMap(([title, config]) =>
      ["server", "client"].map((side) => [`${transport}, ${title}, ${side}`, { transport, config, side }]),
    ),
  ),
  ["fetch, gRPC-Web and Connect, client", { transport: "fetch", config: "fetch", side: "client" }],
]);

/** The suite's cases for RPC, against what our generators make of its protos. `wanted`: names of parts, all of them. */
export async function run(wanted = Object.keys(runs)) {
  const runner = await goProgram(`${module}/cmd/connectconformance`, version);
  const { program, remove } = await buildDriver();
  try {
    const result = {};
    for (const part of wanted) {
      const { transport, config, side } = runs[part];
      const driver = [process.execPath, program, side, transport];
      const configuration = join(folder, "config", `${config}.yaml`);
      const output = await start([runner, "--conf", configuration, "--mode", side, "--", ...driver]);
      const { passed, failures } = readOutput(output);
      const known = parseKnown(await readFile(join(folder, "known-failures", `${transport}-${side}.txt`), "utf8"));
      result[part] = { passed, failed: [...failures.keys()], known: explain(failures, known) };
    }
    return result;
  } finally {
    await remove();
  }
}

/** The program under test: what our generators make of the suite's protos, which come with the runner's module. */
export function buildDriver() {
  const root = join(goModule(module, version), "proto");
  const names = protos.map((name) => `connectrpc/conformance/v1/${name}.proto`);
  return buildProgram("connect/driver.js", Object.fromEntries(names.map((name) => [name, join(root, name)])));
}

function start([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => (output += text));
    }
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}

/** What the runner said: how many cases passed, and of each of the others what was wrong. */
export function readOutput(output) {
  const summary = /^Total cases: (\d+)\n(\d+) passed, (\d+) failed/m.exec(output);
  if (summary === null) throw new Error(`the runner did not finish:\n${output.slice(-2000)}`);
  const [total, passed, failed] = summary.slice(1).map(Number);
  const failures = new Map();
  for (const [, name, body] of output.matchAll(/^FAILED: (.+):\n((?:\t.*\n?)*)/gm)) {
    const complaints = body.split("\n").map((line) => line.replace(/^\t(; )?/, ""));
    failures.set(
      name,
      complaints.filter((line) => line !== ""),
    );
  }
  if (failures.size !== failed || passed + failed !== total) {
    throw new Error(`of ${total} cases ${passed} passed and ${failed} failed, of which ${failures.size} have a name`);
  }
  return { passed, failures };
}
