import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { goProgram } from "../go.js";
import { buildProgram } from "../program.js";

/** Our server and one of bare node:http2: what that fails, or cannot be asked, is known of ours. */
export async function run() {
  const h2spec = await goProgram("github.com/summerwind/h2spec/cmd/h2spec", "v2.2.1+incompatible");
  const folder = await mkdtemp(join(tmpdir(), "wirespan-h2spec-"));
  const { program, remove } = await buildProgram("h2spec/peer.js", {});
  try {
    const servers = [await (await import(pathToFileURL(program).href)).serve(), await serveBare()];
    const reports = servers.map(({ port }, index) => report(h2spec, port, join(folder, `${index}.xml`)));
    const [ours, bare] = await Promise.all(reports).finally(() => Promise.all(servers.map(({ close }) => close())));
    const known = ours.failed.filter((name) => bare.failed.includes(name));
    process.stdout.write(`conformance h2spec, bare node:http2: ${bare.passed} cases passed\n`);
    return { "our server": { ...ours, known } };
  } finally {
    await remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a server made of nothing but node:http2 does; with a limit of streams, for some cases ask for one. */
async function serveBare() {
  const server = createServer({ settings: { maxConcurrentStreams: 1_000 } });
  const sessions = new Set();
  server.on("session", (session) => sessions.add(session));
  server.on("sessionError", () => {});
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    stream.end("hello");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port: server.address().port, close };
}

/** How many cases a server passes, and the others by name. */
async function report(h2spec, port, file) {
  await new Promise((resolve, reject) => {
    const args = ["--host", "127.0.0.1", "--port", String(port), "--junit-report", file];
    spawn(h2spec, args, { stdio: "ignore", timeout: 300_000 }).once("error", reject).once("close", resolve);
  });
  // it does not escape what it quotes, so that no parser of XML reads it
  const text = await readFile(file, "utf8");
  const failed = [];
  let passed = 0;
  for (const [, section, name, inner] of text.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([^]*?)<\/testcase>/g,
  )) {
    if (inner.trim() === "") passed++;
    else failed.push(`${section}: ${name}`);
  }
  return { passed, failed };
}
