import {
  context as active,
  metrics,
  propagation,
  ProxyTracer,
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Meter as OtelMeter,
  type Span as OtelSpan,
  type SpanContext,
  type Tracer as OtelTracer,
} from "@opentelemetry/api";
import {
  type Meter,
  type Span,
  type SpanKind as Kind,
  type SpanOptions,
  type TraceContext,
  type Tracer,
  activateWith,
  childTrace,
} from "../context/index.js";
import { isRpcError } from "../rpc/index.js";
import { baggageOfHeader, headerOfBaggage } from "./otel/baggage.js";
import { spanContextOf, traceContextOf } from "./otel/context.js";

const library = "@wirespan/runtime";

/**
 * A meter of OpenTelemetry for `metrics` and the other layers that measure: the program's own by default, which is the
 * one that its SDK has registered by the time of the call.
 *
 * @example userServiceChain().use(metrics({ meter: otelMeter() }));
 */
export function otelMeter(meter: OtelMeter = metrics.getMeter(library)): Meter {
  return meter;
}

/** The contexts of OpenTelemetry behind positions of ours: what spans below them start in. */
const contexts = new WeakMap<TraceContext, Context>();

/**
 * A tracer whose spans are OpenTelemetry's, for `tracing`, the gateway and the brokers. The program's own by default;
 * where it has no SDK, what callers sent is handed on and nothing else happens.
 *
 * Every span is the active one of OpenTelemetry in all that belongs to it (where the program has registered a context
 * manager, which SDKs for Node do), so that spans of other instrumentations hang below it, and calls made inside of
 * their spans hang below those. Baggage of callers is OpenTelemetry's baggage, and the other way round.
 *
 * @example
 * const tracer = otelTracer();
 * registerUserService(server, handler, { chain: userServiceChain().use(tracing({ tracer })) });
 * const users = createUserServiceClient(transport, { chain: userServiceChain().use(tracing({ tracer })) });
 */
export function otelTracer(tracer: OtelTracer = trace.getTracer(library)): Tracer {
  return {
    enabled: () => !(tracer instanceof ProxyTracer) || hasSdk(),
    start(name, options) {
      const { kind, parent, links = [], attributes } = options;
      const around = contextAround(options);
      const span = tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          ...(attributes === undefined ? {} : { attributes }),
          ...(links.length === 0 ? {} : { links: links.map((link) => ({ context: spanContextOf(link) })) }),
        },
        around,
      );
      const own = span.spanContext();
      // without an SDK there is no span: the parent's ids, or none at all
      if (!trace.isSpanContextValid(own)) return passive(parent ?? childTrace(undefined));
      if (own.spanId === parent?.spanId && own.traceId === parent.traceId) return passive(parent);
      return recording(span, own, around);
    },
  };
}

/** What the API hands out before an SDK has registered. */
const nothing = new ProxyTracerProvider().getDelegate();

function hasSdk(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== nothing;
}

const kinds: Readonly<Record<Kind, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

function passive(position: TraceContext): Span {
  return { trace: position, set: () => {}, end: () => {} };
}

function recording(span: OtelSpan, own: SpanContext, around: Context): Span {
  const position = traceContextOf(own, headerOfBaggage(propagation.getBaggage(around)));
  const within = trace.setSpan(around, span);
  contexts.set(position, within);
  activateWith(position, (run) => active.with(within, run));
  return {
    trace: position,
    set: (attributes) => void span.setAttributes(attributes),
    end(error) {
      if (error !== undefined) fail(span, error);
      span.end();
    },
  };
}

function fail(span: OtelSpan, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Error ? { message: error.message } : {}) });
  // the error of a call says what the caller heard; its cause, where there is one, is what was thrown
  const thrown = isRpcError(error) ? error.cause : error;
  if (thrown instanceof Error) span.recordException(thrown);
}

/**
 * What a span starts in. The active span of OpenTelemetry where it is nearer than the parent that the runtime knows:
 * somebody has begun one in between. What callers sent decides for servers and consumers: the code that accepts
 * connections and deliveries may still run in the context of the program's start.
 */
function contextAround({ kind, parent, baggage: carried }: SpanOptions): Context {
  const here = active.active();
  const span = trace.getSpan(here);
  if (parent === undefined) {
    const around = span === undefined || isOpen(span) ? here : rootOf(here);
    return carried === undefined ? around : propagation.setBaggage(around, baggageOfHeader(carried));
  }
  const incoming = kind === "server" || kind === "consumer";
  if (span !== undefined && isOpen(span)) {
    const { traceId } = span.spanContext();
    if (traceId === parent.traceId || !incoming) return here;
  }
  const known = contexts.get(parent);
  if (known !== undefined) return known;
  const remote = trace.setSpanContext(here, spanContextOf(parent));
  const baggage = parent.baggage === undefined ? undefined : baggageOfHeader(parent.baggage);
  if (baggage !== undefined) return propagation.setBaggage(remote, baggage);
  return incoming ? propagation.deleteBaggage(remote) : remote;
}

/** False for a span that is over, which nothing can belong to any more: sampled, of this process, and not recording. */
function isOpen(span: OtelSpan): boolean {
  const { traceFlags, isRemote = false } = span.spanContext();
  return span.isRecording() || isRemote || (traceFlags & TraceFlags.SAMPLED) === 0;
}

function rootOf(here: Context): Context {
  return propagation.deleteBaggage(trace.deleteSpan(here));
}
