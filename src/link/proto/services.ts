import type { Method, MethodKind, MethodSyntax, Service, ServiceSyntax } from "../../model/index.js";
import { knownScopes, type PolicyStatement } from "../policy/index.js";
import { checkStyle } from "./check-style.js";
import { forRoutes, type LinkContext, type Outer } from "./context.js";
import { mergeFeatures } from "./features.js";
import { readPolicy } from "./policy.js";
import { readStatement } from "./policy-statement.js";
import { readRoutes } from "./routes.js";
import { join } from "./symbols.js";

/** A service without its routes and policies: they look into messages, which may not be built yet. */
export interface ServiceDraft {
  readonly service: Omit<Service, "methods" | "scopes">;
  readonly methods: readonly Omit<Method, "routes" | "policy">[];
}

/** The service with its methods' types and options. */
export function buildService(context: LinkContext, node: ServiceSyntax, outer: Outer): ServiceDraft {
  const { document, scope } = outer;
  const options = context.options.read(node.options, "Service", { document, scope });
  const features = mergeFeatures(outer.features, options);
  checkStyle(context, "service", node.name, node.origin, features);
  const typeName = join(scope, node.name);
  const service: Omit<Service, "methods" | "scopes"> = {
    kind: "service",
    name: node.name,
    typeName,
    origin: node.origin,
    comments: node.comments,
    deprecated: options.get("deprecated") === true,
    options,
    file: document.source.path,
  };
  const methods = node.methods.flatMap((method) => {
    const built = buildMethod(context, method, typeName, { ...outer, features });
    return built === undefined ? [] : [built];
  });
  return { service, methods };
}

/** The service complete, once every message is built; `general`: what configuration and file say of methods. */
export function finishService(
  context: LinkContext,
  { service, methods }: ServiceDraft,
  general: readonly PolicyStatement[],
): Service {
  const statements = [...general, readStatement(context, service.options, "service", service.origin)];
  return {
    ...service,
    scopes: knownScopes(statements),
    methods: methods.map((method) => ({
      ...method,
      routes: readRoutes(forRoutes(context), method),
      policy: readPolicy(context, service.typeName, method, statements),
    })),
  };
}

function buildMethod(
  context: LinkContext,
  node: MethodSyntax,
  service: string,
  { document, features }: Outer,
): Omit<Method, "routes" | "policy"> | undefined {
  const { options: reader, resolver } = context;
  const typeName = join(service, node.name);
  const options = reader.read(node.options, "Method", { document, scope: service });
  checkStyle(context, "method", node.name, node.origin, mergeFeatures(features, options));
  // from the method's own scope, as protoc: a method may not be called like its request type
  const place = { document, scope: service };
  const input = resolver.message(node.input, node.inputOrigin, place, "a message to take");
  const output = resolver.message(node.output, node.outputOrigin, place, "a message to return");
  if (input === undefined || output === undefined) return undefined;
  return {
    name: node.name,
    typeName,
    path: `/${service}/${node.name}`,
    origin: node.origin,
    comments: node.comments,
    deprecated: options.get("deprecated") === true,
    options,
    kind: kindOf(node),
    input,
    output,
    idempotency: idempotencyOf(options.get("idempotency_level")),
  };
}

function kindOf({ inputStream, outputStream }: MethodSyntax): MethodKind {
  if (inputStream) return outputStream ? "bidi_streaming" : "client_streaming";
  return outputStream ? "server_streaming" : "unary";
}

function idempotencyOf(level: unknown): Method["idempotency"] {
  switch (level) {
    case "NO_SIDE_EFFECTS":
      return "no_side_effects";
    case "IDEMPOTENT":
      return "idempotent";
    default:
      return "unknown";
  }
}
