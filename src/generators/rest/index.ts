import type { Method, Service, SourceFile } from "../../model/index.js";
import { type Scope, camelCase, outputStem, pascalCase, safeIdentifier } from "../../plan/index.js";
import type { EmitContext, Generator, RenderJob } from "../generator.js";
import { commentOf, docComment, fits, printList } from "../shared/print.js";
import { printConstant, printLiteral } from "../shared/routes-literal.js";
import { methodProperties } from "../shared/routes-methods.js";
import { type FieldTables, fieldTables } from "../shared/routes-tables.js";
import { type RoutePlan, isSocket, planRoutes } from "../shared/routes.js";
import { clientPlan, clientQuery, fieldsLiteral, routeLiteral } from "./route-literal.js";

/** Typed fetch clients of services with `google.api.http`: `….rest.ts`. They run in browsers too. */
export const rest: Generator = {
  id: "rest",
  summary: "typed fetch clients of services with google.api.http, for browsers and servers",
  byDefault: true,
  showsRoutes: true,

  declare(file, { symbols }) {
    for (const { name, typeName, origin } of restServices(file)) {
      const home = { kind: "file", path: outputPath(file) } as const;
      const client = safeIdentifier(`${name}RestClient`);
      symbols.declare({ key: `restClientType:${typeName}`, home, name: client, origin });
      symbols.declare({
        key: `restClient:${typeName}`,
        home,
        name: safeIdentifier(`create${pascalCase(name)}RestClient`),
        origin,
      });
    }
  },

  files(file, context) {
    const services = restServices(file);
    return services.length === 0 ? [] : [renderClients(file, services, context)];
  },

  project: () => [],
};

function outputPath(file: SourceFile): string {
  return `${outputStem(file)}.rest.ts`;
}

/** Services with a method that HTTP can carry. */
function restServices(file: SourceFile): readonly Service[] {
  if (file.kind !== "proto") return [];
  return file.services.filter(({ methods }) => methods.some(({ routes }) => routes.length > 0));
}

/** A method of a client. */
interface ClientMethod {
  readonly method: Method;
  readonly plan: RoutePlan;
  readonly property: string;
  /** The constant that holds its route. */
  readonly constant: string;
}

function renderClients(file: SourceFile, services: readonly Service[], { model, symbols }: EmitContext): RenderJob {
  const path = outputPath(file);
  const scope = symbols.scope(path);
  const locals = takeLocals(scope);
  const clients = services.map((service) => ({ service, methods: clientMethods(service) }));
  const tables = fieldTables({
    model,
    scope,
    plans: clients.flatMap(({ methods }) => methods.map(({ plan }) => ({ ...plan, queryOf: clientQuery(plan) }))),
    type: ["rest", "RestField"],
    entries: (typeName, nameOf) => fieldsLiteral(model, typeName, nameOf, (name) => scope.runtime("rest", name)),
  });
  const entries = clients.map(({ service, methods }) => ({
    routes: methods.map((method) => ({ statement: printRoute(method, scope, tables) })),
    client: printInterface(service, methods, scope),
    create: printCreate(service, methods, scope, locals),
  }));
  return {
    path,
    template: "rest/file",
    view: { tables: tables.statements.map((statement) => ({ statement })), services: entries },
    scope,
  };

  function clientMethods(service: Service): readonly ClientMethod[] {
    const plans = planRoutes(model, service);
    const properties = methodProperties(service);
    return service.methods.flatMap((method) => {
      const plan = clientPlan(plans.filter((each) => each.method === method));
      if (plan === undefined) return [];
      const constant = scope.local(safeIdentifier(camelCase(service.name) + pascalCase(method.name)));
      return [{ method, plan, constant, property: properties.get(method) ?? method.name }];
    });
  }
}

/** Parameters and variables of a file, taken before anything is imported: a contract may call its things so. */
interface Locals {
  readonly baseUrl: string;
  readonly options: string;
  readonly client: string;
  readonly sockets: string;
  readonly request: string;
  readonly callOptions: string;
}

function takeLocals(scope: Scope): Locals {
  return {
    baseUrl: scope.local("baseUrl"),
    options: scope.local("options"),
    client: scope.local("client"),
    sockets: scope.local("sockets"),
    request: scope.local("request"),
    callOptions: scope.local("callOptions"),
  };
}

