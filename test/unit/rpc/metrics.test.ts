import { describe, expect, test } from "vitest";
import { createMetrics } from "../../../src/runtime/interceptors/index.js";
import { providePrometheus } from "../../support/prometheus.js";

const parse = await providePrometheus();

describe("M54: createMetrics for Prometheus", () => {
  test.skipIf(parse === undefined)(
    "M54: every kind of instrument, names by OpenTelemetry's rules, labels of any text, read by Prometheus' own parser",
    async () => {
      const meter = createMetrics();
      const calls = meter.createCounter("app.calls", { description: "Calls,\nall of \\ them", unit: "{call}" });
      calls.add(2, { "app.kind": "a" });
      calls.add(1, { "app.kind": "b" });
      meter.createCounter("already.counted_total").add(5);
      meter.createUpDownCounter("queue.depth", { unit: "1" }).add(-3);
      const size = meter.createHistogram("message.size", {
        unit: "By",
        advice: { explicitBucketBoundaries: [100, 10] },
      });
      for (const value of [5, 50, 100, 5_000]) size.record(value, { of: "a" });
      size.record(1, { of: "b" });
      const texts = [
        'quoted "text"',
        "back\\slash",
        "back\\nslash",
        "line\nbreak",
        "comma, brace } and = sign",
        "ümläut 🎉",
        "",
      ];
      const counter = meter.createCounter("texts");
      for (const text of texts) counter.add(1, { text });

      const families = (await parse?.(meter.prometheus())) ?? [];
      expect(families.map(({ name, type }) => [name, type])).toEqual([
        ["app_calls", "counter"],
        ["already_counted", "counter"],
        ["queue_depth_ratio", "gauge"],
        ["message_size_bytes", "histogram"],
        ["texts", "counter"],
      ]);
      expect(families[0]?.help).toBe("Calls,\nall of \\ them");
      expect(families[0]?.samples).toEqual([
        { name: "app_calls_total", labels: { app_kind: "a" }, value: "2.0" },
        { name: "app_calls_total", labels: { app_kind: "b" }, value: "1.0" },
      ]);
      expect(families[2]?.samples).toEqual([{ name: "queue_depth_ratio", labels: {}, value: "-3.0" }]);
      // cumulative, as the format has it; a value on a boundary belongs below it
      const line = (name: string, of: string, value: string, le?: string) => {
        return { name: `message_size_bytes_${name}`, labels: le === undefined ? { of } : { of, le }, value };
      };
      expect(families[3]?.samples).toEqual([
        line("bucket", "a", "1.0", "10"),
        line("bucket", "a", "3.0", "100"),
        line("bucket", "a", "4.0", "+Inf"),
        line("sum", "a", "5155.0"),
        line("count", "a", "4.0"),
        line("bucket", "b", "1.0", "10"),
        line("bucket", "b", "1.0", "100"),
        line("bucket", "b", "1.0", "+Inf"),
        line("sum", "b", "1.0"),
        line("count", "b", "1.0"),
      ]);
      expect(families[4]?.samples.map(({ labels }) => labels["text"])).toEqual(texts);
      await expect(parse?.('what{is="this')).rejects.toThrow("no text format of Prometheus");
    },
  );

  test("M54: what is no number changes nothing", () => {
    const meter = createMetrics();
    const histogram = meter.createHistogram("h");
    const counter = meter.createCounter("c");
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      histogram.record(value);
      counter.add(value);
    }
    histogram.record(1);
    counter.add(1);
    expect(meter.points().map(({ value, count }) => [value, count])).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  test("M54: labels are bounded: what comes beyond 2,000 series is counted in one", () => {
    const meter = createMetrics();
    const counter = meter.createCounter("c");
    for (let i = 0; i < 2_500; i++) counter.add(1, { user: i });
    const points = meter.points();
    expect(points).toHaveLength(2_001);
    expect(points.at(-1)).toMatchObject({ attributes: { "otel.metric.overflow": true }, value: 500 });
    counter.add(1, { user: 7 });
    expect(meter.points().find(({ attributes }) => attributes["user"] === 7)?.value).toBe(2);
  });

  test("M54: names that meet are refused when they are created, not when somebody scrapes", () => {
    const meter = createMetrics();
    meter.createCounter("a.b");
    expect(meter.createCounter("a.b")).toBeDefined();
    expect(() => meter.createHistogram("a.b")).toThrow("the metric a.b is a counter");
    expect(() => meter.createCounter("a_b")).toThrow("the metrics a.b and a_b are both a_b_total for Prometheus");
  });
});
