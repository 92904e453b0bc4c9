import { ambient, ambientWith, childTrace, traceHeaders, withAmbient } from "../context/index.js";
import { consume, type Consumer } from "./consume.js";
import type { Delivery } from "./delivery.js";
import { isQueueError, PermanentError, QueueError, toError } from "./errors.js";
import { messageExpression } from "./expression.js";
import { copyHeaders, messageHeaders } from "./headers.js";
import { isInboxAddress } from "./inbox.js";
import { headerOf } from "./parts.js";
import { publishTo, type PublishOptions } from "./publish.js";
import { publisherOf } from "./publisher.js";
import { headersOfFailure } from "./reply-error.js";
import { payloadOf } from "./request-hub.js";
import type { ReplyInfo } from "./request-types.js";
import type { ConsumeOptions } from "./settings.js";
import type { Broker, ChannelInfo } from "./types.js";

/**
 * Answers a request: what it returns is the reply, what it throws is the reason that there is none.
 *
 * @example
 * const quote: ReplyHandler<QuoteRequest, QuoteInit> = async ({ sku }) => {
 *   const price = await priceOf(sku);
 *   if (price === undefined) throw new ReplyError("not_found", `no price for ${sku}`);
 *   return { sku, price };
 * };
 */
export type ReplyHandler<T, RInit, Params = {}, Headers extends object = Readonly<Record<string, string>>> = (
  message: T,
  delivery: Delivery<T, Params, Headers>,
) => Promise<RInit>;

/** Settings of a consumer that replies. */
export interface ReplyOptions extends ConsumeOptions {
  /**
   * Which addresses, beside inboxes and the contract's own, a request may name for its reply; none by default. A request
   * comes from strangers: it must not choose freely where this service writes.
   */
  readonly allowReplyTo?: ((address: string) => boolean) | undefined;
}

/** Ids of strangers are sent back to them. */
const maxIdLength = 1_024;

/**
 * Consumes requests and publishes a reply to each: to the inbox that the request names, else to the contract's address.
 * A handler's error travels back at once and is not tried again; what is tried again is a reply that the broker did not
 * take. A request that names no place, or one that is neither an inbox nor allowed, is dead-lettered unhandled.
 *
 * @throws {QueueError} `usage` or `topology`.
 * @example const consumer = await reply(broker, quotes, quoteReply, async ({ sku }) => ({ sku, price: 12 }));
 */
export async function reply<T, Init, Params, R, RInit, Headers extends object = Readonly<Record<string, string>>>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  info: ReplyInfo<R, RInit>,
  handler: ReplyHandler<T, RInit, Params, Headers>,
  options: ReplyOptions = {},
): Promise<Consumer> {
  if (!broker.capabilities.requestReply) {
    throw new QueueError("usage", `${broker.id} has no requests and replies: ${channel.id} cannot be answered over it`);
  }
  const replies: ChannelInfo<R, RInit> = {
    id: `${channel.id} reply`,
    address: info.address ?? "",
    message: info.message,
    contentType: info.contentType,
    bindings: {},
    consumer: {},
  };
  const { clock } = broker.settings;

  /** What the handler calls in turn need not take longer than the requester waits. */
  async function handle(message: T, delivery: Delivery<T, Params, Headers>): Promise<RInit> {
    const { deadline } = delivery;
    if (deadline === undefined) return handler(message, delivery);
    const own = ambient().deadline ?? Number.POSITIVE_INFINITY;
    return withAmbient(ambientWith({ deadline: Math.min(deadline, own) }), () => handler(message, delivery));
  }

  async function answer(message: T, delivery: Delivery<T, Params, Headers>): Promise<void> {
    const address = addressFor(channel, info, options, message, delivery);
    const correlationId = correlationIdOf(channel, info, message, delivery);
    const headers: Record<string, string> = {};
    const correlationHeader = headerOf(info.correlationId);
    if (correlationHeader !== undefined) headers[correlationHeader] = correlationId;
    // deadlines of requesters are limits, those of events are information
    const expiresMs = delivery.deadline === undefined ? undefined : Math.max(1, delivery.deadline - clock.now());
    const envelope: PublishOptions = { address, correlationId, headers, expiresMs };
    try {
      const value = await handle(message, delivery).catch((thrown: unknown) => {
        throw new Failed(toError(thrown));
      });
      await publishTo(broker, replies, value, envelope, address === info.address);
    } catch (error) {
      if (error instanceof Failed) await sendFailure(broker, envelope, error.error);
      else if (isQueueError(error, "invalid")) await sendFailure(broker, envelope, error);
      // the requester has gone, and its inbox with it
      else if (!isQueueError(error, "unroutable")) throw error;
    }
  }

  return consume(broker, channel, answer, options);
}

/** Tells the handler's own failure from one of the way back. */
class Failed extends Error {
  readonly error: Error;

  constructor(error: Error) {
    super(error.message);
    this.error = error;
  }
}

/** Where the reply goes. @throws {PermanentError} when that is nowhere, or not for a request to say. */
function addressFor<T, Init, Params, R, RInit>(
  channel: ChannelInfo<T, Init, Params>,
  info: ReplyInfo<R, RInit>,
  { allowReplyTo }: ReplyOptions,
  message: T,
  { rawHeaders: headers }: Delivery<T, Params, object>,
): string {
  const located =
    info.replyTo === undefined ? undefined : messageExpression(info.replyTo)(payloadOf(channel, message), headers);
  const asked = located ?? headers[messageHeaders.replyTo];
  if (asked === undefined || asked === "") {
    if (info.address !== undefined) return info.address;
    throw new PermanentError(`the request to ${channel.id} names no place for its reply`);
  }
  if (asked === info.address || isInboxAddress(asked) || allowReplyTo?.(asked) === true) return asked;
  const shown = JSON.stringify(asked.slice(0, 100));
  throw new PermanentError(`${shown} is no place for a reply to ${channel.id}: neither an inbox nor the contract's`);
}

/** What ties the reply to its request. */
function correlationIdOf<T, Init, Params, R, RInit>(
  channel: ChannelInfo<T, Init, Params>,
  { correlationId }: ReplyInfo<R, RInit>,
  message: T,
  { id, rawHeaders: headers }: Delivery<T, Params, object>,
): string {
  const located =
    correlationId === undefined ? undefined : messageExpression(correlationId)(payloadOf(channel, message), headers);
  const found = located ?? headers[messageHeaders.correlationId] ?? id;
  if (found.length <= maxIdLength) return found;
  throw new PermanentError(`the correlation id of the request to ${channel.id} has ${found.length} characters`);
}

/** A reply that says why there is none. */
async function sendFailure(broker: Broker, envelope: PublishOptions, error: Error): Promise<void> {
  const { address = "", correlationId = "", headers = {}, expiresMs } = envelope;
  const trace = ambient().trace ?? childTrace(undefined);
  const { clock } = broker.settings;
  const result = await publisherOf(broker).send(
    {
      address,
      id: crypto.randomUUID(),
      headers: copyHeaders(headers, traceHeaders(trace), headersOfFailure(error), {
        [messageHeaders.correlationId]: correlationId,
      }),
      contentType: "application/octet-stream",
      body: new Uint8Array(0),
      expiresAt: expiresMs === undefined ? undefined : clock.now() + expiresMs,
    },
    undefined,
  );
  if (!result.ok && !isQueueError(result.error, "unroutable")) throw result.error;
}
