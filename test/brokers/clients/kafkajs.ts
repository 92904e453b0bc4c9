import { Kafka, logLevel } from "kafkajs";
import { connectKafkajs } from "../../../src/runtime/brokers/kafkajs.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) => {
  const { host, username, password } = new URL(url);
  const sasl = username === "" ? {} : { sasl: { mechanism: "plain" as const, username, password } };
  const kafka = new Kafka({ clientId: member, brokers: [host], logLevel: logLevel.NOTHING, ...sasl });
  return connectKafkajs(kafka, {
    sessionTimeoutMs: 3_000,
    ...(connectWithinMs === undefined ? {} : { connectWithinMs }),
  });
};
