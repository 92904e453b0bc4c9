import { connectRedis } from "../../../src/runtime/brokers/redis.js";
import type { ConnectBroker } from "../suite/client.js";

export const connect: ConnectBroker = (url, { member, connectWithinMs }) =>
  connectRedis(url, {
    name: member,
    keyPrefix: "wirespan-tests:",
    // a test does not wait half a minute for those who died
    claimIdleMs: 2_000,
    trimEveryMs: 500,
    ...(connectWithinMs === undefined ? {} : { connectWithinMs }),
  });
