import type { Method, Service } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import { commentOf, docComment, fits, printList, propertyName, stringLiteral } from "../shared/print.js";
import { methodProperties } from "../shared/routes-methods.js";
import { policyLiteral } from "./policy.js";
import { property } from "./property.js";

/** One service as the template shows it. */
export interface ServiceView {
  readonly descriptor: {
    readonly doc: string;
    readonly name: string;
    readonly typeName: string;
    readonly typeNameProperty: string;
  };
  readonly client: { readonly doc: string; readonly name: string };
  readonly handler: { readonly doc: string; readonly head: string };
  readonly methods: readonly MethodView[];
  readonly create: string;
  readonly register: string;
  readonly chain: string;
}

/** One method; each text is indented but for its first line. */
export interface MethodView {
  readonly doc: string;
  readonly key: string;
  readonly infoType: string;
  readonly properties: readonly { readonly text: string }[];
  readonly clientMethod: string;
  readonly handlerMethod: string;
}

/** Parameter names of a file: whatever its contract calls things, they stay apart. */
export interface LocalNames {
  /** Type parameter of what the chain adds to the context. */
  readonly context: string;
  readonly registry: string;
  readonly handler: string;
  readonly transport: string;
  readonly options: string;
  readonly metadata: string;
  readonly error: string;
}

/** Takes the parameter names of a file, before it imports anything. */
export function takeLocalNames(scope: Scope): LocalNames {
  return {
    context: scope.local("C"),
    registry: scope.local("registry"),
    handler: scope.local("handler"),
    transport: scope.local("transport"),
    options: scope.local("options"),
    metadata: scope.local("metadata"),
    error: scope.local("error"),
  };
}

export function serviceView(service: Service, scope: Scope, locals: LocalNames): ServiceView {
  const { typeName } = service;
  const name = scope.value(`service:${typeName}`);
  const comment = commentOf(service.comments);
  const tags = service.deprecated ? ["@deprecated"] : [];
  const keys = methodProperties(service);
  return {
    descriptor: {
      doc: docComment(comment, 0, tags),
      name,
      typeName: stringLiteral(typeName),
      typeNameProperty: property("typeName", stringLiteral(typeName), 2),
    },
    client: { doc: docComment(comment, 0, tags), name: scope.type(`client:${typeName}`) },
    handler: { doc: docComment(comment, 0, tags), head: handlerHead(service, scope, locals) },
    methods: service.methods.map((method) => methodView(service, method, keys.get(method) ?? "", scope, locals)),
    create: createFunction(service, scope, locals),
    register: registerFunctions(service, scope, locals),
    chain: chainFunction(service, scope),
  };
}

function methodView(service: Service, method: Method, key: string, scope: Scope, locals: LocalNames): MethodView {
  const name = propertyName(key);
  const types = messageTypes(method, scope);
  const info = scope.runtimeType("rpc", "MethodInfo");
  const typeArguments = [types.input, types.inputInit, types.output, types.outputInit];
  const literals: readonly (readonly [string, string])[] = [
    ["name", stringLiteral(method.name)],
    ["service", stringLiteral(service.typeName)],
    ["path", stringLiteral(method.path)],
    ["kind", stringLiteral(method.kind)],
    ["input", types.input],
    ["output", types.output],
    ["idempotency", stringLiteral(method.idempotency)],
  ];
  return {
    doc: docComment(commentOf(method.comments), 2, method.deprecated ? ["@deprecated"] : []),
    key: name,
    infoType: printList(`readonly ${name}: ${info}`, typeArguments, ";", { indent: 4, open: "<", close: ">" }),
    properties: [
      ...literals.map(([label, value]) => ({ text: property(label, value, 6) })),
      { text: `policy: ${policyLiteral(method.policy, 6)}` },
    ],
    clientMethod: clientMethod(method, name, types, scope),
    handlerMethod: handlerMethod(method, name, types, scope, locals),
  };
}

interface MessageTypes {
  readonly input: string;
  readonly inputInit: string;
  readonly output: string;
  readonly outputInit: string;
}

function messageTypes({ input, output }: Method, scope: Scope): MessageTypes {
  return {
    input: scope.value(`message:${input}`),
    inputInit: scope.type(`init:${input}`),
    output: scope.value(`message:${output}`),
    outputInit: scope.type(`init:${output}`),
  };
}

function streams({ kind }: Method): { readonly input: boolean; readonly output: boolean } {
  return {
    input: kind === "client_streaming" || kind === "bidi_streaming",
    output: kind === "server_streaming" || kind === "bidi_streaming",
  };
}

function clientMethod(method: Method, name: string, types: MessageTypes, scope: Scope): string {
  const { input, output } = streams(method);
  const request = input
    ? `requests: ${scope.runtimeType("rpc", "MessagesInput")}<${types.inputInit}>`
    : `request: ${types.inputInit}`;
  const result = `${scope.global(output ? "AsyncIterable" : "Promise")}<${types.output}>`;
  const options = `options?: ${scope.runtimeType("rpc", "CallOptions")}`;
  return printList(name, [request, options], `: ${result};`, { indent: 2 });
}

