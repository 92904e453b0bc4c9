import { describe, test } from "vitest";
import { provideKafka, startKafka } from "../support/services.js";
import { connect } from "./clients/kafka.js";
import { kafkaSubject } from "./kafka-subject.js";
import { describeBroker } from "./suite.js";

const server = await provideKafka("4.1.0");

if (server === undefined) describe.skip("Kafka", () => test("needs a server", () => {}));
else {
  const title = "Kafka 4.1.0 over @platformatic/kafka";
  describeBroker(kafkaSubject(server, "kafka", { connect, title, startOwn: () => startKafka("4.1.0") }));
}
