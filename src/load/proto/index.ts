import type { Report } from "../../diagnostics/index.js";
import type { ProtoDocument, SourceText } from "../../model/index.js";
import { parseFile } from "./parse-file.js";
export { cleanComment } from "./comments.js";
export { packageOf } from "./package-of.js";

/**
 * Reads one `.proto` into a syntax tree. Every syntax error is reported with its position; the tree then holds the
 * declarations that could be read, or is undefined when there are none.
 *
 * @example const document = parseProto({ path: "a.proto", file: "a.proto", text, hash, bundled: false }, report);
 */
export function parseProto(source: SourceText, report: Report): ProtoDocument | undefined {
  const { document, clean } = parseFile(source, report);
  if (clean) return document;
  const { messages, enums, services, extends: extended, imports } = document;
  return [messages, enums, services, extended, imports].some((list) => list.length > 0) ? document : undefined;
}
