import type { Model, Service } from "../../model/index.js";
import { type Data, type DataObject, namedSchema, reachableTypes } from "../shared/json-schema.js";
import { type SchemaNames, nameSchemas } from "../shared/json-schema-names.js";
import { commentText } from "../shared/json-schema-text.js";
import { type RoutePlan, isSocket, planRoutes, routeKey } from "../shared/routes.js";
import { operation, statusType } from "./operation.js";
import { securitySchemes } from "./security.js";
import { type DocumentPath, documentPath, renamed } from "./paths.js";

/** What one document describes. */
export interface DocumentInput {
  readonly model: Model;
  /** The proto package, or the name of the file where there is none. */
  readonly name: string;
  /** Those with routes. */
  readonly services: readonly Service[];
}

/** The verbs that a path item of OpenAPI 3.1 has. */
const verbs: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);

/** An OpenAPI 3.1 document as plain data. */
export function openapiDocument({ model, name, services }: DocumentInput): DataObject {
  const plans = services.flatMap((service) => planRoutes(model, service));
  const roots = plans.flatMap((plan) => messagesOf(plan));
  const types = reachableTypes(model, [...roots, statusType]);
  const names = nameSchemas(model, types);
  const paths = pathItems(model, plans, names);
  const used = usedSchemas(paths, types, model, names);
  return {
    openapi: "3.1.0",
    info: {
      title: services.length === 1 ? `${services[0]?.name ?? name} API` : name,
      description: infoText(name, services),
      version: /(?:^|\.)(v[0-9]+[a-z0-9]*)$/.exec(name)?.[1] ?? "1.0.0",
    },
    servers: [{ url: "/" }],
    security: [],
    tags: services.map((service) => ({
      name: service.name,
      description: commentText(service.comments) || `Methods of \`${service.typeName}\`.`,
    })),
    paths,
    components: { schemas: used, securitySchemes: securitySchemes(services) },
  };
}

function infoText(name: string, services: readonly Service[]): string {
  const only = services.length === 1 ? services[0] : undefined;
  return (only === undefined ? "" : commentText(only.comments)) || `The HTTP interface of \`${name}\`.`;
}

/** Messages that an operation shows. */
function messagesOf({ method }: RoutePlan): readonly string[] {
  return [method.input, method.output];
}

function pathItems(model: Model, plans: readonly RoutePlan[], names: SchemaNames): DataObject {
  const ids = uniqueIds(plans);
  const paths = new Map<
    string,
    { readonly path: DocumentPath; readonly item: Map<string, Data>; more: Map<string, Data>; socket?: Data }
  >();
  const seen = new Set<string>();
  for (const plan of plans) {
    // a route that another one hides was reported where routes are emitted
    if (seen.has(routeKey(plan))) continue;
    seen.add(routeKey(plan));
    const own = documentPath(plan);
    let entry = paths.get(own.shape);
    if (entry === undefined) paths.set(own.shape, (entry = { path: own, item: new Map(), more: new Map() }));
    const path = renamed(
      own,
      entry.path.parameters.map((parameter) => parameter.name),
    );
    if (isSocket(plan)) {
      entry.socket ??= operation({ model, plan, path, names, id: ids.get(plan) ?? plan.method.name });
      continue;
    }
    const verb = plan.verb === "*" ? (plan.body.kind === "none" ? "GET" : "POST") : plan.verb;
    const id = ids.get(plan) ?? plan.method.name;
    const described = operation({ model, plan, path, names, id });
    const target = verbs.has(verb) ? entry.item : entry.more;
    const key = verbs.has(verb) ? verb.toLowerCase() : verb;
    if (!target.has(key)) target.set(key, described);
  }
  const items = [...paths.values()].map(({ path, item, more, socket }): readonly [string, DataObject] => {
    // what opens a WebSocket is a GET; where the path has another one the document has no place for two
    if (socket !== undefined) (item.has("get") ? more : item).set(item.has("get") ? "WEBSOCKET" : "get", socket);
    return [
      path.template,
      {
        ...Object.fromEntries(item),
        "x-additional-operations": more.size === 0 ? undefined : Object.fromEntries(more),
      },
    ];
  });
  return Object.fromEntries(items);
}

/** `Service_Method`; `_2` and so on for further bindings, and for names that meet. */
function uniqueIds(plans: readonly RoutePlan[]): ReadonlyMap<RoutePlan, string> {
  const ids = new Map<RoutePlan, string>();
  const taken = new Set<string>();
  // first bindings keep their names whatever the others are called
  for (const plan of [...plans.filter(({ index }) => index === 0), ...plans.filter(({ index }) => index > 0)]) {
    const base = `${plan.service.name}_${plan.method.name}`;
    let id = plan.index === 0 ? base : `${base}_${plan.index + 1}`;
    for (let n = plan.index + 2; taken.has(id); n++) id = `${base}_${n}`;
    taken.add(id);
    ids.set(plan, id);
  }
  return ids;
}

/** The schemas that paths refer to, directly or through others, by name. */
function usedSchemas(paths: DataObject, types: readonly string[], model: Model, names: SchemaNames): DataObject {
  const byName = new Map(types.map((typeName) => [names(typeName), typeName]));
  const schemas = new Map<string, DataObject>();
  const open: Data[] = [paths];
  for (let data = open.pop(); data !== undefined; data = open.pop()) {
    if (typeof data !== "object" || data === null) continue;
    const name = "$ref" in data && typeof data["$ref"] === "string" ? data["$ref"].split("/").at(-1) : undefined;
    const typeName = name === undefined ? undefined : byName.get(name);
    if (name !== undefined && typeName !== undefined && !schemas.has(name)) {
      const schema = typeName === statusType ? statusSchema() : namedSchema(typeName, model, names);
      schemas.set(name, schema);
      open.push(schema);
    }
    for (const inner of Object.values(data)) if (inner !== undefined) open.push(inner);
  }
  const sorted = [...schemas].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted);
}

/** `google.rpc.Status`, which a contract need not import. */
function statusSchema(): DataObject {
  return {
    type: "object",
    description: "What went wrong.",
    properties: {
      code: { type: "integer", format: "int32", description: "A status code of gRPC, `google.rpc.Code`." },
      message: { type: "string", description: "For developers, in English." },
      details: {
        type: "array",
        description: "More about the error, in messages that the code implies.",
        items: { type: "object", properties: { "@type": { type: "string" } }, additionalProperties: true },
      },
    },
  };
}
