import { context, propagation, SpanKind, SpanStatusCode, trace, type Tracer as OtelTracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  AlwaysOnSampler,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ambient, formatTraceparent, withAmbient, type TraceContext } from "../../../src/runtime/context/index.js";
import { metrics, tracing } from "../../../src/runtime/interceptors/index.js";
import { otelMeter, otelTracer } from "../../../src/runtime/interceptors/otel.js";
import { chain, Code, RpcError, type LayerList } from "../../../src/runtime/rpc/index.js";
import {
  collect,
  echo,
  rejection,
  transports,
  type Connected,
  type ConnectOptions,
  type EchoClient,
  type EchoHandler,
} from "./echo.js";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({
  sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});
const sdk: OtelTracer = provider.getTracer("test");
const layers: LayerList = chain().use(tracing({ tracer: otelTracer(sdk) }));
const both: ConnectOptions = { server: layers, chain: layers };
const manager = new AsyncLocalStorageContextManager();

// test files share a process: what is global is so for this one only
beforeAll(() => void context.setGlobalContextManager(manager.enable()));
afterAll(() => context.disable());
afterEach(() => exporter.reset());

const incoming = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = `00-${incoming.traceId}-${incoming.spanId}-01`;

/** Spans as lines, children below their parents. */
function tree(): string[] {
  const spans = exporter.getFinishedSpans();
  const lines: string[] = [];
  const below = (parent: string | undefined, indent: string): void => {
    for (const span of spans.filter((one) => parentOf(one, spans) === parent)) {
      lines.push(`${indent}${SpanKind[span.kind].toLowerCase()} ${span.name}`);
      below(span.spanContext().spanId, `${indent}  `);
    }
  };
  below(undefined, "");
  return lines;
}

function parentOf(span: ReadableSpan, all: readonly ReadableSpan[]): string | undefined {
  const id = span.parentSpanContext?.spanId;
  return all.some((other) => other.spanContext().spanId === id) ? id : undefined;
}

async function inner<T>(run: () => Promise<T>): Promise<T> {
  return sdk.startActiveSpan("own work", async (span) => {
    try {
      return await run();
    } finally {
      span.end();
    }
  });
}

