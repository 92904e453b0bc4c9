import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { diagnostic, type Report } from "../diagnostics/index.js";
import type { Origin } from "../model/index.js";
import { loadModule } from "./load-module.js";

/** One key of a configuration file, not yet checked. */
export interface RawOption {
  readonly name: string;
  readonly value: unknown;
  /** Of the name; undefined where there is no file. */
  readonly origin: Origin | undefined;
  readonly valueOrigin: Origin | undefined;
  /** Of the elements, where the value is a list and the file format has positions. */
  readonly itemOrigins: readonly Origin[];
  /** Of a key inside of the value; undefined where nobody knows. */
  readonly originAt?: (keys: readonly string[]) => Origin | undefined;
}

/** A configuration file as it was read. */
export interface RawConfig {
  /** Undefined when the file could not be read. */
  readonly text: string | undefined;
  /** Undefined when something is wrong with it as a whole; that was reported. */
  readonly options: readonly RawOption[] | undefined;
}

/** Reads a configuration file. Positions name it by its base name. */
export async function readConfig(file: string, report: Report): Promise<RawConfig> {
  const shown = basename(file);
  const whole: Origin = { file: shown, line: 1, column: 1, length: 1 };
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    report(diagnostic("E5003", undefined, { path: shown, reason: reasonOf(error) }));
    return { text: undefined, options: undefined };
  }
  if (text.startsWith("\uFEFF")) text = text.slice(1);
  switch (extname(file)) {
    case ".json":
    case ".yaml":
    case ".yml": {
      const { jsonFault, parseData } = await import("./parse-data.js");
      const manifest = basename(file) === "package.json";
      // npm takes nothing but JSON, and neither may we: the parser below would
      const fault = manifest ? jsonFault(text, shown) : undefined;
      if (fault === undefined)
        return { text, options: parseData(text, shown, manifest ? "wirespan" : undefined, report) };
      report(fault);
      return { text, options: undefined };
    }
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return { text, options: await readModule(file, text, whole, report) };
    default:
      report(
        diagnostic("E5003", undefined, { path: shown, reason: "its ending is none of .ts, .mts, .js, .json, .yaml" }),
      );
      return { text, options: undefined };
  }
}

async function readModule(
  file: string,
  text: string,
  whole: Origin,
  report: Report,
): Promise<readonly RawOption[] | undefined> {
  let value: unknown;
  try {
    value = await loadModule(file, text);
  } catch (error) {
    report(
      diagnostic("E5003", positionOf(error, file, text, whole), {
        path: whole.file,
        reason: firstLine(messageOf(error)),
      }),
    );
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report(diagnostic("E5004", whole, { found: value === undefined ? "nothing" : kindOf(value) }));
    return undefined;
  }
  return Object.entries(value)
    .filter(([, option]) => option !== undefined)
    .map(([name, option]: [string, unknown]): RawOption => {
      const origin = findKey(text, name, whole);
      const originAt = (keys: readonly string[]): Origin | undefined => {
        const inner = findKey(text, keys.at(-1) ?? "", whole);
        return inner === whole ? origin : inner;
      };
      return { name, value: option, origin, valueOrigin: origin, itemOrigins: [], originAt };
    });
}

/** Code has no positions once it ran; a key that the text spells exactly once is where it stands. */
function findKey(text: string, name: string, whole: Origin): Origin {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const [match, ...others] = text.matchAll(new RegExp(`(?<![\\w$.])["']?${escaped}["']?\\s*[:,]`, "g"));
  if (match === undefined || others.length > 0) return whole;
  const before = text.slice(0, match.index).split("\n");
  const quoted = /^["']/.test(match[0]) ? 2 : 0;
  return {
    ...whole,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    length: name.length + quoted,
  };
}

/** Node puts `file:line` on top of the stack of a syntax error, the other loader `(line:column)` into the message. */
function positionOf(error: unknown, file: string, text: string, whole: Origin): Origin {
  if (!(error instanceof Error)) return whole;
  const inMessage = /\((\d+):(\d+)\)/.exec(firstLine(error.message));
  if (inMessage !== null) return { ...whole, line: Number(inMessage[1]), column: Number(inMessage[2]) + 1 };
  const name = basename(file).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const inStack = new RegExp(`${name}(?:\\?[^:\\s]*)?:(\\d+)(?::(\\d+))?`).exec(error.stack ?? "");
  if (inStack === null) return whole;
  const found = { ...whole, line: Number(inStack[1]), column: Number(inStack[2] ?? 1) };
  // a position in what the loader made of the file, not in the file
  const outside = found.column > (text.split("\n")[found.line - 1]?.length ?? -1) + 1;
  return outside ? whole : found;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trim() ?? "";
}

/** Why a file could not be read. */
function reasonOf(error: unknown): string {
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EISDIR":
      return "it is a folder";
    default:
      return messageOf(error);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
