import {
  socketMessages,
  type Channel,
  type ChannelSocket,
  type EventMessage,
  type EventsFile,
  type Schema,
} from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import type { EmitContext } from "../generator.js";
import { call, objectOf, printTyped, type Expression } from "../shared/expressions.js";
import { docComment, fits, printList, stringLiteral } from "../shared/print.js";
import { jsonLiteral, list, object, text, type Literal } from "../shared/schema-literal.js";
import type { TypeForm } from "../shared/schema-types.js";
import { printConstant, printFunction } from "./functions.js";
import { symbolKey, type SocketSymbol } from "./names.js";
import type { PayloadViews } from "./payload-views.js";
import { planEvents } from "./plan.js";
import { typeNames } from "./schema-views.js";
import { fieldKinds, requiresSome, tagsOf } from "./websocket-schemas.js";

/** What stands in the file for a channel over WebSocket. */
export interface SocketView {
  /** The unions of both directions. */
  readonly types: readonly string[];
  readonly info: string;
  readonly connect: string;
  readonly serve: string;
}

/** Names of parameters of the functions here. */
export interface SocketLocals {
  readonly url: string;
  readonly server: string;
  readonly params: string;
  readonly handler: string;
  readonly options: string;
}

/** What the view of a channel knows already. */
export interface SocketParts extends PayloadViews {
  readonly socket: ChannelSocket;
  /** Types of the address parameters: as they are read, as they are given. */
  readonly params: { readonly read: string; readonly given: string } | undefined;
  readonly parameterLiterals: Literal | undefined;
  readonly caseName: (message: EventMessage) => string;
  readonly wireName: (message: EventMessage) => string;
}

/** A direction: who writes its messages is part of the names of its types. */
interface Direction {
  readonly from: "client" | "server";
  readonly messages: readonly EventMessage[];
}

