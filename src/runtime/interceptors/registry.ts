import type { Attributes, InstrumentOptions, Meter } from "../context/index.js";

/** One series as it stands. */
export interface MetricPoint {
  readonly name: string;
  readonly kind: "histogram" | "counter" | "gauge";
  readonly attributes: Attributes;
  /** Sum of a counter or of all recorded values. */
  readonly value: number;
  /** Number of recorded values; 0 for counters. */
  readonly count: number;
}

/** Metrics kept in memory, for `/metrics` and for tests. */
export interface Metrics extends Meter {
  /** Every series, in the order in which they came up. */
  points(): readonly MetricPoint[];
  /** The Prometheus text format: what a scrape of `/metrics` gets. */
  prometheus(): string;
  /** The `content-type` of that. */
  readonly contentType: string;
}

interface Series {
  readonly attributes: Attributes;
  value: number;
  count: number;
  /** Values up to each boundary, not cumulative. */
  readonly buckets: number[];
}

interface Instrument {
  readonly name: string;
  readonly kind: MetricPoint["kind"];
  readonly options: InstrumentOptions;
  readonly boundaries: readonly number[];
  readonly series: Map<string, Series>;
  /** The same by attributes that cannot change, for nearly all values come with those. */
  readonly frozen: WeakMap<Attributes, Series>;
}

const defaultBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Series of one instrument; what comes beyond is counted in one of its own, as OpenTelemetry does. */
const maxSeries = 2_000;
const overflow: Attributes = { "otel.metric.overflow": true };

/**
 * A meter that keeps what it is told.
 *
 * @example
 * const meter = createMetrics();
 * createServer((_, response) => {
 *   response.writeHead(200, { "content-type": meter.contentType }).end(meter.prometheus());
 * }).listen(9464);
 * @throws {Error} when an instrument is created whose name, or whose name for Prometheus, one of another kind has.
 */
export function createMetrics(): Metrics {
  const instruments = new Map<string, Instrument>();
  const exposed = new Map<string, string>();

  function instrument(name: string, kind: MetricPoint["kind"], options: InstrumentOptions = {}): Instrument {
    const known = instruments.get(name);
    if (known !== undefined) {
      if (known.kind !== kind) throw new Error(`the metric ${name} is a ${known.kind}`);
      return known;
    }
    // two families of one name are no text that Prometheus reads
    const family = prometheusName(name, kind, options.unit);
    const other = exposed.get(family);
    if (other !== undefined) throw new Error(`the metrics ${other} and ${name} are both ${family} for Prometheus`);
    exposed.set(family, name);
    const boundaries = [...(options.advice?.explicitBucketBoundaries ?? defaultBoundaries)].sort((a, b) => a - b);
    const created: Instrument = { name, kind, options, boundaries, series: new Map(), frozen: new WeakMap() };
    instruments.set(name, created);
    return created;
  }

  return {
    createHistogram(name, options) {
      const own = instrument(name, "histogram", options);
      return {
        record(value, attributes = {}) {
          // one of these would make the sum what it is for ever
          if (!Number.isFinite(value)) return;
          const series = seriesOf(own, attributes);
          series.value += value;
          series.count++;
          const bucket = own.boundaries.findIndex((boundary) => value <= boundary);
          const index = bucket < 0 ? own.boundaries.length : bucket;
          series.buckets[index] = (series.buckets[index] ?? 0) + 1;
        },
      };
    },
    createCounter: (name, options) => adder(instrument(name, "counter", options)),
    createUpDownCounter: (name, options) => adder(instrument(name, "gauge", options)),
    points: () =>
      [...instruments.values()].flatMap(({ name, kind, series }) =>
        [...series.values()].map(({ attributes, value, count }) => ({ name, kind, attributes, value, count })),
      ),
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    prometheus: () => [...instruments.values()].map(renderInstrument).join(""),
  };
}

function adder(own: Instrument): { add(value: number, attributes?: Attributes): void } {
  return {
    add(value, attributes = {}) {
      if (Number.isFinite(value)) seriesOf(own, attributes).value += value;
    },
  };
}

function seriesOf(own: Instrument, attributes: Attributes): Series {
  const { frozen } = own;
  const known = frozen.get(attributes);
  if (known !== undefined) return known;
  const found = findSeries(own, attributes);
  if (Object.isFrozen(attributes)) frozen.set(attributes, found);
  return found;
}

function findSeries(own: Instrument, attributes: Attributes): Series {
  const { series, boundaries } = own;
  const key = keyOf(attributes);
  const known = series.get(key);
  if (known !== undefined) return known;
  if (series.size >= maxSeries && attributes !== overflow) return findSeries(own, overflow);
  const created = {
    attributes,
    value: 0,
    count: 0,
    buckets: Array.from<number>({ length: boundaries.length + 1 }).fill(0),
  };
  series.set(key, created);
  return created;
}

function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function renderInstrument({ name, kind, options, boundaries, series }: Instrument): string {
  // what nothing was recorded of yet is no family
  if (series.size === 0) return "";
  const exposed = prometheusName(name, kind, options.unit);
  const lines: string[] = [];
  if (options.description !== undefined) {
    lines.push(`# HELP ${exposed} ${options.description.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}`);
  }
  lines.push(`# TYPE ${exposed} ${kind}`);
  for (const { attributes, value, count, buckets } of series.values()) {
    if (kind !== "histogram") {
      lines.push(`${exposed}${labels(attributes)} ${value}`);
      continue;
    }
    let below = 0;
    for (const [index, boundary] of boundaries.entries()) {
      below += buckets[index] ?? 0;
      lines.push(`${exposed}_bucket${labels(attributes, String(boundary))} ${below}`);
    }
    lines.push(`${exposed}_bucket${labels(attributes, "+Inf")} ${count}`);
    lines.push(`${exposed}_sum${labels(attributes)} ${value}`, `${exposed}_count${labels(attributes)} ${count}`);
  }
  return `${lines.join("\n")}\n`;
}

const units: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes", "1": "ratio" };

/** OpenTelemetry's rule for Prometheus: `rpc.server.call.duration` in seconds → `rpc_server_call_duration_seconds`. */
function prometheusName(name: string, kind: MetricPoint["kind"], unit: string | undefined): string {
  const base = name.replace(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=[0-9])/, "_");
  const suffix = unit === undefined || !Object.hasOwn(units, unit) ? "" : `_${units[unit]}`;
  const whole = base.endsWith(suffix) ? base : base + suffix;
  return kind === "counter" && !whole.endsWith("_total") ? `${whole}_total` : whole;
}

function labels(attributes: Attributes, le?: string): string {
  const all = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=[0-9])/, "_"), String(value)] as const);
  const pairs = le === undefined ? all : [...all, ["le", le] as const];
  if (pairs.length === 0) return "";
  return `{${pairs.map(([key, value]) => `${key}="${escapeLabel(value)}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
