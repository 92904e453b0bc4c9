import { createHash } from "node:crypto";
import { diagnostic, type Diagnostic, type Report } from "./diagnostics/index.js";
import type { EmitContext, Generator, GeneratorId, RenderJob } from "./generators/generator.js";
import { emittedFiles, type Model, type Origin } from "./model/index.js";
import { createSymbolTable, staysInside, type ImportSettings } from "./plan/index.js";
import { renderFile } from "./render/index.js";

/** One file as it will be written. */
export interface OutputFile {
  /** Relative to the output folder, with `/`. */
  readonly path: string;
  readonly content: string;
  /** Canonical paths of the contracts it is made from. */
  readonly sources: readonly string[];
  readonly generator: GeneratorId;
}

export interface EmitSettings extends ImportSettings {
  readonly version: string;
  /** Shown in diagnostics. */
  readonly out: string;
}

/** What one generator made of one source; kept between runs. */
interface Unit {
  readonly outputs: readonly OutputFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Rendered units by key. A unit's key changes whenever its outputs could. */
export type RenderCache = Map<string, Unit>;

export interface EmitResult {
  readonly outputs: readonly OutputFile[];
  readonly rendered: number;
  readonly reused: number;
}

/**
 * Model → outputs. All generators declare, so that names do not depend on which of them run; `active` ones then give
 * their files. Units that are in the cache are not rendered again; the cache keeps this run's units only.
 */
export async function emitModel(
  model: Model,
  { all, active }: { readonly all: readonly Generator[]; readonly active: readonly Generator[] },
  settings: EmitSettings,
  cache: RenderCache,
  report: Report,
  signal?: AbortSignal,
): Promise<EmitResult> {
  const symbols = createSymbolTable(settings);
  for (const file of [...model.protos, ...model.events]) {
    for (const generator of all) generator.declare(file, { model, symbols });
  }

  const before = new Map(cache);
  cache.clear();
  const files = emittedFiles(model);
  const everything = hash(files.map((file) => `${file.path}\n${file.hash}\n${file.shape}`));
  const settingsKey = hash([settings.version, settings.importExtension, settings.runtimeImport]);
  const outputs: OutputFile[] = [];
  let rendered = 0;
  let reused = 0;

  async function emitUnit(
    key: string,
    sources: readonly string[],
    generator: Generator,
    jobs: (context: EmitContext) => readonly RenderJob[] | Promise<readonly RenderJob[]>,
  ): Promise<void> {
    signal?.throwIfAborted();
    let unit = before.get(key);
    if (unit === undefined) {
      const diagnostics: Diagnostic[] = [];
      const made = await jobs({ model, symbols, report: (found) => diagnostics.push(found) });
      if (made.length > 0) rendered++;
      const unitOutputs = made.map((job): OutputFile => {
        const from = job.sources ?? sources;
        const content = renderFile(job, { version: settings.version, sources: from });
        return { path: job.path, content, sources: from, generator: generator.id };
      });
      unit = { outputs: unitOutputs, diagnostics };
    } else if (unit.outputs.length > 0) {
      reused++;
    }
    cache.set(key, unit);
    outputs.push(...unit.outputs);
    unit.diagnostics.forEach(report);
  }

  for (const generator of active) {
    for (const file of files) {
      const key = hash([settingsKey, generator.id, file.path, file.hash, file.shape]);
      await emitUnit(key, [file.path], generator, (context) => generator.files(file, context));
    }
    const key = hash([settingsKey, generator.id, "*", everything]);
    await emitUnit(
      key,
      files.map(({ path }) => path),
      generator,
      (context) => generator.project(context),
    );
  }

  const origins = new Map<string, Origin>(files.map((file) => [file.path, file.origin]));
  checkPaths(outputs, origins, settings.out, report);
  return { outputs, rendered, reused };
}

/** Output paths come from contracts: each must be unique and inside of the output folder. */
function checkPaths(
  outputs: readonly OutputFile[],
  origins: ReadonlyMap<string, Origin>,
  out: string,
  report: Report,
): void {
  const owners = new Map<string, string>();
  for (const { path, sources } of outputs) {
    const source = sources.join(", ");
    const origin = origins.get(sources[0] ?? "");
    const first = owners.get(path);
    if (!staysInside(path)) report(diagnostic("E6001", origin, { path, out }));
    else if (first !== undefined) report(diagnostic("E4001", origin, { path, first, second: source }));
    owners.set(path, source);
  }
}

function hash(parts: readonly string[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part).update("\0");
  return sum.digest("hex");
}
