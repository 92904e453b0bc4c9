import { describe, test } from "vitest";
import { connectNats } from "../../src/runtime/brokers/nats.js";
import { provideService, serviceKinds } from "../support/services.js";
import { describeBrokerContract } from "./contract.js";

const server = await provideService(serviceKinds.nats);

if (server === undefined) describe.skip("NATS JetStream", () => test("needs a server", () => {}));
else describeBrokerContract(`NATS JetStream ${server.version}`, () => connectNats(server.url));
