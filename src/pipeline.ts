import { resolve } from "node:path";
import { hasErrors, type Diagnostic, type Report } from "./diagnostics/index.js";
import { emitModel, type Deliver, type OutputFile, type RenderCache } from "./emit.js";
import { generators } from "./generators/index.js";
import type { GeneratorId } from "./generators/generator.js";
import { linkModel } from "./link/index.js";
import {
  asyncApiDocuments,
  createLoader,
  judgeProtos,
  reconcile,
  validateAsyncApi,
  withPointers,
  type Loaded,
} from "./load/index.js";
import {
  emittedFiles,
  type AsyncApiDocument,
  type Model,
  type PolicyDefaults,
  type ValueForms,
} from "./model/index.js";
import { formatWithPrettier } from "./render/index.js";
import type { Coverage } from "./write/index.js";

/** What a run needs to know; `config` fills in the defaults. */
export interface PipelineSettings extends ValueForms {
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
  /** Descriptors beside services. */
  readonly reflection: boolean;
  readonly formatter: "none" | "prettier";
  /** For AsyncAPI documents that name none. */
  readonly protocol: string | undefined;
  /** What the configuration says of all methods. Default: nothing. */
  readonly policies?: PolicyDefaults;
  readonly lenient: boolean;
  readonly strict: boolean;
  readonly allowRemoteRefs: boolean;
  /** Absolute; disposable. Undefined: no cache on disk. */
  readonly cacheDir: string | undefined;
  /** Of the tool; stands in the first line of every output. */
  readonly version: string;
}

/** Lives as long as a watch session or a bundler. */
export interface Pipeline {
  /**
   * Contracts → outputs. Diagnostics of the first stage that found errors end the run; outputs are
   * empty then. Rejects with the signal's reason when aborted; the next run is not affected.
   */
  run(options?: RunOptions): Promise<PipelineResult>;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Does not wait for the official AsyncAPI validator: its findings are in `verdict` when they are there. */
  readonly deferVerdict?: boolean;
  /** Asks protobufjs about every proto, too: what only wirespan can read is a warning. */
  readonly judge?: boolean;
  /** Takes outputs as they are rendered, until there is an error. Default: they are kept for the result. */
  readonly deliver?: Deliver;
}

export interface PipelineOptions {
  /**
   * Keeps parsed documents and rendered outputs for the next run. Default true; false frees what later stages do not
   * need while the run goes on.
   */
  readonly keep?: boolean;
}

