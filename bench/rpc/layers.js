// What a call costs with layers or without, both sides in this process: node layers.js <transport> <0|5|10|no-sdk>. 5 and
// 10: so many of the interceptors that come with the runtime. no-sdk: tracing through OpenTelemetry where no SDK is.
// Asked, it answers with CPU microseconds a call.
import {
  auth,
  breaker,
  createMetrics,
  deadline,
  idempotency,
  logging,
  metrics,
  rateLimit,
  recovery,
  tracing,
  validate,
} from "@wirespan/runtime/interceptors";
import { otelTracer } from "@wirespan/runtime/interceptors/otel";
import { createMemoryIdempotencyStore } from "@wirespan/runtime/stores";
import { createGrpcJsServer, createGrpcJsTransport } from "@wirespan/runtime/transports/grpc-js";
import { createHttp2Server, createHttp2Transport } from "@wirespan/runtime/transports/http2";
import { createMemoryTransport } from "@wirespan/runtime/transports/memory";
import { emitted, readBytes } from "./build.js";
import { inTurns } from "./stacks/index.js";
import { createHandler } from "./stacks/wirespan.js";

const { callsChain, createCallsClient, registerCalls } = await emitted("wirespan/calls.rpc.js");
const { Order } = await emitted("wirespan/calls.pb.js");
const orders = { "1KB": (await readBytes())["1KB"].map(Order.decode) };

const [, , transportId, count] = process.argv;
// calls until the engine has compiled what runs often
const warmUp = 20_000;
const calls = transportId === "grpc-js" ? 3_000 : 10_000;
// calls before each measurement: while others were measured, what this process had in its caches has gone
const wakeUp = calls / 5;

const meter = createMetrics();
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const withoutSdk = callsChain().use(tracing({ tracer: otelTracer() }));
const five = callsChain()
  .use(recovery())
  .use(tracing())
  .use(metrics({ meter }))
  .use(logging({ logger }))
  .use(deadline({ maxMs: 60_000 }));
const { server, client: around } = {
  0: { server: callsChain(), client: callsChain() },
  5: { server: five, client: callsChain() },
  10: {
    server: five
      .use(rateLimit({ rate: 1e9 }))
      .use(auth({ verify: (token) => ({ user: token }) }))
      .use(validate([]))
      .use(idempotency({ store: createMemoryIdempotencyStore() })),
    client: callsChain().use(breaker()),
  },
  "no-sdk": { server: withoutSdk, client: withoutSdk },
}[count];

const { registry, connect } = transports()[transportId];
registerCalls(registry, createHandler(inTurns(orders)), { chain: server });
const options = { chain: around, timeoutMs: 30_000, metadata: { authorization: "Bearer token" } };
const client = createCallsClient(await connect(), options);

process.on("message", async () => {
  for (let i = 0; i < wakeUp; i++) await call(i);
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await call(i);
  const { user, system } = process.cpuUsage(before);
  process.send({ value: (user + system) / calls });
});
process.on("disconnect", () => process.exit());
for (let i = 0; i < warmUp; i++) await call(i);
process.send({ ready: true });

function transports() {
  const memory = createMemoryTransport();
  return {
    memory: { registry: memory, connect: () => memory },
    http2: over(createHttp2Server, createHttp2Transport),
    "grpc-js": over(createGrpcJsServer, createGrpcJsTransport),
  };
}

function over(createServer, createTransport) {
  const registry = createServer();
  return { registry, connect: async () => createTransport((await registry.listen("127.0.0.1:0")).address) };
}

function call(i) {
  return client.echo(orders["1KB"][i % orders["1KB"].length]);
}

function ignore() {}
