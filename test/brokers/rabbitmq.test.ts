import { describe, test } from "vitest";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import { provideRabbitmq } from "../support/services.js";
import { describeBrokerContract } from "./contract.js";

const server = await provideRabbitmq();

if (server === undefined) describe.skip("RabbitMQ", () => test("needs a server", () => {}));
else describeBrokerContract("RabbitMQ", () => connectRabbitmq(server.url, { exchange: "wirespan-tests" }));
