import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** The names of configuration files, the first that exists in a folder counts. */
export const configNames: readonly string[] = [
  "wirespan.config.ts",
  "wirespan.config.mts",
  "wirespan.config.js",
  "wirespan.config.mjs",
  "wirespan.config.json",
  "wirespan.config.yaml",
  "wirespan.config.yml",
];

/** Where the configuration stands. */
export interface FoundConfig {
  /** Absolute; `package.json` where its key `wirespan` is the configuration. */
  readonly file: string | undefined;
  /** Others beside it that do not count. */
  readonly ignored: readonly string[];
  /** Absolute paths that would be the configuration if they appeared. */
  readonly candidates: readonly string[];
}

/** Looks from a folder upward; a folder that holds `.git` is the last. */
export async function findConfig(from: string): Promise<FoundConfig> {
  const candidates: string[] = [];
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const files = configNames.map((name) => join(folder, name));
    const present = (await Promise.all(files.map(async (file) => ((await mayBeRead(file)) ? [file] : [])))).flat();
    const manifest = join(folder, "package.json");
    const key = await hasKey(manifest);
    // a manifest that cannot be understood is told about unless there is a configuration anyway
    if (key === true || (key === undefined && present.length === 0)) present.push(manifest);
    const [file, ...ignored] = present;
    candidates.push(...files.filter((path) => path !== file));
    if (file !== undefined) return { file, ignored, candidates };
    if (dirname(folder) === folder || (await exists(join(folder, ".git")))) {
      return { file: undefined, ignored: [], candidates };
    }
  }
}

/** Undefined when nobody can tell: it is no JSON. */
async function hasKey(manifest: string): Promise<boolean | undefined> {
  const text = await readFile(manifest, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return typeof value === "object" && value !== null && Object.hasOwn(value, "wirespan");
  } catch {
    return undefined;
  }
}

/** A folder of that name is a mistake to tell about, a pipe would never end. */
async function mayBeRead(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.isFile() || found.isDirectory());
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
