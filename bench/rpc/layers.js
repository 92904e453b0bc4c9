// What a call costs with layers or without, both sides in this process: node layers.js <10|0|http2|no-sdk>. 10 and 0: in
// memory, with ten of the interceptors that come with the runtime, six around the handler, four around the client.
// no-sdk and http2: over HTTP/2, with tracing through OpenTelemetry where no SDK is, or without. Asked, it answers with
// CPU microseconds a call.
import {
  auth,
  bearer,
  createMetrics,
  deadline,
  logging,
  metrics,
  recovery,
  tracing,
} from "@wirespan/runtime/interceptors";
import { otelTracer } from "@wirespan/runtime/interceptors/otel";
import { createHttp2Server, createHttp2Transport } from "@wirespan/runtime/transports/http2";
import { createMemoryTransport } from "@wirespan/runtime/transports/memory";
import { emitted, readBytes } from "./build.js";
import { inTurns } from "./stacks/index.js";
import { createHandler } from "./stacks/wirespan.js";

const { callsChain, createCallsClient, registerCalls } = await emitted("wirespan/calls.rpc.js");
const { Order } = await emitted("wirespan/calls.pb.js");
const orders = { "1KB": (await readBytes())["1KB"].map(Order.decode) };

// calls until the engine has compiled what runs often
const warmUp = 20_000;
const calls = 3_000;

const meter = createMetrics();
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const withoutSdk = callsChain().use(tracing({ tracer: otelTracer() }));
const layers = {
  http2: { server: callsChain(), client: callsChain() },
  "no-sdk": { server: withoutSdk, client: withoutSdk },
  0: { server: callsChain(), client: callsChain() },
  10: {
    server: callsChain()
      .use(recovery())
      .use(tracing())
      .use(logging({ logger }))
      .use(metrics({ meter }))
      .use(deadline({ maxMs: 60_000 }))
      .use(auth({ verify: (token) => ({ user: token }) })),
    client: callsChain()
      .use(tracing())
      .use(logging({ logger }))
      .use(metrics({ meter }))
      .use(bearer(() => "token")),
  },
}[process.argv[2]];

const { registry, transport } = await connect(process.argv[2] === "http2" || process.argv[2] === "no-sdk");
registerCalls(registry, createHandler(inTurns(orders)), { chain: layers.server });
const client = createCallsClient(transport, { chain: layers.client, timeoutMs: 30_000 });

process.on("message", async () => {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await call(i);
  const { user, system } = process.cpuUsage(before);
  process.send({ value: (user + system) / calls });
});
process.on("disconnect", () => process.exit());
for (let i = 0; i < warmUp; i++) await call(i);
process.send({ ready: true });

async function connect(overHttp2) {
  if (!overHttp2) {
    const memory = createMemoryTransport();
    return { registry: memory, transport: memory };
  }
  const server = createHttp2Server();
  const { address } = await server.listen("127.0.0.1:0");
  return { registry: server, transport: createHttp2Transport(address) };
}

function call(i) {
  return client.echo(orders["1KB"][i % orders["1KB"].length]);
}

function ignore() {}
