import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Diagnostic } from "../../src/diagnostics/index.js";
import { linkProtos } from "../../src/link/proto/index.js";
import { parseProto } from "../../src/load/proto/index.js";
import type { Model, PolicyDefaults, ProtoDocument } from "../../src/model/index.js";

const schemas = fileURLToPath(new URL("../../schemas/", import.meta.url));
const bundled = new Map<string, ProtoDocument | undefined>();

export interface ModelOptions {
  /** What was asked for; all of the given files when left out. */
  readonly emit?: readonly string[];
  /** Imports that are found nowhere go without a word, as after `load` reported them. */
  readonly allowMissing?: boolean;
  /** Texts that no other test reads: their trees are not kept. */
  readonly once?: boolean;
  /** What a configuration says of all methods. */
  readonly policies?: PolicyDefaults;
}

export interface ModelResult {
  readonly model: Model;
  /** The syntax trees by canonical path, the bundled ones among them. */
  readonly documents: ReadonlyMap<string, ProtoDocument>;
  readonly diagnostics: Diagnostic[];
}

/**
 * The model of proto texts by canonical path, in memory; imports are found among them, then among the protos that ship
 * with wirespan. An import found in neither place is a mistake of the test and throws.
 *
 * @example const { model } = modelOf({ "a.proto": 'syntax = "proto3"; message A { string id = 1; }' });
 */
export function modelOf(files: Readonly<Record<string, string>>, options: ModelOptions = {}): ModelResult {
  const diagnostics: Diagnostic[] = [];
  const documents = new Map<string, ProtoDocument>();
  const add = (path: string): void => {
    if (documents.has(path)) return;
    const text = files[path];
    const document =
      text === undefined ? readBundled(path) : parseCached(path, text, diagnostics, options.once !== true);
    if (document === undefined) {
      if (text === undefined && options.allowMissing !== true)
        throw new Error(`${path} is imported, but neither given nor bundled`);
      return;
    }
    documents.set(path, document);
    for (const { target } of document.references) add(target);
  };
  for (const path of Object.keys(files)) add(path);
  const emit = new Set(options.emit ?? Object.keys(files));
  const input = { documents: [...documents.values()], emit, policies: options.policies };
  const protos = linkProtos(input, (found) => diagnostics.push(found));
  return { model: { ...protos, events: [] }, documents, diagnostics };
}

/**
 * The model of proto files on disk: canonical names are looked up under the roots in order, then among the protos that
 * ship with wirespan.
 */
export function modelFromDisk(
  roots: readonly string[],
  paths: readonly string[],
  options: ModelOptions = {},
): ModelResult {
  const files: Record<string, string> = {};
  const add = (path: string): void => {
    if (files[path] !== undefined) return;
    const root = roots.find((root) => existsSync(join(root, path)));
    if (root === undefined) return;
    const text = readFileSync(join(root, path), "utf8");
    files[path] = text;
    for (const [, target = ""] of text.matchAll(/^\s*import\s+(?:\w+\s+)?["']([^"']+)["']/gm)) add(target);
  };
  for (const path of paths) add(path);
  return modelOf(files, { ...options, emit: options.emit ?? paths });
}

/** `code line:column message` of each diagnostic: what tests compare. */
export function summaries(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, origin, message }) => `${code} ${origin?.line}:${origin?.column} ${message}`);
}

/** Suites read the same includes for many cases. */
const parsed = new Map<
  string,
  { readonly document: ProtoDocument | undefined; readonly diagnostics: readonly Diagnostic[] }
>();

function parseCached(path: string, text: string, diagnostics: Diagnostic[], keep: boolean): ProtoDocument | undefined {
  const hash = hashOf(text);
  const key = `${path} ${hash}`;
  let known = parsed.get(key);
  if (known === undefined) {
    const found: Diagnostic[] = [];
    const document = parseProto({ path, file: path, text, hash, bundled: false }, (one) => found.push(one));
    known = { document, diagnostics: found };
    if (keep) parsed.set(key, known);
  }
  diagnostics.push(...known.diagnostics);
  return known.document;
}

function readBundled(path: string): ProtoDocument | undefined {
  if (!bundled.has(path)) {
    const file = schemas + path;
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
    const text = isFile ? readFileSync(file, "utf8") : undefined;
    const source = { path, file: `schemas/${path}`, text: text ?? "", hash: hashOf(text ?? ""), bundled: true };
    bundled.set(path, text === undefined ? undefined : parseProto(source, failOnBundled));
  }
  return bundled.get(path);
}

function failOnBundled({ origin, message }: Diagnostic): never {
  throw new Error(`${origin?.file}:${origin?.line}:${origin?.column} ${message}`);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
