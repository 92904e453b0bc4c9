import type { Diagnostic } from "../../src/diagnostics/index.js";
import type { Generator } from "../../src/generators/generator.js";
import { defaultForms, type Model } from "../../src/model/index.js";
import { emitModel, type EmitSettings } from "../../src/emit.js";
import { modelOf } from "./model.js";

/**
 * Schema text in, files out, in memory. `all` are the generators that declare names, `active` (all by default) those
 * that write.
 *
 * @example const { files } = await emit({ "a.proto": "…" }, [messages]); files.get("a.pb.ts");
 */
export async function emit(
  sources: Record<string, string>,
  all: readonly Generator[],
  options: Partial<EmitSettings> & { readonly active?: readonly Generator[] } = {},
): Promise<{ files: Map<string, string>; diagnostics: Diagnostic[]; model: Model }> {
  const { model, diagnostics } = modelOf(sources);
  return { ...(await emitFromModel(model, all, options, diagnostics)), model };
}

/** The same from a ready model. */
export async function emitFromModel(
  model: Model,
  all: readonly Generator[],
  { active = all, ...settings }: Partial<EmitSettings> & { readonly active?: readonly Generator[] } = {},
  diagnostics: Diagnostic[] = [],
): Promise<{ files: Map<string, string>; diagnostics: Diagnostic[] }> {
  const files = new Map<string, string>();
  await emitModel(
    model,
    { all, active },
    {
      version: "0.0.0",
      out: "gen",
      importExtension: "js",
      runtimeImport: "@wirespan/runtime",
      ...defaultForms,
      ...settings,
    },
    { deliver: ({ path, content }) => void files.set(path, content) },
    (found) => diagnostics.push(found),
  );
  return { files, diagnostics };
}
