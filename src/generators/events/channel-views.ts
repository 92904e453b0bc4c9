import type { Channel, ChannelParameter, EventMessage, EventsFile } from "../../model/index.js";
import { camelCase, type Scope } from "../../plan/index.js";
import type { EmitContext } from "../generator.js";
import { call, objectOf, printTyped, type Expression } from "../shared/expressions.js";
import { docComment, fits, printList, propertyName, stringLiteral } from "../shared/print.js";
import { jsonLiteral, list, numberLiteral, object, printEntry, text, type Literal } from "../shared/schema-literal.js";
import type { TypeForm } from "../shared/schema-types.js";
import { viewBatch, type BatchView } from "./batch-views.js";
import {
  bindingsLiteral,
  channelBindings,
  consumerLiteral,
  idempotencyKeyOf,
  isQueueChannel,
  operationsLiteral,
  receiversOf,
} from "./consumer.js";
import { docTags } from "./doc-tags.js";
import { printFunction, printParameter } from "./functions.js";
import { viewHeaders } from "./header-views.js";
import { keyExpression } from "./key.js";
import { isUnionChannel, symbolKey, type ChannelSymbol } from "./names.js";
import { planEvents } from "./plan.js";
import { viewReplies, type ReplyView } from "./reply-views.js";
import { typeNames } from "./schema-views.js";
import { viewSocket, type SocketLocals, type SocketView } from "./websocket-views.js";

/** What stands in the file for one channel; empty texts are left out. */
export interface ChannelView extends BatchView {
  readonly params: string;
  readonly paramsInit: string;
  readonly union: string;
  readonly unionInit: string;
  /** Types of the headers of several messages. */
  readonly headers: readonly string[];
  readonly consumeOptions: string;
  readonly info: string;
  readonly encode: string;
  readonly publish: string;
  readonly consume: string;
  readonly socket: SocketView | false;
  /** Of operations with a reply; they follow all channels, because they may refer to any. */
  readonly replies: readonly ReplyView[];
}

/** Names of parameters that nothing in the file has. */
export interface Locals extends SocketLocals {
  readonly broker: string;
  readonly params: string;
  readonly message: string;
  readonly messages: string;
  readonly options: string;
  readonly handler: string;
}

/** Takes the parameter names of a file; to be asked before anything is imported. */
export function takeLocals(scope: Scope): Locals {
  return {
    broker: scope.local("broker"),
    params: scope.local("params"),
    message: scope.local("message"),
    messages: scope.local("messages"),
    options: scope.local("options"),
    handler: scope.local("handler"),
    url: scope.local("url"),
    server: scope.local("server"),
  };
}

/** The options of publishers where the contract requires headers. */
const requiredOptions = {
  EncodeOptions: "EncodeWith",
  PublishOptions: "PublishWith",
  PublishBatchOptions: "PublishBatchWith",
} as const;

