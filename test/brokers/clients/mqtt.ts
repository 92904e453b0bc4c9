import { connectMqtt } from "../../../src/runtime/brokers/mqtt.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) =>
  connectMqtt(url, { clientId: member, ...(connectWithinMs === undefined ? {} : { connectWithinMs }) });
