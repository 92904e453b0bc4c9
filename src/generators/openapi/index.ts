import { type Model, type ProtoFile, type Service, emittedFiles } from "../../model/index.js";
import { outputStem } from "../../plan/index.js";
import type { Generator } from "../generator.js";
import { type DocumentInput, openapiDocument } from "./document.js";
import { printYaml } from "./yaml.js";

/**
 * OpenAPI 3.1 documents, one per proto package: `openapi/acme.user.v1.yaml`. A package is what is versioned and
 * published together, so two versions of an API stand side by side.
 */
export const openapi: Generator = {
  id: "openapi",
  summary: "OpenAPI 3.1 documents of services with google.api.http",
  byDefault: true,
  showsRoutes: true,
  declare() {},
  // comments of other files are part of a document, so it follows all contracts
  files: () => [],
  project: ({ model }) =>
    documents(model).map((document) => ({
      path: `openapi/${document.name}.yaml`,
      template: "openapi/document",
      view: { yaml: printYaml(openapiDocument(document)) },
      scope: undefined,
      sources: document.sources,
    })),
};

/** The documents of a model in order of first appearance. */
export function documents(model: Model): readonly (DocumentInput & { readonly sources: readonly string[] })[] {
  const services = new Map<string, { readonly services: Service[]; readonly sources: string[] }>();
  for (const file of emittedFiles(model)) {
    if (file.kind !== "proto") continue;
    const routed = file.services.filter(({ methods }) => methods.some(({ routes }) => routes.length > 0));
    if (routed.length === 0) continue;
    const name = documentName(file);
    let document = services.get(name);
    if (document === undefined) services.set(name, (document = { services: [], sources: [] }));
    document.services.push(...routed);
    document.sources.push(file.path);
  }
  return [...services].map(([name, document]) => ({ model, name, ...document }));
}

function documentName(file: ProtoFile): string {
  return file.package === "" ? outputStem(file).replace(/\//g, ".") : file.package;
}
