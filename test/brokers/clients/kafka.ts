import { connectKafka } from "../../../src/runtime/brokers/kafka.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) =>
  connectKafka(url, {
    clientId: member,
    // short, so that members hear of others, and miss those that were killed, within seconds
    sessionTimeoutMs: 3_000,
    ...(connectWithinMs === undefined ? {} : { connectWithinMs }),
  });
