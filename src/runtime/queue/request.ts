import { randomUUID } from "node:crypto";
import { ambient, ambientWith, holdProcess, withAmbient } from "../context/index.js";
import { QueueError, toError } from "./errors.js";
import { messageExpression } from "./expression.js";
import { messageHeaders } from "./headers.js";
import { headerOf } from "./parts.js";
import { publish, type PublishOptions } from "./publish.js";
import { hubOf, payloadOf, type RequestHub } from "./request-hub.js";
import type { ReplyInfo } from "./request-types.js";
import type { Broker, ChannelInfo } from "./types.js";

/**
 * Settings of one request.
 *
 * @example const quote = await requestQuote(broker, { sku: "a-1" }, { timeoutMs: 2_000 });
 */
export interface RequestOptions<Headers extends object = Readonly<Record<string, string>>> extends Omit<
  PublishOptions<Headers>,
  "correlationId" | "expiresMs"
> {
  /**
   * Milliseconds to wait for the reply; 30,000 by default. The request expires then, and sooner where the surrounding
   * handler's deadline is.
   */
  readonly timeoutMs?: number | undefined;
  /** Gives up when it aborts; the surrounding handler's signal does, too. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The group in which replies are awaited at the contract's address, too: for responders that ignore `x-reply-to`. Each
   * process needs one of its own, or they take each other's replies; so there is none by default.
   */
  readonly replyGroup?: string | undefined;
}

const defaultTimeoutMs = 30_000;

/**
 * Publishes a request and resolves to its reply. All requests of a broker await their replies at one inbox of this
 * process; a reply that comes too late is dropped.
 *
 * @throws {QueueError} `timeout` when no reply came in time, `full` when too many requests wait, `usage` where the broker
 * has no place for replies, and what {@link publish} throws. {@link ReplyError} when the other side could not reply.
 * @example const quote = await request(broker, quotes, quoteReply, { sku: "a-1" });
 */
export async function request<T, Init, Params, R, RInit>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  reply: ReplyInfo<R, RInit>,
  message: Init,
  options: RequestOptions<object> = {},
): Promise<R> {
  const { clock } = broker.settings;
  const { timeoutMs = defaultTimeoutMs, signal, replyGroup, ...rest } = options;
  const outer = ambient();
  const deadline = Math.min(clock.now() + timeoutMs, outer.deadline ?? Number.POSITIVE_INFINITY);
  const late = (): QueueError =>
    new QueueError("timeout", `no reply to ${channel.id} within ${Math.max(0, Math.round(deadline - started))} ms`);
  const started = clock.now();
  if (!(deadline > started)) throw late();
  for (const given of [signal, outer.signal]) if (given?.aborted === true) throw toError(given.reason);

  // a broker in this process has nothing else that would
  const leave = [holdProcess()];
  try {
    const hub = await hubOf(broker);
    if (replyGroup !== undefined && reply.address !== undefined) await hub.listen(reply.address, replyGroup);
    const correlationId = correlationIdFor(channel, reply, message);
    return await new Promise<R>((resolve, reject) => {
      const forget = hub.expect<R, RInit>(correlationId, reply, (outcome) =>
        "error" in outcome ? reject(outcome.error) : resolve(outcome.value),
      );
      leave.push(
        forget,
        clock.after(Math.max(0, deadline - clock.now()), () => reject(late())),
      );
      for (const given of [signal, outer.signal]) {
        if (given === undefined) continue;
        const abort = (): void => reject(toError(given.reason));
        given.addEventListener("abort", abort, { once: true });
        leave.push(() => given.removeEventListener("abort", abort));
      }
      const headers = headersFor(reply, hub, correlationId, rest.headers);
      const expiresMs = Math.max(1, deadline - clock.now());
      withAmbient(ambientWith({ deadline }), () =>
        publish(broker, channel, message, { ...rest, headers, correlationId, expiresMs }),
      ).catch(reject);
    });
  } finally {
    for (const step of leave) step();
  }
}

/** A new one, unless the contract finds it in the message. */
function correlationIdFor<T, Init, Params, R, RInit>(
  channel: ChannelInfo<T, Init, Params>,
  { correlationId = "" }: ReplyInfo<R, RInit>,
  message: Init,
): string {
  if (!correlationId.startsWith("$message.payload")) return randomUUID();
  const found = messageExpression(correlationId)(payloadOf(channel, message), {});
  if (found !== undefined && found !== "") return found;
  throw new QueueError("usage", `channel ${channel.id}: the request has no correlation id at ${correlationId}`);
}

/** Those of the caller, and where the reply is awaited: in the places that the contract names, too. */
function headersFor<R, RInit>(
  { replyTo, correlationId: location }: ReplyInfo<R, RInit>,
  { address }: RequestHub,
  correlationId: string,
  given: object | undefined,
): object {
  const headers: Record<string, unknown> = { ...given, [messageHeaders.replyTo]: address };
  const replyHeader = headerOf(replyTo);
  if (replyHeader !== undefined) headers[replyHeader] = address;
  const correlationHeader = headerOf(location);
  if (correlationHeader !== undefined) headers[correlationHeader] = correlationId;
  return headers;
}
