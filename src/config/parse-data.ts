import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { diagnostic, type Report } from "../diagnostics/index.js";
import type { Origin } from "../model/index.js";
import type { RawOption } from "./read.js";

/** More than any configuration can want; an alias may not multiply it. */
const maxAliases = 100;

/** JSON and YAML alike, with positions. `key`: the configuration is the value of that key, not the whole document. */
export function parseData(
  text: string,
  shown: string,
  key: string | undefined,
  report: Report,
): readonly RawOption[] | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (start: number, end: number): Origin => {
    const { line, col } = lines.linePos(start);
    const lineEnd = text.indexOf("\n", start);
    const length = Math.min(end, lineEnd === -1 ? text.length : lineEnd) - start;
    return { file: shown, line, column: col, length: Math.max(1, length) };
  };
  const whole = at(0, 1);

  for (const error of document.errors) {
    const reason = error.message.split(/ at line \d|:?\n/, 1)[0] ?? error.message;
    report(diagnostic("E5003", at(error.pos[0], error.pos[1]), { path: shown, reason }));
  }
  if (document.errors.length > 0) return undefined;

  const root: unknown = key === undefined ? document.contents : document.get(key, true);
  if (root === null || (isScalar(root) && root.value === null)) return [];
  if (!isMap(root)) {
    const origin = isScalar(root) || isSeq(root) ? nodeOrigin(root, at, whole) : whole;
    report(diagnostic("E5004", origin, { found: isSeq(root) ? "a list" : "a single value" }));
    return undefined;
  }
  const options: RawOption[] = [];
  for (const { key: name, value } of root.items) {
    const origin = isScalar(name) ? nodeOrigin(name, at, whole) : whole;
    const node = isNode(value) ? value : undefined;
    options.push({
      name: isScalar(name) ? String(name.value) : "?",
      value: plain(node, document),
      origin,
      valueOrigin: node === undefined ? origin : nodeOrigin(node, at, origin),
      itemOrigins: isSeq(node) ? node.items.map((item) => (isNode(item) ? nodeOrigin(item, at, origin) : origin)) : [],
    });
  }
  return options;
}

function plain(node: Node | undefined, document: Document): unknown {
  if (node === undefined) return null;
  try {
    return node.toJS(document, { maxAliasCount: maxAliases });
  } catch {
    // an alias bomb: no option takes a mapping, so that the checker refuses it as a wrong value
    return {};
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "toJS" in value;
}

function nodeOrigin(node: Node, at: (start: number, end: number) => Origin, fallback: Origin): Origin {
  return node.range == null ? fallback : at(node.range[0], node.range[1]);
}
