import {
  ambient,
  childTrace,
  formatTraceparent,
  randomUuid,
  systemClock,
  type Clock,
  type TraceContext,
} from "../context/index.js";
import { fillAddress, hasParameters } from "./address.js";
import { messageExpression } from "./expression.js";
import { copyHeaders, messageHeaders } from "./headers.js";
import type { PayloadType } from "../wire/index.js";
import { QueueError } from "./errors.js";
import { correlate, writeHeaders } from "./parts.js";
import type { HeadersType } from "./typed-headers.js";
import { encodeAs, isUnion, memberOf } from "./union.js";
import type { ChannelInfo, OutgoingMessage } from "./types.js";

/** Settings of one message. */
export interface EncodeOptions<Headers extends object = Readonly<Record<string, string>>> {
  /** A random UUID by default. */
  readonly id?: string | undefined;
  /** Orders and partitions; by default what the contract says the key is. */
  readonly key?: string | undefined;
  /** Added to those that are set for every message; what the contract describes has its type. */
  readonly headers?: Headers | undefined;
  /** Ties messages of one conversation together; by default what the contract's location in the message holds. */
  readonly correlationId?: string | undefined;
  /**
   * How this message is written, by default as the contract says: `application/json`, `application/msgpack`, and where
   * the payload has such a schema `avro/binary` or `application/protobuf`. Consumers read all of them.
   *
   * @example await publishOrderPlaced(broker, order, { contentType: "application/msgpack" });
   */
  readonly contentType?: string | undefined;
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

/** Settings of one message whose headers the contract requires. */
export interface EncodeWith<Headers extends object> extends EncodeOptions<Headers> {
  readonly headers: Headers;
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
  options: EncodeOptions<object> = {},
): OutgoingMessage {
  return encodeIn(channel, message, options, options.trace ?? childTrace(ambient().trace), systemClock);
}

/** The same in a position of a trace, at a time that is asked for only where the message expires. */
export function encodeIn<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  options: EncodeOptions<object>,
  trace: TraceContext,
  clock: Clock,
): OutgoingMessage {
  const id = options.id ?? randomUuid();
  const part = partOf(channel, message, options.contentType);
  const headers = messageHeadersOf(id, part, options, trace);
  const body = encodeAs(part.type, part.value, part.contentType, part.own);
  const expiresMs = options.expiresMs ?? channel.expiresMs;
  const expiresAt = expiresMs === undefined ? undefined : (options.now ?? clock.now()) + expiresMs;
  if (expiresAt !== undefined) headers[messageHeaders.expiresAt] = String(Math.ceil(expiresAt));
  return {
    address: addressOf(channel, options, part.value, headers),
    id,
    key: options.key ?? (part.key === undefined ? undefined : messageExpression(part.key)(part.value, headers)),
    headers,
    contentType: part.contentType,
    body,
    expiresAt,
  };
}

/** One message of a channel and what the contract says about it. */
interface Part {
  readonly type: PayloadType<unknown, never>;
  readonly value: never;
  readonly contentType: string;
  /** The contract's content type. */
  readonly own: string;
  /** In the header `x-message-name`; undefined where the channel has one message only. */
  readonly name: string | undefined;
  readonly key: string | undefined;
  readonly correlationId: string | undefined;
  readonly headers: HeadersType | undefined;
}

function partOf<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  given: string | undefined,
): Part {
  const { message: type, key, correlationId, headers } = channel;
  if (!isUnion(type)) {
    const { contentType: own } = channel;
    // sound: the channel's own type writes its own message
    const value = message as never;
    return { type, value, contentType: given ?? own, own, name: undefined, key, correlationId, headers };
  }
  const { member, value } = memberOf(type.members, message, type.typeName);
  return {
    type: member.type,
    value,
    contentType: given ?? member.contentType,
    own: member.contentType,
    name: member.name,
    key: member.key ?? key,
    correlationId: member.correlationId ?? correlationId,
    headers: member.headers ?? headers,
  };
}

function messageHeadersOf(
  id: string,
  part: Part,
  options: EncodeOptions<object>,
  trace: TraceContext,
): Record<string, string> {
  const { deadline } = ambient();
  const headers =
    options.headers === undefined && part.headers === undefined
      ? copyHeaders()
      : copyHeaders(
          writeHeaders(part.headers, options.headers, {
            expression: part.correlationId,
            value: options.correlationId ?? id,
          }),
        );
  headers["traceparent"] = formatTraceparent(trace);
  if (trace.state !== undefined) headers["tracestate"] = trace.state;
  if (trace.baggage !== undefined) headers["baggage"] = trace.baggage;
  headers[messageHeaders.id] = id;
  if (part.name !== undefined) headers[messageHeaders.name] = part.name;
  if (deadline !== undefined) headers[messageHeaders.deadline] = String(Math.round(deadline));
  correlate(headers, part.correlationId, { given: options.correlationId, value: part.value, id });
  return headers;
}

/** Where a message goes. @throws {QueueError} `usage` when that is not known. */
function addressOf<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  { address: given, params }: EncodeOptions<object>,
  value: unknown,
  headers: Readonly<Record<string, string>>,
): string {
  const address = given ?? channel.address;
  if (address === "") {
    throw new QueueError("usage", `channel ${channel.id} has no address in its contract: pass { address }`);
  }
  if (given !== undefined || !hasParameters(address)) return address;
  const values = new Map<string, unknown>(Object.entries(params ?? {}));
  for (const { name, location } of channel.parameters ?? []) {
    if (location === undefined || values.get(name) !== undefined) continue;
    values.set(name, messageExpression(location)(value, headers));
  }
  return fillAddress(address, values, channel.parameters);
}
