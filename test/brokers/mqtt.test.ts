import { fileURLToPath } from "node:url";
import { afterAll, describe, test } from "vitest";
import { findMosquitto, startMosquitto } from "../support/services/mosquitto.js";
import { provideService, serviceKinds } from "../support/services.js";
import { connect } from "./clients/mqtt.js";
import { describeBroker } from "./suite.js";

const server = await provideService(serviceKinds.mosquitto);
const locked = server === undefined ? undefined : await startMosquitto(findMosquitto(), [], [["orders", "right"]]);
afterAll(() => locked?.stop());

if (server === undefined) describe.skip("MQTT", () => test("needs a server", () => {}));
else {
  describeBroker({
    id: "mqtt",
    title: `MQTT 5, mosquitto ${server.version}`,
    mission: "M26",
    url: server.url,
    connect,
    clientModule: fileURLToPath(new URL("./clients/mqtt.ts", import.meta.url)),
    startOwn: () => startMosquitto(findMosquitto()),
    wrongCredentials: () => Promise.resolve(locked?.url.replace("right", "not-the-secret")),
  });
}
