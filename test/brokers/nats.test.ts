import { fileURLToPath } from "node:url";
import { afterAll, describe, test } from "vitest";
import { findNats, startCurrentNats, startNats } from "../support/services/nats.js";
import { provideService, serviceKinds } from "../support/services.js";
import { connect } from "./clients/nats.js";
import { describeBroker } from "./suite.js";

const server = await provideService(serviceKinds.nats);
const current = await startCurrentNats();
const locked = server === undefined ? undefined : await startNats(findNats(), ["--user", "orders", "--pass", "right"]);
afterAll(() => Promise.all([current?.stop(), locked?.stop()]));

const subjects = [
  { which: "of the distribution", own: server, startOwn: () => startNats(findNats()) },
  { which: "current", own: current, startOwn: startCurrentNats },
];
for (const { which, own, startOwn } of subjects) {
  if (own === undefined) describe.skip(`NATS JetStream, ${which}`, () => test("needs a server", () => {}));
  else {
    describeBroker({
      id: "nats",
      title: `NATS JetStream ${own.version}, ${which}`,
      mission: "M27",
      url: own.url,
      connect,
      clientModule: fileURLToPath(new URL("./clients/nats.ts", import.meta.url)),
      startOwn,
      wrongCredentials: () => Promise.resolve(locked?.url.replace("right", "not-the-secret")),
    });
  }
}
