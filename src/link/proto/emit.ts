import { type Extension, type Message, optionFiles, type ProtoFile } from "../../model/index.js";

/** These are part of the runtime, whoever brings their text. */
const inRuntime =
  /^google\/protobuf\/(?:compiler\/plugin|any|api|descriptor|duration|empty|field_mask|source_context|struct|timestamp|type|wrappers)\.proto$/;

/** The files that declare the types each file's own declarations use, itself left out. */
export function usedFiles(
  file: Omit<ProtoFile, "emit" | "shape">,
  fileOf: (typeName: string) => string | undefined,
): ReadonlySet<string> {
  const used = new Set<string>();
  const use = (typeName: string): void => {
    const path = fileOf(typeName);
    if (path !== undefined && path !== file.path) used.add(path);
  };
  const visitFields = (fields: readonly Pick<Extension, "type">[]): void => {
    for (const { type } of fields) {
      const value = type.kind === "map" ? type.value : type;
      if (value.kind !== "scalar") use(value.typeName);
    }
  };
  const visitExtensions = (extensions: readonly Extension[]): void => {
    // nothing is emitted for options: generators see them, programs do not
    const emitted = extensions.filter(({ extendee }) => !optionFiles.has(fileOf(extendee) ?? ""));
    visitFields(emitted);
    for (const { extendee } of emitted) use(extendee);
  };
  const visit = (message: Message): void => {
    visitFields(message.fields);
    visitExtensions(message.extensions);
    message.messages.forEach(visit);
  };
  file.messages.forEach(visit);
  visitExtensions(file.extensions);
  for (const service of file.services) {
    for (const { input, output } of service.methods) {
      use(input);
      use(output);
    }
  }
  return used;
}

/** What is emitted: what was asked for, and every file whose types emitted code uses, except those of the runtime. */
export function emittedPaths(
  asked: ReadonlySet<string>,
  used: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const emitted = new Set([...asked].filter((path) => used.has(path)));
  for (const path of emitted) {
    for (const next of used.get(path) ?? []) {
      if (!inRuntime.test(next)) emitted.add(next);
    }
  }
  return emitted;
}
