import { createHash } from "node:crypto";
import type { Report } from "../diagnostics/index.js";
import { embeddedProtos, type AsyncApiDocument, type EmbeddedProto, type ProtoDocument } from "../model/index.js";
import { parseProto } from "./proto/index.js";

/** The protos that stand in an AsyncAPI document as text, with the positions they have there. */
export function parseEmbedded({ root, source }: AsyncApiDocument, report: Report): readonly ProtoDocument[] {
  return embeddedProtos(root, source.path).flatMap((embedded) => {
    const text = inPlace(embedded, source.text);
    const hash = createHash("sha256").update(text).digest("hex");
    return parseProto({ ...source, path: embedded.path, text, hash }, report) ?? [];
  });
}

/** The text moved to the lines, and in a literal block (`|`) to the columns, that it has in its document. */
function inPlace({ text, node }: EmbeddedProto, document: string): string {
  const { line, column } = node.origin;
  const lines = document.split("\n");
  const head = lines[line - 1]?.slice(column - 1) ?? "";
  if (!head.startsWith("|")) return `${"\n".repeat(line - 1)}${" ".repeat(column)}${text}`;
  const first = lines.slice(line).find((one) => one.trim() !== "") ?? "";
  const indent = /^ */.exec(first)?.[0] ?? "";
  const body = text.split("\n").map((one) => (one === "" ? "" : indent + one));
  return `${"\n".repeat(line)}${body.join("\n")}`;
}
