import { resolve } from "node:path";
import { resolveConfig, type ConfigRequest } from "./config/index.js";
import { fileFailure, hasErrors, type Diagnostic } from "./diagnostics/index.js";
import { createPipeline, type PipelineOptions, type PipelineResult, type PipelineSettings } from "./pipeline.js";
import { toolVersion } from "./version.js";
import { createWriter, type WritePlan, type Writer } from "./write/index.js";

/**
 * A project opened: its configuration, one pipeline, one output folder. What the command line, watch mode, the
 * bundler plugins and the library share.
 */
export interface Session {
  readonly settings: PipelineSettings;
  /** Absolute. */
  readonly outDir: string;
  /** Contracts → files. Runs of one session must not overlap. */
  run(options: SessionRunOptions): Promise<SessionRun>;
}

export interface SessionRunOptions {
  /** `plan` reads only: what would be written is in the result. */
  readonly mode: "write" | "plan";
  /** Writes over files that were edited by hand or are not ours. */
  readonly force?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Leaves the official AsyncAPI validator's findings to `result.verdict`. */
  readonly deferVerdict?: boolean;
  /** Asks protobufjs about every proto, too. */
  readonly judge?: boolean;
}

/** What one run did. */
export interface SessionRun {
  /** Of all stages, those of writing included. */
  readonly diagnostics: readonly Diagnostic[];
  readonly result: PipelineResult;
  /** Undefined when contracts have errors: then nothing was compared or written. */
  readonly plan: WritePlan | undefined;
  /** True when the plan was carried out. */
  readonly written: boolean;
  readonly durationMs: number;
}

/** Opening a project: the configuration's faults come back as data, too. */
export interface OpenResult {
  /** Undefined when the configuration has errors. */
  readonly session: Session | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The folder that file names of diagnostics are relative to, absolute. */
  readonly root: string;
  readonly configFile: string | undefined;
  /** Absolute paths whose change or appearance calls for opening the project again. */
  readonly dependencies: readonly string[];
  /** Text of the configuration file by shown name, for code frames. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Resolves the configuration and makes a pipeline of it; `keep`: for more than one run, the default. */
export async function openSession(request: ConfigRequest, options: PipelineOptions = {}): Promise<OpenResult> {
  const { config, file, ...rest } = await resolveConfig(request);
  if (config === undefined) return { session: undefined, configFile: file, ...rest };
  const settings: PipelineSettings = { ...config, cwd: rest.root, version: toolVersion() };
  return { session: createSession(settings, options), configFile: file, ...rest };
}

function createSession(settings: PipelineSettings, options: PipelineOptions): Session {
  const pipeline = createPipeline(settings, options);
  const outDir = resolve(settings.cwd, settings.out);

  return {
    settings,
    outDir,
    async run({ mode, force = false, signal, deferVerdict = false, judge = false }) {
      const start = performance.now();
      const writer = createWriter(outDir, { write: mode === "write", force });
      try {
        const result = await pipeline.run({ signal, deferVerdict, judge, deliver: writer.add });
        return { result, ...write(writer, result, mode, signal), durationMs: performance.now() - start };
      } finally {
        writer.discard();
      }
    },
  };
}

function write(
  writer: Writer,
  { diagnostics, covered }: PipelineResult,
  mode: SessionRunOptions["mode"],
  signal: AbortSignal | undefined,
): Pick<SessionRun, "diagnostics" | "plan" | "written"> {
  if (hasErrors(diagnostics)) return { diagnostics, plan: undefined, written: false };
  try {
    const { plan, diagnostics: found } = writer.plan(covered);
    const all = [...diagnostics, ...found];
    if (mode === "plan" || hasErrors(found)) return { diagnostics: all, plan, written: false };
    signal?.throwIfAborted();
    writer.apply();
    return { diagnostics: all, plan, written: true };
  } catch (error) {
    const failure = fileFailure(error);
    if (failure === undefined) throw error;
    return { diagnostics: [...diagnostics, failure], plan: undefined, written: false };
  }
}
