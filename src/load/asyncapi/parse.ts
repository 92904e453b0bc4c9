import { parseDocument, type YAMLError } from "yaml";
import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { AsyncApiDocument, SourceText } from "../../model/index.js";
import { limits } from "./limits.js";
import { createPositions } from "./positions.js";
import { collectReferences } from "./references.js";
import { convertDocument } from "./tree.js";

/**
 * Reads one YAML or JSON file with the position of every node. Undefined when it is broken; all that is wrong with
 * its syntax was reported then.
 *
 * @param entry False for files that are only referred to (shared schemas, Avro files).
 */
export function parseAsyncApi(source: SourceText, entry: boolean, report: Report): AsyncApiDocument | undefined {
  const positions = createPositions(source.file, source.text);
  if (source.text.length > limits.textLength) {
    const what = `${source.text.length} characters`;
    report(diagnostic("E3003", positions.origin(0, 1), { what, limit: `${limits.textLength}` }));
    return undefined;
  }

  const document = parseDocument(source.text, {
    // duplicates are reported with both places, see tree.ts
    uniqueKeys: false,
    prettyErrors: false,
    // an unknown tag is no fault of the contract; `silent` would also keep quiet about a second document
    logLevel: "error",
  });

  // nesting too deep for the library's stack
  const exhausted = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (exhausted !== undefined) {
    const offset = deepOffset(source.text) ?? exhausted.pos[0];
    const what = `more than ${limits.depth} levels of nesting`;
    report(diagnostic("E3003", positions.origin(offset, offset + 1), { what, limit: `${limits.depth} levels` }));
    return undefined;
  }
  if (document.errors.length > 0) {
    for (const { pos, message } of firstPerLine(document.errors, source.text)) {
      report(diagnostic("E3001", positions.origin(pos[0], pos[1]), { reason: readable(message) }));
    }
    return undefined;
  }

  const root = convertDocument(document, positions, report);
  return root === undefined
    ? undefined
    : { kind: "asyncapi", source, references: collectReferences(root, source.path), entry, root };
}

/** One mistake often trips the reader several times on the same line; the first one tells. */
function firstPerLine(errors: readonly YAMLError[], text: string): readonly YAMLError[] {
  const lines = new Set<number>();
  const first: YAMLError[] = [];
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const line = text.lastIndexOf("\n", error.pos[0] - 1);
    if (lines.has(line)) continue;
    lines.add(line);
    first.push(error);
    if (first.length === limits.syntaxErrors) break;
  }
  return first;
}

function readable(message: string): string {
  const line = (message.split("\n", 1)[0] ?? "").trim().replace(/[.:]$/, "");
  return line.slice(0, 1).toLowerCase() + line.slice(1);
}

/** Where brackets first nest deeper than allowed. */
function deepOffset(text: string): number | undefined {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
    if (depth > limits.depth) return i;
  }
  return undefined;
}
