import { writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { connectRabbitmq } from "../../src/runtime/brokers/rabbitmq.js";
import { consume } from "../../src/runtime/queue/index.js";
import { killChannel } from "./kill-channel.js";

// A consumer in a process of its own, to be killed. Prints a line per message once its work is done, before the ack.
const [url = "", address = ""] = process.argv.slice(2);
const broker = await connectRabbitmq(url, { exchange: "wirespan-tests" });
await consume(broker, killChannel(address), async ({ n }) => {
  await turn();
  writeSync(1, `${n}\n`);
});
writeSync(1, "ready\n");
