import type { Origin } from "../model/index.js";
import type { Diagnostic } from "./diagnostic.js";
import { hideSecrets } from "./secrets.js";
import { codeFrame } from "./frame.js";
import { paint, visible, type Style } from "./text.js";

/** How diagnostics are shown. */
export interface PrintOptions {
  readonly color: boolean;
  /** Columns of the terminal; longer source lines are clipped around the marked place. */
  readonly width: number;
  /** Source text by the file name of an origin; undefined: no code frame. */
  readonly text: (file: string) => string | undefined;
  /** Errors past this number are counted, not shown. */
  readonly limit?: number;
}

/**
 * Diagnostics for people: code and message, a clickable place, the line with carets under it, what belongs to it,
 * what to do; a count at the end. Sorted by file and position. Text that comes from contracts cannot move the cursor
 * or colour the terminal.
 *
 * @example
 * error E2003: unknown type "Usr"
 *   --> user.proto:12:9
 *    |
 * 12 |   rpc Get(Usr) returns (User);
 *    |           ^^^
 * help: did you mean "User"?
 */
export function printDiagnostics(diagnostics: readonly Diagnostic[], options: PrintOptions): string {
  if (diagnostics.length === 0) return "";
  const { limit = 200 } = options;
  const sorted = sortDiagnostics(diagnostics);
  const shown = sorted.length <= limit ? sorted : mostImportant(sorted, limit);
  const blocks = shown.map((diagnostic) => printDiagnostic(diagnostic, options));
  if (shown.length < sorted.length) blocks.push(`… and ${sorted.length - shown.length} more\n`);
  return `${blocks.join("\n")}\n${countLine(diagnostics, options.color)}\n`;
}

/** By file, then position; what concerns no file comes first. Equal ones appear once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map<string, Diagnostic>();
  for (const found of diagnostics) {
    const key = `${found.code}\0${found.message}\0${place(found.origin)}`;
    if (!unique.has(key)) unique.set(key, found);
  }
  return [...unique.values()].sort((a, b) => {
    if (a.origin === undefined || b.origin === undefined) {
      return Number(a.origin !== undefined) - Number(b.origin !== undefined);
    }
    if (a.origin.file !== b.origin.file) return a.origin.file < b.origin.file ? -1 : 1;
    return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
  });
}

/** `2 errors, 1 warning`. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const unique = sortDiagnostics(diagnostics);
  const errors = unique.filter((found) => found.severity === "error").length;
  const warnings = unique.length - errors;
  return [plural(errors, "error"), plural(warnings, "warning")].filter((part) => part !== "").join(", ");
}

function countLine(diagnostics: readonly Diagnostic[], color: boolean): string {
  const codes = new Set(diagnostics.map((found) => found.code));
  const [first] = sortDiagnostics(diagnostics);
  const hint =
    first === undefined
      ? ""
      : ` (wirespan explain ${first.code} tells more${codes.size > 1 ? ", likewise the others" : ""})`;
  const failed = diagnostics.some((found) => found.severity === "error");
  return `${paint(countDiagnostics(diagnostics), failed ? "error" : "warning", color)}${paint(hint, "faint", color)}`;
}

/** Errors before warnings, in their order. */
function mostImportant(sorted: readonly Diagnostic[], limit: number): readonly Diagnostic[] {
  const errors = sorted.filter((found) => found.severity === "error");
  const kept = new Set([...errors, ...sorted.filter((found) => found.severity !== "error")].slice(0, limit));
  return sorted.filter((found) => kept.has(found));
}

/** One diagnostic, without the count line. */
export function printDiagnostic(found: Diagnostic, { color, width, text }: PrintOptions): string {
  const style: Style = found.severity;
  const lines = [
    `${paint(`${found.severity} ${found.code}`, style, color)}${paint(`: ${visible(found.message)}`, "strong", color)}`,
    ...printPlace(found.origin, style, { color, width, text }, found.pointer),
  ];
  for (const { message, origin } of found.related) {
    lines.push(`${paint("note", "note", color)}: ${visible(message)}`);
    lines.push(...printPlace(origin, "note", { color, width, text }));
  }
  if (found.help !== undefined) lines.push(`${paint("help", "help", color)}: ${visible(found.help)}`);
  return `${lines.join("\n")}\n`;
}

function printPlace(
  origin: Origin | undefined,
  style: Style,
  options: PrintOptions,
  pointer?: string,
): readonly string[] {
  if (origin === undefined) return [];
  const at = pointer === undefined ? "" : ` ${paint(visible(`#${pointer}`), "faint", options.color)}`;
  const arrow = `  ${paint("-->", "faint", options.color)} ${visible(place(origin))}${at}`;
  const text = options.text(origin.file);
  const frame =
    text === undefined ? [] : codeFrame(text, origin, { style, color: options.color, width: options.width });
  return [arrow, ...frame];
}

/** `user.proto:12:9`, which terminals and editors open on a click. */
export function place(origin: Origin | undefined): string {
  return origin === undefined ? "" : `${hideSecrets(origin.file)}:${origin.line}:${origin.column}`;
}

function plural(count: number, noun: string): string {
  return count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
