import { diagnostic } from "../../diagnostics/index.js";
import type { Extension, Message, ProtoFile } from "../../model/index.js";
import type { LinkContext } from "./context.js";

const generic: readonly string[] = ["cc_generic_services", "java_generic_services"];

/**
 * What `optimize_for = LITE_RUNTIME` forbids: it changes nothing here, but other languages give such messages no
 * descriptors, so nothing that needs one may depend on them.
 */
export function checkLite(
  { report, messages }: LinkContext,
  files: readonly Omit<ProtoFile, "emit" | "shape">[],
): void {
  const lite = new Set(files.filter(isLite).map(({ path }) => path));
  if (lite.size === 0) return;
  for (const file of files) {
    if (!lite.has(file.path)) {
      for (const { path, origin } of file.imports) {
        if (lite.has(path)) report(diagnostic("E2047", origin, { problem: `${path} is lite, and this file is not` }));
      }
      continue;
    }
    if (file.services.length > 0 && generic.some((option) => file.options.get(option) === true)) {
      const origin = file.services[0]?.origin;
      report(diagnostic("E2047", origin, { problem: "a lite file has no generic services" }));
    }
    for (const { extendee, origin } of extensionsOf(file)) {
      const owner = messages.get(extendee)?.file;
      if (owner === undefined || lite.has(owner)) continue;
      report(diagnostic("E2047", origin, { problem: `a lite file cannot extend ${extendee}, which is not lite` }));
    }
  }
}

function isLite({ options }: Pick<ProtoFile, "options">): boolean {
  return options.get("optimize_for") === "LITE_RUNTIME";
}

/** The extensions of a file, nested ones included. */
export function extensionsOf(file: Pick<ProtoFile, "extensions" | "messages">): readonly Extension[] {
  const inMessage = (message: Message): readonly Extension[] => [
    ...message.extensions,
    ...message.messages.flatMap(inMessage),
  ];
  return [...file.extensions, ...file.messages.flatMap(inMessage)];
}