test("M55: without an SDK the gateway and the brokers have ids all the same: the parent's, or new ones", () => {
  const tracer = otelTracer();
  const parent: TraceContext = { ...incoming, sampled: true, baggage: "a=b" };
  expect(tracer.start("x", { kind: "server", parent }).trace).toBe(parent);
  expect(tracer.start("x", { kind: "server", parent: undefined }).trace.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
});

test("M55: links of spans, for consumers of batches", async () => {
  const parent: TraceContext = { ...incoming, sampled: true };
  otelTracer(sdk)
    .start("process", { kind: "consumer", parent: undefined, links: [parent] })
    .end(new Error("broken"));
  const [span] = exporter.getFinishedSpans();
  expect(span?.links.map(({ context: linked }) => linked)).toMatchObject([incoming]);
  expect(span).toMatchObject({ kind: SpanKind.CONSUMER, status: { code: SpanStatusCode.ERROR, message: "broken" } });
  expect(span?.events.map(({ name }) => name)).toEqual(["exception"]);
});

test("M55: T13 a root of its own carries baggage on, into OpenTelemetry's and out again", () => {
  const tracer = otelTracer(sdk);
  const options = { kind: "consumer", parent: undefined, baggage: "tenant=acme" } as const;
  const batch = tracer.start("batch", options);
  expect(batch.trace.baggage).toBe("tenant=acme");
  withAmbient({ trace: batch.trace }, () => {
    expect(propagation.getActiveBaggage()?.getEntry("tenant")?.value).toBe("acme");
    const below = tracer.start("publish", { kind: "producer", parent: batch.trace });
    expect(below.trace).toMatchObject({ traceId: batch.trace.traceId, baggage: "tenant=acme" });
    below.end();
  });
  batch.end();
  expect(tracer.start("next", { kind: "consumer", parent: undefined }).trace.baggage).toBeUndefined();
});

describe.each(transports)("over $id", ({ id, connect }) => {
  const open: Connected[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });

  async function start(handler: Partial<EchoHandler> = {}, options: ConnectOptions = both): Promise<Connected> {
    const connected = await connect({ ...echo, ...handler }, options);
    open.push(connected);
    return connected;
  }

  const settled = (count: number): Promise<void> =>
    vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(count));

  test("M55: T13: spans of others hang below ours and ours below theirs, in all four kinds", async () => {
    let next: EchoClient | undefined;
    const { client } = await start({
      say: (note) => inner(async () => (await next?.join([note])) ?? note),
      async *split({ text }) {
        yield { text };
        await new Promise((resolve) => setImmediate(resolve));
        // a generator resumes in its consumer's context, which must not be the active one
        await inner(async () => undefined);
        yield { text };
      },
      async *chat(notes) {
        for await (const note of notes) yield inner(async () => note);
      },
    });
    next = client;
    await inner(() => client.say({ text: "a" }));
    await settled(6);
    const echoPath = "wirespan.test.v1.Echo";
    expect(tree()).toEqual([
      "internal own work",
      `  client ${echoPath}/Say`,
      `    server ${echoPath}/Say`,
      "      internal own work",
      `        client ${echoPath}/Join`,
      `          server ${echoPath}/Join`,
    ]);
    exporter.reset();
    await collect(client.split({ text: "a" }));
    await settled(3);
    expect(tree()).toEqual([`client ${echoPath}/Split`, `  server ${echoPath}/Split`, "    internal own work"]);
    exporter.reset();
    await collect(client.chat([{ text: "a" }]));
    await settled(3);
    expect(tree()).toEqual([`client ${echoPath}/Chat`, `  server ${echoPath}/Chat`, "    internal own work"]);
  });

  test("M55: the semantic conventions of RPC spans", async () => {
    const { client } = await start({
      join() {
        throw new RpcError(Code.INVALID_ARGUMENT, "no notes");
      },
      say() {
        throw new TypeError("broken");
      },
    });
    await collect(client.split({ text: "a", count: 1 }));
    await rejection(client.join([]));
    await rejection(client.say({}));
    await settled(6);
    const byKind = (kind: SpanKind) => exporter.getFinishedSpans().filter((span) => span.kind === kind);
    const common = { "rpc.system.name": "grpc" };
    const target =
      id === "memory" ? {} : { "server.address": "127.0.0.1", "server.port": expect.any(Number) as number };
    expect(byKind(SpanKind.CLIENT).map(({ attributes }) => attributes)).toEqual([
      { ...common, ...target, "rpc.method": "wirespan.test.v1.Echo/Split", "rpc.response.status_code": "OK" },
      {
        ...common,
        ...target,
        "rpc.method": "wirespan.test.v1.Echo/Join",
        "rpc.response.status_code": "INVALID_ARGUMENT",
        "error.type": "INVALID_ARGUMENT",
      },
      {
        ...common,
        ...target,
        "rpc.method": "wirespan.test.v1.Echo/Say",
        "rpc.response.status_code": "INTERNAL",
        "error.type": "INTERNAL",
      },
    ]);
    const peer =
      id === "memory" ? {} : { "network.peer.address": "127.0.0.1", "network.peer.port": expect.any(Number) as number };
    const servers = byKind(SpanKind.SERVER);
    expect(servers.map(({ attributes }) => attributes)).toEqual([
      { ...common, ...peer, "rpc.method": "wirespan.test.v1.Echo/Split", "rpc.response.status_code": "OK" },
      // the caller's own doing is no failure of the server
      {
        ...common,
        ...peer,
        "rpc.method": "wirespan.test.v1.Echo/Join",
        "rpc.response.status_code": "INVALID_ARGUMENT",
      },
      {
        ...common,
        ...peer,
        "rpc.method": "wirespan.test.v1.Echo/Say",
        "rpc.response.status_code": "INTERNAL",
        "error.type": "INTERNAL",
      },
    ]);
    expect(servers.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
    ]);
    // what was thrown stands in the server's span, and nowhere else
    expect(servers[2]?.events.map(({ attributes }) => attributes?.["exception.message"])).toEqual(["broken"]);
    expect(byKind(SpanKind.CLIENT).flatMap(({ events }) => events)).toEqual([]);
    expect(byKind(SpanKind.CLIENT).map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
      SpanStatusCode.ERROR,
    ]);
  });

  test("M55: what callers sent goes on: trace, state, baggage, and into OpenTelemetry's baggage", async () => {
    const seen: unknown[] = [];
    const metadata = { traceparent, tracestate: "vendor=1", baggage: "userId=al%20ice;private,tier=gold" };
    let next: EchoClient | undefined;
    const { client } = await start(
      {
        async say(note) {
          const baggage = propagation.getActiveBaggage();
          seen.push(baggage?.getEntry("userId")?.value, baggage?.getEntry("tier")?.value);
          return (await next?.join([note])) ?? note;
        },
        async join(notes, { metadata: received }) {
          seen.push(received.get("baggage"), received.get("tracestate"));
          return echo.join(notes, {} as never);
        },
      },
      { server: layers },
    );
    const relaying = await start({ join: (notes, c) => client.join(notes, { metadata: c.metadata }) }, both);
    next = relaying.client;
    await client.say({}, { metadata });
    expect(seen.slice(0, 2)).toEqual(["al ice", "gold"]);
    expect(seen.slice(2)).toEqual([metadata.baggage, "vendor=1"]);
    await vi.waitFor(() => expect(exporter.getFinishedSpans().length).toBeGreaterThanOrEqual(4));
    const spans = exporter.getFinishedSpans();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([incoming.traceId]));
    const first = spans.find(({ name, kind }) => name.endsWith("/Say") && kind === SpanKind.SERVER);
    expect(first?.parentSpanContext).toMatchObject({ spanId: incoming.spanId, isRemote: true });
  });

  test("M55: baggage that a handler sets or takes away is what its calls carry", async () => {
    const seen: (string | undefined)[] = [];
    let next: EchoClient | undefined;
    const { client } = await start({
      async say(note) {
        const more = propagation.getActiveBaggage()?.setEntry("step", { value: "2 of 3" });
        const own = propagation.setBaggage(context.active(), more ?? propagation.createBaggage());
        await context.with(own, () => next?.join([note]));
        await context.with(propagation.deleteBaggage(context.active()), () => next?.join([note]));
        return note;
      },
      async join(notes, { metadata }) {
        seen.push(metadata.get("baggage"));
        for await (const _ of notes);
        return {};
      },
    });
    next = client;
    const ours = propagation.createBaggage({ user: { value: "ada" } });
    await context.with(propagation.setBaggage(context.active(), ours), () => client.say({}));
    expect(seen).toEqual(["user=ada,step=2%20of%203", undefined]);
  });

  test("M55: a call that nobody samples is sampled by nobody further on", async () => {
    const seen: (string | undefined)[] = [];
    let next: EchoClient | undefined;
    const { client } = await start({
      async say(note) {
        await inner(async () => undefined);
        return (await next?.join([note])) ?? note;
      },
      async join(notes, { metadata }) {
        seen.push(metadata.get("traceparent"));
        for await (const _ of notes);
        return {};
      },
    });
    next = client;
    const off = trace.setSpanContext(context.active(), { ...incoming, traceFlags: 0, isRemote: true });
    await context.with(off, () => client.say({}));
    expect(seen).toEqual([expect.stringMatching(`^00-${incoming.traceId}-[0-9a-f]{16}-00$`) as string]);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test("M55: a span around the start of a server is no parent of its calls", async () => {
    const { client } = await inner(() => start({}, { server: layers }));
    await client.say({});
    await settled(2);
    expect(tree()).toEqual(["internal own work", "server wirespan.test.v1.Echo/Say"]);
  });

  test("M55: without an SDK what came in goes on, and nothing is made up", async () => {
    const tracer = otelTracer();
    expect(tracer.enabled?.()).toBe(false);
    const without = chain().use(tracing({ tracer }));
    const seen: (TraceContext | undefined)[] = [];
    let next: EchoClient | undefined;
    const { client } = await start(
      {
        say: async (note) => (await next?.join([note])) ?? note,
        async join(notes, { metadata }) {
          seen.push(ambient().trace);
          if (seen.length === 1) expect(metadata.has("traceparent")).toBe(false);
          for await (const _ of notes);
          return {};
        },
      },
      { server: without, chain: without },
    );
    next = client;
    await client.join([]);
    expect(seen).toEqual([undefined]);
    await client.say({}, { metadata: { traceparent, tracestate: "vendor=1", baggage: "userId=alice" } });
    const last = seen[1];
    expect(last).toMatchObject({
      traceId: incoming.traceId,
      sampled: true,
      state: "vendor=1",
      baggage: "userId=alice",
    });
    expect(last === undefined ? "" : formatTraceparent(last)).toBe(traceparent);
  });

  test("M55: an SDK that comes later is found, with the same layer", async () => {
    const late = chain().use(tracing({ tracer: otelTracer() }));
    const { client } = await start({}, { server: late, chain: late });
    await client.say({});
    expect(exporter.getFinishedSpans()).toEqual([]);
    trace.setGlobalTracerProvider(provider);
    try {
      await client.say({});
      await settled(2);
      expect(tree()).toEqual(["client wirespan.test.v1.Echo/Say", "  server wirespan.test.v1.Echo/Say"]);
    } finally {
      trace.disable();
    }
  });

  test("M54: OpenTelemetry's meter takes the metrics as they are", async () => {
    const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
    const meters = new MeterProvider({ readers: [reader] });
    const measuring = chain().use(metrics({ meter: otelMeter(meters.getMeter("test")) }));
    const { client } = await start(
      {
        join() {
          throw new RpcError(Code.NOT_FOUND, "gone");
        },
      },
      { server: measuring, chain: measuring },
    );
    await client.say({});
    await rejection(client.join([]));
    await vi.waitFor(async () => {
      measured.reset();
      await reader.forceFlush();
      const found = measured.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      const durations = (side: string) =>
        found.find(({ descriptor }) => descriptor.name === `rpc.${side}.call.duration`);
      for (const side of ["client", "server"]) {
        const duration = durations(side);
        expect(duration?.descriptor).toMatchObject({ unit: "s", type: "HISTOGRAM" });
        expect(duration?.dataPoints[0]?.value).toMatchObject({
          buckets: { boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
        });
        expect(duration?.dataPoints.map(({ attributes }) => attributes)).toMatchObject([
          { "rpc.system.name": "grpc", "rpc.method": "wirespan.test.v1.Echo/Say", "rpc.response.status_code": "OK" },
          { "rpc.method": "wirespan.test.v1.Echo/Join", "rpc.response.status_code": "NOT_FOUND" },
        ]);
        const types = duration?.dataPoints.map(({ attributes }) => attributes["error.type"]);
        // for a server NOT_FOUND is an answer
        expect(types).toEqual([undefined, side === "client" ? "NOT_FOUND" : undefined]);
        const active = found.find(({ descriptor }) => descriptor.name === `rpc.${side}.active_calls`);
        expect(active?.dataPoints.map(({ value }) => value)).toEqual([0, 0]);
      }
    });
    await meters.shutdown();
  });
});
