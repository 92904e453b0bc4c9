import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { diagnostic, type Diagnostic, type Report } from "../diagnostics/index.js";
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
  // nothing but comments, or a key without a value; `null` was meant as something
  if (root === null || (isScalar(root) && root.value === null && !root.source)) return [];
  if (!isMap(root)) {
    const origin = isScalar(root) || isSeq(root) ? nodeOrigin(root, at, whole) : whole;
    report(diagnostic("E5004", origin, { found: kindOf(root) }));
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
      originAt: (keys) => keyOrigin(node, keys, at),
    });
  }
  return options;
}

/** What keeps a text from being JSON, at its place. */
export function jsonFault(text: string, shown: string): Diagnostic | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // not every message has the position: then it is the whole file that is none
    const end = error.message.startsWith("Unexpected end") ? text.trimEnd().length : 0;
    const position = Number(/ at position (\d+)/.exec(error.message)?.[1] ?? end);
    const before = text.slice(0, position).split("\n");
    const origin = { file: shown, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, length: 1 };
    // the rest of the message says the position once more, or quotes the text
    const reason = error.message.replace(/ in JSON at position .*$|, (?:\.\.\.)?".* is not valid JSON$/s, "");
    return diagnostic("E5003", origin, { path: shown, reason });
  }
}

/** Of the last of some keys, each inside of the value of the one before. */
function keyOrigin(
  root: Node | undefined,
  keys: readonly string[],
  at: (start: number, end: number) => Origin,
): Origin | undefined {
  let node: unknown = root;
  let origin: Origin | undefined;
  for (const name of keys) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === name) : undefined;
    if (pair === undefined || !isScalar(pair.key)) return origin;
    if (pair.key.range != null) origin = at(pair.key.range[0], pair.key.range[1]);
    node = pair.value;
  }
  return origin;
}

function kindOf(root: unknown): string {
  if (isSeq(root)) return "a list";
  return isScalar(root) && root.value === null ? "null" : "a single value";
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
