import type { IPublishPacket, MqttClient } from "mqtt";
import { QueueError, toError } from "../../queue/index.js";

/** Topics that the publishing connection listens to: inboxes, and who is a member of a group. */
export interface Subscriptions {
  /** `filter` is a topic, or a topic whose last level is `+`. Resolves to what ends it. */
  add(filter: string, handle: (packet: IPublishPacket) => void): Promise<() => Promise<void>>;
  /** Hands a message to those who listen. */
  dispatch(packet: IPublishPacket): void;
  /** Subscribes again, on a new connection. */
  restore(): Promise<void>;
}

export function createSubscriptions(client: () => MqttClient): Subscriptions {
  const handlers = new Map<string, Set<(packet: IPublishPacket) => void>>();
  return {
    async add(filter, handle) {
      const known = handlers.get(filter) ?? new Set();
      handlers.set(filter, known);
      known.add(handle);
      // again, where somebody listens already: retained messages come for each
      await subscribe(client(), filter, 1);
      return async () => {
        known.delete(handle);
        if (known.size > 0 || handlers.get(filter) !== known) return;
        handlers.delete(filter);
        if (client().connected)
          await client()
            .unsubscribeAsync(filter)
            .catch(() => {});
      };
    },
    dispatch(packet) {
      const level = packet.topic.lastIndexOf("/");
      for (const filter of [packet.topic, `${packet.topic.slice(0, level + 1)}+`]) {
        for (const handle of handlers.get(filter) ?? []) handle(packet);
      }
    },
    async restore() {
      for (const filter of handlers.keys()) await subscribe(client(), filter, 1);
    },
  };
}

/** @throws {QueueError} `topology` when the server refuses: no right to it, or no shared subscriptions. */
export async function subscribe(client: MqttClient, filter: string, qos: 0 | 1 | 2): Promise<void> {
  try {
    // what is retained is for those who are new to the topic, not for every reconnect of a queue's consumer
    const rh = filter.startsWith("$share/") ? 1 : 0;
    const granted = await client.subscribeAsync(filter, { qos, rh });
    const refused = granted.find((one) => one.qos >= 128);
    if (refused !== undefined) throw new Error(`reason code ${refused.qos}`);
  } catch (cause) {
    if (!client.connected) throw cause;
    throw new QueueError("topology", `MQTT server refused the subscription to ${filter}: ${toError(cause).message}`, {
      cause,
    });
  }
}
