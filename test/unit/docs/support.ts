import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { docs } from "../../../src/generators/docs/index.js";
import { linkModel } from "../../../src/link/index.js";
import { createLoader } from "../../../src/load/index.js";
import type { Model } from "../../../src/model/index.js";
import { emitFromModel } from "../../support/emit.js";

/** The model of contracts by path, both kinds, as the pipeline makes it. @throws when they are not in order. */
export async function modelOfContracts(files: Readonly<Record<string, string>>): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), "wirespan-docs-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return await modelOfFolder(folder, Object.keys(files));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function modelOfFolder(cwd: string, inputs: readonly string[], include: string[] = []): Promise<Model> {
  const diagnostics: Diagnostic[] = [];
  const report = (found: Diagnostic): void => void diagnostics.push(found);
  const loader = createLoader({ cwd, inputs, include, out: "gen", allowRemoteRefs: false, cacheDir: undefined });
  const loaded = await loader.load(report);
  const options = { protocol: undefined, lenient: true, strict: false };
  const model = linkModel({ ...loaded, options }, report);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ code, message }) => `${code} ${message}`).join("\n"));
  return model;
}

/** The docs page of contracts. */
export async function pageOf(files: Readonly<Record<string, string>>): Promise<string> {
  return pageOfModel(await modelOfContracts(files));
}

export async function pageOfModel(model: Model): Promise<string> {
  const { files } = await emitFromModel(model, [docs]);
  return files.get("docs/index.html") ?? "";
}

/** A piece of the page from a mark up to the next. */
export function between(page: string, start: string, end: string): string {
  const from = page.indexOf(start);
  const to = page.indexOf(end, from + start.length);
  return from < 0 ? "" : page.slice(from, to < 0 ? undefined : to);
}

/** What a reader sees of it. */
export function visibleText(html: string): string {
  return html
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ")
    .replace(/ ([:,.])/g, "$1")
    .trim();
}

const voidElements = new Set(["meta", "link", "input", "br", "path", "rect", "circle"]);

/** Elements that are not closed where they should be; empty for a sound page. Raw text elements are skipped. */
export function nestingErrors(page: string): readonly string[] {
  const errors: string[] = [];
  const open: string[] = [];
  const markup = page
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, "")
    .replace(/<!doctype html>/i, "");
  for (const [, closing, name = "", self] of markup.matchAll(
    /<(\/?)([a-zA-Z][a-zA-Z0-9]*)\b(?:[^>"]|"[^"]*")*?(\/?)>/g,
  )) {
    if (closing === "/") {
      const last = open.pop();
      if (last !== name) errors.push(`</${name}> closes <${last}>`);
    } else if (self !== "/" && !voidElements.has(name)) {
      open.push(name);
    }
  }
  return [...errors, ...open.map((name) => `<${name}> is never closed`)];
}

/** Fragments that lead nowhere, and ids that stand twice. */
export function anchorErrors(page: string): readonly string[] {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id);
  const known = new Set<string>();
  const twice = ids.filter((id) => known.size === known.add(id).size);
  const targets = new Set([...page.matchAll(/ href="#([^"]*)"/g)].map(([, id = ""]) => id));
  return [
    ...twice.map((id) => `id ${id} stands twice`),
    ...[...targets].filter((id) => !known.has(id)).map((id) => `#${id} leads nowhere`),
  ];
}
