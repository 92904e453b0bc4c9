import { ambient, childTrace, passiveTracer, type Span, type TraceContext, type Tracer } from "../context/index.js";
import { resolveCompression, type Compression, type CompressionOptions } from "./compression.js";
import { encodeIn, type EncodeOptions } from "./encode.js";
import { toError } from "./errors.js";
import { publisherOf, type Publisher } from "./publisher.js";
import type { Broker, ChannelInfo, OutgoingMessage, PublishResult } from "./types.js";

/**
 * Settings of one publish.
 *
 * @example await publishUserCreated(broker, { id: "u1" }, { key: "u1", headers: { "x-tenant": "acme" }, expiresMs: 60_000 });
 */
export interface PublishOptions<Headers extends object = Readonly<Record<string, string>>> extends Omit<
  EncodeOptions<Headers>,
  "trace" | "now"
> {
  /** Compresses this message; what {@link configurePublisher} says by default. */
  readonly compression?: "gzip" | CompressionOptions | false | undefined;
  /** Where the producer's span goes; the broker's tracer by default. */
  readonly tracer?: Tracer | undefined;
}

/** Settings of a batch, which hold for each of its messages. */
export type PublishBatchOptions<Headers extends object = Readonly<Record<string, string>>> = Omit<
  PublishOptions<Headers>,
  "id"
>;

/** Settings of a batch whose messages have headers that the contract requires. */
export interface PublishBatchWith<Headers extends object> extends PublishBatchOptions<Headers> {
  readonly headers: Headers;
}

/** Settings of one publish whose headers the contract requires. */
export interface PublishWith<Headers extends object> extends PublishOptions<Headers> {
  readonly headers: Headers;
}

/**
 * Publishes one message and waits until the broker has confirmed it. Resolves to its position where the broker has
 * positions. The trace of the surrounding handler goes on, its deadline travels as information. Publishes of one turn
 * of the event loop reach the broker as one batch, in the order of the calls; while too many are without confirmation,
 * the next ones wait.
 *
 * @throws {QueueError} `invalid` when the message does not fit the contract, `unroutable` when no queue takes it,
 * `refused`, `full`, `timeout` or `disconnected` when the broker did not take it.
 * @example await publish(broker, userCreated, { id: "u1", email: "ada@example.com" });
 */
export function publish<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  options: PublishOptions<object> = {},
): Promise<string | undefined> {
  return publishTo(broker, channel, message, options, true);
}

/** The same; `announced` false for an address of which the broker is not to be told: an inbox, which exists or not. */
export function publishTo<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  options: PublishOptions<object>,
  announced: boolean,
): Promise<string | undefined> {
  const { settings } = broker;
  const tracer = options.tracer ?? settings.tracer;
  try {
    const publisher = publisherOf(broker);
    const started = publisher.measures === undefined ? 0 : performance.now();
    const span = isSilent(tracer) ? undefined : startSpan(broker, channel, options, tracer);
    const trace = span?.trace ?? childTrace(ambient().trace);
    if (span === undefined && publisher.measures === undefined) {
      return sendPlainly(
        publisher,
        channel,
        encodeIn(channel, message, options, trace, settings.clock),
        options,
        announced,
      );
    }
    let sent: Promise<PublishResult>;
    try {
      const outgoing = encodeIn(channel, message, options, trace, settings.clock);
      span?.set({ "messaging.message.id": outgoing.id });
      sent = send(publisher, channel, outgoing, options, announced);
    } catch (error) {
      span?.end(error);
      publisher.measures?.record(publisher.labels(channel), 1, started, toError(error));
      throw error;
    }
    return observed(publisher, channel, sent, started, span);
  } catch (error) {
    return Promise.reject(toError(error));
  }
}

/**
 * Publishes several messages and tells of each what became of it, in their order: one that does not fit the contract or
 * that the broker refuses does not keep the others back. They share a producer's span.
 *
 * @example
 * const results = await publishBatch(broker, userCreated, users);
 * const failed = users.filter((_, i) => results[i]?.ok === false);
 */
