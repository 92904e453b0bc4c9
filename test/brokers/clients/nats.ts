import { connectNats } from "../../../src/runtime/brokers/nats.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) =>
  connectNats(url, { name: member, ackWaitMs: 2_000, ...(connectWithinMs === undefined ? {} : { connectWithinMs }) });
