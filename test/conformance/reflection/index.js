import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { goProgram } from "../go.js";
import { buildProgram } from "../program.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const buf = join(root, "node_modules/.bin/buf");

const services = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "wirespan.test.v1.Echo"];
const methods = ["Chat", "Join", "Say", "Split"];
const echo = "wirespan.test.v1.Echo";
const [one, two] = [{ text: "a" }, { text: "b", count: 1 }];
const json = (...messages) => messages.map((message) => JSON.stringify(message)).join("");

/**
 * What the tools are asked and have to say, as JSON values or lines. Neither has a schema: what they know of the
 * contract they learn from the server.
 */
const grpcurl = {
  list: { args: ["list"], lines: services },
  "list, methods": { args: ["list", echo], lines: methods.map((name) => `${echo}.${name}`) },
  "describe, message": {
    args: ["describe", "wirespan.test.v1.Note"],
    lines: ["wirespan.test.v1.Note is a message:", "message Note {", "string text = 1;", "int32 count = 2;", "}"],
  },
  unary: { call: `${echo}/Say`, data: json(two), values: [two] },
  "server stream": { call: `${echo}/Split`, data: json({ text: "a b" }), values: [one, two] },
  "client stream": { call: `${echo}/Join`, data: json(one, two), values: [{ text: "a b", count: 2 }] },
  "bidi stream": { call: `${echo}/Chat`, data: json(one, two), values: [one, two] },
  health: { call: "grpc.health.v1.Health/Check", data: json({ service: echo }), values: [{ status: "SERVING" }] },
};
const bufCurl = {
  "list, services": { args: ["--list-services"], lines: services },
  "list, methods": { args: ["--list-methods"], lines: methods.map((name) => `${echo}/${name}`), within: true },
  unary: { call: `${echo}/Say`, data: json(two), values: [two] },
  "unary, v1alpha": {
    args: ["--reflect-protocol", "grpc-v1alpha"],
    call: `${echo}/Say`,
    data: json(two),
    values: [two],
  },
  "server stream": { call: `${echo}/Split`, data: json({ text: "a b" }), values: [one, two] },
  "client stream": { call: `${echo}/Join`, data: json(one, two), values: [{ text: "a b", count: 2 }] },
  "bidi stream": { call: `${echo}/Chat`, data: json(one, two), values: [one, two] },
  health: { call: "grpc.health.v1.Health/Check", data: json({ service: echo }), values: [{ status: "SERVING" }] },
};

const tools = {
  grpcurl: async () => {
    const program = await goProgram("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.4");
    return (port) => ask(grpcurl, (question) => [program, ...grpcurlArgs(question, port)]);
  },
  "buf curl": async () => (port) => ask(bufCurl, (question) => [buf, ...bufArgs(question, port)]),
};

/** The runs: by the name of its part which transport, which tool. */
export const runs = Object.fromEntries(
  ["grpc-js", "http2"].flatMap((transport) =>
    Object.keys(tools).map((tool) => [`${transport}, ${tool}`, { transport, tool }]),
  ),
);

/** grpcurl and `buf curl` at a server with reflection. `wanted`: names of parts, all of them. */
export async function run(wanted = Object.keys(runs)) {
  const peer = await buildProgram("reflection/peer.js", { "echo.proto": join(root, "test/behaviour/rpc/echo.proto") });
  try {
    const { serve } = await import(pathToFileURL(peer.program).href);
    const result = {};
    for (const part of wanted) {
      const { transport, tool } = runs[part];
      const use = await tools[tool]();
      const { port, close } = await serve(transport);
      try {
        result[part] = await use(port);
      } finally {
        await close();
      }
    }
    return result;
  } finally {
    await peer.remove();
  }
}

function grpcurlArgs({ args = [], call, data }, port) {
  const address = `127.0.0.1:${port}`;
  return call === undefined ? ["-plaintext", address, ...args] : ["-plaintext", "-d", data, address, call];
}

function bufArgs({ args = [], call, data }, port) {
  const common = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args];
  const url = `http://127.0.0.1:${port}`;
  return call === undefined ? [...common, url] : [...common, "-d", data, `${url}/${call}`];
}

async function ask(questions, commandOf) {
  const failed = [];
  for (const [name, question] of Object.entries(questions)) {
    const { status, stdout, stderr } = await runCommand(commandOf(question));
    if (status === 0 && isAnswer(question, stdout)) continue;
    process.stderr.write(`${name}: exit code ${status}\n${stdout}${stderr}`);
    failed.push(name);
  }
  return { passed: Object.keys(questions).length - failed.length, failed, known: [] };
}

function isAnswer({ lines, values, within = false }, output) {
  if (values !== undefined) return isDeepStrictEqual(valuesOf(output), values);
  const found = output.split("\n").map((line) => line.trim());
  return within
    ? lines.every((line) => found.includes(line))
    : isDeepStrictEqual(
        found.filter((line) => line !== ""),
        lines,
      );
}

/** JSON objects one after another, as both tools print messages. */
function valuesOf(output) {
  const texts = output.split(/^(?=\{)/m).filter((text) => text.trim() !== "");
  return texts.map((text) => JSON.parse(text));
}

function runCommand([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (out[name] += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, ...out }));
  });
}
