import type { Comments } from "../../model/index.js";

/** Columns that prettier keeps to by default, and so does emitted code. */
const printWidth = 80;

/** True when the text fits on a line that is indented by that many columns. */
export function fits(text: string, indent = 0): boolean {
  return indent + text.length <= printWidth;
}

/**
 * `head(a, b)tail` on one line where it fits, else one item a line with a trailing comma, as prettier prints calls,
 * parameter lists and literals.
 */
export function printList(
  head: string,
  items: readonly string[],
  tail: string,
  {
    indent = 0,
    open = "(",
    close = ")",
  }: { readonly indent?: number; readonly open?: string; readonly close?: string } = {},
): string {
  const space = open === "{" && items.length > 0 ? " " : "";
  const line = `${head}${open}${space}${items.join(", ")}${space}${close}${tail}`;
  if (!line.includes("\n") && fits(line, indent)) return line;
  const pad = " ".repeat(indent);
  // prettier puts no comma behind the last type argument
  const last = open === "<" ? "\n" : ",\n";
  const lines = items.map((item, index) => `${pad}  ${item}${index < items.length - 1 ? ",\n" : last}`);
  return `${head}${open}\n${lines.join("")}${pad}${close}${tail}`;
}

/** Every line of a text indented, empty lines left empty. */
export function indentLines(text: string, indent: number): string {
  const pad = " ".repeat(indent);
  return text.replace(/^(?=.)/gm, pad);
}

/** A string literal as prettier prints it: double quotes unless single ones save escapes. */
export function stringLiteral(text: string): string {
  const escaped = escapeUnseen(JSON.stringify(text).replace(/[\u2028\u2029]/g, escape));
  const doubles = text.split('"').length - 1;
  const singles = text.split("'").length - 1;
  if (doubles <= singles) return escaped;
  return `'${escaped.slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}

/** Characters that reorder what a reader sees of the code around them: embeddings, overrides and isolates. */
const reordering = /[\u202a-\u202e\u2066-\u2069]/g;

function escapeUnseen(text: string): string {
  return text.replace(reordering, escape);
}

function escape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Names of letters and digits of two bytes; prettier leaves quotes where others occur. */
const identifier = /^(?!.*[\u{10000}-\u{10ffff}])[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Letters and marks of Unicode 16 and 17: engines differ in whether they know them, and TypeScript refuses them. */
const recent =
  /[\u088f\u0c5c\u0cdc\u1c89\u1c8a\ua7cb-\ua7cf\ua7d2\ua7d4\ua7da-\ua7dc\ua7f1]|\u0897|[\u1acf-\u1add]|[\u1ae0-\u1aeb]/;

/**
 * A property name as prettier leaves it: it takes the quotes off names of letters that have long been in Unicode, and
 * never adds any.
 */
export function propertyName(name: string): string {
  return identifier.test(name) && !recent.test(name) ? name : stringLiteral(name);
}

/** What a declaration says about itself: the comment before it, and behind a blank line the one that follows it. */
export function commentOf({ leading, trailing }: Pick<Comments, "leading" | "trailing">): string {
  return [leading, trailing].filter((text) => text.trim() !== "").join("\n\n");
}

/**
 * A doc comment from untrusted text, ending in a newline; empty for an empty text. What would end the comment or the
 * line is neutralised.
 */
export function docComment(text: string, indent = 0, tags: readonly string[] = []): string {
  const lines = neutralise(text)
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "");
  const all = [...(lines === "" ? [] : lines.split("\n")), ...tags.map((tag) => neutralise(tag).replaceAll("\n", " "))];
  if (all.length === 0) return "";
  const pad = " ".repeat(indent);
  const only = all[0] ?? "";
  // on the last line of a comment @ts-ignore and its like are orders to the compiler
  if (all.length === 1 && !only.startsWith("@ts-") && fits(`/** ${only} */`, indent)) return `${pad}/** ${only} */\n`;
  const body = all.map((line) => (line === "" ? `${pad} *\n` : `${pad} * ${line}\n`)).join("");
  return `${pad}/**\n${body}${pad} */\n`;
}

/** Text that neither ends a comment nor holds control characters; line breaks of every kind are \n. */
function neutralise(text: string): string {
  return escapeUnseen(text)
    .replace(/\*\//g, "*\\/")
    .replace(/\r\n?|\u2028|\u2029/g, "\n")
    .replace(/[\0-\x08\x0b-\x1f\x7f]/g, " ");
}