/** The descriptor and the functions of one channel. */
export function viewChannel(
  file: EventsFile,
  channel: Channel,
  scope: Scope,
  locals: Locals,
  context: EmitContext,
): ChannelView {
  const plan = planEvents(file);
  const types = typeNames(file, scope, context.symbols);
  const { parameters } = channel;
  const hasParams = parameters.length > 0 && channel.address !== undefined;
  const hasDefaults = hasParams && parameters.some(isOptional);
  const { onBroker, socket } = channel;
  const hasUnion = onBroker && isUnionChannel(channel);
  const receivers = receiversOf(file, channel);
  const needsOptions = onBroker && (receivers.length > 1 || channel.address === undefined);

  const name = (kind: ChannelSymbol): string => scope.value(symbolKey(kind, file, channel.id));
  const typeName = (kind: ChannelSymbol): string => scope.type(symbolKey(kind, file, channel.id));
  const cases = caseNames(channel);
  const wireNames = messageNames(channel);

  function payloadType(message: EventMessage | undefined, form: TypeForm): string {
    const payload = message === undefined ? undefined : plan.payloadOf(message);
    switch (payload?.kind) {
      case "proto":
        return types.message(payload.typeName, form);
      case "json":
      case "avro":
      case "text":
        return types.schema(payload.key, form);
      default:
        return scope.global("Uint8Array");
    }
  }

  function payloadValue(message: EventMessage | undefined): string {
    const payload = message === undefined ? undefined : plan.payloadOf(message);
    switch (payload?.kind) {
      case "proto":
        return protoPayload(payload.typeName);
      case "json":
      case "avro":
      case "text":
        return scope.value(symbolKey("schema", file, payload.key));
      default:
        return scope.runtime("queue", "bytesPayload");
    }
  }

  /** A message with rules is checked as what a schema describes is: when it is read, and before it is written. */
  function protoPayload(typeName: string): string {
    const codec = scope.value(`message:${typeName}`);
    const validate = `validate:${typeName}`;
    if (!context.symbols.has(validate)) return codec;
    return `${scope.runtime("queue", "checkedPayload")}(${codec}, ${scope.value(validate)})`;
  }

  /** An expression of the contract in terms of what programs see of that message. */
  function located(expression: string | undefined, message: EventMessage | undefined): Literal | undefined {
    if (expression === undefined || message === undefined) return undefined;
    const payload = plan.payloadOf(message);
    const proto = payload.kind === "proto" ? payload.typeName : undefined;
    return jsonLiteral(keyExpression(context.model, expression, proto));
  }

  const headers = viewHeaders(file, onBroker ? channel : { ...channel, messages: [] }, scope, context);

  const [only] = channel.messages;
  // asking for a name imports it, and a channel that is on no broker does not need these
  const typeOf = (form: TypeForm): string =>
    hasUnion ? typeName(form === "init" ? "unionInit" : "union") : onBroker ? payloadType(only, form) : "";
  const whole = typeOf("whole");
  const init = typeOf("init");

  function printUnion(kind: "union" | "unionInit", form: TypeForm): string {
    const parts = channel.messages.map((message) => ({
      members: [`case: ${stringLiteral(cases(message))}`, `value: ${payloadType(message, form)}`],
    }));
    const doc = form === "whole" ? docComment(`A message of the channel ${channel.id}.`) : "";
    return `${doc}${printTyped(`export type ${typeName(kind)}`, parts, ";", 0, " =")}`;
  }

  function unionLiteral(): Literal {
    const members = channel.messages.map((message) =>
      object([
        ["case", jsonLiteral(cases(message))],
        ["name", jsonLiteral(wireNames(message))],
        ["type", text(payloadValue(message))],
        ["contentType", jsonLiteral(contentTypeOf(plan.payloadOf(message).kind, message))],
        ["key", located(message.key, message)],
        ["correlationId", located(message.correlationId, message)],
        ["headers", headers.literal(message)],
      ]),
    );
    // the helper's type arguments are what the annotation of the constant says
    return object([
      ["typeName", jsonLiteral(channel.id)],
      ["members", list(members)],
    ]);
  }

  function info(): string {
    const literal = object([
      ["id", jsonLiteral(channel.id)],
      ["address", jsonLiteral(channel.address ?? "")],
      [
        "parameters",
        hasParams
          ? list(parameters.map((parameter) => parameterLiteral(parameter, located(parameter.location, only))))
          : undefined,
      ],
      [
        "message",
        hasUnion
          ? {
              kind: "call",
              callee: `/* @__PURE__ */ ${scope.runtime("queue", "messageUnion")}`,
              argument: unionLiteral(),
            }
          : text(payloadValue(only)),
      ],
      ["contentType", jsonLiteral(contentTypeOf(only && plan.payloadOf(only).kind, only))],
      ["key", hasUnion ? undefined : located(only?.key, only)],
      ["idempotencyKey", located(idempotencyKeyOf(file, channel), only)],
      ["correlationId", hasUnion ? undefined : located(only?.correlationId, only)],
      ["headers", hasUnion || only === undefined ? undefined : headers.literal(only)],
      ["expiresMs", channel.policy.expiresMs === undefined ? undefined : text(numberLiteral(channel.policy.expiresMs))],
      ["queue", isQueueChannel(file, channel) ? text("true") : undefined],
      ["bindings", bindingsLiteral(channelBindings(file, channel))],
      ["consumer", consumerLiteral(file, channel, wireNames)],
      ["operations", operationsLiteral(file, channel, wireNames)],
    ]);
    const args = hasParams ? [whole, init, typeName("params")] : whole === init ? [whole] : [whole, init];
    const head = `export const ${name("channel")}: ${scope.runtimeType("queue", "ChannelInfo")}`;
    const left = `${head}<${args.join(", ")}>`;
    const type = fits(`${left} =`) ? `${left} =` : printList(head, args, " =", { open: "<", close: ">" });
    const about = channel.description || channel.title || only?.description || only?.summary || "";
    // of one message the channel is what programs see
    const tags = hasUnion || only === undefined ? channel.tags : [...new Set([...channel.tags, ...only.tags])];
    const deprecated = channel.deprecated || (!hasUnion && only?.deprecated === true);
    const doc = docComment(about, 0, docTags({ tags, deprecated }, about !== ""));
    // where the brace no longer fits the whole object moves down
    const below = !type.includes("\n") && !fits(`${type} {`);
    return `${doc}${type}${below ? "\n  " : " "}${printExpanded(literal, below ? 2 : 0)};`;
  }

  const promise = (type: string): string => `${scope.global("Promise")}<${type}>`;
  const paramsArg = (form: TypeForm): readonly string[] =>
    hasParams ? [`${locals.params}: ${typeName(form === "init" && hasDefaults ? "paramsInit" : "params")}`] : [];
  const optionsArg = (options: string): string =>
    channel.address === undefined
      ? `${locals.options}: ${options} & ${scope.runtimeType("queue", "AtAddress")}`
      : `${locals.options}?: ${options}`;
  /** Options of publishers: what the contract says about headers is said by their type. */
  const sendOptions = (name: "EncodeOptions" | "PublishOptions" | "PublishBatchOptions"): string => {
    const type = headers.type("init");
    if (type === undefined) return optionsArg(scope.runtimeType("queue", name));
    if (!headers.required) return optionsArg(`${scope.runtimeType("queue", name)}<${type}>`);
    const required = scope.runtimeType("queue", requiredOptions[name]);
    const where = channel.address === undefined ? ` & ${scope.runtimeType("queue", "AtAddress")}` : "";
    return `${locals.options}: ${required}<${type}>${where}`;
  };
  /** Options with the parameters among them. */
  const passed: Expression = hasParams
    ? objectOf([`...${locals.options}`, `...${locals.options}`], ["params", locals.params])
    : locals.options;
  const where = channel.address === undefined ? "the address in the options" : `\`${channel.address}\``;

  function encode(): string {
    const head = `export function ${name("encode")}`;
    const args = [...paramsArg("init"), `${locals.message}: ${init}`, sendOptions("EncodeOptions")];
    const body = call(scope.runtime("queue", "encodeMessage"), name("channel"), locals.message, passed);
    const doc = docComment(`A message to ${where}, ready for an outbox or a batch: its id and trace are fixed now.`);
    return printFunction(doc, head, args, scope.runtimeType("queue", "OutgoingMessage"), body);
  }

  function publish(): string {
    const broker = `${locals.broker}: ${scope.runtimeType("queue", "Broker")}`;
    const options = sendOptions("PublishOptions");
    const args = [broker, ...paramsArg("init"), `${locals.message}: ${init}`, options];
    const body = call(scope.runtime("queue", "publish"), locals.broker, name("channel"), locals.message, passed);
    const doc = docComment(`Publishes to ${where}; resolves once the broker has confirmed the message.`);
    return printFunction(doc, `export function ${name("publish")}`, args, promise("string | undefined"), body);
  }

  /** What the types of handlers depend on. */
  function handlerArgs(): readonly string[] {
    const headersType = headers.type("whole");
    if (headersType !== undefined) return [whole, hasParams ? typeName("params") : "{}", headersType];
    return hasParams ? [whole, typeName("params")] : [whole];
  }

  function consume(): string {
    const handlerType = `${locals.handler}: ${scope.runtimeType("queue", "MessageHandler")}`;
    const options = needsOptions
      ? `${locals.options}: ${typeName("consumeOptions")}`
      : `${locals.options}?: ${scope.runtimeType("queue", "ConsumeOptions")}`;
    const args = [
      `${locals.broker}: ${scope.runtimeType("queue", "Broker")}`,
      printParameter(handlerType, handlerArgs()),
      options,
    ];
    const { broker, handler } = locals;
    const body = call(scope.runtime("queue", "consume"), broker, name("channel"), handler, locals.options);
    const doc = docComment(consumeDoc(where, receivers.length > 0 || isQueueChannel(file, channel)));
    const result = promise(scope.runtimeType("queue", "Consumer"));
    return printFunction(doc, `export function ${name("consume")}`, args, result, body);
  }

  function consumeOptions(): string {
    const lines: string[] = [];
    if (receivers.length > 1) {
      const ids = receivers.map(({ id }) => stringLiteral(id));
      lines.push(docComment("Which of the operations that receive from the channel.", 2).trimEnd());
      lines.push(`  ${printTyped("readonly operation", ids, ";", 2)}`);
    }
    if (channel.address === undefined) lines.push("  readonly address: string;");
    const head = `export interface ${typeName("consumeOptions")}`;
    const base = `extends ${scope.runtimeType("queue", "ConsumeOptions")} {`;
    const doc = docComment(`How to consume ${channel.id}.`);
    return `${doc}${head}${fits(`${head} ${base}`) ? " " : "\n  "}${base}\n${lines.join("\n")}\n}`;
  }

  const parameterLiterals = hasParams
    ? list(parameters.map((parameter) => parameterLiteral(parameter, undefined)))
    : undefined;
  return {
    params: hasParams ? printParams(typeName("params"), channel, false) : "",
    paramsInit: hasDefaults ? printParams(typeName("paramsInit"), channel, true) : "",
    union: hasUnion ? printUnion("union", "whole") : "",
    unionInit: hasUnion ? printUnion("unionInit", "init") : "",
    headers: headers.declarations,
    consumeOptions: needsOptions ? consumeOptions() : "",
    info: onBroker ? info() : "",
    encode: onBroker ? encode() : "",
    publish: onBroker ? publish() : "",
    consume: onBroker ? consume() : "",
    ...(onBroker
      ? viewBatch({
          scope,
          locals,
          name,
          where,
          init,
          handlerArgs: handlerArgs(),
          paramsArg: paramsArg("init"),
          options: sendOptions("PublishBatchOptions"),
          passed,
          consumeOptions: needsOptions ? typeName("consumeOptions") : undefined,
        })
      : { publishBatch: "", consumeBatch: "" }),
    replies: viewReplies({
      file,
      channel,
      scope,
      locals,
      whole,
      init,
      hasParams,
      params: {
        init: hasParams ? typeName(hasDefaults ? "paramsInit" : "params") : "",
        whole: hasParams ? typeName("params") : "",
      },
      headersType: headers.type,
      payloadType,
      payloadValue,
      contentType: (message) => contentTypeOf(message && plan.payloadOf(message).kind, message),
      located,
    }),
    socket:
      socket !== undefined &&
      viewSocket(file, channel, scope, locals, context, {
        socket,
        params: hasParams
          ? { read: typeName("params"), given: typeName(hasDefaults ? "paramsInit" : "params") }
          : undefined,
        parameterLiterals,
        payloadType,
        payloadValue,
        contentType: (message) => contentTypeOf(plan.payloadOf(message).kind, message),
        caseName: cases,
        wireName: wireNames,
      }),
  };
}

