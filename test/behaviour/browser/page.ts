import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { chromiumFlags } from "../../support/services/chromium.js";
import { startProcess } from "../../support/services/processes.js";

const page = `<!doctype html><script type="module">
const report = (from, results) => fetch("/" + from, { method: "POST", body: JSON.stringify(results) });
const worker = new Worker("/worker.js", { type: "module" });
worker.onmessage = ({ data }) => report("worker", data);
worker.onerror = ({ message }) => report("worker", [message]);
import("/code.js").then(({ results }) => report("page", results), (error) => report("page", [String(error)]));
</script>`;

const worker = `import("/code.js").then(({ results }) => postMessage(results), (error) => postMessage([String(error)]));`;

/** What a page and a worker report, each by itself. */
export interface Reports {
  readonly page: Promise<readonly string[]>;
  readonly worker: Promise<readonly string[]>;
}

/** Runs a module in a page and in a worker of a browser; each reports the module's `results`, or why there are none. */
export async function runInBrowser(browser: string, code: string): Promise<Reports> {
  const folder = mkdtempSync(join(tmpdir(), "wirespan-browser-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { url, reports } = await serve(code);
  const profile = `--user-data-dir=${join(folder, "profile")}`;
  const log = join(folder, "log");
  const started = await startProcess(browser, [...chromiumFlags, profile, url], { log, cwd: folder, env: process.env });
  onTestFinished(() => started.kill());
  return reports;
}

/** Serves the page; what it reports arrives under the name of its sender. */
async function serve(code: string): Promise<{ readonly url: string; readonly reports: Reports }> {
  const files: Readonly<Record<string, readonly [string, string]>> = {
    "/": ["text/html", page],
    "/code.js": ["text/javascript", code],
    "/worker.js": ["text/javascript", worker],
  };
  const waiting = new Map<string, (results: readonly string[]) => void>();
  const wait = (from: string): Promise<readonly string[]> => new Promise((resolve) => waiting.set(`/${from}`, resolve));
  const reports = { page: wait("page"), worker: wait("worker") };
  const server = createServer((request, response) => {
    const { method, url = "/" } = request;
    if (method === "POST") {
      void bodyOf(request).then((text) => waiting.get(url)?.(JSON.parse(text) as readonly string[]));
      response.end();
      return;
    }
    const [type, content] = files[url] ?? ["text/plain", ""];
    response.setHeader("content-type", `${type}; charset=utf-8`).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, reports };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
