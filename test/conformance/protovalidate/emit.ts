import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { emitDescriptors } from "../../../src/emit-descriptors.js";
import { readDescriptors } from "../../../src/load/descriptor/index.js";
import { defaultForms } from "../../../src/model/index.js";

/**
 * Messages and validators of descriptors, by path, and what was said about their rules. Some of the suite cannot be
 * compiled, on purpose: their validators throw.
 */
export async function emitSet(
  files: readonly Uint8Array[],
): Promise<{ readonly outputs: Map<string, string>; readonly diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const paths = [...readDescriptors({ files, better: [], detailed: () => false }, () => {}).keys()];
  const outputs = await emitDescriptors(
    { generate: paths, files, sourceFiles: [] },
    {
      version: "0.0.0",
      out: "gen",
      importExtension: "js",
      runtimeImport: "@wirespan/runtime",
      ...defaultForms,
      lenient: true,
      only: ["messages"],
    },
    (found) => diagnostics.push(found),
  );
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  return { outputs: new Map(outputs.map(({ path, content }) => [path, content])), diagnostics };
}