function consumeDoc(where: string, named: boolean): string {
  const start = `Consumes ${where}: a handler that returns acknowledges, one that throws is tried again.`;
  if (named) return start;
  return `${start}\nThe contract names no consumer: those that are to get every message need a \`group\` each.`;
}

function parameterLiteral(
  { name, values, default: fallback }: ChannelParameter,
  location: Literal | undefined,
): Literal {
  return object([
    ["name", jsonLiteral(name)],
    ["values", values.length === 0 ? undefined : list(values.map(jsonLiteral))],
    ["default", fallback === undefined ? undefined : jsonLiteral(fallback)],
    ["location", location],
  ]);
}

/** Publishers may leave out what has a default, and what the message itself holds. */
function isOptional(parameter: ChannelParameter): boolean {
  return parameter.default !== undefined || parameter.location !== undefined;
}

function printParams(name: string, channel: Channel, init: boolean): string {
  const members = channel.parameters.map((parameter) => {
    const optional = init && isOptional(parameter);
    const types = parameter.values.length === 0 ? ["string"] : [...new Set(parameter.values.map(stringLiteral))];
    const head = `${propertyName(parameter.name)}${optional ? "?" : ""}`;
    const doc = init ? "" : docComment(parameter.description, 2);
    return `${doc}  ${printTyped(head, optional ? [...types, "undefined"] : types, ";", 2)}`;
  });
  const doc = init ? "" : docComment(`The parameters of the address \`${channel.address ?? ""}\`.`);
  return `${doc}export interface ${name} {\n${members.join("\n")}\n}`;
}

