import { retry } from "../../../src/runtime/interceptors/index.js";
import { chain, Code, createServiceClient, implementService, RpcError } from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { Echo, type EchoClient, type EchoHandler } from "./echo.js";

// A call that waits for its next attempt, with nothing else to keep the process alive.
let calls = 0;
const handler: Partial<EchoHandler> = {
  say(note) {
    if (++calls < 3) throw new RpcError(Code.UNAVAILABLE, "not yet");
    return note;
  },
};
const transport = createMemoryTransport();
transport.register(Echo, implementService(Echo, handler));
const layers = chain().use(retry({ methods: "*", initialBackoffMs: 50 }));
const client = createServiceClient<EchoClient>(Echo, transport, { chain: layers });
const { text } = await client.say({ text: "over" });
console.log(text, calls);
