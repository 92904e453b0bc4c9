import { createHash } from "node:crypto";
import { QueueError } from "../../queue/index.js";

/** Stands where a word of an address is empty (`/orders`, `a..b`): NATS has no empty tokens. */
const emptyToken = "~";

/**
 * The subject of a concrete address. `/` separates words like `.` only below addresses with parameters, because only
 * `.` separates what wildcards stand for.
 *
 * @throws {QueueError} `usage` when it holds a wildcard: nobody can publish to all of them.
 */
export function subjectOf(address: string, translated: boolean): string {
  const subject = tokens(address, translated);
  if (/(^|\.)[*>](\.|$)/.test(subject)) {
    throw new QueueError("usage", `${address}: a message has one subject, "*" and ">" are for consumers`);
  }
  return subject;
}

/** What a consumer of an address subscribes to: parameters become `*`. */
export function patternOf(address: string, open: boolean): string {
  if (!open) return tokens(address, false);
  return tokens(address.replace(/\{[^{}]+\}/g, "*"), true)
    .split(".")
    .map((word) => (word.includes("*") ? "*" : word))
    .join(".");
}

function tokens(address: string, translated: boolean): string {
  // blanks and control characters end a subject in NATS's protocol
  // eslint-disable-next-line no-control-regex
  const clean = address.replace(/[\s\u0000-\u001f\u007f]/g, escapeChar);
  const words = (translated ? clean.replaceAll("/", ".") : clean).split(".");
  return words.map((word) => (word === "" ? emptyToken : word)).join(".");
}

function escapeChar(char: string): string {
  return [...new TextEncoder().encode(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

/** The address that a subject stands for, with the separators of its template. */
export function addressOf(template: string, open: boolean, subject: string): string {
  if (!open) return template.includes("*") || template.includes(">") ? subject : template;
  const separators = template.match(/[./]/g) ?? [];
  const words = subject.split(".");
  // a ">" of the template stands for any number of words
  if (words.length !== separators.length + 1) return subject;
  return words.map((word, i) => (word === emptyToken ? "" : word) + (separators[i] ?? "")).join("");
}

/** A name as streams and consumers may have: letters, digits, `-` and `_`, at most 64; a hash tells apart what looks alike. */
export function safeName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, "_");
  if (plain === name && name.length <= 48) return name;
  return `${plain.slice(0, 48)}-${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
}

/** The durable consumer of a group; in a stream with several addresses their name is part of it. */
export function durableName(group: string, subject: string, shared: boolean): string {
  const own = group === "" ? "queue" : group;
  return safeName(shared ? `${own}~${subject}` : own);
}

/** True when every subject of the second pattern is one of the first. */
export function covers(wide: string, narrow: string): boolean {
  const [a, b] = [wide.split("."), narrow.split(".")];
  for (const [i, word] of a.entries()) {
    if (word === ">") return b.length > i;
    const other = b[i];
    if (other === undefined || other === ">") return false;
    if (word !== "*" && word !== other) return false;
  }
  return a.length === b.length;
}