function printRoute({ method, plan, constant }: ClientMethod, scope: Scope, tables: FieldTables): string {
  const route = scope.runtimeType("rest", "RestRoute");
  const types = [scope.type(`init:${method.input}`), scope.type(`message:${method.output}`)];
  const input = scope.value(`message:${method.input}`);
  const output = scope.value(`message:${method.output}`);
  const literal = routeLiteral(plan, { input, output, tables: tables.nameOf });
  const line = `const ${constant}: ${route}<${types.join(", ")}> =`;
  if (fits(line)) return printConstant(line, literal);
  // type arguments take no comma after the last
  return `const ${constant}: ${route}<\n  ${types.join(",\n  ")}\n> = ${printLiteral(literal, 0, 80)};`;
}

/** Parameters and result of a method. */
function signature(
  { method }: ClientMethod,
  scope: Scope,
): { readonly params: readonly string[]; readonly result: string } {
  const input = scope.type(`init:${method.input}`);
  const output = scope.type(`message:${method.output}`);
  const options = `options?: ${scope.runtimeType("rest", "RestCallOptions")}`;
  const { kind } = method;
  const streamsRequest = kind === "client_streaming" || kind === "bidi_streaming";
  const streamsReply = kind === "server_streaming" || kind === "bidi_streaming";
  const requests = (): string => `${scope.global("AsyncIterable")}<${input}> | ${scope.global("Iterable")}<${input}>`;
  return {
    params: [streamsRequest ? printUnion("requests", requests()) : `request: ${input}`, options],
    result: `${scope.global(streamsReply ? "AsyncIterable" : "Promise")}<${output}>`,
  };
}

/** A parameter of a union type, one member a line where it is too long for one. */
function printUnion(name: string, type: string): string {
  const line = `${name}: ${type}`;
  if (fits(`${line},`, 4)) return line;
  if (fits(`${type},`, 6)) return `${name}:\n      ${type}`;
  return `${name}:\n${type
    .split(" | ")
    .map((member) => `      | ${member}`)
    .join("\n")}`;
}

function printInterface(service: Service, methods: readonly ClientMethod[], scope: Scope): string {
  const name = scope.value(`restClientType:${service.typeName}`);
  const doc = docComment(commentOf(service.comments), 0, service.deprecated ? ["@deprecated"] : []);
  const members = methods.map((each) => {
    const { method, property } = each;
    const { params, result } = signature(each, scope);
    const comment = docComment(commentOf(method.comments), 2, method.deprecated ? ["@deprecated"] : []);
    return `${comment}  ${printList(property, params, `: ${result};`, { indent: 2 })}\n`;
  });
  return `${doc}export interface ${name} {\n${members.join("")}}`;
}

function printCreate(service: Service, methods: readonly ClientMethod[], scope: Scope, locals: Locals): string {
  const create = scope.value(`restClient:${service.typeName}`);
  const type = scope.value(`restClientType:${service.typeName}`);
  const optionsType = scope.runtimeType("rest", "RestClientOptions");
  const { baseUrl, options, client, sockets } = locals;
  const make = (name: string, used: (method: ClientMethod) => boolean, create: string): readonly string[] =>
    methods.some(used) ? [`  const ${name} = ${scope.runtime("rest", create)}(${baseUrl}, ${options});`] : [];
  const doc = docComment(`A client of ${service.name} over HTTP with JSON.`, 0, [
    "",
    "@example",
    `const client = ${create}("https://api.example.com");`,
  ]);
  const params = [`${baseUrl}: string`, `${options}?: ${optionsType}`];
  return [
    doc + printList(`export function ${create}`, params, `: ${type} {`),
    // a bundle without WebSockets holds nothing of them
    ...make(client, ({ plan }) => !isSocket(plan), "createRestClient"),
    ...make(sockets, ({ plan }) => isSocket(plan), "createRestSocketClient"),
    "  return {",
    ...methods.map((method) => printMember(method, locals)),
    "  };",
    "}",
  ].join("\n");
}

function printMember(
  { method, plan, property, constant }: ClientMethod,
  { client, sockets, request, callOptions }: Locals,
): string {
  const functions = {
    unary: "unary",
    server_streaming: "serverStream",
    client_streaming: "clientStream",
    bidi_streaming: "bidiStream",
  } as const;
  const head = printList(`${property}`, [request, callOptions], " {", { indent: 4 });
  const through = isSocket(plan) ? sockets : client;
  const call = printList(`return ${through}.${functions[method.kind]}`, [constant, request, callOptions], ";", {
    indent: 6,
  });
  return `    ${head}\n      ${call}\n    },`;
}
