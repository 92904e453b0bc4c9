import { diagnostic, type Report } from "../../diagnostics/index.js";
import {
  noPolicyDefaults,
  type Enum,
  type Message,
  type Model,
  type Origin,
  type PolicyDefaults,
  type ProtoDocument,
  type ProtoFile,
} from "../../model/index.js";
import { statementOf } from "../policy/index.js";
import { checkAcross } from "./check-across.js";
import { checkLite, extensionsOf } from "./check-lite.js";
import { checkStyle } from "./check-style.js";
import type { LinkContext, Outer } from "./context.js";
import { checkErrors } from "./errors.js";
import { emittedPaths, usedFiles } from "./emit.js";
import { buildEnum } from "./enums.js";
import { defaultFeatures, mergeFeatures } from "./features.js";
import { buildExtensions } from "./fields.js";
import { resolveImports } from "./imports.js";
import { buildMessage } from "./messages.js";
import { createOptionSchemas } from "./option-schema.js";
import { createOptionReader } from "./options.js";
import { readStatement } from "./policy-statement.js";
import { createResolver } from "./resolve.js";
import { buildService, finishService, type ServiceDraft } from "./services.js";
import { computeShapes } from "./shape.js";
import { indexSymbols } from "./symbols.js";

/** The part of the model that protos make up. */
export type LinkedProtos = Pick<Model, "protos" | "messages" | "enums" | "services" | "extensions" | "files">;

/** What `linkProtos` links. */
export interface LinkInput {
  /** Everything that imports lead to; a missing file was reported when it was looked for. */
  readonly documents: readonly ProtoDocument[];
  /** Canonical paths of the files that were asked for. */
  readonly emit: ReadonlySet<string>;
  /**
   * They come from a compiler, which has judged them and keeps options to itself: naming style, visibility and limits
   * of size, which depend on those, are not checked. Default false.
   */
  readonly compiled?: boolean;
  /** An output shows HTTP bindings: what is wrong with them is reported. Default true. */
  readonly routes?: boolean | undefined;
  /** What the configuration says of all methods. Default: nothing. */
  readonly policies?: PolicyDefaults | undefined;
}

type Draft = Omit<ProtoFile, "emit" | "shape" | "services"> & { readonly services: readonly ServiceDraft[] };

/**
 * Links syntax trees: resolves every name, interprets every option, resolves edition features, and checks what the
 * language demands. What is wrong is reported; the result then lacks the declarations concerned.
 *
 * @example const protos = linkProtos({ documents, emit: new Set(["acme/user.proto"]) }, report);
 */
export function linkProtos(
  { documents, emit, compiled = false, routes = true, policies = noPolicyDefaults }: LinkInput,
  report: Report,
): LinkedProtos {
  const sorted = [...documents].sort((a, b) => (a.source.path < b.source.path ? -1 : 1));
  const byPath = new Map(sorted.map((document) => [document.source.path, document]));
  const index = indexSymbols(sorted, report);
  const resolver = createResolver(index, resolveImports(byPath, report), compiled, report);
  const schemas = createOptionSchemas(resolver);
  const options = createOptionReader(resolver, schemas, report);
  const context: LinkContext = {
    report,
    compiled,
    routes,
    resolver,
    schemas,
    options,
    messages: new Map<string, Message>(),
    enums: new Map<string, Enum>(),
  };

  const drafts = sorted.map((document) => ({ draft: buildFile(context, document), document }));
  const configured = statementOf(policies);
  const once = { ...context, report: createOnce(report) };
  const complete = drafts.map(({ draft, document }) => {
    const general = [configured, readStatement(context, draft.options, "file", draft.origin)];
    const services = draft.services.map((service) => finishService(once, service, general));
    return { file: { ...draft, services }, document };
  });
  const fileOf = (typeName: string): string | undefined =>
    (context.messages.get(typeName) ?? context.enums.get(typeName))?.file;
  const used = new Map(complete.map(({ file }) => [file.path, usedFiles(file, fileOf)]));
  const emitted = emittedPaths(emit, used);
  const shapes = computeShapes(
    complete.map(({ file }) => file),
    used,
  );
  const protos = complete.map(({ file }): ProtoFile => ({
    ...file,
    emit: emitted.has(file.path),
    shape: shapes.get(file.path) ?? "",
  }));
  checkAcross(context, protos);
  checkErrors(context, protos);
  checkLite(context, protos);
  return {
    protos,
    messages: context.messages,
    enums: context.enums,
    services: new Map(protos.flatMap((file) => file.services).map((service) => [service.typeName, service])),
    extensions: new Map(protos.flatMap(extensionsOf).map((extension) => [extension.typeName, extension])),
    files: new Map(protos.map((file) => [file.path, file])),
  };
}

/** What is wrong with a default is found for every method that it reaches. */
function createOnce(report: Report): Report {
  const told = new Set<string>();
  return (found) => {
    const { code, message, origin } = found;
    const key = JSON.stringify([code, message, origin?.file, origin?.line, origin?.column]);
    if (told.has(key)) return;
    told.add(key);
    report(found);
  };
}

function buildFile(context: LinkContext, document: ProtoDocument): Draft {
  const { source } = document;
  const options = context.options.read(document.options, "File", { document, scope: document.package });
  const outer: Outer = {
    document,
    scope: document.package,
    parent: undefined,
    features: mergeFeatures(defaultFeatures(document), options),
  };
  const origin: Origin = { file: source.file, line: 1, column: 1, length: 1 };
  if (document.packageOrigin !== undefined) {
    checkStyle(context, "package", document.package, document.packageOrigin, outer.features);
  }
  if (document.syntax === "editions" && options.has("java_string_check_utf8")) {
    const name = "java_string_check_utf8";
    const problem = "editions say it with features.(pb.java).utf8_validation";
    context.report(diagnostic("E2041", context.options.originOf(options, name), { name, problem }));
  }
  return {
    kind: "proto",
    path: source.path,
    origin,
    package: document.package,
    syntax: document.syntax,
    edition: document.edition,
    header: document.header,
    imports: document.imports,
    messages: document.messages.map((node) => buildMessage(context, node, outer)),
    enums: document.enums.map((node) => buildEnum(context, node, outer)),
    services: document.services.map((node) => buildService(context, node, outer)),
    extensions: document.extends.flatMap((node) => buildExtensions(context, node, outer)),
    options,
    bundled: source.bundled,
    hash: source.hash,
  };
}
