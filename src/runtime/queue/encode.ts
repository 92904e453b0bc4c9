import { randomUUID } from "node:crypto";
import { ambient, childTrace, traceHeaders, type TraceContext } from "../context/index.js";
import { fillAddress, hasParameters } from "./address.js";
import { messageExpression } from "./expression.js";
import { copyHeaders, messageHeaders } from "./headers.js";
import { encodeAs, isUnion, memberOf } from "./union.js";
import { QueueError } from "./errors.js";
import type { ChannelInfo, OutgoingMessage } from "./types.js";

/** Settings of one message. */
export interface EncodeOptions {
  /** A random UUID by default. */
  readonly id?: string | undefined;
  /** Orders and partitions; by default what the contract says the key is. */
  readonly key?: string | undefined;
  /** Added to those that are set for every message. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly correlationId?: string | undefined;
  /** Milliseconds after which nobody needs it; by default what the contract says. */
  readonly expiresMs?: number | undefined;
  /** Values of the address's parameters, by name; emitted functions take them typed. */
  readonly params?: object | undefined;
  /** Position in the trace; by default a child of the surrounding handler's. */
  readonly trace?: TraceContext | undefined;
  /** Instead of the contract's address; needed where that is known at run time only. */
  readonly address?: string | undefined;
  /** Milliseconds since the epoch; the real time by default. */
  readonly now?: number | undefined;
}

/** The address to publish to, for channels whose address is known at run time only. */
export interface AtAddress {
  readonly address: string;
}

/**
 * A message ready for a broker or an outbox. Its id, trace and deadline are fixed here: the trace goes on from the
 * surrounding handler, whose deadline travels as information.
 *
 * @throws {QueueError} `invalid` when the message does not fit the contract.
 * @example await broker.publish([encodeMessage(userCreated, { id: "u1" }), encodeMessage(userCreated, { id: "u2" })]);
 */
export function encodeMessage<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  options: EncodeOptions = {},
): OutgoingMessage {
  const id = options.id ?? randomUUID();
  const headers = messageHeadersOf(id, options);
  const { body, contentType, key } = encodeBody(channel, message, headers);
  const expiresMs = options.expiresMs ?? channel.expiresMs;
  const expiresAt = expiresMs === undefined ? undefined : (options.now ?? Date.now()) + expiresMs;
  if (expiresAt !== undefined) headers[messageHeaders.expiresAt] = String(Math.ceil(expiresAt));
  return {
    address: addressOf(channel, options.address, options.params),
    id,
    key: options.key ?? key,
    headers,
    contentType,
    body,
    expiresAt,
  };
}

function messageHeadersOf(id: string, options: EncodeOptions): Record<string, string> {
  const context = ambient();
  const trace = options.trace ?? childTrace(context.trace);
  const headers = copyHeaders(options.headers ?? {}, traceHeaders(trace));
  headers[messageHeaders.id] = id;
  if (options.correlationId !== undefined) headers[messageHeaders.correlationId] = options.correlationId;
  if (context.deadline !== undefined) headers[messageHeaders.deadline] = String(Math.round(context.deadline));
  return headers;
}

function encodeBody<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  headers: Record<string, string>,
): { readonly body: Uint8Array; readonly contentType: string; readonly key: string | undefined } {
  if (isUnion(channel.message)) {
    const { member, value } = memberOf(channel.message.members, message, channel.message.typeName);
    headers[messageHeaders.name] = member.name;
    const expression = member.key ?? channel.key;
    return {
      body: encodeAs(member.type, value, member.contentType),
      contentType: member.contentType,
      key: expression === undefined ? undefined : messageExpression(expression)(value, headers),
    };
  }
  return {
    body: encodeAs(channel.message, message, channel.contentType),
    contentType: channel.contentType,
    key: channel.key === undefined ? undefined : messageExpression(channel.key)(message, headers),
  };
}

/** Where a message goes. @throws {QueueError} `usage` when that is not known. */
function addressOf<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  given: string | undefined,
  params: object | undefined,
): string {
  const address = given ?? channel.address;
  if (address === "") {
    throw new QueueError("usage", `channel ${channel.id} has no address in its contract: pass { address }`);
  }
  if (given !== undefined || !hasParameters(address)) return address;
  return fillAddress(address, new Map(Object.entries(params ?? {})), channel.parameters);
}
