import type { Channel, GetMessage } from "amqplib";
import { tooLate, type RabbitDelivery } from "./delivery.js";

/** What one channel delivered and what became of it. */
export interface Session {
  readonly channel: Channel;
  /** Deliveries without a verdict, in the order of their tags. */
  readonly open: ReadonlyMap<number, RabbitDelivery>;
  add(delivery: RabbitDelivery): void;
  /** Acknowledged with all others of this turn of the event loop. @throws {QueueError} `too_late`. */
  ack(delivery: RabbitDelivery): void;
  /** Back to its place in the queue. @throws {QueueError} `too_late`. */
  requeue(delivery: RabbitDelivery): void;
  /** Sends the acknowledgements that wait. */
  flush(): void;
  /** The channel is gone: what comes now comes too late. */
  end(): void;
}

export function createSession(channel: Channel): Session {
  const open = new Map<number, RabbitDelivery>();
  let acked: number[] = [];
  let planned = false;
  let ended = false;

  function take(delivery: RabbitDelivery): void {
    if (ended || open.get(delivery.tag) !== delivery) throw tooLate(delivery.id);
    open.delete(delivery.tag);
  }

  /**
   * One frame for all up to the lowest delivery without a verdict, and one for each beyond it: the server takes
   * `multiple` as all that were delivered before.
   */
  function flush(): void {
    planned = false;
    if (acked.length === 0 || ended) return;
    const tags = acked;
    acked = [];
    const [lowest = Infinity] = open.keys();
    let upTo = 0;
    for (const tag of tags) if (tag < lowest && tag > upTo) upTo = tag;
    try {
      if (upTo > 0) channel.ack(frameOf(upTo), true);
      for (const tag of tags) if (tag > lowest) channel.ack(frameOf(tag));
    } catch {
      // the channel closed in this very turn: all of them are delivered again
    }
  }

  return {
    channel,
    open,
    add: (delivery) => void open.set(delivery.tag, delivery),
    ack(delivery) {
      take(delivery);
      acked.push(delivery.tag);
      if (planned) return;
      planned = true;
      setImmediate(flush);
    },
    requeue(delivery) {
      take(delivery);
      try {
        channel.nack(frameOf(delivery.tag), false, true);
      } catch (cause) {
        throw tooLate(delivery.id, cause);
      }
    },
    flush,
    end() {
      ended = true;
      open.clear();
    },
  };
}

/** amqplib wants the message; it looks at the tag alone. */
function frameOf(deliveryTag: number): GetMessage {
  return { ...nothing, fields: { ...nothing.fields, deliveryTag } };
}

const nothing: GetMessage = {
  content: Buffer.alloc(0),
  fields: { deliveryTag: 0, redelivered: false, exchange: "", routingKey: "", messageCount: 0 },
  properties: {
    contentType: undefined,
    contentEncoding: undefined,
    headers: undefined,
    deliveryMode: undefined,
    priority: undefined,
    correlationId: undefined,
    replyTo: undefined,
    expiration: undefined,
    messageId: undefined,
    timestamp: undefined,
    type: undefined,
    userId: undefined,
    appId: undefined,
    clusterId: undefined,
  },
};
