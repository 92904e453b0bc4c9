// grpc-go on the same orders, where Go is installed.
import { spawn, spawnSync } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { run } from "../lib/build.js";
import { bytesFolder, cache, runPlugin } from "./build.js";
import { runSlice } from "./pairs.js";

/** Whether Go is here. */
export function hasGo() {
  return spawnSync("go", ["version"]).status === 0;
}

/** A pair of Go processes; `run(task)` resolves to what a slice cost. */
export async function startGoPair() {
  const program = await build();
  const server = startProgram(program, ["server", bytesFolder]);
  const started = [server];
  const close = () => started.forEach((one) => one.close());
  try {
    const client = startProgram(program, ["client", bytesFolder, await server.line()]);
    started.push(client);
    await client.line();
    return {
      run: (task) => {
        const measure = async () => {
          const answer = await client.ask(`${task.kind} ${task.size} ${task.inFlight} ${task.calls}`);
          const [cpu, seconds] = answer.split(" ").map(Number);
          return { cpu, seconds };
        };
        return runSlice(task, measure, async () => Number(await server.ask("cpu")));
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function startProgram(program, args) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the Go ${args[0]} ended`);
    return value;
  };
  return {
    line,
    ask(text) {
      child.stdin.write(`${text}\n`);
      return line();
    },
    close: () => child.kill(),
  };
}

async function build() {
  const folder = join(cache, "go");
  const calls = join(folder, "calls");
  await cp(fileURLToPath(new URL("./go/", import.meta.url)), folder, { recursive: true });
  await mkdir(calls);
  for (const [name, path] of Object.entries(plugins)) {
    const plugin = join(folder, name);
    run("go", ["build", "-o", plugin, path], { cwd: folder });
    runPlugin(plugin, calls, ["paths=source_relative"]);
  }
  const program = join(folder, "program");
  run("go", ["build", "-o", program, "."], { cwd: folder });
  return program;
}

const plugins = {
  "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go",
  "protoc-gen-go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
};
