import { connectRabbitmq } from "../../../src/runtime/brokers/rabbitmq.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) =>
  connectRabbitmq(url, {
    exchange: "wirespan-tests",
    name: member,
    ...(connectWithinMs === undefined ? {} : { connectWithinMs }),
  });
