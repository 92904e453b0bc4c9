import { resolve } from "node:path";
import { hasErrors, type Diagnostic, type Report } from "./diagnostics/index.js";
import { emitModel, type OutputFile, type RenderCache } from "./emit.js";
import { generators } from "./generators/index.js";
import type { GeneratorId } from "./generators/generator.js";
import { linkModel } from "./link/index.js";
import { asyncApiDocuments, createLoader, validateAsyncApi, type Loaded } from "./load/index.js";
import { emittedFiles, type Model } from "./model/index.js";
import { formatWithPrettier } from "./render/index.js";
import type { Coverage } from "./write/index.js";

/** What a run needs to know; `config` fills in the defaults. */
export interface PipelineSettings {
  /** Absolute. */
  readonly cwd: string;
  /** Files, folders or globs, relative to `cwd`. Empty: contracts are searched below `cwd`. */
  readonly inputs: readonly string[];
  /** True when `inputs` are all of the project's contracts; then documents made from all may be deleted. */
  readonly complete: boolean;
  /** Include roots, relative to `cwd`. */
  readonly include: readonly string[];
  /** Output folder, relative to `cwd`. */
  readonly out: string;
  /** Undefined: every generator that runs by default. */
  readonly only: readonly GeneratorId[] | undefined;
  readonly importExtension: "js" | "ts" | "none";
  readonly runtimeImport: string;
  readonly formatter: "none" | "prettier";
  /** For AsyncAPI documents that name none. */
  readonly protocol: string | undefined;
  readonly lenient: boolean;
  readonly strict: boolean;
  readonly allowRemoteRefs: boolean;
  /** Absolute; disposable. Undefined: no cache on disk. */
  readonly cacheDir: string | undefined;
  /** Of the tool; stands in the first line of every output. */
  readonly version: string;
}

/** Lives as long as a watch session or a bundler: keeps parsed documents and rendered outputs between runs. */
export interface Pipeline {
  /**
   * Contracts → outputs, in memory. Diagnostics of the first stage that found errors end the run; outputs are
   * empty then. Rejects with the signal's reason when aborted; the next run is not affected.
   */
  run(options?: RunOptions): Promise<PipelineResult>;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Does not wait for the official AsyncAPI validator: its findings are in `verdict` when they are there. */
  readonly deferVerdict?: boolean;
}

export interface PipelineResult {
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined when contracts could not be read or linked. */
  readonly model: Model | undefined;
  readonly outputs: readonly OutputFile[];
  readonly covered: Coverage;
  /** Absolute paths that were read; what a watcher watches. */
  readonly sources: readonly string[];
  /** Absolute paths that would change the result if they appeared. */
  readonly missing: readonly string[];
  /** What the official AsyncAPI validator says when `deferVerdict` was asked for, else empty. */
  readonly verdict: Promise<readonly Diagnostic[]>;
  /** Source text by the file name that diagnostics use. */
  text(file: string): string | undefined;
  readonly stats: RunStats;
}

export interface RunStats {
  /** Documents parsed, not kept from the run before. */
  readonly parsed: number;
  /** Emitted contracts in the model. */
  readonly linked: number;
  /** Units (one generator, one contract) rendered, and taken from the run before. */
  readonly rendered: number;
  readonly reused: number;
  /** Milliseconds by phase. */
  readonly phases: Readonly<Record<string, number>>;
}

