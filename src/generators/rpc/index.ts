import { enumsOf, type ErrorDomain, type ProtoFile, type SourceFile } from "../../model/index.js";
import { camelCase, outputStem, pascalCase, safeIdentifier } from "../../plan/index.js";
import type { DeclareContext, EmitContext, Generator, RenderJob } from "../generator.js";
import { descriptorView } from "./descriptor/view.js";
import { errorKey, errorNames, errorViews } from "./errors.js";
import { serviceView, takeLocalNames } from "./view.js";

/**
 * Descriptors, clients, handler interfaces and chains of services and the errors that their file declares: `….rpc.ts`;
 * the errors of a file without services: `….errors.ts`; on request descriptors for reflection: `….desc.ts`.
 */
export const rpc: Generator = {
  id: "rpc",
  summary: "gRPC clients, servers, interceptor chains and declared errors",
  byDefault: true,
  showsRoutes: false,

  declare(file, { symbols }: DeclareContext) {
    if (!hasOutput(file)) return;
    const home = { kind: "file", path: outputPath(file) } as const;
    for (const { name, typeName, origin } of file.services) {
      const pascal = pascalCase(name);
      const names: readonly (readonly [key: string, name: string])[] = [
        ["service", name],
        ["client", `${name}Client`],
        ["handler", `${name}Handler`],
        ["createClient", `create${pascal}Client`],
        ["register", `register${pascal}`],
        ["chain", `${camelCase(name)}Chain`],
      ];
      for (const [key, wanted] of names) {
        symbols.declare({ key: `${key}:${typeName}`, home, name: safeIdentifier(wanted), origin });
      }
    }
    if (file.services.length > 0) {
      const name = safeIdentifier(`${camelCase(outputStem(file).replace(/^.*\//, ""))}Descriptors`);
      const desc = { kind: "file", path: descriptorPath(file) } as const;
      symbols.declare({ key: `descriptors:${file.path}`, home: desc, name, origin: file.origin });
    }
    for (const { typeName, errors } of enumsOf(file)) {
      for (const error of errors?.errors ?? []) {
        const { origin } = error;
        const { create, guard } = errorNames(error);
        symbols.declare({ key: errorKey("error", typeName, error), home, name: create, origin });
        symbols.declare({ key: errorKey("isError", typeName, error), home, name: guard, origin });
      }
    }
  },

  files(file, { model, symbols, reflection }: EmitContext) {
    if (!hasOutput(file)) return [];
    const path = outputPath(file);
    const scope = symbols.scope(path);
    const locals = takeLocalNames(scope);
    const errors = errorViews(file, scope, locals);
    const view = { services: file.services.map((service) => serviceView(service, scope, locals)), errors };
    const job: RenderJob = { path, template: "rpc/file", view, scope };
    if (!reflection || file.services.length === 0) return [job];
    const descScope = symbols.scope(descriptorPath(file));
    const descView = descriptorView(model, file, descScope.value(`descriptors:${file.path}`));
    return [job, { path: descriptorPath(file), template: "rpc/descriptors", view: descView, scope: descScope }];
  },

  project: () => [],
};

function outputPath(file: ProtoFile): string {
  return `${outputStem(file)}.${file.services.length > 0 ? "rpc" : "errors"}.ts`;
}

function descriptorPath(file: ProtoFile): string {
  return `${outputStem(file)}.desc.ts`;
}

function hasOutput(file: SourceFile): file is ProtoFile {
  return file.kind === "proto" && (file.services.length > 0 || enumsOf(file).some(({ errors }) => hasErrors(errors)));
}

function hasErrors(domain: ErrorDomain | undefined): boolean {
  return domain !== undefined && domain.errors.length > 0;
}
