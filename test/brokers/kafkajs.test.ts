import { describe, test } from "vitest";
import { provideKafka, startKafka } from "../support/services.js";
import { connect } from "./clients/kafkajs.js";
import { kafkaSubject } from "./kafka-subject.js";
import { describeBroker } from "./suite.js";

const server = await provideKafka("3.9.1");

if (server === undefined) describe.skip("Kafka over kafkajs", () => test("needs a server", () => {}));
else {
  const startOwn = (): ReturnType<typeof startKafka> => startKafka("3.9.1");
  const title = "Kafka 3.9.1 over kafkajs";
  describeBroker(kafkaSubject(server, "kafkajs", { connect, title, startOwn, pipeline: false }));
}
