import type { GetMessage } from "amqplib";
import type { BrokerDelivery } from "../../queue/index.js";
import { browsed } from "../shared/browsed.js";
import type { Link } from "./link.js";
import { fromMessage } from "./properties.js";
import { topologyError } from "./topology.js";

/** Reads what is ready in a queue. The server counts it as delivered: it says `redelivered` afterwards. */
export async function* browse(
  link: Link,
  withinMs: number,
  {
    address,
    queue,
    group,
    limit,
  }: {
    readonly address: string;
    readonly queue: string;
    readonly group: string;
    readonly limit: number;
  },
): AsyncIterable<BrokerDelivery> {
  const messages = await link
    .withChannel(withinMs, async (channel) => {
      const found: GetMessage[] = [];
      while (found.length < limit) {
        const message = await channel.get(queue, { noAck: false });
        if (message === false) break;
        found.push(message);
      }
      // closing the channel puts them back where they were
      return found;
    })
    .catch((error: unknown) => {
      throw topologyError(address, error);
    });
  for (const message of messages) {
    const { routingKey, deliveryTag, redelivered } = message.fields;
    yield browsed(fromMessage(message, address), { group, position: `${routingKey}#${deliveryTag}`, redelivered });
  }
}
