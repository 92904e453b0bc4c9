import { Kafka, logLevel } from "kafkajs";
import { describe, test } from "vitest";
import { connectKafka } from "../../src/runtime/brokers/kafka.js";
import { connectKafkajs } from "../../src/runtime/brokers/kafkajs.js";
import { provideKafka } from "../support/services.js";
import { describeBrokerContract } from "./contract.js";

const versions = ["3.9.1", "4.1.0"] as const;
const servers = await Promise.all(versions.map(async (version) => ({ version, server: await provideKafka(version) })));

/** Short, so that members hear of others within half a second. */
const sessionTimeoutMs = 2_500;

for (const { version, server } of servers) {
  if (server === undefined) describe.skip(`Kafka ${version}`, () => test("needs a server", () => {}));
  else {
    describeBrokerContract(`Kafka ${server.version} over @platformatic/kafka`, () =>
      connectKafka(server.url, { sessionTimeoutMs }),
    );
  }
}

const [{ server: kafka3 } = { server: undefined }] = servers;
if (kafka3 !== undefined) {
  describeBrokerContract(`Kafka ${kafka3.version} over kafkajs`, () =>
    connectKafkajs(new Kafka({ clientId: "tests", brokers: [new URL(kafka3.url).host], logLevel: logLevel.NOTHING }), {
      sessionTimeoutMs,
    }),
  );
}
