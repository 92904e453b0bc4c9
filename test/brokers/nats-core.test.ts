import { fileURLToPath } from "node:url";
import { afterAll, describe, test } from "vitest";
import { findNats, startNats } from "../support/services/nats.js";
import { provideService, serviceKinds } from "../support/services.js";
import { connect } from "./clients/nats-core.js";
import { describeBroker } from "./suite.js";

const server = await provideService(serviceKinds.nats);
const locked = server === undefined ? undefined : await startNats(findNats(), ["--user", "orders", "--pass", "right"]);
afterAll(() => locked?.stop());

if (server === undefined) describe.skip("NATS without JetStream", () => test("needs a server", () => {}));
else {
  describeBroker({
    id: "nats-core",
    title: `NATS ${server.version} without JetStream`,
    mission: "M27",
    url: server.url,
    connect,
    clientModule: fileURLToPath(new URL("./clients/nats-core.ts", import.meta.url)),
    startOwn: () => startNats(findNats()),
    wrongCredentials: () => Promise.resolve(locked?.url.replace("right", "not-the-secret")),
  });
}
