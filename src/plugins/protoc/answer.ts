import { resolveConfig } from "../../config/index.js";
import { diagnostic, hasErrors, printDiagnostics, type Diagnostic, type Report } from "../../diagnostics/index.js";
import { emitDescriptors } from "../../emit-descriptors.js";
import { decodeRequest, encodeResponse } from "../../load/descriptor/index.js";
import { toolVersion } from "../../version.js";
import { parseParameters } from "./parameters.js";

/** What a plugin gives back. */
export interface PluginAnswer {
  /** A serialised `CodeGeneratorResponse`. */
  readonly response: Uint8Array;
  /** Warnings for people; empty when there are none. */
  readonly warnings: string;
}

/**
 * Answers one `CodeGeneratorRequest`. Everything the user did wrong, all of it, is the `error` of the response, which
 * protoc and buf show. `cwd` is where the nearest `tsconfig.json` is looked for when no ending of imports is given.
 *
 * @example const { response } = await answerRequest(bytes, process.cwd());
 */
export async function answerRequest(bytes: Uint8Array, cwd: string): Promise<PluginAnswer> {
  const found: Diagnostic[] = [];
  const report: Report = (one) => found.push(one);
  const outputs = await run(bytes, cwd, report);
  const warnings = show(found.filter(({ severity }) => severity === "warning"));
  if (!hasErrors(found)) return { response: encodeResponse({ files: outputs }), warnings };
  const error = show(found.filter(({ severity }) => severity === "error"));
  return { response: encodeResponse({ error }), warnings };
}

async function run(
  bytes: Uint8Array,
  cwd: string,
  report: Report,
): Promise<readonly { readonly path: string; readonly content: string }[]> {
  const request = decodeRequest(bytes, report);
  if (request === undefined) return [];
  if (request.generate.length === 0) {
    report(diagnostic("E1040", undefined, { what: "the request", problem: "it names no file to generate" }));
    return [];
  }
  const overrides = parseParameters(request.parameter, report);
  // the output folder is known to protoc and buf alone
  const { config, diagnostics } = await resolveConfig({ cwd, file: false, overrides: { ...overrides, out: "." } });
  diagnostics.forEach(report);
  if (config === undefined) return [];
  return emitDescriptors(request, { ...config, version: toolVersion() }, report);
}

/** Descriptors have places, but no text to show. */
function show(found: readonly Diagnostic[]): string {
  return printDiagnostics(found, { color: false, width: 120, text: () => undefined }).trimEnd();
}
