import { createMemoryBroker } from "../../src/runtime/brokers/memory.js";
import {
  bytesPayload,
  configurePublisher,
  consume,
  isQueueError,
  publish,
  request,
  type ChannelInfo,
} from "../../src/runtime/queue/index.js";

// One awaited call, over a broker in this process and with nothing else that keeps it alive.
const broker = createMemoryBroker();
const channel: ChannelInfo<Uint8Array> = {
  id: "asked",
  address: "asked",
  message: bytesPayload,
  contentType: "application/octet-stream",
  bindings: {},
  consumer: { group: "g" },
};
const body = new Uint8Array(1);
const groups = [{ group: "g", retryDelaysMs: [], deadLetter: undefined }];
await broker.ensure({ addresses: [{ address: "asked", groups, bindings: {} }] });

switch (process.argv[2]) {
  case "request": {
    const reply = { message: bytesPayload, contentType: "application/octet-stream" };
    const asked = request(broker, channel, reply, body, { timeoutMs: 300 });
    console.log(await asked.catch((error: unknown) => (isQueueError(error) ? error.code : error)));
    break;
  }
  case "publish":
    configurePublisher(broker, { batch: { lingerMs: 300 } });
    console.log(await publish(broker, channel, body));
    break;
  case "drain": {
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const consumer = await consume(broker, channel, () => {
      begin();
      return new Promise(() => {});
    });
    await publish(broker, channel, body);
    await begun;
    console.log((await consumer.drain(300)).length);
    break;
  }
  case "retry":
    // nobody awaits anything here: a broker in this process ends with it
    await consume(broker, channel, () => Promise.reject(new Error("no")), {
      retry: { maxAttempts: 3, quick: 1, delaysMs: [60_000] },
    });
    await publish(broker, channel, body);
    console.log("published");
    break;
}
