import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import { createGateway, type RouteSet } from "../../../src/runtime/gateway/index.js";
import { tracing } from "../../../src/runtime/interceptors/index.js";
import { otelTracer } from "../../../src/runtime/interceptors/otel.js";
import { consume, publish } from "../../../src/runtime/queue/index.js";
import { chain, type ClientOptions, type ServiceRegistry, type Transport } from "../../../src/runtime/rpc/index.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { itemChannel } from "../../unit/queue/support.js";

const proto = `syntax = "proto3";
package way.v1;
import "google/api/annotations.proto";
service Way {
  rpc Order(Note) returns (Note) { option (google.api.http) = { post: "/orders" body: "*" }; }
  rpc Bill(Note) returns (Note);
}
message Note { string text = 1; }`;

interface Note {
  readonly text?: string;
}

interface Client {
  order(note: Note): Promise<Note>;
  bill(note: Note): Promise<Note>;
}

interface Emitted {
  readonly createWayClient: (transport: Transport, options?: ClientOptions) => Client;
  readonly registerWay: (registry: ServiceRegistry, handler: object, options?: object) => void;
  readonly wayRoutes: (backend: object) => RouteSet;
}

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = otelTracer(provider.getTracer("test"));
const traceId = "0af7651916cd43dd8448eb211c80319c";
const closing: (() => Promise<unknown>)[] = [];

// test files share a process: what is global is so for this one only
beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(async () => {
  context.disable();
  for (const close of closing.toReversed()) await close();
});

test("M55: T13: REST → gRPC → publish → consume → gRPC: one trace, its parents, its baggage, OpenTelemetry's own", async () => {
  const { files, diagnostics } = await emit({ "way.proto": proto }, [messages, rpc, http]);
  expect(diagnostics).toEqual([]);
  const load = emittedModules(files);
  const way = Object.assign(
    {},
    ...(await Promise.all(["rpc", "http"].map((kind) => load(`way.${kind}.ts`)))),
  ) as Emitted;

  const active: (readonly [string, string | undefined, string | undefined])[] = [];
  const note = (where: string): void => {
    const tier = propagation.getActiveBaggage()?.getEntry("tier")?.value;
    active.push([where, trace.getActiveSpan()?.spanContext().traceId, tier]);
  };
  const layers = chain().use(tracing({ tracer }));
  const broker = createMemoryBroker({ tracer });
  const channel = itemChannel();
  const server = createHttp2Server();
  const handler = {
    async order(request: Note) {
      note("order");
      await publish(broker, channel, { n: 1 });
      return request;
    },
    async bill(request: Note) {
      note("bill");
      return request;
    },
  };
  way.registerWay(server, handler, { chain: layers });
  const { address } = await server.listen("127.0.0.1:0");
  const transport = createHttp2Transport(address);
  const client = way.createWayClient(transport, { chain: layers });
  const consumer = await consume(broker, channel, async () => {
    note("consumer");
    await client.bill({});
  });
  closing.push(
    () => broker.close(),
    () => server.close(1_000),
    () => transport.close(),
    () => consumer.drain(1_000),
  );
  const gateway = createGateway({ routes: [way.wayRoutes(client)], tracer });
  const response = await gateway.handle({
    method: "POST",
    url: "/orders",
    headers: {
      "content-type": "application/json",
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      baggage: "tier=gold",
    },
    body: (async function* () {
      yield new TextEncoder().encode('{"text":"a"}');
    })(),
  });
  expect(response.status).toBe(200);
  await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(7));

  expect(active).toEqual(["order", "consumer", "bill"].map((where) => [where, traceId, "gold"]));
  const spans = exporter.getFinishedSpans();
  const lines: string[] = [];
  const below = (parent: string, depth: number): void => {
    for (const span of spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)) {
      lines.push(`${"  ".repeat(depth)}${SpanKind[span.kind].toLowerCase()} ${span.name}`);
      below(span.spanContext().spanId, depth + 1);
    }
  };
  below("b7ad6b7169203331", 0);
  expect(lines).toEqual([
    "server POST /orders",
    "  client way.v1.Way/Order",
    "    server way.v1.Way/Order",
    "      producer publish items",
    "        consumer process items",
    "          client way.v1.Way/Bill",
    "            server way.v1.Way/Bill",
  ]);
});
