import { spawn, type ChildProcess } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";

const runtime = fileURLToPath(new URL("../../src/runtime/", import.meta.url));
const cache = new URL("../../node_modules/.cache/wirespan-tests/", import.meta.url);

/**
 * A TypeScript program as plain JavaScript, next to the packages it needs. `@wirespan/runtime/*` is the runtime's
 * source. `instead` puts other files in the place of some: both are absolute paths. Returns its path.
 */
export async function bundleProgram(
  entry: string,
  name: string,
  instead: ReadonlyMap<string, string> = new Map(),
): Promise<string> {
  const outfile = fileURLToPath(new URL(`${name}-${process.pid}.mjs`, cache));
  afterAll(() => rm(outfile, { force: true }));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
    plugins: [
      {
        name: "runtime",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
            const other = instead.get(join(resolveDir, path).replace(/\.js$/, ".ts"));
            return other === undefined ? undefined : { path: other };
          });
          // files beside a source stay where they are
          onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, "utf8");
            const contents = text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
            return { contents, loader: "ts" };
          });
          onResolve({ filter: /^@wirespan\/runtime\// }, ({ path }) => {
            const module = path.slice("@wirespan/runtime/".length);
            return { path: `${runtime}${module}${module.includes("/") ? ".ts" : "/index.ts"}` };
          });
        },
      },
    ],
  });
  return outfile;
}

/** A program at work. */
export interface Program {
  readonly child: ChildProcess;
  /** Resolves to the first line, from the beginning, that starts with the prefix, less the prefix. */
  line(prefix: string): Promise<string>;
  /** Resolves to all lines so far that start with the prefix, once there are that many. */
  lines(prefix: string, count: number): Promise<readonly string[]>;
  /** Resolves when it has ended. */
  readonly exit: Promise<{ readonly code: number | null; readonly errors: string }>;
}

/** Runs a bundled program. Lines of its output can be waited for. */
export function runProgram(path: string, args: readonly string[]): Program {
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  const reader: Interface = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const exit = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, errors })),
  );
  const linesOf = (prefix: string, count: number): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.filter((line) => line.startsWith(prefix));
        if (found.length < count) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      void exit.then(({ code }) => reject(new Error(`ended with ${code} before "${prefix}": ${errors}`)));
      look();
    });
  return {
    child,
    exit,
    lines: linesOf,
    line: async (prefix) => ((await linesOf(prefix, 1))[0] ?? "").slice(prefix.length),
  };
}
