import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { modelFromDisk } from "../model.js";
import { differences } from "./facts.js";
import type { Image } from "./image.js";
import { factsOfModel } from "./model.js";
import { factsOfDescriptor } from "./oracle.js";

export interface Comparison {
  /** How many facts the oracle states. */
  readonly facts: number;
  /** What only one side says, by file; nothing when all is well. */
  readonly differences: readonly { readonly path: string; readonly lines: readonly string[] }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses and links the files of a folder and holds each against what buf says about it. */
export function compareWithImage({ files, registry }: Image, folder: string, paths: readonly string[]): Comparison {
  const { model, documents, diagnostics } = modelFromDisk([folder], paths, { allowMissing: true });
  let facts = 0;
  const found = paths.flatMap((path) => {
    const [descriptor, file, document] = [files.get(path), model.files.get(path), documents.get(path)];
    if (descriptor === undefined) return [{ path, lines: ["+ buf has no such file"] }];
    if (file === undefined || document === undefined) return [{ path, lines: ["- the model has no such file"] }];
    const oracle = factsOfDescriptor(descriptor, registry, document.source.text);
    facts += oracle.length;
    const lines = differences(oracle, factsOfModel(file, document, model, registry));
    return lines.length === 0 ? [] : [{ path, lines }];
  });
  return { facts, differences: found, diagnostics };
}