/** load → link → plan → render. `write` takes the result from there. */
export function createPipeline(settings: PipelineSettings): Pipeline {
  const loader = createLoader(settings);
  const rendered: RenderCache = new Map();
  let formatted: ReadonlyMap<string, string> = new Map();
  let verdicts = new Map<string, Promise<readonly Diagnostic[]>>();
  const active = generators.filter(({ id, byDefault }) => settings.only?.includes(id) ?? byDefault);

  async function run({ signal, deferVerdict = false }: RunOptions = {}): Promise<PipelineResult> {
    const diagnostics: Diagnostic[] = [];
    const known = new Set<string>();
    // a fault in a file that several documents share is found by each of them
    const report: Report = (found) => {
      const { code, message, origin } = found;
      const id = `${code} ${message} ${origin?.file}:${origin?.line}:${origin?.column}`;
      if (!known.has(id)) diagnostics.push(found);
      known.add(id);
    };
    const phases: Record<string, number> = {};
    const timed = async <T>(phase: string, work: () => T | Promise<T>): Promise<T> => {
      signal?.throwIfAborted();
      const start = performance.now();
      const result = await work();
      phases[phase] = performance.now() - start;
      return result;
    };

    const loaded = await timed("load", () => loader.load(report, signal));
    const finish = (model: Model | undefined, outputs: readonly OutputFile[], counts: Counts): PipelineResult => ({
      diagnostics,
      model,
      outputs: hasErrors(diagnostics) ? [] : outputs,
      covered: coverage(model, loaded),
      sources: loaded.sources,
      missing: loaded.missing,
      verdict: deferVerdict && !hasErrors(diagnostics) ? verdictOn(loaded) : Promise.resolve([]),
      text: (file) => loaded.texts.get(file),
      stats: { parsed: loaded.parsed, linked: model === undefined ? 0 : emittedFiles(model).length, ...counts, phases },
    });
    if (hasErrors(diagnostics)) return finish(undefined, [], nothing);

    const options = { protocol: settings.protocol, lenient: settings.lenient, strict: settings.strict };
    const model = await timed("link", () => linkModel({ ...loaded, options }, report));
    if (!deferVerdict) (await timed("validate", () => verdictOn(loaded))).forEach(report);
    if (hasErrors(diagnostics)) return finish(undefined, [], nothing);

    const { outputs, ...counts } = await timed("emit", () =>
      emitModel(model, { all: generators, active }, settings, rendered, report, signal),
    );
    if (settings.formatter === "none" || hasErrors(diagnostics)) return finish(model, outputs, counts);
    return finish(model, await timed("format", () => formatAll(outputs)), counts);
  }

  /** Formats what the run before did not; keeps this run's results only. */
  async function formatAll(outputs: readonly OutputFile[]): Promise<readonly OutputFile[]> {
    const before = formatted;
    const done = await Promise.all(
      outputs.map(async (output) => ({
        ...output,
        content:
          before.get(output.content) ??
          (await formatWithPrettier(resolve(settings.cwd, settings.out, output.path), output.content)),
      })),
    );
    formatted = new Map(outputs.map((output, i) => [output.content, done[i]?.content ?? ""]));
    return done;
  }

  /** The official validator takes a second or so: it judges only what changed. */
  async function verdictOn(loaded: Loaded): Promise<readonly Diagnostic[]> {
    const documents = asyncApiDocuments(loaded);
    const all = [...documents.values()].map(({ source }) => source.hash).join(" ");
    const before = verdicts;
    verdicts = new Map();
    for (const document of documents.values()) {
      if (!document.entry) continue;
      const key = `${document.source.file} ${all}`;
      const verdict = before.get(key) ?? validateAsyncApi({ document, documents, cacheDir: settings.cacheDir });
      verdicts.set(key, verdict);
    }
    const found = (await Promise.all(verdicts.values())).flat();
    return settings.lenient ? found.map((verdict) => ({ ...verdict, severity: "warning" as const })) : found;
  }

  function coverage(model: Model | undefined, loaded: Loaded): Coverage {
    return {
      generators: new Set(active.map(({ id }) => id)),
      sources: new Map(
        (model === undefined ? [] : emittedFiles(model)).map((file) => {
          const source = loaded.documents.get(file.path)?.source;
          const place = source === undefined || source.bundled ? undefined : resolve(settings.cwd, source.file);
          return [file.path, place];
        }),
      ),
      complete: settings.complete,
    };
  }

  return { run };
}

type Counts = Pick<RunStats, "rendered" | "reused">;

const nothing: Counts = { rendered: 0, reused: 0 };
