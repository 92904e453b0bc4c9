import type { Comments } from "../../model/index.js";
import { commentOf } from "./print.js";

/**
 * A comment as Markdown: comment indentation, `(-- notes to tools --)` and linter directives taken out, proto links
 * (`[Book][acme.v1.Book]`) replaced by their text.
 */
export function commentText(comments: Comments): string {
  return commentOf(comments)
    .replace(/\r\n?|\u2028|\u2029/g, "\n")
    .replace(/\(--[\s\S]*?--\)/g, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => !/^\s*(buf:lint:|protolint:)/.test(line))
    .join("\n")
    .replace(/\[([^[\]\n]*(?:\n[^[\]\n]*)?)\]\[([A-Za-z_][\w.]*)\]/g, (_, label: string, target: string) =>
      linkText(label, target),
    )
    .replace(/[\0-\x08\x0b-\x1f\x7f]/g, " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function linkText(label: string, target: string): string {
  const text = label.trim() === "" ? (target.split(".").at(-1) ?? target) : label.trim();
  return target === text || target.endsWith(`.${text}`) ? `\`${text}\`` : text;
}

/** The first sentence of a text on one line, without its full stop; empty for an empty text. */
export function firstSentence(text: string): string {
  const paragraph = (text.split(/\n\s*\n/, 1)[0] ?? "").replace(/\s+/g, " ").trim();
  const end = /(?<!\b(?:e\.g|i\.e|etc|vs|cf))[.!?](?=\s|$)/.exec(paragraph);
  const sentence = end === null ? paragraph : paragraph.slice(0, end.index + 1);
  return clip(sentence.replace(/\.$/, ""), 120);
}

function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 1))} …`;
}

/** `ListUserEvents` → `List user events`: stands in for a missing comment. */
export function nameInWords(name: string): string {
  const words = name
    .replace(/_/g, " ")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .trim()
    .split(/\s+/)
    .map((word, i) => (i === 0 || /^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()));
  return words.join(" ");
}
