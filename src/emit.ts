import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { diagnostic, type Diagnostic, type Report } from "./diagnostics/index.js";
import type { EmitContext, Generator, GeneratorId, RenderJob } from "./generators/generator.js";
import { emittedFiles, type Model, type Origin, type ValueForms } from "./model/index.js";
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

export interface EmitSettings extends ImportSettings, ValueForms {
  readonly version: string;
  /** Shown in diagnostics. */
  readonly out: string;
  /** Descriptors beside services. Default false. */
  readonly reflection?: boolean;
  /** Rules that cannot be compiled are warnings. Default false. */
  readonly lenient?: boolean;
}

/** What one generator made of one source; kept between runs. */
interface Unit {
  readonly outputs: readonly OutputFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Rendered units by key. A unit's key changes whenever its outputs could. */
export type RenderCache = Map<string, Unit>;

/** Takes an output. It is not kept here: where nobody else keeps it, its memory is free again. */
export type Deliver = (output: OutputFile) => void | Promise<void>;

/** What is done with outputs, and what is known of them from the run before. */
export interface Delivery {
  readonly deliver: Deliver;
  /** Units of the run before; then those of this one. Undefined: nothing is kept. */
  readonly cache?: RenderCache | undefined;
}

export interface EmitResult {
  readonly rendered: number;
  readonly reused: number;
}

/**
 * Model → outputs, delivered one by one in the order of generators and files. All generators declare, so that names do
 * not depend on which of them run; `active` ones then give their files. Units that are in the cache are not rendered
 * again; the cache keeps this run's units only, and those of the run before when this one is aborted. An output with a
 * path that nobody may write is not delivered.
 */
export async function emitModel(
  model: Model,
  { all, active }: { readonly all: readonly Generator[]; readonly active: readonly Generator[] },
  settings: EmitSettings,
  { deliver, cache }: Delivery,
  report: Report,
  signal?: AbortSignal,
): Promise<EmitResult> {
  const symbols = createSymbolTable(settings);
  for (const file of [...model.protos, ...model.events]) {
    for (const generator of all) generator.declare(file, { model, symbols });
  }

  const used = new Set<string>();
  const files = emittedFiles(model);
  const everything = hash("sha256", files.map((file) => `${file.path}\n${file.hash}\n${file.shape}`).join("\0"));
  const {
    version,
    importExtension,
    runtimeImport,
    int64,
    timestamp,
    enums,
    reflection = false,
    lenient = false,
  } = settings;
  const settingsKey = [version, importExtension, runtimeImport, int64, timestamp, enums, reflection, lenient].join(
    "\0",
  );
  const checkPath = createPathCheck(new Map(files.map((file) => [file.path, file.origin])), settings.out, report);
  let units = 0;
  let rendered = 0;
  let reused = 0;

  async function emitUnit(
    key: string,
    sources: readonly string[],
    generator: Generator,
    jobs: (context: EmitContext) => readonly RenderJob[] | Promise<readonly RenderJob[]>,
  ): Promise<void> {
    signal?.throwIfAborted();
    let unit = cache?.get(key);
    if (unit === undefined) {
      if (++units % unitsPerTurn === 0) await setImmediate();
      const diagnostics: Diagnostic[] = [];
      const made = await jobs({
        model,
        symbols,
        forms: settings,
        reflection,
        lenient,
        report: (found) => diagnostics.push(found),
      });
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
    cache?.set(key, unit);
    used.add(key);
    unit.diagnostics.forEach(report);
    for (const output of unit.outputs) if (checkPath(output)) await deliver(output);
  }

  for (const generator of active) {
    for (const file of files) {
      const key = [settingsKey, generator.id, file.path, file.hash, file.shape].join("\0");
      await emitUnit(key, [file.path], generator, (context) => generator.files(file, context));
    }
    const key = [settingsKey, generator.id, "*", everything].join("\0");
    await emitUnit(
      key,
      files.map(({ path }) => path),
      generator,
      (context) => generator.project(context),
    );
  }

  for (const key of cache?.keys() ?? []) if (!used.has(key)) cache?.delete(key);
  return { rendered, reused };
}

/** Units rendered before everything else gets a turn: some milliseconds' worth. */
const unitsPerTurn = 16;

/** Output paths come from contracts: each must be unique and inside of the output folder. */
function createPathCheck(
  origins: ReadonlyMap<string, Origin>,
  out: string,
  report: Report,
): (output: OutputFile) => boolean {
  const owners = new Map<string, string>();
  return ({ path, sources }) => {
    const source = sources.join(", ");
    const origin = origins.get(sources[0] ?? "");
    const first = owners.get(path);
    owners.set(path, source);
    if (!staysInside(path)) report(diagnostic("E6001", origin, { path, out }));
    else if (first !== undefined) report(diagnostic("E4001", origin, { path, first, second: source }));
    else return true;
    return false;
  };
}
