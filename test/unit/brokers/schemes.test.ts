import { describe, expect, test } from "vitest";
import { connectKafka } from "../../../src/runtime/brokers/kafka.js";
import { connectNats } from "../../../src/runtime/brokers/nats.js";
import { connectNatsCore } from "../../../src/runtime/brokers/nats-core.js";
import { connectRabbitmq } from "../../../src/runtime/brokers/rabbitmq.js";
import { connectRedis } from "../../../src/runtime/brokers/redis.js";
import type { Broker } from "../../../src/runtime/queue/index.js";

const brokers: readonly (readonly [string, string, (url: string) => Promise<Broker>])[] = [
  ["Kafka", "kafka:", connectKafka],
  ["NATS", "nats:", connectNats],
  ["NATS", "nats:", connectNatsCore],
  ["RabbitMQ", "amqp:", connectRabbitmq],
  ["Redis", "redis:", connectRedis],
];
const schemes = ["kafka:", "nats:", "amqp:", "redis:", "mqtt:", "http:"];

describe("the address of another kind of server is a usage error, at once and without telling its password", () => {
  test.each(brokers)("%s", async (title, own, connect) => {
    for (const scheme of schemes.filter((other) => other !== own)) {
      const error: unknown = await connect(`${scheme}//user:secret@localhost:1`).catch((thrown: unknown) => thrown);
      expect(error, scheme).toMatchObject({ name: "QueueError", code: "usage" });
      expect(String(error)).toContain(`the address of ${title} must be`);
      expect(String(error)).not.toContain("secret");
    }
  });
});