export interface PipelineResult {
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined when contracts could not be read or linked. */
  readonly model: Model | undefined;
  /** Empty when they were delivered to somebody else, or when there were errors. */
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

/** load → link → plan → render. `write` takes the outputs from there. */
export function createPipeline(settings: PipelineSettings, { keep = true }: PipelineOptions = {}): Pipeline {
  const loader = createLoader(settings, { keep });
  const rendered: RenderCache | undefined = keep ? new Map() : undefined;
  let formatted: ReadonlyMap<string, string> = new Map();
  let verdicts = new Map<string, Promise<readonly Diagnostic[]>>();
  const active = generators.filter(({ id, byDefault }) => settings.only?.includes(id) ?? byDefault);

  async function run({
    deferVerdict = false,
    judge = false,
    deliver,
    signal,
  }: RunOptions = {}): Promise<PipelineResult> {
    const state = createState(signal);
    const { diagnostics, report, timed, phases } = state;
    const { model, loaded, asyncApi, covered } = await read(state, { deferVerdict, judge });
    const outputs: OutputFile[] = [];
    let counts = { rendered: 0, reused: 0 };
    if (model !== undefined) {
      const now = new Map<string, string>();
      const delivery = {
        cache: rendered,
        async deliver(output: OutputFile): Promise<void> {
          if (hasErrors(diagnostics)) return;
          const ready = settings.formatter === "none" ? output : await format(output, now);
          await (deliver === undefined ? outputs.push(ready) : deliver(ready));
        },
      };
      const all = { all: generators, active };
      counts = await timed("emit", () => emitModel(model, all, settings, delivery, report, signal));
      if (keep) formatted = now;
    }
    const failed = hasErrors(diagnostics);
    return {
      diagnostics: withPointers(diagnostics, asyncApi),
      model,
      outputs: failed ? [] : outputs,
      covered,
      sources: loaded.sources,
      missing: loaded.missing,
      verdict:
        deferVerdict && !failed
          ? verdictOn(asyncApi).then((found) => withPointers(found, asyncApi))
          : Promise.resolve([]),
      text: (file) => loaded.texts.get(file),
      stats: { parsed: loaded.parsed, linked: covered.sources.size, ...counts, phases },
    };
  }

  /** load → link. A function of its own, so that syntax trees are free when it ends. */
  async function read(
    { diagnostics, report, timed, signal }: RunState,
    { deferVerdict, judge }: { readonly deferVerdict: boolean; readonly judge: boolean },
  ): Promise<Read> {
    const { documents, emit, resolve: follow, ...loaded } = await timed("load", () => loader.load(report, signal));
    const asyncApi = asyncApiDocuments(documents);
    const { protocol, lenient, strict, policies } = settings;
    const options = { protocol, lenient, strict, policies, routes: active.some(({ showsRoutes }) => showsRoutes) };
    const linked = async (): Promise<Model | undefined> => {
      if (hasErrors(diagnostics)) return undefined;
      const found: Diagnostic[] = [];
      const note = (one: Diagnostic): void => void found.push(one);
      const model = await timed("link", () => linkModel({ documents, emit, resolve: follow, options }, note));
      await timed("validate", async () => {
        const verdict = deferVerdict ? [] : await verdictOn(asyncApi);
        reconcile(found, verdict, asyncApi).forEach(report);
        if (judge) await judgeProtos(documents, report);
      });
      return hasErrors(diagnostics) ? undefined : model;
    };
    const model = await linked();
    return { model, loaded, asyncApi, covered: coverage(model, documents) };
  }

  /** Formats what the run before did not. */
  async function format(output: OutputFile, now: Map<string, string>): Promise<OutputFile> {
    const before = formatted.get(output.content) ?? now.get(output.content);
    const path = resolve(settings.cwd, settings.out, output.path);
    const content = before ?? (await formatWithPrettier(path, output.content));
    if (keep) now.set(output.content, content);
    return { ...output, content };
  }

  /** The official validator takes a second or so: it judges only what changed. */
  async function verdictOn(documents: ReadonlyMap<string, AsyncApiDocument>): Promise<readonly Diagnostic[]> {
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

  function coverage(model: Model | undefined, documents: Loaded["documents"]): Coverage {
    return {
      generators: new Set(active.map(({ id }) => id)),
      sources: new Map(
        (model === undefined ? [] : emittedFiles(model)).map((file) => {
          const source = documents.get(file.path)?.source;
          const place = source === undefined || source.bundled ? undefined : resolve(settings.cwd, source.file);
          return [file.path, place];
        }),
      ),
      complete: settings.complete,
    };
  }

  return { run };
}

/** What load and link leave behind. */
interface Read {
  readonly model: Model | undefined;
  readonly loaded: Omit<Loaded, "documents" | "emit" | "resolve">;
  readonly asyncApi: ReadonlyMap<string, AsyncApiDocument>;
  readonly covered: Coverage;
}

/** What the stages of one run share. */
interface RunState {
  readonly diagnostics: readonly Diagnostic[];
  readonly report: Report;
  readonly phases: Readonly<Record<string, number>>;
  readonly signal: AbortSignal | undefined;
  /** Notes how long a phase takes; none begins after the run was aborted. */
  timed<T>(phase: string, work: () => T | Promise<T>): Promise<T>;
}

function createState(signal: AbortSignal | undefined): RunState {
  const diagnostics: Diagnostic[] = [];
  const known = new Set<string>();
  const phases: Record<string, number> = {};
  return {
    diagnostics,
    phases,
    signal,
    // a fault in a file that several documents share is found by each of them
    report(found) {
      const { code, message, origin } = found;
      const id = `${code} ${message} ${origin?.file}:${origin?.line}:${origin?.column}`;
      if (!known.has(id)) diagnostics.push(found);
      known.add(id);
    },
    async timed(phase, work) {
      signal?.throwIfAborted();
      const start = performance.now();
      const result = await work();
      phases[phase] = performance.now() - start;
      return result;
    },
  };
}
