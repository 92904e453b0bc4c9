import { type Report, diagnostic } from "../../diagnostics/index.js";
import type { Service, SourceFile } from "../../model/index.js";
import { camelCase, outputStem, safeIdentifier } from "../../plan/index.js";
import type { DeclareContext, EmitContext, Generator, RenderJob } from "../generator.js";
import { docComment, fits, printList } from "../shared/print.js";
import { fieldTables } from "../shared/routes-tables.js";
import { printConstant } from "../shared/routes-literal.js";
import { type RoutePlan, isSocket, planRoutes, routeKey, routeName } from "../shared/routes.js";
import { fieldsLiteral, routeLiteral } from "./route-literal.js";

/** Route tables and gateway routes of services with `google.api.http`: `….http.ts`. */
export const http: Generator = {
  id: "http",
  summary: "HTTP routes of services with google.api.http, for the gateway",
  byDefault: true,
  showsRoutes: true,

  declare(file, { symbols }: DeclareContext) {
    for (const service of routedServices(file)) {
      const home = { kind: "file", path: outputPath(file) } as const;
      const name = camelCase(service.name);
      const { origin, typeName } = service;
      symbols.declare({ key: `routes:${typeName}`, home, name: safeIdentifier(`${name}Routes`), origin });
      symbols.declare({ key: `routeTable:${typeName}`, home, name: safeIdentifier(`${name}RouteTable`), origin });
    }
  },

  files(file, context) {
    const services = routedServices(file);
    return services.length === 0 ? [] : [renderRoutes(file, services, context)];
  },

  project: () => [],
};

function outputPath(file: SourceFile): string {
  return `${outputStem(file)}.http.ts`;
}

function routedServices(file: SourceFile): readonly Service[] {
  if (file.kind !== "proto") return [];
  return file.services.filter(({ methods }) => methods.some(({ routes }) => routes.length > 0));
}

function renderRoutes(
  file: SourceFile,
  services: readonly Service[],
  { model, symbols, report }: EmitContext,
): RenderJob {
  const path = outputPath(file);
  const scope = symbols.scope(path);
  // taken before anything is imported: a contract may call its things so
  const [context, backend, options] = [scope.local("C"), scope.local("backend"), scope.local("options")];
  const plans = new Map<Service, readonly RoutePlan[]>(
    services.map((service) => [service, planRoutes(model, service)]),
  );

  for (const each of plans.values()) reportDoubles(each, report);
  const tables = fieldTables({
    model,
    scope,
    plans: [...plans.values()].flat(),
    type: ["gateway", "RequestField"],
    entries: (typeName, nameOf) => fieldsLiteral(model, typeName, nameOf, (name) => scope.runtime("gateway", name)),
  });

  const httpRoute = scope.runtimeType("gateway", "HttpRoute");
  const entries = services.map((service) => {
    const table = scope.value(`routeTable:${service.typeName}`);
    const head = `export const ${table}: readonly ${httpRoute}[] =`;
    const routes = (plans.get(service) ?? []).map((plan) => routeLiteral(model, plan, tables.nameOf));
    return {
      tableDoc: docComment(`The HTTP bindings of ${service.name} as data.`),
      table: printConstant(head, routes),
      functions: printFunction(service, table),
    };
  });

  return {
    path,
    template: "http/file",
    view: { tables: tables.statements.map((text) => ({ text })), services: entries },
    scope,
  };

  function printFunction({ name, typeName }: Service, table: string): string {
    const routes = scope.value(`routes:${typeName}`);
    const head = `export function ${routes}`;
    const client = scope.type(`client:${typeName}`);
    const handler = scope.type(`handler:${typeName}`);
    const descriptor = scope.value(`service:${typeName}`);
    const plain = scope.runtimeType("gateway", "RouteOptions");
    const chained = scope.runtimeType("gateway", "ChainedRouteOptions");
    const generic = fits(`${head}<${context}>(`) ? `${head}<${context}>` : `${head}<\n  ${context},\n>`;
    const needy = `${backend}: ${handler}<${scope.global("NoInfer")}<${context}>>`;
    const needyBroken = `${backend}: ${handler}<\n    ${scope.global("NoInfer")}<${context}>\n  >`;
    const set = scope.runtimeType("gateway", "RouteSet");
    const make = scope.runtime("gateway", "routeSet");
    const doc = docComment(
      `The routes of ${name} for a gateway. The backend is a client, or a\n` +
        "handler in this process, which then runs behind the same chain as under gRPC.",
      0,
      ["", "@example", `createGateway({ routes: [${routes}(backend)] });`],
    );
    return [
      doc + printList(head, [`${backend}: ${client}`], `: ${set};`),
      printList(head, [`${backend}: ${handler}`, `${options}?: ${plain}`], `: ${set};`),
      printList(
        generic,
        [fits(`${needy},`, 2) ? needy : needyBroken, `${options}: ${chained}<${context}>`],
        `: ${set};`,
      ),
      printList(head, [`${backend}: object`, `${options}?: ${plain}`], `: ${set} {`),
      `  ${printList(`return ${make}`, [descriptor, table, backend, options], ";", { indent: 2 })}`,
      "}",
    ].join("\n");
  }
}

/**
 * Of two methods of a service that take the same requests one could never be called. Services may share routes, for
 * they need not stand behind one gateway.
 */
function reportDoubles(plans: readonly RoutePlan[], report: Report): void {
  const seen = new Map<string, RoutePlan>();
  for (const plan of plans) {
    const key = routeKey(plan);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, plan);
      continue;
    }
    // further bindings of a WebSocket may differ in their verbs alone
    if (isSocket(plan) && first.method === plan.method) continue;
    const route = routeName(plan);
    const related = [{ message: "first bound here", origin: first.route.origin }];
    const params = { route, method: plan.method.typeName, first: first.method.typeName };
    report(diagnostic("E4010", plan.route.origin, params, related));
  }
}
