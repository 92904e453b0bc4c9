import type { Channel, EventMessage, EventsFile } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import { docComment } from "../shared/print.js";
import { jsonLiteral, list, numberLiteral, object, text, type Literal } from "../shared/schema-literal.js";
import {
  bindingsLiteral,
  channelBindings,
  consumerLiteral,
  idempotencyKeyOf,
  isQueueChannel,
  operationsLiteral,
} from "./consumer.js";
import { docTags } from "./doc-tags.js";
import { printConstant } from "./functions.js";
import type { HeadersView } from "./header-views.js";
import { parameterLiteral } from "./parameter-views.js";
import type { PayloadViews } from "./payload-views.js";

/** What a channel's descriptor is made of. */
export interface InfoParts {
  readonly file: EventsFile;
  readonly channel: Channel;
  readonly scope: Scope;
  readonly names: {
    readonly channel: string;
    readonly whole: string;
    readonly init: string;
    /** Undefined where the address has no parameters. */
    readonly params: string | undefined;
  };
  readonly hasUnion: boolean;
  readonly payloads: PayloadViews;
  readonly headers: HeadersView;
  readonly caseName: (message: EventMessage) => string;
  readonly wireName: (message: EventMessage) => string;
}

/** The descriptor of a channel: what the contract says of it, as data. */
export function viewInfo(parts: InfoParts): string {
  const { file, channel, scope, names, payloads, headers, hasUnion, wireName } = parts;
  const { payloadValue, located } = payloads;
  const { whole, init, params } = names;
  const { parameters } = channel;
  const [only] = channel.messages;
  const literal = object([
    ["id", jsonLiteral(channel.id)],
    ["address", jsonLiteral(channel.address ?? "")],
    [
      "parameters",
      params !== undefined
        ? list(parameters.map((parameter) => parameterLiteral(parameter, located(parameter.location, only))))
        : undefined,
    ],
    [
      "message",
      hasUnion
        ? {
            kind: "call",
            callee: `/* @__PURE__ */ ${scope.runtime("queue", "messageUnion")}`,
            argument: unionLiteral(parts),
          }
        : text(payloadValue(only)),
    ],
    ["contentType", jsonLiteral(payloads.contentType(only))],
    ["key", hasUnion ? undefined : located(only?.key, only)],
    ["idempotencyKey", located(idempotencyKeyOf(file, channel), only)],
    ["correlationId", hasUnion ? undefined : located(only?.correlationId, only)],
    ["headers", hasUnion || only === undefined ? undefined : headers.literal(only)],
    ["expiresMs", channel.policy.expiresMs === undefined ? undefined : text(numberLiteral(channel.policy.expiresMs))],
    ["queue", isQueueChannel(file, channel) ? text("true") : undefined],
    ["bindings", bindingsLiteral(channelBindings(file, channel))],
    ["consumer", consumerLiteral(file, channel, wireName)],
    ["operations", operationsLiteral(file, channel, wireName)],
  ]);
  const args = params !== undefined ? [whole, init, params] : whole === init ? [whole] : [whole, init];
  const head = `export const ${names.channel}: ${scope.runtimeType("queue", "ChannelInfo")}`;
  const about = channel.description || channel.title || only?.description || only?.summary || "";
  // of one message the channel is what programs see
  const tags = hasUnion || only === undefined ? channel.tags : [...new Set([...channel.tags, ...only.tags])];
  const deprecated = channel.deprecated || (!hasUnion && only?.deprecated === true);
  const doc = docComment(about, 0, docTags({ tags, deprecated }, about !== ""));
  return printConstant(doc, head, args, literal);
}

function unionLiteral({ channel, payloads, headers, caseName, wireName }: InfoParts): Literal {
  const members = channel.messages.map((message) =>
    object([
      ["case", jsonLiteral(caseName(message))],
      ["name", jsonLiteral(wireName(message))],
      ["type", text(payloads.payloadValue(message))],
      ["contentType", jsonLiteral(payloads.contentType(message))],
      ["key", payloads.located(message.key, message)],
      ["correlationId", payloads.located(message.correlationId, message)],
      ["headers", headers.literal(message)],
    ]),
  );
  // the helper's type arguments are what the annotation of the constant says
  return object([
    ["typeName", jsonLiteral(channel.id)],
    ["members", list(members)],
  ]);
}
