import type { ProtoFile, SourceFile } from "../../model/index.js";
import { camelCase, outputStem, pascalCase, safeIdentifier } from "../../plan/index.js";
import type { DeclareContext, EmitContext, Generator } from "../generator.js";
import { serviceView, takeLocalNames } from "./view.js";

/** Descriptors, clients, handler interfaces and chains of services: `….rpc.ts`. */
export const rpc: Generator = {
  id: "rpc",
  summary: "gRPC clients, servers and interceptor chains",
  byDefault: true,
  showsRoutes: false,

  declare(file, { symbols }: DeclareContext) {
    if (!hasServices(file)) return;
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
  },

  files(file, { symbols }: EmitContext) {
    if (!hasServices(file)) return [];
    const path = outputPath(file);
    const scope = symbols.scope(path);
    const locals = takeLocalNames(scope);
    const view = { services: file.services.map((service) => serviceView(service, scope, locals)) };
    return [{ path, template: "rpc/file", view, scope }];
  },

  project: () => [],
};

function outputPath(file: SourceFile): string {
  return `${outputStem(file)}.rpc.ts`;
}

function hasServices(file: SourceFile): file is ProtoFile {
  return file.kind === "proto" && file.services.length > 0;
}
