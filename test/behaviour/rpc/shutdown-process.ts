import { implementService } from "../../../src/runtime/rpc/index.js";
import { createHealth } from "../../../src/runtime/services/health.js";
import { shutdownOnSignal } from "../../../src/runtime/services/shutdown.js";
import { createGrpcJsServer } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server } from "../../../src/runtime/transports/http2.js";
import { Echo, echo } from "./echo.js";

// A server in a process of its own, to be sent signals. Its handler takes as many milliseconds as the request says,
// whatever becomes of the call.
const [transport, withinMs, noticeMs, announced] = process.argv.slice(2);
const server = transport === "http2" ? createHttp2Server() : createGrpcJsServer();
let begun = 0;
const handler = {
  ...echo,
  async say(note: { text: string; count: number }) {
    if (++begun === Number(announced)) console.log("begun");
    await new Promise((resolve) => setTimeout(resolve, note.count));
    return note;
  },
};
server.register(Echo, implementService(Echo, handler));
const health = createHealth([Echo]);
health.register(server);
const { port } = await server.listen("127.0.0.1:0");
const order: string[] = [];
shutdownOnSignal({
  health,
  servers: [server, async () => void order.push("servers")],
  after: [async () => void order.push("first"), { close: async () => void order.push("second") }],
  withinMs: Number(withinMs),
  noticeMs: Number(noticeMs),
  onEnd: ({ stuck, errors }) => {
    console.log(`order ${order.join(",")}`);
    for (const line of [...stuck, ...errors]) console.error(String(line));
  },
});
console.log(`port ${port}`);
