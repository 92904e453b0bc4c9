/** A position in a trace, W3C Trace Context. */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The `tracestate` header, passed on untouched. */
  readonly state?: string | undefined;
  /** The `baggage` header, passed on untouched. */
  readonly baggage?: string | undefined;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads the three headers; undefined when `traceparent` is absent or invalid. */
export function parseTrace(headers: {
  readonly traceparent: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}): TraceContext | undefined {
  const match = pattern.exec(headers.traceparent?.trim() ?? "");
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "00", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: headers.tracestate,
    baggage: headers.baggage,
  };
}

/** The `traceparent` header of a position. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}

/** The headers that carry a position on, by lower-case name. */
export function traceHeaders(trace: TraceContext): Record<string, string> {
  const headers: Record<string, string> = { traceparent: formatTraceparent(trace) };
  if (trace.state !== undefined) headers["tracestate"] = trace.state;
  if (trace.baggage !== undefined) headers["baggage"] = trace.baggage;
  return headers;
}

/** A new position below the parent, or at the root of a new trace. */
export function childTrace(parent: TraceContext | undefined): TraceContext {
  return parent === undefined
    ? { traceId: randomHex(16), spanId: randomHex(8), sampled: true }
    : { ...parent, spanId: randomHex(8) };
}

/** Where a span begins. */
function traceOfSpan({ parent, baggage }: Pick<SpanOptions, "parent" | "baggage">): TraceContext {
  const trace = childTrace(parent);
  return parent === undefined && baggage !== undefined ? { ...trace, baggage } : trace;
}

const poolBytes = 4096;
/** Random hex digits, of which ids are cut: cheaper than to put each together. */
let pool = "";
let used = 0;

function randomHex(bytes: number): string {
  if (used + 2 * bytes > pool.length) {
    pool = hexOf(crypto.getRandomValues(new Uint8Array(poolBytes)));
    used = 0;
  }
  const text = pool.slice(used, (used += 2 * bytes));
  return /^0+$/.test(text) ? randomHex(bytes) : text;
}

function hexOf(bytes: Uint8Array): string {
  const buffers = globalThis.Buffer;
  if (buffers !== undefined) return buffers.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return Array.from(bytes, (byte) => (byte + 0x100).toString(16).slice(1)).join("");
}

/** What a span is about, in OpenTelemetry's terms. */
export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";

/** Where spans go. OpenTelemetry and test recorders sit behind this. */
export interface Tracer {
  start(name: string, options: SpanOptions): Span;
  /** False while spans would go nowhere: layers then only hand on what came in. True where it is not there. */
  enabled?(): boolean;
}

export interface SpanOptions {
  readonly kind: SpanKind;
  readonly parent: TraceContext | undefined;
  /** Baggage of a span without a parent: that of several traces which it is linked to. */
  readonly baggage?: string | undefined;
  readonly links?: readonly TraceContext[] | undefined;
  readonly attributes?: Attributes | undefined;
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  /** What goes into outgoing headers. */
  readonly trace: TraceContext;
  set(attributes: Attributes): void;
  /** Ends it; with the error when it failed. */
  end(error?: unknown): void;
}

/** A tracer that passes ids on and records nothing: the default. */
export const passiveTracer: Tracer = {
  start: (_name, options) => ({ trace: traceOfSpan(options), set: doNothing, end: doNothing }),
};

function doNothing(): void {}

/** A finished span. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: SpanKind;
  readonly trace: TraceContext;
  readonly parent: TraceContext | undefined;
  readonly links: readonly TraceContext[];
  readonly attributes: Attributes;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly error: unknown;
}

/**
 * A tracer that hands every finished span to a function: for exporters, tests and demonstrations.
 *
 * @example const tracer = recordingTracer((span) => console.log(span.name, span.durationMs));
 */
export function recordingTracer(onEnd: (span: SpanRecord) => void): Tracer {
  return {
    start(name, { kind, parent, baggage, links = [], attributes = {} }) {
      const trace = traceOfSpan({ parent, baggage });
      const startedAt = Date.now();
      const start = performance.now();
      let all = attributes;
      let ended = false;
      return {
        trace,
        set: (more) => (all = { ...all, ...more }),
        end(error) {
          if (ended) return;
          ended = true;
          const durationMs = performance.now() - start;
          onEnd({ name, kind, trace, parent, links, attributes: all, startedAt, durationMs, error });
        },
      };
    },
  };
}
