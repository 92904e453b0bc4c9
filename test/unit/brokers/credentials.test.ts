import { expect, test } from "vitest";
import { connectMqtt } from "../../../src/runtime/brokers/mqtt.js";
import { connectNats } from "../../../src/runtime/brokers/nats.js";
import { connectNatsCore } from "../../../src/runtime/brokers/nats-core.js";
import { connectRedis } from "../../../src/runtime/brokers/redis.js";
import { credentialsOf } from "../../../src/runtime/brokers/shared/credentials.js";

test.each([
  ["redis", connectRedis, "redis://user:s%zzcret@localhost"],
  ["nats", connectNats, "nats://user:s%zzcret@localhost"],
  ["nats-core", connectNatsCore, "nats://us%zzer@localhost"],
  ["mqtt", connectMqtt, "mqtt://user:s%zzcret@localhost"],
])(
  "M31: %s: a password that is not percent-encoded is a mistake that is said, and not repeated",
  async (_id, connect, url) => {
    const error = await connect(url).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: "QueueError", code: "usage", message: /percent-encoded/ });
    expect(String(error)).not.toMatch(/zz/);
  },
);

test("M31: what is encoded is read", () => {
  expect(credentialsOf(new URL("nats://a%40b:%25%2F@localhost"))).toEqual({ user: "a@b", password: "%/" });
  expect(credentialsOf(new URL("nats://localhost"))).toEqual({ user: "", password: "" });
});
