import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";

/** What the nearest `tsconfig.json` means for the imports of emitted code. */
export interface ProjectImports {
  readonly extension: "js" | "ts";
  /** Absolute paths that were read. */
  readonly files: readonly string[];
}

interface CompilerOptions {
  readonly allowImportingTsExtensions?: unknown;
  readonly rewriteRelativeImportExtensions?: unknown;
}

/** A chain of `extends` longer than this is a cycle or a mistake; the compiler reports it, not we. */
const maxDepth = 16;

/**
 * The ending that relative imports need: `.ts` where the project allows it (then Node may run the sources as they
 * are), else `.js`, which every module resolution of TypeScript understands.
 */
export async function projectImports(outDir: string): Promise<ProjectImports> {
  const files: string[] = [];
  for (let folder = resolve(outDir); ; folder = dirname(folder)) {
    const file = join(folder, "tsconfig.json");
    if ((await stat(file).catch(() => undefined))?.isFile() === true) {
      const options = await compilerOptions(file, files, 0);
      const ts = options.allowImportingTsExtensions === true || options.rewriteRelativeImportExtensions === true;
      return { extension: ts ? "ts" : "js", files };
    }
    if (dirname(folder) === folder) return { extension: "js", files };
  }
}

async function compilerOptions(file: string, files: string[], depth: number): Promise<CompilerOptions> {
  if (depth > maxDepth || files.includes(file)) return {};
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  files.push(file);
  const config = parseJsonc(text);
  if (!isRecord(config)) return {};
  const parents: readonly unknown[] = Array.isArray(config.extends) ? config.extends : [config.extends];
  let options: CompilerOptions = {};
  for (const parent of parents) {
    const path = typeof parent === "string" ? await resolveParent(parent, file) : undefined;
    if (path !== undefined) options = { ...options, ...(await compilerOptions(path, files, depth + 1)) };
  }
  return isRecord(config.compilerOptions) ? { ...options, ...config.compilerOptions } : options;
}

async function resolveParent(specifier: string, from: string): Promise<string | undefined> {
  const relative = specifier.startsWith("./") || specifier.startsWith("../") || isAbsolute(specifier);
  if (!relative) {
    const require = createRequire(from);
    for (const candidate of [specifier, `${specifier}.json`, `${specifier}/tsconfig.json`]) {
      try {
        const path = require.resolve(candidate);
        if (path.endsWith(".json")) return path;
      } catch {
        // the next form may be the one
      }
    }
    return undefined;
  }
  const path = resolve(dirname(from), specifier);
  for (const candidate of [path, `${path}.json`, join(path, "tsconfig.json")]) {
    if ((await stat(candidate).catch(() => undefined))?.isFile() === true) return candidate;
  }
  return undefined;
}

/** JSON with comments and trailing commas, as the compiler takes it; undefined when it is not. */
export function parseJsonc(text: string): unknown {
  // strings are matched first, so that what looks like a comment inside of one stays
  const bare = text
    .replace(/^\uFEFF/, "")
    .replace(/("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string: string | undefined) => string ?? "")
    .replace(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])/g, (_, string: string | undefined) => string ?? "");
  try {
    return JSON.parse(bare);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
