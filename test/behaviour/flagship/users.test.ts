import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryBroker } from "@wirespan/runtime/brokers/memory";
import { recordingTracer, type SpanRecord } from "@wirespan/runtime/context";
import { createMetrics, type Logger } from "@wirespan/runtime/interceptors";
import { wrapBroker } from "@wirespan/runtime/queue";
import type { Mail } from "../../../examples/users/src/mail-service.js";
import { generateExample } from "../../support/example.js";
import { providePrometheus } from "../../support/prometheus.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const same = (bytes: Buffer): Buffer => bytes;

interface Seen {
  readonly path: string;
  readonly metadata: Metadata;
}

/** A stock grpc-js server between gateway and user service: what it sees went over the wire. */
async function startRelay(target: number): Promise<{ port: number; seen: Seen[]; stop(): void }> {
  const seen: Seen[] = [];
  const upstream = new Client(`127.0.0.1:${target}`, credentials.createInsecure());
  const server = new Server();
  for (const method of ["CreateUser", "GetUser"]) {
    const path = `/acme.users.v1.UserService/${method}`;
    server.register<Buffer, Buffer>(
      path,
      (call: { metadata: Metadata; request: Buffer }, answer: (error: ServiceError | null, value?: Buffer) => void) => {
        seen.push({ path, metadata: call.metadata });
        const metadata = new Metadata();
        metadata.set("traceparent", String(call.metadata.get("traceparent")[0]));
        upstream.makeUnaryRequest(path, same, same, call.request, metadata, answer);
      },
      same,
      same,
      "unary",
    );
  }
  const list = "/acme.users.v1.UserService/ListUsers";
  server.register<Buffer, Buffer>(
    list,
    (call: ServerWritableStream<Buffer, Buffer>) => {
      seen.push({ path: list, metadata: call.metadata });
      const stream = upstream.makeServerStreamRequest(list, same, same, call.request);
      stream.on("data", (message: Buffer) => call.write(message));
      stream.on("end", () => call.end());
      stream.on("error", (error) => call.destroy(error));
    },
    same,
    same,
    "serverStream",
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    port,
    seen,
    stop() {
      server.forceShutdown();
      upstream.close();
    },
  };
}

const parsePrometheus = await providePrometheus();

