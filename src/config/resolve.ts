import { stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { diagnostic, hasErrors, type Diagnostic, type Report } from "../diagnostics/index.js";
import { defaultForms, type GeneratorId, type Origin, type PolicyDefaults, type ValueForms } from "../model/index.js";
import { checkConfig } from "./check.js";
import type { WirespanConfig } from "./define.js";
import { findConfig, type FoundConfig } from "./find.js";
import { readPolicies } from "./policies.js";
import { readConfig, type RawOption } from "./read.js";
import { projectImports } from "./tsconfig.js";

/** What a run is asked to do. */
export interface ConfigRequest {
  /** The working directory of whoever asks; paths in `overrides` are relative to it. */
  readonly cwd: string;
  /** A configuration file, relative to `cwd`; false: none; undefined: the nearest one upward. */
  readonly file: string | false | undefined;
  /** Flags, or the arguments of an API call; they win over the file, key by key. */
  readonly overrides: WirespanConfig;
}

/** Every option with its value. */
export interface ResolvedConfig extends ValueForms {
  readonly inputs: readonly string[];
  /** True when `inputs` are all of the project's contracts, not a choice of this run. */
  readonly complete: boolean;
  readonly include: readonly string[];
  /** Relative to the root, with `/`. */
  readonly out: string;
  readonly only: readonly GeneratorId[] | undefined;
  readonly importExtension: "js" | "ts" | "none";
  readonly runtimeImport: string;
  readonly reflection: boolean;
  readonly formatter: "none" | "prettier";
  readonly protocol: string | undefined;
  readonly policies: PolicyDefaults;
  readonly lenient: boolean;
  readonly strict: boolean;
  readonly allowRemoteRefs: boolean;
  /** Where parsed verdicts may be kept; undefined where the project has no `node_modules`. */
  readonly cacheDir: string | undefined;
}

/** The outcome of resolving, config faults included. */
export interface ConfigResult {
  /** Undefined when something is wrong with the configuration. */
  readonly config: ResolvedConfig | undefined;
  /** The folder that all paths of `config` are relative to, absolute: the configuration file's, else `cwd`. */
  readonly root: string;
  /** The configuration file, absolute. */
  readonly file: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute paths whose change, appearance or disappearance changes the result. */
  readonly dependencies: readonly string[];
  /** Text of the configuration file by shown name, for code frames. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Finds the configuration, checks it, puts flags over it and defaults under it. */
export async function resolveConfig({ cwd, file, overrides }: ConfigRequest): Promise<ConfigResult> {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (found) => diagnostics.push(found);
  const found = await locate(cwd, file);
  const root = found.file === undefined ? resolve(cwd) : dirname(found.file);
  const texts = new Map<string, string>();
  const dependencies = [...(found.file === undefined ? [] : [found.file]), ...found.candidates];

  for (const ignored of found.ignored) {
    if (found.file === undefined) break;
    report(diagnostic("E5005", undefined, { used: basename(found.file), ignored: basename(ignored) }));
  }
  let base: WirespanConfig = {};
  let options: readonly RawOption[] | undefined;
  if (found.file !== undefined) {
    let text: string | undefined;
    ({ text, options } = await readConfig(found.file, report));
    if (text !== undefined) texts.set(basename(found.file), text);
    if (options !== undefined) base = checkConfig(options, report);
  }
  const rawGiven = rawOverrides(overrides);
  const given = checkConfig(rawGiven, report);
  const policies = readPolicies(
    [...rawGiven, ...(options ?? [])].find(({ name }) => name === "policies"),
    report,
  );
  const over = move(given, resolve(cwd), root);
  const include = options?.find(({ name }) => name === "include");
  const absent =
    given.include === undefined
      ? await checkFolders(base.include ?? [], root, (i) => include?.itemOrigins[i] ?? include?.origin, report)
      : await checkFolders(given.include, resolve(cwd), () => undefined, report);
  dependencies.push(...absent);
  if (hasErrors(diagnostics)) return { config: undefined, root, file: found.file, diagnostics, dependencies, texts };

  const merged = { ...base, ...over };
  const out = toPosix(merged.out ?? "src/gen");
  const wanted = merged.importExtension ?? "auto";
  const imports = wanted === "auto" ? await projectImports(resolve(root, out)) : { extension: wanted, files: [] };
  const config: ResolvedConfig = {
    inputs: (merged.inputs ?? []).map(toPosix),
    complete: over.inputs === undefined,
    include: (merged.include ?? []).map(toPosix),
    out,
    only: merged.only,
    importExtension: imports.extension,
    runtimeImport: merged.runtimeImport ?? "@wirespan/runtime",
    int64: merged.int64 ?? defaultForms.int64,
    timestamp: merged.timestamp ?? defaultForms.timestamp,
    enums: merged.enums ?? defaultForms.enums,
    reflection: merged.reflection ?? false,
    formatter: merged.formatter ?? "none",
    protocol: merged.protocol,
    policies,
    lenient: merged.lenient ?? false,
    strict: merged.strict ?? false,
    allowRemoteRefs: merged.allowRemoteRefs ?? false,
    cacheDir: await cacheFolder(root),
  };
  return { config, root, file: found.file, diagnostics, dependencies: [...dependencies, ...imports.files], texts };
}

/** Reports include folders that are none; what would have to appear, absolute. */
async function checkFolders(
  folders: readonly string[],
  from: string,
  originOf: (index: number) => Origin | undefined,
  report: Report,
): Promise<readonly string[]> {
  const paths = folders.map((folder) => resolve(from, folder));
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return paths.filter((_, i) => {
    if (found[i]?.isDirectory() === true) return false;
    report(diagnostic("E5012", originOf(i), { path: folders[i] ?? "", isFile: found[i] !== undefined }));
    return true;
  });
}

async function locate(cwd: string, file: string | false | undefined): Promise<FoundConfig> {
  if (file === undefined) return findConfig(cwd);
  return { file: file === false ? undefined : resolve(cwd, file), ignored: [], candidates: [] };
}

/** Arguments of an API call come from programs, possibly untyped ones: they are checked like a file. */
function rawOverrides(overrides: WirespanConfig): readonly RawOption[] {
  return Object.entries(overrides)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]: [string, unknown]) => ({
      name,
      value,
      origin: undefined,
      valueOrigin: undefined,
      itemOrigins: [],
    }));
}

/** Paths relative to one folder, rewritten to be relative to another. Drops absent keys, so that spreading is safe. */
function move(config: WirespanConfig, from: string, to: string): WirespanConfig {
  const one = (path: string): string => {
    if (isAbsolute(path) || from === to) return path;
    return relative(to, join(from, path)) || ".";
  };
  return {
    ...config,
    ...(config.inputs === undefined ? {} : { inputs: config.inputs.map(one) }),
    ...(config.include === undefined ? {} : { include: config.include.map(one) }),
    ...(config.out === undefined ? {} : { out: one(config.out) }),
  };
}

/** `node_modules/.cache/wirespan` of the nearest package that has been installed. */
async function cacheFolder(root: string): Promise<string | undefined> {
  for (let folder = root; ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if ((await stat(modules).catch(() => undefined))?.isDirectory() === true)
      return join(modules, ".cache", "wirespan");
    if (dirname(folder) === folder) return undefined;
  }
}

function toPosix(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}
