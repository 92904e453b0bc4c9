import { ambient, type Tracer } from "../context/index.js";
import { encodeMessage, type EncodeOptions } from "./encode.js";
import { QueueError, toError } from "./errors.js";
import type { Broker, ChannelInfo, Topology } from "./types.js";

/**
 * Settings of one publish.
 *
 * @example await publishUserCreated(broker, { id: "u1" }, { key: "u1", headers: { "x-tenant": "acme" }, expiresMs: 60_000 });
 */
export interface PublishOptions<Headers extends object = Readonly<Record<string, string>>> extends Omit<
  EncodeOptions<Headers>,
  "trace" | "now"
> {
  /** Where the producer's span goes; the broker's tracer by default. */
  readonly tracer?: Tracer | undefined;
}

/** Settings of one publish whose headers the contract requires. */
export interface PublishWith<Headers extends object> extends PublishOptions<Headers> {
  readonly headers: Headers;
}

/** Channels whose addresses a broker was told of, so that it knows where messages to them go. */
const announced = new WeakMap<Broker, Map<string, Promise<void>>>();

/**
 * Publishes one message and waits until the broker has confirmed it. Resolves to its position where the broker has
 * positions. The trace of the surrounding handler goes on, its deadline travels as information.
 *
 * @throws {QueueError} `invalid` when the message does not fit the contract, `unroutable` when no queue takes it,
 * `refused`, `full`, `timeout` or `disconnected` when the broker did not take it.
 * @example await publish(broker, userCreated, { id: "u1", email: "ada@example.com" });
 */
export async function publish<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  message: Init,
  options: PublishOptions<object> = {},
): Promise<string | undefined> {
  const { clock, tracer } = broker.settings;
  const address = options.address ?? channel.address;
  const span = (options.tracer ?? tracer).start(`publish ${channel.id}`, {
    kind: "producer",
    parent: ambient().trace,
    attributes: {
      "messaging.system": broker.id,
      "messaging.operation.type": "send",
      "messaging.destination.name": address,
    },
  });
  try {
    const outgoing = encodeMessage(channel, message, { ...options, trace: span.trace, now: clock.now() });
    span.set({ "messaging.message.id": outgoing.id });
    await announce(broker, channel, address);
    const [result] = await broker.publish([outgoing]);
    if (result === undefined) throw new QueueError("refused", `${broker.id} gave no result for ${outgoing.id}`);
    if (!result.ok) throw result.error;
    span.end();
    return result.position;
  } catch (error) {
    span.end(error);
    throw toError(error);
  }
}

/** Addresses that are made up at run time must not fill the memory; those beyond go where the broker's default is. */
const maxAnnounced = 1_000;

/** Tells the broker what the contract says about an address, once. */
function announce<T, Init, Params>(
  broker: Broker,
  channel: ChannelInfo<T, Init, Params>,
  address: string,
): Promise<void> {
  let known = announced.get(broker);
  if (known === undefined) announced.set(broker, (known = new Map()));
  const key = `${channel.id}\0${address}`;
  let done = known.get(key);
  if (done === undefined && known.size >= maxAnnounced) return Promise.resolve();
  if (done === undefined) {
    done = broker.ensure(publisherTopology(channel, address));
    known.set(key, done);
    done.catch(() => known.delete(key));
  }
  return done;
}

/** What a publisher needs: for a queue the queue itself, else only the place that distributes. */
export function publisherTopology<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  address: string = channel.address,
): Topology {
  const groups = channel.queue === true ? [{ group: "", retryDelaysMs: [], deadLetter: undefined }] : [];
  return { addresses: [{ address, groups, bindings: channel.bindings }] };
}
