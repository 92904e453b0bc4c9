import { connectNatsCore } from "../../../src/runtime/brokers/nats-core.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) =>
  connectNatsCore(url, { name: member, ...(connectWithinMs === undefined ? {} : { connectWithinMs }) });
