import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { provideRedis, startRedis } from "../support/services.js";
import { connect } from "./clients/redis.js";
import { describeBroker } from "./suite.js";

const server = await provideRedis();

if (server === undefined) describe.skip("Redis", () => test("needs a server", () => {}));
else {
  describeBroker({
    id: "redis",
    title: `Redis ${server.version}`,
    mission: "M25",
    url: server.url,
    connect,
    clientModule: fileURLToPath(new URL("./clients/redis.ts", import.meta.url)),
    startOwn: startRedis,
    wrongCredentials: () => Promise.resolve(server.url.replace("://", "://nobody:not-the-secret@")),
  });
}
