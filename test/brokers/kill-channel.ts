import { jsonPayload, shape, type ChannelInfo } from "../../src/runtime/queue/index.js";

/** The channel that the killed consumer and its test share. */
export function killChannel(address: string): ChannelInfo<{ n: number }> {
  return {
    id: "killed",
    address,
    message: jsonPayload<{ n: number }>("Killed", shape.object({ required: { n: shape.integer() } })),
    contentType: "application/json",
    bindings: {},
    consumer: { group: "workers", concurrency: 8, buffer: 32, deadLetter: true },
  };
}
