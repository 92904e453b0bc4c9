import { describe, test } from "vitest";
import { provideKafka, startKafka } from "../support/services.js";
import { connect } from "./clients/kafka.js";
import { kafkaSubject } from "./kafka-subject.js";
import { describeBroker } from "./suite.js";

// at the same time: each takes seconds to start
const [kafka3, kafka4] = await Promise.all([provideKafka("3.9.1"), provideKafka("4.1.0")]);

if (kafka3 === undefined || kafka4 === undefined) describe.skip("Kafka", () => test("needs a server", () => {}));
else {
  const title = "over @platformatic/kafka";
  const startOwn = (): ReturnType<typeof startKafka> => startKafka("4.1.0");
  describeBroker(kafkaSubject(kafka4, "kafka", { connect, title: `Kafka 4.1.0 ${title}`, startOwn }));
  describeBroker(kafkaSubject(kafka3, "kafka", { connect, title: `Kafka 3.9.1 ${title}` }));
}
