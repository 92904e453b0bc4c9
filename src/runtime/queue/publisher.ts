import type { Attributes, Meter } from "../context/index.js";
import { createBatcher, type Batcher } from "./batcher.js";
import { resolveCompression, type Compression, type CompressionOptions } from "./compression.js";
import { QueueError } from "./errors.js";
import type { GatherOptions } from "./gather.js";
import { createHandOver } from "./hand-over.js";
import { createSendMeasures, type SendMeasures } from "./send-measures.js";
import type { Broker, ChannelInfo, OutgoingMessage, PublishResult, Topology } from "./types.js";

/**
 * How publishes reach a broker.
 *
 * @example
 * // for throughput: wait 5 ms for others, compress what is big
 * configurePublisher(broker, { batch: { size: 1_000, lingerMs: 5 }, compression: "gzip", metrics: { meter } });
 */
export interface PublisherOptions {
  /**
   * Publishes that are sent to the broker together: at most `size` (500 by default) and `bytes` (1 MiB), gathered for
   * `lingerMs` (0, the default: in one turn of the event loop).
   */
  readonly batch?: GatherOptions | undefined;
  /** Batches that wait for confirmation at one time; 8 by default. Meanwhile others grow. */
  readonly maxInFlight?: number | undefined;
  /** Messages without confirmation, at most: beyond them `await publish…` waits. 10,000 by default. */
  readonly maxPending?: number | undefined;
  /** Bytes of messages without confirmation, likewise. 16 MiB by default. */
  readonly maxPendingBytes?: number | undefined;
  /** Compresses bodies of 1,024 bytes and more, or what the options say; off by default. */
  readonly compression?: "gzip" | CompressionOptions | false | undefined;
  /** Counts and times of publishes, under OpenTelemetry's names; none by default. */
  readonly metrics?: { readonly meter: Meter } | undefined;
}

/** What stands between the publish functions and a broker. */
export interface Publisher {
  readonly compression: Compression | undefined;
  readonly measures: SendMeasures | undefined;
  /** Never rejects because of the broker: the result tells. */
  send(message: OutgoingMessage, compression: Compression | undefined): Promise<PublishResult>;
  /** The same without a promise: calls one of the functions. */
  push(
    message: OutgoingMessage,
    compression: Compression | undefined,
    done: (result: PublishResult) => void,
    fail: (error: Error) => void,
  ): void;
  flush(): Promise<void>;
  /** Tells the broker of a channel's address; undefined when it knows. */
  announce<T, Init, Params>(channel: ChannelInfo<T, Init, Params>, address: string): Promise<void> | undefined;
  /** What measurements of a channel are labelled with. */
  labels<T, Init, Params>(channel: ChannelInfo<T, Init, Params>): Attributes;
}

const publishers = new WeakMap<Broker, Publisher>();

/** The one publisher of a broker. */
export function publisherOf(broker: Broker): Publisher {
  let publisher = publishers.get(broker);
  if (publisher === undefined) publishers.set(broker, (publisher = createPublisher(broker, {})));
  return publisher;
}

/**
 * Says how publishes reach a broker; without it the defaults hold.
 *
 * @throws {QueueError} `usage` once something was published.
 * @example configurePublisher(broker, { batch: { lingerMs: 2 } });
 */
export function configurePublisher(broker: Broker, options: PublisherOptions): void {
  if (publishers.has(broker)) {
    throw new QueueError("usage", "a publisher is configured once, before anything is published");
  }
  publishers.set(broker, createPublisher(broker, options));
}

/**
 * Sends what was published and waits until the broker has confirmed it, or refused it: before a program ends.
 *
 * @example shutdownOnSignal({ servers: [consumer], after: [() => flushPublishes(broker), broker] });
 */
export function flushPublishes(broker: Broker): Promise<void> {
  return publishers.get(broker)?.flush() ?? Promise.resolve();
}

/** What a publisher needs: for a queue the queue itself, else only the place that distributes. */
export function publisherTopology<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  address: string = channel.address,
): Topology {
  const groups = channel.queue === true ? [{ group: "", retryDelaysMs: [], deadLetter: undefined }] : [];
  return { addresses: [{ address, groups, bindings: channel.bindings }] };
}

/** Addresses that are made up at run time must not fill the memory: of those beyond the broker is told once more. */
const maxAnnounced = 10_000;

interface Announced {
  /** Undefined once the broker knows. The first ones were used least recently, as far as it matters. */
  readonly addresses: Map<string, Promise<void> | undefined>;
  readonly labels: Attributes;
}

function createPublisher(broker: Broker, options: PublisherOptions): Publisher {
  const { batch, maxInFlight, maxPending, maxPendingBytes, metrics } = options;
  const { clock } = broker.settings;
  const hand = createHandOver((messages) => broker.publish(messages));
  const batcher: Batcher<OutgoingMessage, PublishResult> = createBatcher({
    size: batch?.size ?? 500,
    bytes: batch?.bytes,
    lingerMs: batch?.lingerMs,
    maxInFlight,
    maxPending,
    maxPendingBytes,
    clock,
    sizeOf: bytesOf,
    send: (messages) => hand.publish(messages),
  });
  const channels = new WeakMap<object, Announced>();

  function announcedOf<T, Init, Params>(channel: ChannelInfo<T, Init, Params>): Announced {
    let known = channels.get(channel);
    if (known !== undefined) return known;
    known = {
      addresses: new Map(),
      labels: Object.freeze({
        "messaging.system": broker.id,
        "messaging.destination.name": channel.address === "" ? channel.id : channel.address,
      }),
    };
    channels.set(channel, known);
    return known;
  }

  const push: Publisher["push"] = (message, compression, done, fail) => {
    if (compression === undefined || message.body.length < compression.minBytes) {
      return batcher.push(message, done, fail);
    }
    hand.compress(message, compression);
    batcher.push(message, done, (error) => {
      // one that is refused for want of room never gets there
      hand.forget(message);
      fail(error);
    });
  };

  return {
    compression: resolveCompression(options.compression),
    measures: metrics === undefined ? undefined : createSendMeasures(metrics.meter),
    send: (message, compression) => new Promise((resolve, reject) => push(message, compression, resolve, reject)),
    push,
    flush: () => batcher.flush(),
    announce(channel, address) {
      const { addresses } = announcedOf(channel);
      const known = addresses.get(address);
      if (known !== undefined || addresses.has(address)) {
        if (addresses.size < maxAnnounced) return known;
        addresses.delete(address);
        addresses.set(address, known);
        return known;
      }
      const done = broker.ensure(publisherTopology(channel, address)).then(
        // it may have had to make room meanwhile
        () => void (addresses.get(address) === done && addresses.set(address, undefined)),
        (error: unknown) => {
          addresses.delete(address);
          throw error;
        },
      );
      addresses.set(address, done);
      if (addresses.size > maxAnnounced) {
        const [oldest = ""] = addresses.keys();
        addresses.delete(oldest);
      }
      return done;
    },
    labels: (channel) => announcedOf(channel).labels,
  };
}

/** What a message takes up, roughly: headers are about as long as they are in all protocols. */
function bytesOf(message: OutgoingMessage): number {
  return message.body.length + 300;
}
