// Module hooks for Nodes that do not take types away by themselves (before 22.18): they do what newer ones do, no
// more. `verbatimModuleSyntax` keeps every import that is not marked as one of types.
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { transform } from "esbuild";

// hooks run in a thread of their own, which loads this file once more
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const options = { loader: "ts", tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } };
  const { code } = await transform(await readFile(fileURLToPath(url), "utf8"), options);
  return { format: "module", source: code, shortCircuit: true };
}
