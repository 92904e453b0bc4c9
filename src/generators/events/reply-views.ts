import type { Channel, EventsFile, Operation } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import { call, objectOf, type Expression } from "../shared/expressions.js";
import { docComment, fits, printList, stringLiteral } from "../shared/print.js";
import { jsonLiteral, object, printEntry, text, type Literal } from "../shared/schema-literal.js";
import type { TypeForm } from "../shared/schema-types.js";
import type { Locals } from "./channel-views.js";
import { receiversOf } from "./consumer.js";
import { docTags } from "./doc-tags.js";
import { printFunction, printParameter } from "./functions.js";
import { channelOf, isUnionChannel, replyingOperations, symbolKey, type ReplySymbol } from "./names.js";
import type { PayloadViews } from "./payload-views.js";

/** What stands in the file for one operation with a reply. */
export interface ReplyView {
  readonly info: string;
  readonly request: string;
  readonly reply: string;
}

/** What the view of a channel knows and its requests need. */
export interface RequestParts extends PayloadViews {
  readonly file: EventsFile;
  readonly channel: Channel;
  readonly scope: Scope;
  readonly locals: Locals;
  /** Types of the channel's messages. */
  readonly whole: string;
  readonly init: string;
  readonly hasParams: boolean;
  /** The type of the parameters, for publishers and for handlers. */
  readonly params: { readonly init: string; readonly whole: string };
  readonly headersType: (form: TypeForm) => string | undefined;
}

/** The functions of a channel's operations that have a reply: one to ask, one to answer. */
export function viewReplies(parts: RequestParts): readonly ReplyView[] {
  return replyingOperations(parts.file, parts.channel).map((operation) => viewReply(parts, operation));
}

function viewReply(parts: RequestParts, operation: Operation): ReplyView {
  const { file, channel, scope, locals, hasParams } = parts;
  const { reply } = operation;
  const symbol = (kind: ReplySymbol): string => scope.value(symbolKey(kind, file, operation.id));
  const replyChannel = reply?.channel === undefined ? undefined : channelOf(file, reply.channel);
  const messages = (replyChannel?.messages ?? []).filter(({ id }) => reply?.messages.includes(id));
  const [only, ...more] = messages;
  // several of a channel's messages are of its union
  const union =
    more.length > 0 && replyChannel !== undefined && isUnionChannel(replyChannel) ? replyChannel : undefined;
  const type = (form: TypeForm): string =>
    union === undefined
      ? parts.payloadType(only, form)
      : scope.type(symbolKey(form === "whole" ? "union" : "unionInit", file, union.id));
  const [whole, init] = [type("whole"), type("init")];

  function info(): string {
    const requests = channel.messages.filter(({ id }) => operation.messages.includes(id));
    const [request] = requests;
    const located = requests.find(({ correlationId }) => correlationId !== undefined);
    const value =
      union === undefined ? parts.payloadValue(only) : `${scope.value(symbolKey("channel", file, union.id))}.message`;
    const literal = object([
      ["message", text(value)],
      ["contentType", jsonLiteral(parts.contentType(only))],
      ["address", addressLiteral(channel, replyChannel)],
      ["replyTo", parts.located(reply?.address, request)],
      ["correlationId", parts.located(located?.correlationId ?? only?.correlationId, located ?? only)],
    ]);
    const args = whole === init ? [whole] : [whole, init];
    const head = `export const ${symbol("replyInfo")}: ${scope.runtimeType("queue", "ReplyInfo")}`;
    const left = `${head}<${args.join(", ")}>`;
    const start = fits(`${left} =`) ? `${left} =` : printList(head, args, " =", { open: "<", close: ">" });
    const entries = literal.kind === "object" ? literal.entries : [];
    const lines = entries.map(([name, part]) => `  ${printEntry(name, ":", part, ",", 2)}\n`).join("");
    const what = replyChannel === undefined ? "" : `, on the channel ${replyChannel.id} of the contract`;
    return `${docComment(`The reply to ${operation.id}${what}.`)}${start} {\n${lines}};`;
  }

  const promise = (inner: string): string => `${scope.global("Promise")}<${inner}>`;
  const broker = `${locals.broker}: ${scope.runtimeType("queue", "Broker")}`;
  const where = channel.address === undefined ? "the address in the options" : `\`${channel.address}\``;
  const options = (name: string): string =>
    channel.address === undefined
      ? `${locals.options}: ${name} & ${scope.runtimeType("queue", "AtAddress")}`
      : `${locals.options}?: ${name}`;

  const about = operation.summary || operation.title || operation.description;
  const described = (text: string): string => (about === "" ? text : `${about}\n\n${text}`);
  const tags = docTags(operation, true);

  function request(): string {
    const headers = parts.headersType("init");
    const name = scope.runtimeType("queue", "RequestOptions");
    const args = [
      broker,
      ...(hasParams ? [`${locals.params}: ${parts.params.init}`] : []),
      `${locals.message}: ${parts.init}`,
      options(headers === undefined ? name : `${name}<${headers}>`),
    ];
    const passed: Expression = hasParams
      ? objectOf([`...${locals.options}`, `...${locals.options}`], ["params", locals.params])
      : locals.options;
    const target = scope.value(symbolKey("channel", file, channel.id));
    const body = call(
      scope.runtime("queue", "request"),
      locals.broker,
      target,
      symbol("replyInfo"),
      locals.message,
      passed,
    );
    const doc = docComment(described(`Publishes a request to ${where}; resolves to its reply.`), 0, tags);
    return printFunction(doc, `export function ${symbol("request")}`, args, promise(whole), body);
  }

  function answer(): string {
    const headers = parts.headersType("whole");
    const typeArgs = [parts.whole, init];
    if (hasParams || headers !== undefined) typeArgs.push(hasParams ? parts.params.whole : "{}");
    if (headers !== undefined) typeArgs.push(headers);
    const handlerType = `${locals.handler}: ${scope.runtimeType("queue", "ReplyHandler")}`;
    const args = [broker, printParameter(handlerType, typeArgs), options(scope.runtimeType("queue", "ReplyOptions"))];
    // of several operations that receive from the channel it is this one
    const among = operation.action === "receive" && receiversOf(file, channel).length > 1;
    const passed: Expression = among
      ? objectOf(["operation", stringLiteral(operation.id)], [`...${locals.options}`, `...${locals.options}`])
      : locals.options;
    const target = scope.value(symbolKey("channel", file, channel.id));
    const body = call(
      scope.runtime("queue", "reply"),
      locals.broker,
      target,
      symbol("replyInfo"),
      locals.handler,
      passed,
    );
    const doc = docComment(described(`Answers requests to ${where}: what the handler returns is the reply.`), 0, tags);
    const result = promise(scope.runtimeType("queue", "Consumer"));
    return printFunction(doc, `export function ${symbol("reply")}`, args, result, body);
  }

  return { info: info(), request: request(), reply: answer() };
}

/** The contract's own address for replies; one that is the requests', or has parameters, is none for a broker. */
function addressLiteral(channel: Channel, reply: Channel | undefined): Literal | undefined {
  const address = reply?.address;
  if (address === undefined || address === channel.address || address.includes("{")) return undefined;
  return jsonLiteral(address);
}
