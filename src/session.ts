import { resolve } from "node:path";
import { resolveConfig, type ConfigRequest } from "./config/index.js";
import { fileFailure, hasErrors, type Diagnostic } from "./diagnostics/index.js";
import { createPipeline, type PipelineResult, type PipelineSettings } from "./pipeline.js";
import { toolVersion } from "./version.js";
import { applyWrite, planWrite, type WritePlan } from "./write/index.js";

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

/** Resolves the configuration and makes a pipeline of it. */
export async function openSession(request: ConfigRequest): Promise<OpenResult> {
  const { config, file, ...rest } = await resolveConfig(request);
  if (config === undefined) return { session: undefined, configFile: file, ...rest };
  const settings: PipelineSettings = { ...config, cwd: rest.root, version: toolVersion() };
  return { session: createSession(settings), configFile: file, ...rest };
}

function createSession(settings: PipelineSettings): Session {
  const pipeline = createPipeline(settings);
  const outDir = resolve(settings.cwd, settings.out);

  return {
    settings,
    outDir,
    async run({ mode, force = false, signal, deferVerdict = false }) {
      const start = performance.now();
      const result = await pipeline.run({ signal, deferVerdict });
      const done = (diagnostics: readonly Diagnostic[], plan: WritePlan | undefined, written: boolean): SessionRun => ({
        diagnostics,
        result,
        plan,
        written,
        durationMs: performance.now() - start,
      });
      if (hasErrors(result.diagnostics)) return done(result.diagnostics, undefined, false);
      try {
        const { plan, diagnostics } = await planWrite(outDir, result, { force });
        const all = [...result.diagnostics, ...diagnostics];
        if (mode === "plan" || hasErrors(diagnostics)) return done(all, plan, false);
        signal?.throwIfAborted();
        await applyWrite(outDir, plan);
        return done(all, plan, true);
      } catch (error) {
        const failure = fileFailure(error);
        if (failure === undefined) throw error;
        return done([...result.diagnostics, failure], undefined, false);
      }
    },
  };
}
