import { createHash } from "node:crypto";
import type { Report } from "../diagnostics/index.js";
import type { EventsFile, Model, PolicyDefaults, ProtoDocument, ProtoFile, SourceDocument } from "../model/index.js";
import { linkAsyncApi } from "./asyncapi/index.js";
import { linkProtos } from "./proto/index.js";

export interface LinkInput {
  readonly documents: ReadonlyMap<string, SourceDocument>;
  readonly emit: ReadonlySet<string>;
  resolve(from: string, target: string): SourceDocument | undefined;
  readonly options: {
    readonly protocol: string | undefined;
    readonly lenient: boolean;
    readonly strict: boolean;
    /** See `LinkInput` of protos. Default true. */
    readonly routes?: boolean;
    /** See `LinkInput` of protos. Default: nothing. */
    readonly policies?: PolicyDefaults | undefined;
  };
}

/** Documents → model: every name resolved, every rule checked. What is wrong is reported, all of it. */
export function linkModel({ documents, emit, resolve, options }: LinkInput, report: Report): Model {
  const protoDocuments = [...documents.values()].filter(
    (document): document is ProtoDocument => document.kind === "proto",
  );
  const protos = linkProtos(
    { documents: protoDocuments, emit, routes: options.routes, policies: options.policies },
    report,
  );
  const fileOf = (typeName: string): string => protos.messages.get(typeName)?.file ?? "";
  const events = [...documents.values()].flatMap((document) => {
    if (document.kind !== "asyncapi" || !document.entry) return [];
    const file = linkAsyncApi({ document, resolve, messages: protos.messages, protoFileOf: fileOf, options }, report);
    return file === undefined ? [] : [withPayloadShapes(file, protos.files)];
  });
  return { ...protos, events };
}

/** What is emitted for a channel follows the proto messages it carries: their names, their fields. */
function withPayloadShapes(file: EventsFile, protos: ReadonlyMap<string, ProtoFile>): EventsFile {
  if (file.protoFiles.length === 0) return file;
  const sum = createHash("sha256").update(file.shape);
  for (const path of file.protoFiles) sum.update(`\n${path} ${protos.get(path)?.shape ?? ""}`);
  return { ...file, shape: sum.digest("hex") };
}
