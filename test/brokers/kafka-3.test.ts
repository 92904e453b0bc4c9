import { describe, test } from "vitest";
import { provideKafka } from "../support/services.js";
import { connect } from "./clients/kafka.js";
import { kafkaSubject } from "./kafka-subject.js";
import { describeBroker } from "./suite.js";

const server = await provideKafka("3.9.1");

if (server === undefined) describe.skip("Kafka", () => test("needs a server", () => {}));
else {
  const title = "Kafka 3.9.1 over @platformatic/kafka";
  describeBroker(kafkaSubject(server, "kafka", { connect, title, pipeline: false }));
}
