import { afterAll, describe, test } from "vitest";
import { connectNats } from "../../src/runtime/brokers/nats.js";
import { startCurrentNats } from "../support/services/nats.js";
import { provideService, serviceKinds } from "../support/services.js";
import { describeBrokerContract } from "./contract.js";

const server = await provideService(serviceKinds.nats);
const current = await startCurrentNats();
afterAll(() => current?.stop());

for (const [which, own] of [
  ["of the distribution", server],
  ["current", current],
] as const) {
  if (own === undefined) describe.skip(`NATS JetStream, ${which}`, () => test("needs a server", () => {}));
  else describeBrokerContract(`NATS JetStream ${own.version}, ${which}`, () => connectNats(own.url));
}
