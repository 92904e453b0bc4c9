import type { Channel, EventsFile } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import type { EmitContext } from "../generator.js";
import { call, objectOf, printTyped, type Expression } from "../shared/expressions.js";
import { docComment, fits, stringLiteral } from "../shared/print.js";
import { list } from "../shared/schema-literal.js";
import type { TypeForm } from "../shared/schema-types.js";
import { viewBatch, type BatchView } from "./batch-views.js";
import { isQueueChannel, receiversOf } from "./consumer.js";
import { printFunction, printParameter } from "./functions.js";
import { viewHeaders } from "./header-views.js";
import { viewInfo } from "./info-views.js";
import { caseNames, messageNames } from "./message-names.js";
import { isUnionChannel, symbolKey, type ChannelSymbol } from "./names.js";
import { isOptional, parameterLiteral, printParams } from "./parameter-views.js";
import { viewPayloads } from "./payload-views.js";
import { viewReplies, type ReplyView } from "./reply-views.js";
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

  const payloads = viewPayloads(file, scope, context);
  const headers = viewHeaders(file, onBroker ? channel : { ...channel, messages: [] }, scope, context);

  const [only] = channel.messages;
  // asking for a name imports it, and a channel that is on no broker does not need these
  const typeOf = (form: TypeForm): string =>
    hasUnion ? typeName(form === "init" ? "unionInit" : "union") : onBroker ? payloads.payloadType(only, form) : "";
  const whole = typeOf("whole");
  const init = typeOf("init");

  function printUnion(kind: "union" | "unionInit", form: TypeForm): string {
    const parts = channel.messages.map((message) => ({
      members: [`case: ${stringLiteral(cases(message))}`, `value: ${payloads.payloadType(message, form)}`],
    }));
    const doc = form === "whole" ? docComment(`A message of the channel ${channel.id}.`) : "";
    return `${doc}${printTyped(`export type ${typeName(kind)}`, parts, ";", 0, " =")}`;
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
    info: onBroker
      ? viewInfo({
          file,
          channel,
          scope,
          names: { channel: name("channel"), whole, init, params: hasParams ? typeName("params") : undefined },
          hasUnion,
          payloads,
          headers,
          caseName: cases,
          wireName: wireNames,
        })
      : "",
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
      ...payloads,
    }),
    socket:
      socket !== undefined &&
      viewSocket(file, channel, scope, locals, context, {
        socket,
        params: hasParams
          ? { read: typeName("params"), given: typeName(hasDefaults ? "paramsInit" : "params") }
          : undefined,
        parameterLiterals,
        ...payloads,
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