describe("the flagship: REST → gRPC → event → mail", () => {
  const spans: SpanRecord[] = [];
  const delivered: Readonly<Record<string, string>>[] = [];
  const stops: (() => unknown)[] = [];
  let base: string;
  let relay: Awaited<ReturnType<typeof startRelay>>;
  let mail: Promise<Mail>;
  let metricsPage: string;

  beforeAll(async () => {
    await generateExample("users");
    const { startMailService } = await import("../../../examples/users/src/mail-service.js");
    const { startUserService } = await import("../../../examples/users/src/user-service.js");
    const { startMetrics } = await import("../../../examples/users/src/metrics.js");
    const { startGateway } = await import("../../../examples/users/src/gateway.js");
    const tracer = recordingTracer((span) => spans.push(span));
    const memory = createMemoryBroker({ tracer });
    const broker = wrapBroker(memory, {
      deliver(delivery) {
        delivered.push(delivery.headers);
        return delivery;
      },
    });
    let sent: (mail: Mail) => void;
    mail = new Promise((resolve) => (sent = resolve));
    const mails = await startMailService({ broker, tracer, send: (value) => sent(value) });
    const meter = createMetrics();
    const users = await startUserService({
      listen: "127.0.0.1:0",
      broker,
      tracer,
      logger: silent,
      meter,
    });
    const metrics = await startMetrics(0, meter);
    metricsPage = `http://127.0.0.1:${metrics.port}/metrics`;
    stops.push(metrics.stop);
    relay = await startRelay(users.port);
    const gateway = await startGateway({ port: 0, users: `127.0.0.1:${relay.port}`, tracer, documents: {} });
    base = `http://127.0.0.1:${gateway.port}/api/v1/users`;
    stops.push(gateway.stop, relay.stop, users.stop, mails.stop, () => memory.close());
  }, 60_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  const post = (body: object): Promise<Response> =>
    fetch(base, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent },
      body: JSON.stringify(body),
    });

  test("M43: one trace id in the gRPC metadata, the message headers and the mail", async () => {
    const response = await post({ name: "Ada", email: "ada@example.com", plan: "PLAN_PRO" });
    expect(response.status).toBe(201);
    expect(await mail).toMatchObject({ to: "ada@example.com", subject: "Welcome, Ada!" });

    const call = relay.seen.find(({ path }) => path.endsWith("/CreateUser"));
    const onTheWire = String(call?.metadata.get("traceparent")[0]);
    const inTheMessage = delivered[0]?.["traceparent"] ?? "";
    expect(onTheWire).toMatch(new RegExp(`^00-${traceId}-`));
    expect(inTheMessage).toMatch(new RegExp(`^00-${traceId}-`));
    expect((await mail).traceparent).toBe(inTheMessage);
    expect(new Set([traceparent, onTheWire, inTheMessage]).size, "each hop has a span of its own").toBe(3);
  });

  test("M43: spans hang below each other from REST to consumer", async () => {
    await expect.poll(() => spans.filter(({ kind }) => kind === "consumer").length).toBeGreaterThan(0);
    const consumer = spans.find(({ kind }) => kind === "consumer");
    const chain: string[] = [];
    let span = consumer;
    while (span !== undefined) {
      chain.unshift(span.kind);
      const parent = span.parent?.spanId ?? span.links[0]?.spanId;
      span = spans.find(({ trace }) => trace.spanId === parent);
    }
    expect(chain).toEqual(["server", "client", "server", "producer", "consumer"]);
  });

  test.skipIf(parsePrometheus === undefined)(
    "M54: /metrics is what Prometheus reads: the calls that were made",
    async () => {
      await fetch(`${base}/nobody`);
      const response = await fetch(metricsPage);
      expect([response.status, response.headers.get("content-type")]).toEqual([
        200,
        "text/plain; version=0.0.4; charset=utf-8",
      ]);
      const families = (await parsePrometheus?.(await response.text())) ?? [];
      expect(families.map(({ name, type }) => [name, type])).toEqual([
        ["rpc_server_call_duration_seconds", "histogram"],
        ["rpc_server_active_calls", "gauge"],
      ]);
      const missing =
        families[0]?.samples.filter(({ labels }) => labels["rpc_response_status_code"] === "NOT_FOUND") ?? [];
      const count = missing.find(({ name }) => name === "rpc_server_call_duration_seconds_count");
      expect(count).toMatchObject({
        labels: {
          rpc_system_name: "grpc",
          rpc_method: "acme.users.v1.UserService/GetUser",
          rpc_response_status_code: "NOT_FOUND",
        },
        value: "1.0",
      });
      const buckets = missing.filter(({ name }) => name.endsWith("_bucket"));
      expect(buckets.map(({ labels }) => labels["le"])).toEqual(
        "0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf".split(" "),
      );
      const counts = buckets.map(({ value }) => Number(value));
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      expect(buckets.at(-1)?.value).toBe(count?.value);
      expect((await fetch(metricsPage.replace("/metrics", "/"))).status).toBe(404);
    },
  );

  test("M45: 201, Location and the user as JSON", async () => {
    const response = await post({ name: "Grace", email: "grace@example.com" });
    const user = (await response.json()) as { id: string };
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/api/v1/users/${user.id}`);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(user).toMatchObject({ name: "Grace", email: "grace@example.com" });

    const found = await fetch(new URL(response.headers.get("location") ?? "", base));
    expect(await found.json()).toEqual(user);
  });

  test("M46: path and query reach the typed request", async () => {
    await post({ name: "Edsger", email: "edsger@example.com", plan: "PLAN_FREE" });
    const found = (await (await fetch(`${base}?name=Edsger&plans=PLAN_FREE&plans=2&limit=5`)).text()).trim();
    expect(found.split("\n").map((line) => (JSON.parse(line) as { result: { name: string } }).result.name)).toEqual([
      "Edsger",
    ]);
    expect((await fetch(`${base}?limit=many`)).status).toBe(400);
    expect((await fetch(`${base}?nonsense=1`)).status).toBe(400);
  });

  test("errors of the service are HTTP errors", async () => {
    const first = await post({ name: "Twin", email: "twin@example.com" });
    const second = await post({ name: "Twin", email: "twin@example.com" });
    expect([first.status, second.status]).toEqual([201, 409]);
    expect(await second.json()).toMatchObject({ code: 6, message: "twin@example.com has an account already" });
    expect((await fetch(`${base}/nobody`)).status).toBe(404);
    expect((await post({ name: "No", email: "nowhere" })).status).toBe(400);
  });
});
