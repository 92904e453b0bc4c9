import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { provideRabbitmq, startRabbitmq } from "../support/services.js";
import { connect } from "./clients/rabbitmq.js";
import { describeBroker } from "./suite.js";

const server = await provideRabbitmq();

if (server === undefined) describe.skip("RabbitMQ", () => test("needs a server", () => {}));
else {
  describeBroker({
    id: "rabbitmq",
    title: `RabbitMQ ${server.version}`,
    mission: "M23",
    url: server.url,
    connect,
    clientModule: fileURLToPath(new URL("./clients/rabbitmq.ts", import.meta.url)),
    startOwn: startRabbitmq,
    wrongCredentials: () => Promise.resolve(server.url.replace(/\/\/[^@]*@/, "//guest:not-the-secret@")),
  });
}
