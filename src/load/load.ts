import { existsSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { diagnostic, nearest, type Diagnostic, type Report } from "../diagnostics/index.js";
import type { AsyncApiDocument, Origin, ProtoDocument, Reference, SourceDocument, SourceText } from "../model/index.js";
import { parseEmbedded } from "./embedded.js";
import { findInputs, listProtos } from "./find-inputs.js";
import { canonicalPath, impliedRoot, shownPath } from "./include-roots.js";
import { packageOf, parseProto } from "./proto/index.js";
import { readSource, type ReadText } from "./read-source.js";
import { fetchRemote } from "./remote.js";

export interface LoadSettings {
  readonly cwd: string;
  readonly inputs: readonly string[];
  readonly include: readonly string[];
  readonly out: string;
  readonly allowRemoteRefs: boolean;
  readonly cacheDir: string | undefined;
}

/** Everything the inputs need, parsed. */
export interface Loaded {
  /** By canonical path. */
  readonly documents: ReadonlyMap<string, SourceDocument>;
  /** Canonical paths of what was asked for, payload protos of the AsyncAPI documents included. */
  readonly emit: ReadonlySet<string>;
  /** The document a reference of another leads to. */
  resolve(from: string, target: string): SourceDocument | undefined;
  /** Absolute paths that were read. */
  readonly sources: readonly string[];
  /** Absolute paths that would matter if they appeared. */
  readonly missing: readonly string[];
  /** Source text by shown path, for code frames. */
  readonly texts: ReadonlyMap<string, string>;
  /** Documents parsed in this run, not taken from the run before. */
  readonly parsed: number;
}

export interface Loader {
  /** Reads inputs and, in waves, what they refer to. Unchanged texts are not parsed again. */
  load(report: Report, signal?: AbortSignal): Promise<Loaded>;
}

/** The `.proto` files that ship with wirespan: the include root of last resort. */
export const bundledRoot: string = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** Files parsed before everything else gets a turn: some milliseconds' worth. */
const filesPerTurn = 16;

interface Parsed {
  readonly document: SourceDocument | undefined;
  /** Protos that stand in it as text. */
  readonly embedded: readonly ProtoDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A file to read: where it is, what it is called, who asked for it. */
interface Wanted {
  readonly path: string;
  readonly canonical: string;
  readonly origin: Origin | undefined;
  readonly entry: boolean;
  readonly bundled: boolean;
}

/** With `keep`, the default, parsed documents are kept by content: the next run parses only what changed. */
export function createLoader(settings: LoadSettings, { keep = true }: { readonly keep?: boolean } = {}): Loader {
  let parsedBefore = new Map<string, Parsed>();

  return {
    async load(report, signal) {
      const run = createRun(settings, parsedBefore, report, signal);
      const loaded = await run.load();
      if (keep) parsedBefore = run.parsed;
      return loaded;
    },
  };
}

function createRun(
  { cwd, inputs, include, out, allowRemoteRefs, cacheDir }: LoadSettings,
  before: ReadonlyMap<string, Parsed>,
  report: Report,
  signal: AbortSignal | undefined,
): { load(): Promise<Loaded>; parsed: Map<string, Parsed> } {
  const parsed = new Map<string, Parsed>();
  const documents = new Map<string, SourceDocument>();
  const byFile = new Map<string, string>();
  const byName = new Map<string, string>();
  const resolved = new Map<string, string>();
  const emit = new Set<string>();
  const sources = new Set<string>();
  const missing = new Set<string>();
  const texts = new Map<string, string>();
  const roots = include.map((root) => resolve(cwd, root));
  let parsedCount = 0;

  async function load(): Promise<Loaded> {
    let wave = await readInputs();
    while (wave.length > 0) {
      signal?.throwIfAborted();
      const fresh = await parseAll(wave);
      for (const document of fresh) implyRoots(document);
      const wanted: Wanted[] = [];
      for (const document of fresh) {
        for (const reference of document.references) {
          const found = await follow(document, reference);
          if (found !== undefined) wanted.push(found);
        }
      }
      wave = wanted;
    }
    return {
      documents: new Map([...documents].sort(([a], [b]) => (a < b ? -1 : 1))),
      emit,
      resolve: (from, target) => documents.get(resolved.get(`${from}\0${target}`) ?? ""),
      sources: [...sources].sort(),
      missing: [...missing].sort(),
      texts,
      parsed: parsedCount,
    };
  }

  async function parseAll(wave: readonly Wanted[]): Promise<readonly SourceDocument[]> {
    const found: SourceDocument[] = [];
    for (const [i, wanted] of wave.entries()) {
      // signals and timers get a turn
      if (i % filesPerTurn === filesPerTurn - 1) await setImmediate();
      signal?.throwIfAborted();
      found.push(...(await parse(wanted)));
    }
    return found;
  }

  /** Inputs are read before roots are known: without configuration their packages imply the roots. */
  async function readInputs(): Promise<readonly Wanted[]> {
    const paths = await findInputs(inputs, { cwd, out }, report);
    const known: string[] = [];
    for (const path of paths) {
      const extension = extname(path).toLowerCase();
      if (extension === ".thrift") report(diagnostic("E1025", undefined, { path: shownPath(path, cwd) }));
      else if ([".proto", ".yaml", ".yml", ".json"].includes(extension)) known.push(path);
      else report(diagnostic("E1026", undefined, { path: shownPath(path, cwd) }));
    }
    if (include.length === 0) {
      for (const path of known.filter(isProto)) implyRoot(path, undefined);
    }
    return known
      .map((path) => ({
        path,
        canonical: canonicalPath(path, roots, cwd),
        origin: undefined,
        entry: true,
        bundled: false,
      }))
      .filter((wanted) => {
        emit.add(wanted.canonical);
        return takeName(wanted);
      });
  }

  /** One name, one file: false, with a diagnostic, where another file has the name already. */
  function takeName({ path, canonical, origin }: Wanted): boolean {
    const other = byName.get(canonical);
    byName.set(canonical, other ?? path);
    byFile.set(path, canonical);
    if (other === undefined || other === path) return true;
    reportAmbiguous(canonical, origin, other, path);
    return false;
  }

  const reads = new Map<string, ReadText | undefined>();
  function readOnce(path: string, origin: Origin | undefined): ReadText | undefined {
    if (!reads.has(path)) reads.set(path, readSource(path, shownPath(path, cwd), origin, report));
    return reads.get(path);
  }

  async function parse({ path, canonical, origin, entry, bundled }: Wanted): Promise<readonly SourceDocument[]> {
    const remote = canonical.includes("://");
    const file = bundled ? `wirespan/schemas/${canonical}` : remote ? canonical : shownPath(path, cwd);
    const read = remote ? await fetchRemote(canonical, cacheDir, origin, report, signal) : readOnce(path, origin);
    if (!remote) sources.add(path);
    if (read === undefined) return [];
    texts.set(file, read.text);
    const key = `${read.hash} ${canonical} ${file} ${entry}`;
    let known = before.get(key);
    if (known === undefined) {
      parsedCount++;
      known = await parseText({ path: canonical, file, text: read.text, hash: read.hash, bundled }, entry);
    }
    parsed.set(key, known);
    known.diagnostics.forEach(report);
    if (known.document === undefined) return [];
    documents.set(canonical, known.document);
    for (const proto of known.embedded) {
      documents.set(proto.source.path, proto);
      emit.add(proto.source.path);
    }
    return [known.document, ...known.embedded];
  }

  async function parseText(source: SourceText, entry: boolean): Promise<Parsed> {
    const diagnostics: Diagnostic[] = [];
    const note: Report = (found) => diagnostics.push(found);
    if (isProto(source.path)) return { document: parseProto(source, note), embedded: [], diagnostics };
    // the YAML reader takes as long to load as ten protos to parse
    const { isAsyncApi, parseAsyncApi } = await import("./asyncapi/index.js");
    if (entry && !isAsyncApi(source.text, source.file)) {
      note(diagnostic("E1026", undefined, { path: source.file }));
      return { document: undefined, embedded: [], diagnostics };
    }
    const document = parseAsyncApi(source, entry, note);
    return { document, embedded: document === undefined ? [] : parseEmbedded(document, note), diagnostics };
  }

  async function follow(from: SourceDocument, reference: Reference): Promise<Wanted | undefined> {
    const found = reference.kind === "proto-import" ? await followImport(reference) : await followRef(from, reference);
    if (found === undefined) return undefined;
    resolved.set(`${from.source.path}\0${reference.target}`, found.canonical);
    if (reference.kind === "proto-payload" && !found.bundled) emit.add(found.canonical);
    const first = byFile.get(found.path);
    if (first !== undefined && first !== found.canonical) {
      report(
        diagnostic("E1023", reference.origin, { file: shownPath(found.path, cwd), first, second: found.canonical }),
      );
      return undefined;
    }
    return first === undefined && takeName(found) ? found : undefined;
  }

  async function followImport({ target, origin }: Reference): Promise<Wanted | undefined> {
    if (!isImportName(target)) {
      report(diagnostic("E1029", origin, { path: target }));
      return undefined;
    }
    const found = searchRoots(target, origin);
    if (found !== undefined) return found;
    report(
      diagnostic("E1022", origin, {
        path: target,
        searched: [...new Set([...roots, cwd])].map((root) => shownPath(root, cwd)),
        nearest: nearest(target, await importNames()),
      }),
    );
    return undefined;
  }

  /** What could have been meant: what is loaded, what lies in the roots, what ships with wirespan. */
  async function importNames(): Promise<readonly string[]> {
    const inRoots = await Promise.all([...roots, bundledRoot].map(listProtos));
    return [...documents.keys(), ...inRoots.flat()];
  }

  function searchRoots(name: string, origin: Origin): Wanted | undefined {
    const [path, other] = inRoots(name);
    if (path !== undefined) {
      // include roots have an order that somebody chose; implied ones have none
      if (other !== undefined && include.length === 0 && !sameContent(path, other)) {
        reportAmbiguous(name, origin, path, other);
      }
      return { path, canonical: name, origin, entry: false, bundled: false };
    }
    const bundled = resolve(bundledRoot, name);
    return existsSync(bundled) ? { path: bundled, canonical: name, origin, entry: false, bundled: true } : undefined;
  }

  /** By name of an import; most files import the same few. */
  const foundInRoots = new Map<string, readonly string[]>();

  /** The files of that name in the roots. */
  function inRoots(name: string): readonly string[] {
    let there = foundInRoots.get(name);
    if (there === undefined) {
      const candidates = [...new Set([...roots, cwd])].map((root) => resolve(root, name));
      there = candidates.filter((candidate) => existsSync(candidate));
      // one that appears in an earlier root would be taken instead
      for (const candidate of candidates) if (!there.includes(candidate)) missing.add(candidate);
      foundInRoots.set(name, there);
    }
    return there;
  }

  function sameContent(path: string, other: string): boolean {
    return readOnce(path, undefined)?.hash === readOnce(other, undefined)?.hash;
  }

  function reportAmbiguous(name: string, origin: Origin | undefined, path: string, other: string): void {
    const [first, second] = [shownPath(path, cwd), shownPath(other, cwd)];
    report(diagnostic("E1032", origin, { name, first, second }));
  }

  async function followRef(from: SourceDocument, { target, kind, origin }: Reference): Promise<Wanted | undefined> {
    const base = from.source.path;
    const url = remoteUrl(base, target);
    if (kind === "remote" || url !== undefined) {
      if (url === undefined || !allowRemoteRefs) {
        report(diagnostic("E1024", origin, { url: url ?? target }));
        return undefined;
      }
      return { path: url, canonical: url, origin, entry: false, bundled: false };
    }
    const path = besideOf(from, target);
    if (existsSync(path)) {
      return { path, canonical: canonicalPath(path, roots, cwd), origin, entry: false, bundled: false };
    }
    if (kind === "proto-payload" && isImportName(target)) {
      const found = searchRoots(target, origin);
      if (found !== undefined) return found;
    }
    missing.add(path);
    report(diagnostic("E1020", origin, { path: shownPath(path, cwd), reason: "no such file" }));
    return undefined;
  }

  function besideOf(from: SourceDocument, target: string): string {
    return resolve(dirname(resolve(cwd, from.source.file)), decodePath(target));
  }

  /** Payload protos imply roots as inputs do: before anything is searched, in the order of the document. */
  function implyRoots(document: SourceDocument): void {
    if (include.length > 0) return;
    for (const { kind, target, origin } of document.references) {
      const path = besideOf(document, target);
      if (kind === "proto-payload" && existsSync(path)) implyRoot(path, origin);
    }
  }

  function implyRoot(path: string, origin: Origin | undefined): void {
    const read = readOnce(path, origin);
    const root = read === undefined ? cwd : impliedRoot(path, packageOf(read.text), cwd);
    if (roots.includes(root)) return;
    roots.push(root);
    foundInRoots.clear();
  }

  return { load, parsed };
}

function isProto(path: string): boolean {
  return path.toLowerCase().endsWith(".proto");
}

function isImportName(name: string): boolean {
  return name !== "" && !/[\\\0]/.test(name) && !name.split("/").some((part) => ["", ".", ".."].includes(part));
}

/** The address of a reference that leads to the network: by itself, or because its document came from there. */
function remoteUrl(base: string, target: string): string | undefined {
  const absolute = /^https?:\/\//i.test(target);
  if (!absolute && !base.includes("://")) return undefined;
  return absolute ? target : new URL(target, base).href;
}

function decodePath(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

/** The AsyncAPI documents among loaded ones, by canonical path. */
export function asyncApiDocuments(documents: Loaded["documents"]): ReadonlyMap<string, AsyncApiDocument> {
  return new Map([...documents].filter((pair): pair is [string, AsyncApiDocument] => pair[1].kind === "asyncapi"));
}