export async function publishBatch<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  messages: readonly Init[],
  options: PublishBatchOptions<object> = {},
): Promise<readonly PublishResult[]> {
  if (messages.length === 0) return [];
  const { settings } = broker;
  const tracer = options.tracer ?? settings.tracer;
  const publisher = publisherOf(broker);
  const started = performance.now();
  const span = isSilent(tracer) ? undefined : startSpan(broker, channel, options, tracer);
  span?.set({ "messaging.batch.message_count": messages.length });
  const trace: TraceContext = span?.trace ?? childTrace(ambient().trace);
  const sent = messages.map((message): Promise<PublishResult> => {
    try {
      const outgoing = encodeIn(channel, message, { ...options, id: undefined }, trace, settings.clock);
      return send(publisher, channel, outgoing, options, true).catch(failed);
    } catch (error) {
      return Promise.resolve(failed(error));
    }
  });
  void publisher.announce(channel, options.address ?? channel.address)?.then(
    () => publisher.flush(),
    () => {},
  );
  // gathered already: nothing is worth waiting for
  void publisher.flush();
  const results = await Promise.all(sent);
  const errors = results.flatMap((result) => (result.ok ? [] : [result.error]));
  if (publisher.measures !== undefined) {
    const labels = publisher.labels(channel);
    if (results.length > errors.length)
      publisher.measures.record(labels, results.length - errors.length, started, undefined);
    for (const error of errors) publisher.measures.record(labels, 1, started, error);
  }
  span?.end(errors[0]);
  return results;
}

function failed(error: unknown): PublishResult {
  return { ok: false, error: toError(error) };
}

/** True for tracers that record nothing at present: ids are passed on without spans. */
export function isSilent(tracer: Tracer): boolean {
  return tracer === passiveTracer || tracer.enabled?.() === false;
}

/** The same where nobody watches: one promise, for each one costs as much as much else here. */
function sendPlainly<T, Init, Params>(
  publisher: Publisher,
  channel: ChannelInfo<T, Init, Params>,
  outgoing: OutgoingMessage,
  options: PublishBatchOptions<object>,
  announce: boolean,
): Promise<string | undefined> {
  const compression = compressionOf(publisher, options);
  const announced = announce ? publisher.announce(channel, options.address ?? channel.address) : undefined;
  if (announced !== undefined) return announced.then(() => publisher.send(outgoing, compression)).then(positionOf);
  return new Promise((resolve, reject) => {
    const settle = (result: PublishResult): void => {
      if (result.ok) resolve(result.position);
      else reject(result.error);
    };
    publisher.push(outgoing, compression, settle, reject);
  });
}

function compressionOf(publisher: Publisher, { compression }: PublishBatchOptions<object>): Compression | undefined {
  return compression === undefined ? publisher.compression : resolveCompression(compression);
}

/** Hands a message to the publisher once the broker knows of its address. */
function send<T, Init, Params>(
  publisher: Publisher,
  channel: ChannelInfo<T, Init, Params>,
  outgoing: OutgoingMessage,
  options: PublishBatchOptions<object>,
  announce: boolean,
): Promise<PublishResult> {
  const compression = compressionOf(publisher, options);
  const announced = announce ? publisher.announce(channel, options.address ?? channel.address) : undefined;
  if (announced === undefined) return publisher.send(outgoing, compression);
  return announced.then(() => publisher.send(outgoing, compression));
}

function positionOf(result: PublishResult): string | undefined {
  if (!result.ok) throw result.error;
  return result.position;
}

async function observed<T, Init, Params>(
  publisher: Publisher,
  channel: ChannelInfo<T, Init, Params>,
  sent: Promise<PublishResult>,
  started: number,
  span: Span | undefined,
): Promise<string | undefined> {
  let error: Error | undefined;
  try {
    return positionOf(await sent);
  } catch (thrown) {
    error = toError(thrown);
    throw error;
  } finally {
    publisher.measures?.record(publisher.labels(channel), 1, started, error);
    span?.end(error);
  }
}

function startSpan<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  options: PublishBatchOptions<object>,
  tracer: Tracer,
): Span {
  return tracer.start(`publish ${channel.id}`, {
    kind: "producer",
    parent: ambient().trace,
    attributes: {
      "messaging.system": broker.id,
      "messaging.operation.name": "publish",
      "messaging.operation.type": "send",
      "messaging.destination.name": options.address ?? channel.address,
    },
  });
}
