import { hash } from "node:crypto";

/** The file that lists what wirespan owns in an output folder. Committed with the output. */
export const ownershipFile = ".wirespan.json";

export interface Ownership {
  /** By canonical path of a contract: where it lies, relative to the output folder. */
  readonly sources: ReadonlyMap<string, string>;
  /** By path relative to the output folder. */
  readonly files: ReadonlyMap<string, OwnedFile>;
}

export interface OwnedFile {
  /** Canonical paths of the contracts it is made from. */
  readonly sources: readonly string[];
  readonly generator: string;
  /** Hash of the content as it was written. */
  readonly hash: string;
  /** Hash of the content before, while a write is under way: should it break off, that one is ours as well. */
  readonly before?: string;
}

export const noOwnership: Ownership = { sources: new Map(), files: new Map() };

export function hashContent(content: string | Uint8Array): string {
  return hash("sha256", content, "hex").slice(0, 32);
}

/** @throws with a reason for people when the text is not an ownership file. */
export function parseOwnership(text: string): Ownership {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value["version"] !== 1 || !isRecord(value["files"]) || !isRecord(value["sources"])) {
    throw new Error("it is not of a version this wirespan knows");
  }
  const sources = new Map<string, string>();
  for (const [path, location] of Object.entries(value["sources"])) {
    if (typeof location !== "string") throw new Error(`the location of ${JSON.stringify(path)} is not a text`);
    sources.set(path, location);
  }
  const files = new Map(Object.entries(value["files"]).map(([path, entry]) => [path, parseEntry(path, entry)]));
  return { sources, files };
}

function parseEntry(path: string, entry: unknown): OwnedFile {
  if (!isRecord(entry)) throw new Error(`the entry of ${JSON.stringify(path)} is not an object`);
  const { sources, generator, hash, before } = entry;
  const named = Array.isArray(sources) && sources.every((source) => typeof source === "string");
  if (!named || typeof generator !== "string" || typeof hash !== "string") {
    throw new Error(`the entry of ${JSON.stringify(path)} lacks sources, generator or hash`);
  }
  return { sources, generator, hash, ...(typeof before === "string" ? { before } : {}) };
}

/** Sorted, each file on lines of its own: merges cleanly. As prettier prints it. */
export function printOwnership({ sources, files }: Ownership): string {
  return `{
  "version": 1,
  "sources": ${printMap(sources)},
  "files": ${printMap(files)}
}
`;
}

function printMap(map: ReadonlyMap<string, string | OwnedFile>): string {
  const lines = [...map]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `    ${JSON.stringify(key)}: ${printValue(value)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
}

function printValue(value: string | OwnedFile): string {
  if (typeof value === "string") return JSON.stringify(value);
  const { sources, generator, hash, before } = value;
  const entries = [
    `"sources": ${printTexts(sources)}`,
    ...Object.entries({ generator, hash, before }).flatMap(([name, text]) =>
      text === undefined ? [] : [`${JSON.stringify(name)}: ${JSON.stringify(text)}`],
    ),
  ];
  return `{\n${entries.map((entry) => `      ${entry}`).join(",\n")}\n    }`;
}

/** On one line where it ends within 80 columns, a comma included. */
function printTexts(texts: readonly string[]): string {
  const items = texts.map((text) => JSON.stringify(text));
  const line = `[${items.join(", ")}]`;
  if (`      "sources": ${line},`.length <= 80) return line;
  return `[\n${items.map((item) => `        ${item}`).join(",\n")}\n      ]`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