/** The value of `x-message-name`: the message's name where names tell the channel's messages apart, else its id. */
function messageNames({ messages }: Channel): (message: EventMessage) => string {
  const unique = new Set(messages.map(({ name }) => name)).size === messages.length;
  return ({ id, name }) => (unique && name !== "" ? name : id);
}

/** The discriminator of a union: the message's id as one word. */
function caseNames({ messages }: Channel): (message: EventMessage) => string {
  const taken = new Set<string>();
  const names = new Map<EventMessage, string>();
  for (const message of messages) {
    let name = camelCase(message.id) || "message";
    while (taken.has(name)) name += "$";
    taken.add(name);
    names.set(message, name);
  }
  return (message) => names.get(message) ?? "";
}

function contentTypeOf(
  kind: "proto" | "json" | "avro" | "text" | "bytes" | undefined,
  message: EventMessage | undefined,
): string {
  if (message !== undefined && message.contentType !== "") return message.contentType;
  switch (kind) {
    case "proto":
      return "application/protobuf";
    case "json":
      return "application/json";
    case "avro":
      return "avro/binary";
    case "text":
      return "text/plain";
    default:
      return "application/octet-stream";
  }
}

/** An object with one entry a line, whatever its width. */
export function printExpanded(literal: Literal, indent: number): string {
  if (literal.kind !== "object") return "";
  const pad = " ".repeat(indent);
  const entries = literal.entries.map(([name, value]) => `${pad}  ${printEntry(name, ":", value, ",", indent + 2)}\n`);
  return `{\n${entries.join("")}${pad}}`;
}
