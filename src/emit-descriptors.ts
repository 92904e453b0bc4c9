import { diagnostic, hasErrors, type Diagnostic, type Report } from "./diagnostics/index.js";
import { emitModel, type EmitSettings, type OutputFile } from "./emit.js";
import type { GeneratorId } from "./generators/generator.js";
import { generators } from "./generators/index.js";
import { linkProtos } from "./link/proto/index.js";
import { readDescriptors, type PluginRequest } from "./load/descriptor/index.js";
import type { Model, ProtoFile } from "./model/index.js";

/** Settings of one run over descriptors. */
export interface DescriptorSettings extends EmitSettings {
  /** Undefined: every generator that runs by default, except those of documents. */
  readonly only: readonly GeneratorId[] | undefined;
}

/**
 * What is made of many files at once. Buf starts a plugin once for each folder, and each start would write a part of
 * the document: they are for those who ask.
 */
const documents: ReadonlySet<GeneratorId> = new Set(["openapi", "docs"]);

/**
 * Descriptors → outputs, the short pipeline of plugin mode: what `pipeline.ts` does for files on disk. Files that were
 * not asked for give names and types, but no output. With errors, which are reported, there are no outputs.
 */
export async function emitDescriptors(
  { generate, files, sourceFiles }: Omit<PluginRequest, "parameter">,
  settings: DescriptorSettings,
  report: Report,
): Promise<readonly OutputFile[]> {
  const asked = new Set(generate);
  const found: Diagnostic[] = [];
  const note: Report = (one) => {
    // what is doubtful in other people's files was told where those are generated
    if (one.severity === "warning" && one.origin !== undefined && !asked.has(one.origin.file)) return;
    found.push(one);
    report(one);
  };
  const active = generators.filter(
    ({ id, byDefault }) => settings.only?.includes(id) ?? (byDefault && !documents.has(id)),
  );
  // documents show the comments of everything they reach
  const everything = active.some(({ id }) => documents.has(id));
  const detailed = (path: string): boolean => everything || asked.has(path);

  const read = readDescriptors({ files, better: sourceFiles, detailed }, note);
  for (const path of asked) {
    if (!read.has(path)) note(diagnostic("E1041", undefined, { path, from: undefined }));
  }
  if (hasErrors(found)) return [];
  const routes = active.some(({ showsRoutes }) => showsRoutes);
  const linked = linkProtos({ documents: [...read.values()], emit: asked, compiled: true, routes }, note);
  const model = onlyAsked(linked, asked);
  if (hasErrors(found)) return [];
  const outputs: OutputFile[] = [];
  const deliver = (output: OutputFile): void => void outputs.push(output);
  await emitModel(model, { all: generators, active }, settings, { deliver }, note);
  return hasErrors(found) ? [] : outputs;
}

/** Protoc and buf decide file by file what is generated: what those files use comes from another run. */
function onlyAsked(linked: Omit<Model, "events">, asked: ReadonlySet<string>): Model {
  const protos = linked.protos.map((file): ProtoFile => ({ ...file, emit: asked.has(file.path) }));
  return { ...linked, protos, files: new Map(protos.map((file) => [file.path, file])), events: [] };
}
