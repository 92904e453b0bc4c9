import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { ImportSyntax, ProtoDocument } from "../../model/index.js";
import { packagePrefixes } from "./symbols.js";

/** What the declarations of one file may name. */
export interface Visible {
  /** Canonical paths: itself, its imports, and what those import publicly. */
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
  /** An import is missing: what is unknown may well stand there, and is not worth a second report. */
  readonly incomplete: boolean;
}

/** What a file sees, by use. */
export interface Visibility {
  /** For types. */
  readonly types: Visible;
  /** For option names: `import option` too. */
  readonly options: Visible;
}

type Documents = ReadonlyMap<string, ProtoDocument>;

/** Which files each file sees. Files that are missing were reported when they were looked for. */
export function resolveImports(documents: Documents, report: Report): ReadonlyMap<string, Visibility> {
  reportCycles(documents, report);
  const result = new Map<string, Visibility>();
  for (const document of documents.values()) {
    reportDuplicates(document, report);
    reportMisplaced(document, report);
    const plain = document.imports.filter((found) => found.kind !== "option");
    const types = visible(document, plain, documents);
    const options = plain.length === document.imports.length ? types : visible(document, document.imports, documents);
    result.set(document.source.path, { types, options });
  }
  return result;
}

function visible(document: ProtoDocument, imports: readonly ImportSyntax[], documents: Documents): Visible {
  const files = new Set([document.source.path]);
  const packages = new Set(packagePrefixes(document.package));
  let incomplete = false;
  const add = (path: string): void => {
    const found = documents.get(path);
    if (found === undefined) incomplete = true;
    if (files.has(path) || found === undefined) return;
    files.add(path);
    for (const prefix of packagePrefixes(found.package)) packages.add(prefix);
    for (const inner of found.imports) if (inner.kind === "public") add(inner.path);
  };
  for (const { path } of imports) add(path);
  return { files, packages, incomplete };
}

function reportDuplicates({ imports }: ProtoDocument, report: Report): void {
  const first = new Map<string, ImportSyntax>();
  for (const found of imports) {
    const earlier = first.get(found.path);
    if (earlier === undefined) {
      first.set(found.path, found);
    } else {
      const related = [{ message: "the first import", origin: earlier.origin }];
      report(diagnostic("E2005", found.origin, { path: found.path }, related));
    }
  }
}

function reportMisplaced({ imports, edition }: ProtoDocument, report: Report): void {
  let optionImport: ImportSyntax | undefined;
  for (const found of imports) {
    const { path, kind, origin } = found;
    if (kind === "weak" && edition >= "2024") {
      report(diagnostic("E2008", origin, { path, problem: "weak imports ended with edition 2024" }));
    }
    if (kind === "option") {
      optionImport ??= found;
    } else if (optionImport !== undefined) {
      const related = [{ message: "the first import option", origin: optionImport.origin }];
      report(diagnostic("E2008", origin, { path, problem: "imports stand before any import option" }, related));
    }
  }
}

/** Each cycle once, at the import that closes it. */
function reportCycles(documents: Documents, report: Report): void {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (document: ProtoDocument): void => {
    const { path } = document.source;
    trail.push(path);
    for (const found of document.imports) {
      const start = trail.indexOf(found.path);
      const next = documents.get(found.path);
      if (start >= 0) report(diagnostic("E2004", found.origin, { chain: [...trail.slice(start), found.path] }));
      else if (next !== undefined && !done.has(found.path)) visit(next);
    }
    trail.pop();
    done.add(path);
  };
  for (const document of documents.values()) {
    if (!done.has(document.source.path)) visit(document);
  }
}