/** The descriptor, the client's and the server's function of one channel. */
export function viewSocket(
  file: EventsFile,
  channel: Channel,
  scope: Scope,
  locals: SocketLocals,
  context: EmitContext,
  parts: SocketParts,
): SocketView {
  const plan = planEvents(file);
  const types = typeNames(file, scope, context.symbols);
  const { socket, params } = parts;
  const { url, server, handler, options } = locals;
  const name = (kind: SocketSymbol): string => scope.value(symbolKey(kind, file, channel.id));
  const sent = socketMessages(channel, file.operations, "send");
  const received = socketMessages(channel, file.operations, "receive");
  const isServer = socket.side === "server";
  const toServer: Direction = { from: "client", messages: isServer ? received : sent };
  const toClient: Direction = { from: "server", messages: isServer ? sent : received };

  function typeOf({ from, messages }: Direction, form: TypeForm): string {
    const [only, ...more] = messages;
    if (only === undefined) return "never";
    if (more.length === 0) return parts.payloadType(only, form);
    return scope.type(symbolKey(form === "init" ? `${from}MessageInit` : `${from}Message`, file, channel.id));
  }

  function unionsOf(direction: Direction): readonly string[] {
    if (direction.messages.length < 2) return [];
    return (["whole", "init"] as const).map((form) => {
      const members = direction.messages.map((message) => ({
        members: [`case: ${stringLiteral(parts.caseName(message))}`, `value: ${parts.payloadType(message, form)}`],
      }));
      const doc = form === "whole" ? docComment(`What a ${direction.from} of ${channel.id} sends.`) : "";
      return `${doc}${printTyped(`export type ${typeOf(direction, form)}`, members, ";", 0, " =")}`;
    });
  }

  function framesType(direction: Direction): string {
    const [whole, init] = [typeOf(direction, "whole"), typeOf(direction, "init")];
    return argument(scope.runtimeType("channels", "Frames"), whole === init ? [whole] : [whole, init]);
  }

  function framesLiteral({ messages }: Direction): Literal {
    const tags = tagsOf(plan, messages);
    const members = messages.map((message) =>
      object([
        ["case", jsonLiteral(parts.caseName(message))],
        ["name", jsonLiteral(parts.wireName(message))],
        ["type", text(parts.payloadValue(message))],
        ["contentType", jsonLiteral(parts.contentType(message))],
        ["tag", tags.get(message)],
      ]),
    );
    return object([["members", list(members)]]);
  }

  const query = fieldsOf(socket.query);
  const headers = fieldsOf(socket.headers);

  function fieldsOf(schema: Schema | undefined): FieldsPart | undefined {
    if (schema?.kind !== "ref") return undefined;
    const { key } = schema;
    const kinds = fieldKinds(plan, schema);
    if (kinds.length === 0) return undefined;
    const [whole, init] = [types.schema(key, "whole"), types.schema(key, "init")];
    return {
      whole,
      init,
      type: argument(scope.runtimeType("channels", "Fields"), whole === init ? [whole] : [whole, init]),
      required: requiresSome(plan, schema),
      literal: object([
        ["type", text(scope.value(symbolKey("schema", file, key)))],
        ["kinds", object(kinds.map(([property, kind]) => [property, jsonLiteral(kind)]))],
      ]),
    };
  }

  /** Type arguments without those at the end that are what they are by default. */
  function withFields(first: readonly string[], form: "type" | "whole" | "init"): readonly string[] {
    const rest = [params?.read ?? "{}", query?.[form] ?? "undefined", headers?.[form] ?? "undefined"];
    if (headers === undefined) rest.pop();
    if (headers === undefined && query === undefined) rest.pop();
    if (rest.length === 1 && params === undefined) rest.pop();
    return [...first, ...rest];
  }

  function info(): string {
    const literal = object([
      ["id", jsonLiteral(channel.id)],
      ["address", jsonLiteral(channel.address ?? "")],
      ["parameters", parts.parameterLiterals],
      ["toServer", framesLiteral(toServer)],
      ["toClient", framesLiteral(toClient)],
      ["query", query?.literal],
      ["headers", headers?.literal],
      ["envelope", socket.envelope ? text("true") : undefined],
    ]);
    const args = withFields([framesType(toServer), framesType(toClient)], "type");
    const head = `export const ${name("socket")}: ${scope.runtimeType("channels", "SocketInfo")}`;
    const tags = channel.deprecated ? ["@deprecated"] : [];
    const doc = docComment(channel.description || channel.title || `\`${where}\` over WebSocket.`, 0, tags);
    return printConstant(doc, head, args, literal);
  }

  const where = channel.address ?? channel.id;
  function connect(): string {
    const out = typeOf(toServer, "init");
    const fields = [query?.init ?? "undefined", headers?.init ?? "undefined"];
    if (headers === undefined) fields.pop();
    if (headers === undefined && query === undefined) fields.pop();
    const required = query?.required === true || headers?.required === true;
    const args = [
      `${url}: string`,
      ...(params === undefined ? [] : [`${locals.params}: ${params.given}`]),
      argument(`${options}${required ? "" : "?"}: ${scope.runtimeType("channels", "ConnectOptions")}`, [
        out,
        ...fields,
      ]),
    ];
    const passed: Expression = objectOf(
      [`...${options}`, `...${options}`],
      ...(params === undefined ? [] : [["params", locals.params] as const]),
    );
    const body = call(scope.runtime("channels", "connectChannel"), name("socket"), url, passed);
    const doc = docComment(
      `Opens \`${where}\` as a client, at a URL such as \`wss://host\`, and keeps it open: a socket that is lost is replaced.`,
    );
    const result = promised(scope, scope.runtimeType("channels", "ClientConnection"), [out, typeOf(toClient, "whole")]);
    return printFunction(doc, `export function ${name("connect")}`, args, result, body);
  }

  function serve(): string {
    const messages = [typeOf(toClient, "init"), typeOf(toServer, "whole")];
    const served = withFields(messages, "whole");
    const own = withFields([], "whole");
    const args = [
      `${server}: ${scope.runtimeType("channels", "ChannelServer")}`,
      argument(`${handler}: ${scope.runtimeType("channels", "ConnectionHandler")}`, served),
      argument(`${options}?: ${scope.runtimeType("channels", "ServeOptions")}`, own),
    ];
    const body = call(scope.runtime("channels", "serveChannel"), name("socket"), server, handler, options);
    const doc = docComment(`Serves \`${where}\`: the handler has one connection, and its end closes it.`);
    const result = printTypeResult(scope.runtimeType("channels", "ServedChannel"), served);
    return printFunction(doc, `export function ${name("serve")}`, args, result, body);
  }

  return { types: [...unionsOf(toServer), ...unionsOf(toClient)], info: info(), connect: connect(), serve: serve() };
}

const typeArguments = { open: "<", close: ">" };

/** A type with arguments where a comma follows: a parameter, an argument of another type. */
function argument(head: string, args: readonly string[]): string {
  return args.length === 0 ? head : printList(head, args, ",", { indent: 2, ...typeArguments }).slice(0, -1);
}

/** A type with arguments between `): ` and ` {`. */
function printTypeResult(name: string, args: readonly string[]): string {
  return printList(`): ${name}`, args, " {", typeArguments).slice(3, -2);
}

function promised(scope: Scope, name: string, args: readonly string[]): string {
  const promise = scope.global("Promise");
  const inner = `${name}<${args.join(", ")}>`;
  if (fits(`): ${promise}<${inner}> {`)) return `${promise}<${inner}>`;
  return `${promise}<\n  ${printList(name, args, "", { indent: 2, ...typeArguments })}\n>`;
}

interface FieldsPart {
  readonly whole: string;
  readonly init: string;
  readonly type: string;
  /** A client has to give some. */
  readonly required: boolean;
  readonly literal: Literal;
}
