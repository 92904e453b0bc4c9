import { createHash } from "node:crypto";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The default export of a configuration module. Node loads it where it can (TypeScript included, from 22.18), jiti
 * where it cannot. The text's hash makes an edited file a new module; modules it imports stay as first read.
 */
export async function loadModule(file: string, text: string): Promise<unknown> {
  const typescript = extname(file) === ".ts" || extname(file) === ".mts";
  if (!typescript || nodeReadsTypeScript()) {
    const url = pathToFileURL(file);
    url.searchParams.set("v", createHash("sha256").update(text).digest("hex").slice(0, 12));
    try {
      return defaultOf(await import(url.href));
    } catch (error) {
      // wirespan may run from a place that the project cannot import from: a global installation, npx;
      // and Node only takes types away, it does not compile an enum
      if (!isMissingSelf(error) && !hasCode(error, "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")) throw error;
    }
  }
  const { createJiti } = await import("jiti");
  // all that a configuration needs of wirespan; the whole library would be transpiled again
  const self = import.meta.url.endsWith(".ts") ? "./define.ts" : "./define.js";
  const jiti = createJiti(pathToFileURL(file).href, {
    moduleCache: false,
    fsCache: false,
    alias: { wirespan: fileURLToPath(new URL(self, import.meta.url)) },
  });
  return defaultOf(await jiti.import(file));
}

function nodeReadsTypeScript(): boolean {
  return "typescript" in process.features && Boolean(process.features.typescript);
}

function defaultOf(module: unknown): unknown {
  return typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
}

function isMissingSelf(error: unknown): boolean {
  return hasCode(error, "ERR_MODULE_NOT_FOUND") && /['"]wirespan['"]/.test(error.message);
}

function hasCode(error: unknown, code: string): error is Error {
  return error instanceof Error && "code" in error && error.code === code;
}
