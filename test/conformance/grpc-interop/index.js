import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { goModule, goProgram } from "../go.js";
import { buildProgram } from "../program.js";

const module = "google.golang.org/grpc";
const version = "v1.85.0";

/** The protos of the programs are not in grpc-go's module, but here (Apache-2.0, gRPC authors). */
const protos = {
  module: "github.com/jhump/protoreflect",
  version: "v1.18.1",
  path: "internal/testprotos/grpc/test.proto",
};

/** The runs: by the name of its part which transport, whether with TLS, which side is ours. */
export const runs = Object.fromEntries(
  ["grpc-js", "http2"].flatMap((transport) =>
    [
      ["plain", false],
      ["TLS", true],
    ].flatMap(([title, secure]) => [
      [`${transport}, ${title}, their client, our server`, { transport, secure, ours: "server" }],
      [`${transport}, ${title}, our client, their server`, { transport, secure, ours: "client" }],
    ]),
  ),
);

/** The interop programs of grpc-go against ours. `wanted`: names of parts, all of them. */
export async function run(wanted = Object.keys(runs)) {
  const theirs = {
    client: await goProgram(`${module}/interop/client`, version),
    server: await goProgram(`${module}/interop/server`, version),
  };
  const file = join(goModule(protos.module, protos.version), protos.path);
  const { program, remove } = await buildProgram("grpc-interop/peer.js", { "grpc/testing/test.proto": file });
  try {
    const ours = await import(pathToFileURL(program).href);
    const certificates = await readCertificates();
    const result = {};
    for (const part of wanted) {
      const { transport, secure, ours: side } = runs[part];
      const tls = secure ? certificates : undefined;
      const failures =
        side === "server"
          ? await callWith(theirs.client, ours, { transport, tls })
          : await callAt(theirs.server, ours, { transport, tls });
      for (const [name, error] of failures) process.stderr.write(`${part}, ${name}: ${String(error)}\n`);
      result[part] = { passed: ours.names.length - failures.size, failed: [...failures.keys()], known: [] };
    }
    return result;
  } finally {
    await remove();
  }
}

/** The certificates that the programs bring, for `*.test.google.fr`, and where they lie. */
async function readCertificates() {
  const folder = join(goModule(module, version), "testdata");
  const paths = { ca: join(folder, "ca.pem"), cert: join(folder, "server1.pem"), key: join(folder, "server1.key") };
  const entries = Object.entries(paths).map(async ([name, path]) => [name, await readFile(path)]);
  return { paths, serverName: "foo.test.google.fr", ...Object.fromEntries(await Promise.all(entries)) };
}

/** Their client, a process for each case, at our server. */
async function callWith(client, ours, { transport, tls }) {
  const { port, close } = await ours.serve({ transport, tls: tls && { key: tls.key, cert: tls.cert } });
  const secure = tls
    ? ["-use_tls", "-use_test_ca", `-ca_file=${tls.paths.ca}`, `-server_host_override=${tls.serverName}`]
    : [];
  const failures = new Map();
  try {
    for (const name of ours.names) {
      const args = ["-server_host=127.0.0.1", `-server_port=${port}`, `-test_case=${name}`, ...secure];
      const { status, output } = await exitOf(spawn(client, args, { timeout: 30_000 }));
      if (status !== 0) failures.set(name, output.trim());
    }
  } finally {
    await close();
  }
  return failures;
}

/** Our client at their server. It listens on every address, for it has no setting for that. */
async function callAt(server, ours, { transport, tls }) {
  const secure = tls ? ["-use_tls", `-tls_cert_file=${tls.paths.cert}`, `-tls_key_file=${tls.paths.key}`] : [];
  const env = { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: "info" };
  const child = spawn(server, ["-port=0", ...secure], { env, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const port = await portOf(child);
    const { ca, serverName } = tls ?? {};
    return await ours.runCases({ transport, address: `127.0.0.1:${port}`, tls: tls && { ca }, serverName });
  } finally {
    child.kill();
    await ended;
  }
}

/** The port that the program says it listens on. */
async function portOf(child) {
  const lines = createInterface(child.stderr);
  const port = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const match = /interop server listening on .*:(\d+)$/.exec(line);
      if (match !== null) resolve(match[1]);
    });
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`the interop server ended with ${code}`)));
  });
  return port;
}

function exitOf(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, output }));
  });
}
