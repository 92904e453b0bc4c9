import { createHash } from "node:crypto";

/** The file that lists what wirespan owns in an output folder. Committed with the output. */
export const ownershipFile = ".wirespan.json";

export interface Ownership {
  /** By path relative to the output folder. */
  readonly files: ReadonlyMap<string, OwnedFile>;
}

export interface OwnedFile {
  /** Canonical path of the contract, `*` for documents made from all of them. */
  readonly source: string;
  readonly generator: string;
  /** Hash of the content as it was written. */
  readonly hash: string;
}

export const noOwnership: Ownership = { files: new Map() };

export function hashContent(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** @throws with a reason for people when the text is not an ownership file. */
export function parseOwnership(text: string): Ownership {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value["version"] !== 1 || !isRecord(value["files"])) {
    throw new Error("it is not of a version this wirespan knows");
  }
  const files = new Map<string, OwnedFile>();
  for (const [path, entry] of Object.entries(value["files"])) {
    if (!isRecord(entry)) throw new Error(`the entry of ${JSON.stringify(path)} is not an object`);
    const { source, generator, hash } = entry;
    if (typeof source !== "string" || typeof generator !== "string" || typeof hash !== "string") {
      throw new Error(`the entry of ${JSON.stringify(path)} lacks source, generator or hash`);
    }
    files.set(path, { source, generator, hash });
  }
  return { files };
}

/** Sorted, one file a line: merges cleanly. */
export function printOwnership({ files }: Ownership): string {
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { source, generator, hash }]) => {
      const entry = JSON.stringify({ source, generator, hash });
      return `    ${JSON.stringify(path)}: ${entry}`;
    });
  return `{\n  "version": 1,\n  "files": {\n${lines.join(",\n")}\n  }\n}\n`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
