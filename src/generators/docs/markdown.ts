import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";

/** Finds where a cross reference (`[Book][acme.v1.Book]`) leads: a fragment with `#`, or undefined. */
export type ResolveReference = (target: string) => string | undefined;

/**
 * Comments and descriptions as HTML: a small subset of markdown. Paragraphs, lists, headings, code (spans, fences,
 * indented), strong, emphasis, links and proto cross references; everything else, HTML included, is text.
 * Takes time in proportion to the text.
 */
export function renderMarkdown(text: string, resolve: ResolveReference): Html {
  const lines = commentLines(text);
  const blocks: Html[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at++;
    } else if (/^\s*```/.test(line)) {
      at = readFence(lines, at, blocks);
    } else if (/^(\t| {4})/.test(line)) {
      at = readWhile(lines, at, blocks, (next) => /^(\t| {4})/.test(next), codeBlock);
    } else if (/^\s*\|/.test(line)) {
      at = readWhile(lines, at, blocks, (next) => /^\s*\|/.test(next), codeBlock);
    } else if (listItem.test(line)) {
      at = readList(lines, at, blocks, resolve);
    } else if (/^#{1,6}\s/.test(line)) {
      blocks.push(markup`<p><strong>${renderInline(line.replace(/^#+\s+|\s#*$/g, ""), resolve)}</strong></p>`);
      at++;
    } else {
      at = readWhile(lines, at, blocks, isParagraphLine, (paragraph) => {
        const joined = paragraph.map((part) => part.trim()).join(" ");
        return markup`<p>${renderInline(joined, resolve)}</p>`;
      });
    }
  }
  return concat(blocks);
}

/** The first sentence of a comment, without a block around it. */
export function renderSummary(text: string, resolve: ResolveReference): Html {
  return renderInline(firstSentence(text), resolve);
}

/** The first sentence of the first paragraph, as plain text with its marks. */
export function firstSentence(text: string): string {
  const [sentence] = splitSentence(text);
  return sentence
    .replace(/\s+/g, " ")
    .replace(/^#+\s+/, "")
    .replace(/\.$/, "");
}

/** What follows the first sentence, for places whose title is that sentence. */
export function afterFirstSentence(text: string): string {
  const [, rest] = splitSentence(text);
  return rest;
}

function splitSentence(text: string): readonly [string, string] {
  const lines = commentLines(text);
  const start = lines.findIndex((line) => line.trim() !== "");
  if (start < 0) return ["", ""];
  const end = lines.findIndex((line, at) => at > start && !isParagraphLine(line));
  const paragraph = lines.slice(start, end < 0 ? lines.length : end).join("\n");
  const others = end < 0 ? "" : lines.slice(end).join("\n");
  const stop = /[.!?](?=\s+[A-Z"'`([])/.exec(paragraph);
  if (stop === null) return [paragraph.trim(), others];
  return [paragraph.slice(0, stop.index + 1).trim(), `${paragraph.slice(stop.index + 1).trim()}\n${others}`];
}

const listItem = /^ {0,3}([-*+]|\d{1,9}[.)])\s+(?=\S)/;

function isParagraphLine(line: string): boolean {
  return line.trim() !== "" && !listItem.test(line) && !/^(#{1,6}\s|\s*```|\s*\|)/.test(line);
}

/** Without what is meant for tools: `(-- internal --)` and lint directives. The common indentation is taken off. */
function commentLines(text: string): readonly string[] {
  const lines = withoutInternal(text.replace(/\r\n?|\u2028|\u2029/g, "\n"))
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => !/^\s*(buf:lint:|@exclude\b|api-linter:)/.test(line));
  const indents = lines.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const indent = indents.reduce((least, next) => Math.min(least, next), indents[0] ?? 0);
  return lines.map((line) => line.slice(indent));
}

function withoutInternal(text: string): string {
  let rest = text;
  let kept = "";
  for (;;) {
    const start = rest.indexOf("(--");
    const end = start < 0 ? -1 : rest.indexOf("--)", start);
    if (end < 0) return kept + rest;
    kept += rest.slice(0, start);
    rest = rest.slice(end + 3);
  }
}

function readWhile(
  lines: readonly string[],
  start: number,
  blocks: Html[],
  belongs: (line: string) => boolean,
  print: (block: readonly string[]) => Html,
): number {
  let at = start + 1;
  while (at < lines.length && belongs(lines[at] ?? "")) at++;
  blocks.push(print(lines.slice(start, at)));
  return at;
}

function readFence(lines: readonly string[], start: number, blocks: Html[]): number {
  let end = start + 1;
  while (end < lines.length && !/^\s*```/.test(lines[end] ?? "")) end++;
  blocks.push(codeBlock(lines.slice(start + 1, end)));
  return end + 1;
}

function codeBlock(lines: readonly string[]): Html {
  const indents = lines.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const indent = indents.reduce((least, next) => Math.min(least, next), indents[0] ?? 0);
  const text = lines.map((line) => line.slice(indent)).join("\n");
  return markup`<pre class="plain" tabindex="0"><code>${escapeHtml(text)}</code></pre>`;
}

function readList(lines: readonly string[], start: number, blocks: Html[], resolve: ResolveReference): number {
  const ordered = /^\s*\d/.test(lines[start] ?? "");
  const items: string[] = [];
  let at = start;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const nested = line.trimStart();
    const next = lines[at + 1] ?? "";
    if (listItem.test(line) || (items.length > 0 && listItem.test(nested))) items.push(nested.replace(listItem, ""));
    else if (line.trim() === "" && (listItem.test(next) || /^\s{2,}\S/.test(next))) continue;
    else if (line.trim() !== "" && (/^\s/.test(line) || (isParagraphLine(line) && (lines[at - 1] ?? "") !== ""))) {
      items.push(`${items.pop() ?? ""} ${line.trim()}`);
    } else break;
  }
  const rows = concat(items.map((item) => markup`<li>${renderInline(item, resolve)}</li>`));
  blocks.push(ordered ? markup`<ol>${rows}</ol>` : markup`<ul>${rows}</ul>`);
  return at;
}

/** What may stand in a text; neither emphasis nor links nest. */
interface InlineRules {
  readonly emphasis: boolean;
  readonly links: boolean;
}

/** One paragraph's text. */
function renderInline(
  text: string,
  resolve: ResolveReference,
  allowed: InlineRules = { emphasis: true, links: true },
): Html {
  const parts: Html[] = [];
  let from = 0;
  let at = 0;
  // a mark that was not found once is not searched again: that keeps it linear
  const absent = new Set<string>();

  function find(mark: string, start: number): number {
    if (absent.has(mark)) return -1;
    const found = text.indexOf(mark, start);
    if (found < 0) absent.add(mark);
    return found;
  }

  function put(part: Html, next: number): void {
    if (from < at) parts.push(escapeHtml(text.slice(from, at)));
    parts.push(part);
    at = next;
    from = next;
  }

  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) {
      put(escapeHtml(text[at + 1] ?? ""), at + 2);
    } else if (char === "`") {
      const mark = /^`{1,3}/.exec(text.slice(at, at + 3))?.[0] ?? "`";
      const end = find(mark, at + mark.length);
      if (end < 0) at += mark.length;
      else put(markup`<code>${escapeHtml(text.slice(at + mark.length, end).trim())}</code>`, end + mark.length);
    } else if (allowed.links && (char === "[" || (char === "!" && text[at + 1] === "["))) {
      const link = readLink(text, at, resolve, allowed);
      if (link === undefined) at++;
      else put(link.html, link.end);
    } else if (
      allowed.links &&
      char === "h" &&
      /^https?:\/\//.test(text.slice(at, at + 8)) &&
      !/\w/.test(text[at - 1] ?? "")
    ) {
      const end = endOfUrl(text, at);
      put(outsideLink(text.slice(at, end), escapeHtml(text.slice(at, end))), end);
    } else if (allowed.emphasis && (char === "*" || char === "_") && !/\w/.test(text[at - 1] ?? "")) {
      const mark = text[at + 1] === char ? char + char : char;
      const start = at + mark.length;
      const end = /\S/.test(text[start] ?? "") ? find(mark, start + 1) : -1;
      if (end < 0 || /\s/.test(text[end - 1] ?? "") || /\w/.test(text[end + mark.length] ?? "")) {
        at = start;
      } else {
        const inner = renderInline(text.slice(start, end), resolve, { ...allowed, emphasis: false });
        put(mark.length === 2 ? markup`<strong>${inner}</strong>` : markup`<em>${inner}</em>`, end + mark.length);
      }
    } else {
      at++;
    }
  }
  put(nothing, text.length);
  return concat(parts);
}

const longestLabel = 300;

/** `[Book][acme.v1.Book]`, `[acme.v1.Book][]` or `[text](https://…)` at that place; images become links to them. */
function readLink(
  text: string,
  start: number,
  resolve: ResolveReference,
  allowed: InlineRules,
): { readonly html: Html; readonly end: number } | undefined {
  const match = /^!?\[([^[\]]{0,300})\](?:\[([^[\]\s]{0,300})\]|\(([^()\s]{1,1000})\))/.exec(
    text.slice(start, start + longestLabel * 6),
  );
  if (match === null) return undefined;
  const [whole, label = "", reference, url] = match;
  const end = start + whole.length;
  if (url !== undefined) {
    const inner = renderInline(label.trim() === "" ? "image" : label, resolve, { ...allowed, links: false });
    return { html: outsideLink(url, inner), end };
  }
  if (label === "" || whole.startsWith("!")) return undefined;
  const target = (reference === "" ? label : (reference ?? "")).replace(/^\.|`/g, "");
  const shown = markup`<code>${escapeHtml(label.replace(/`/g, ""))}</code>`;
  const fragment = resolve(target);
  return { html: fragment === undefined ? shown : markup`<a href="${escapeHtml(fragment)}">${shown}</a>`, end };
}

/** A link out of the page; schemes that could run code stay text. */
function outsideLink(url: string, label: Html): Html {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return label;
  return markup`<a href="${escapeHtml(url)}" rel="noopener noreferrer">${label}</a>`;
}

function endOfUrl(text: string, start: number): number {
  let end = start;
  while (end < text.length && !/[\s<>"'`\])]/.test(text[end] ?? "")) end++;
  while (/[.,;:!?]/.test(text[end - 1] ?? "")) end--;
  return end;
}
