import type { Report } from "../diagnostics/index.js";
import type { Model, ProtoDocument, SourceDocument } from "../model/index.js";
import { linkAsyncApi } from "./asyncapi/index.js";
import { linkProtos } from "./proto/index.js";

export interface LinkInput {
  readonly documents: ReadonlyMap<string, SourceDocument>;
  readonly emit: ReadonlySet<string>;
  resolve(from: string, target: string): SourceDocument | undefined;
  readonly options: { readonly protocol: string | undefined; readonly lenient: boolean; readonly strict: boolean };
}

/** Documents → model: every name resolved, every rule checked. What is wrong is reported, all of it. */
export function linkModel({ documents, emit, resolve, options }: LinkInput, report: Report): Model {
  const protoDocuments = [...documents.values()].filter(
    (document): document is ProtoDocument => document.kind === "proto",
  );
  const protos = linkProtos({ documents: protoDocuments, emit }, report);
  const fileOf = (typeName: string): string => protos.messages.get(typeName)?.file ?? "";
  const events = [...documents.values()].flatMap((document) => {
    if (document.kind !== "asyncapi" || !document.entry) return [];
    const file = linkAsyncApi({ document, resolve, messages: protos.messages, protoFileOf: fileOf, options }, report);
    return file === undefined ? [] : [file];
  });
  return { ...protos, events };
}
