import { defaultForms } from "../../src/model/index.js";
import type { PipelineSettings } from "../../src/pipeline.js";

/** Settings of a pipeline as they are without configuration, less the cache on disk. */
export function pipelineSettings(cwd: string, changes: Partial<PipelineSettings> = {}): PipelineSettings {
  return {
    cwd,
    inputs: [],
    complete: true,
    include: [],
    out: "gen",
    only: undefined,
    importExtension: "js",
    runtimeImport: "@wirespan/runtime",
    ...defaultForms,
    reflection: false,
    formatter: "none",
    protocol: undefined,
    lenient: false,
    strict: false,
    allowRemoteRefs: false,
    cacheDir: undefined,
    version: "0.0.0",
    ...changes,
  };
}