function handlerHead({ typeName, methods }: Service, scope: Scope, { context }: LocalNames): string {
  const head = `export interface ${scope.type(`handler:${typeName}`)}`;
  if (methods.length === 0) return `${head} {}`;
  const line = `${head}<${context} = {}> {`;
  return fits(line) ? line : `${head}<\n  ${context} = {},\n> {`;
}

function handlerMethod(method: Method, name: string, types: MessageTypes, scope: Scope, locals: LocalNames): string {
  const { input, output } = streams(method);
  const request = input ? `requests: ${scope.global("AsyncIterable")}<${types.input}>` : `request: ${types.input}`;
  const context = `context: ${scope.runtimeType("rpc", "CallContext")} & ${locals.context}`;
  const result = output
    ? `${scope.global("AsyncIterable")}<${types.outputInit}>`
    : `${scope.runtimeType("rpc", "Awaitable")}<${types.outputInit}>`;
  return printList(`readonly ${name}: `, [request, context], ` => ${result};`, { indent: 2 });
}

function createFunction({ name, typeName }: Service, scope: Scope, { transport, options }: LocalNames): string {
  const create = scope.value(`createClient:${typeName}`);
  const client = scope.type(`client:${typeName}`);
  const parameters = [
    `${transport}: ${scope.runtimeType("rpc", "Transport")}`,
    clientOptions(options, scope.runtimeType("rpc", "ClientOptions"), scope.value(`service:${typeName}`)),
  ];
  const make = scope.runtime("rpc", "createServiceClient");
  const values = [scope.value(`service:${typeName}`), transport, options];
  return [
    docComment(`Calls ${name} over a transport.`) + printList(`export function ${create}`, parameters, `: ${client} {`),
    `  ${printList(`return ${make}`, values, ";", { indent: 2 })}`,
    "}",
  ].join("\n");
}

/** Options that know the names of the methods. */
function clientOptions(name: string, type: string, descriptor: string): string {
  const line = `${name}?: ${type}<keyof typeof ${descriptor}.methods>`;
  return fits(`${line},`, 2) ? line : `${name}?: ${type}<\n    keyof typeof ${descriptor}.methods\n  >`;
}

/** Two overloads: a handler that needs more context than every call has cannot go without the chain that adds it. */
function registerFunctions({ name, typeName, methods }: Service, scope: Scope, locals: LocalNames): string {
  const { context, options } = locals;
  const register = scope.value(`register:${typeName}`);
  const handler = scope.type(`handler:${typeName}`);
  const registry = `${locals.registry}: ${scope.runtimeType("rpc", "ServiceRegistry")}`;
  const serveOptions = scope.runtimeType("rpc", "ServeOptions");
  const implementOptions = scope.runtimeType("rpc", "ImplementOptions");
  const implement = scope.runtime("rpc", "implementService");
  const descriptor = scope.value(`service:${typeName}`);
  // the handler of a service without methods has no type parameter
  const handlerOfC =
    methods.length === 0
      ? `${locals.handler}: ${handler}`
      : printTyped(`${locals.handler}: ${handler}`, `${scope.global("NoInfer")}<${context}>`);
  const head = `export function ${register}<${context}>`;
  const typeParameterHead = fits(`${head}(`) ? head : `export function ${register}<\n  ${context},\n>`;
  const doc = `Serves ${name}. The chain's layers run around every call; they add to the\ncontext what the handler needs.`;
  return [
    docComment(doc) + printList(`export function ${register}`, [registry, `${locals.handler}: ${handler}`], ": void;"),
    printList(typeParameterHead, [registry, handlerOfC, `${options}: ${serveOptions}<${context}>`], ": void;"),
    printList(
      `export function ${register}`,
      [registry, `${locals.handler}: object`, `${options}?: ${implementOptions}`],
      ": void {",
    ),
    `  ${registration(descriptor, implement, locals)}`,
    "}",
  ].join("\n");
}

/** A parameter on a line of its own whose type has one argument that is no plain name. */
function printTyped(head: string, argument: string): string {
  const line = `${head}<${argument}>`;
  return fits(`${line},`, 2) ? line : `${head}<\n    ${argument}\n  >`;
}

/** The one call whose last argument is a call, which prettier keeps on the outer call's line while it can. */
function registration(descriptor: string, implement: string, locals: LocalNames): string {
  const inner = [descriptor, locals.handler, locals.options];
  const line = `${locals.registry}.register(${descriptor}, ${implement}(${inner.join(", ")}));`;
  if (fits(line, 2)) return line;
  const last = printList(implement, inner, ",", { indent: 4 });
  return `${locals.registry}.register(\n    ${descriptor},\n    ${last}\n  );`;
}

function chainFunction({ name, typeName }: Service, scope: Scope): string {
  const chain = scope.value(`chain:${typeName}`);
  const descriptor = scope.value(`service:${typeName}`);
  const type = scope.runtimeType("rpc", "ServiceChain");
  const make = scope.runtime("rpc", "serviceChain");
  const result = printList(`export function ${chain}(): ${type}`, ["{}", `keyof typeof ${descriptor}.methods`], " {", {
    open: "<",
    close: ">",
  });
  return [
    docComment(`An empty chain for ${name}: \`.use(interceptor)\` adds a layer.`) + result,
    `  ${printList(`return ${make}`, [descriptor], ";", { indent: 2 })}`,
    "}",
  ].join("\n");
}
