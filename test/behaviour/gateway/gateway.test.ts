import { randomBytes } from "node:crypto";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";
import { fastify } from "fastify";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type SpanRecord, recordingTracer } from "../../../src/runtime/context/index.js";
import { gatewayPlugin } from "../../../src/runtime/gateway/fastify.js";
import { type GatewayOptions, createGateway } from "../../../src/runtime/gateway/index.js";
import { type Interceptor, chain } from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { type Emitted, type Seen, createUsers, emitUsers, serveGateway } from "./users.js";

type Json = { [key: string]: unknown };

let emitted: Emitted;
beforeAll(async () => {
  emitted = await emitUsers();
});

const backends = ["a handler in process", "a client on the memory transport"] as const;
const servers = ["node:http", "Fastify"] as const;
const combinations = backends.flatMap((backend) => servers.map((server) => ({ backend, server })));

describe.each(combinations)("gateway over $server, backend: $backend", ({ backend, server }) => {
  let users: ReturnType<typeof createUsers>;
  let url: string;
  let close: () => Promise<void>;
  let spans: SpanRecord[];
  /** Spans that were started: requests that have arrived. */
  let begun: number;
  const failures: unknown[] = [];

  async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
    users = createUsers();
    spans = [];
    begun = 0;
    const recording = recordingTracer((span) => spans.push(span));
    failures.length = 0;
    const onFailure = (cause: unknown): void => void failures.push(cause);
    let target: object = users.handler;
    if (backend === "a client on the memory transport") {
      const transport = createMemoryTransport({ onFailure });
      emitted.register(transport, users.handler);
      target = emitted.createClient(transport);
    }
    const gateway = createGateway({
      routes: [emitted.routes(target)],
      documents: { "/docs": "<!doctype html><title>docs</title>", "/openapi.yaml": "openapi: 3.1.0\n" },
      tracer: { start: (...span) => (begun++, recording.start(...span)) },
      onFailure,
      ...options,
    });
    if (server === "node:http") {
      ({ url, close } = await serveGateway(gateway));
    } else {
      const app = fastify({ forceCloseConnections: true });
      await app.register(gatewayPlugin, { gateway });
      app.get("/own", () => "own");
      url = await app.listen({ port: 0, host: "127.0.0.1" });
      close = () => app.close();
    }
  }

  beforeEach(() => start());
  afterEach(() => close());

  async function call(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; json: Json }> {
    const response = await fetch(url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === "" ? {} : (JSON.parse(text) as Json) };
  }

  function post(path: string, body: unknown, headers: Record<string, string> = {}): ReturnType<typeof call> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return call(path, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
  }

  function last(): Seen {
    const seen = users.seen.at(-1);
    if (seen === undefined) throw new Error("the handler was not called");
    return seen;
  }

  test("M45: POST gives 201, Location and a JSON body", async () => {
    const { status, headers, json } = await post("/api/v1/users", { name: "Ada", tags: ["x"] });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe("/api/v1/users/7/%C3%A4");
    // Fastify adds the charset
    expect(headers.get("content-type")).toMatch(/^application\/json(; charset=utf-8)?$/);
    expect(headers.get("grpc-metadata-x-served-by")).toBe("users");
    expect(json).toEqual({ id: "7/ä", name: "Ada", tags: ["x"], logins: "9007199254740993" });
  });

  test("M44: further bindings, body fields, response_body, 204", async () => {
    expect((await call("/api/v1/people/5?name=x")).json).toEqual({ id: "5", name: "x" });
    const patch = await call("/api/v1/users/3?upsert=true", {
      method: "PATCH",
      body: '{"name":"y","logins":1}',
      headers: { "content-type": "application/json" },
    });
    expect(patch.json).toEqual({ name: "users/3", logins: "1" });
    expect(last().request).toMatchObject({ upsert: true });
    expect(await (await fetch(`${url}/api/v1/users/1/tags`)).text()).toBe("[]");
    const gone = await fetch(`${url}/api/v1/users/1`, { method: "DELETE" });
    expect([gone.status, await gone.text()]).toEqual([204, ""]);
  });

  test("M46: path and query parameters into the typed request", async () => {
    expect((await call("/api/v1/users/42?name=x")).json).toEqual({ id: "42", name: "x" });
    const query =
      "filter.text=a%20b&filter.inner.inner.text=c+d&kinds=KIND_ADMIN&kinds=2&since=2026-01-02T03:04:05.5Z" +
      "&active=true&min_logins=9007199254740993&tags=a&tags=b&maybe=&token=-_8";
    expect((await call(`/api/v1/users?${query}`)).status).toBe(200);
    expect(last().request).toMatchObject({
      filter: { text: "a b", inner: { inner: { text: "c d" } } },
      kinds: [1, 2],
      since: { seconds: 1767323045n, nanos: 500_000_000 },
      active: true,
      minLogins: 9007199254740993n,
      tags: ["a", "b"],
      maybe: "",
      token: new Uint8Array([0xfb, 0xff]),
    });
  });

  test.each([
    ["GET", "/nothing", 404, 5],
    ["GET", "/api/v1/users/", 404, 5],
    ["PUT", "/api/v1/users/1", 405, 12],
    ["GET", "/api/v1/users?nope=1", 400, 3],
    ["GET", "/api/v1/users?active=1", 400, 3],
    ["GET", "/api/v1/users?min_logins=1&minLogins=2", 400, 3],
    ["GET", "/api/v1/users?filter=1", 400, 3],
    ["GET", "/api/v1/users?labels=1", 400, 3],
    ["GET", "/api/v1/users?since=yesterday", 400, 3],
    ["GET", "/api/v1/users?kinds=KIND_NOBODY", 400, 3],
    ["GET", "/api/v1/users?__proto__=1", 400, 3],
    ["GET", "/api/v1/users?filter.__proto__.text=1", 400, 3],
    ["GET", "/api/v1/users?constructor.prototype.x=1", 400, 3],
    ["GET", "/api/v1/users?name=%zz", 400, 3],
    ["GET", "/api/v1/users/missing", 404, 5],
    ["POST", "/api/v1/users:chat", 426, 12],
  ])("M44: %s %s → %i", async (method, path, status, code) => {
    const { status: given, json, headers } = await call(path, { method });
    expect([given, json["code"]]).toEqual([status, code]);
    expect(typeof json["message"]).toBe("string");
    expect(json["details"]).toBeInstanceOf(Array);
    if (status === 405) expect(headers.get("allow")).toBe("DELETE, GET, PATCH");
  });

  test.each([
    ["{", "application/json", 400],
    ["[]", "application/json", 400],
    ['{"nope":1}', "application/json", 400],
    ['{"name":1}', "application/json", 400],
    ["name=Ada", "application/x-www-form-urlencoded", 415],
    ['{"name":"a"}', "text/plain", 415],
    ['{"name":"a"}', "application/json; charset=latin1", 415],
    ['{"name":"a"}', "application/json; charset=UTF-8", 201],
    ['{"name":"a"}', "application/merge-patch+json", 201],
    ["", "text/plain", 201],
  ])("M44: body %j as %s → %i", async (body, type, status) => {
    expect((await post("/api/v1/users", body, { "content-type": type })).status).toBe(status);
  });

  test("M16: bodies are compressed for those who accept it, where that makes them smaller", async () => {
    await close();
    await start({ compression: "gzip" });
    const large = "abcdefghij".repeat(10_000);
    const raw = async (headers: Record<string, string>, name: string): Promise<[string, string, number]> => {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const body = JSON.stringify({ name });
        const request = httpRequest(`${url}/api/v1/users`, {
          method: "POST",
          headers: { "content-type": "application/json", "content-length": body.length, ...headers },
        });
        request.on("response", resolve).on("error", reject).end(body);
      });
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      const { "content-encoding": encoding = "identity", vary = "" } = response.headers;
      const text = (encoding === "gzip" ? gunzipSync(bytes) : bytes).toString();
      expect(JSON.parse(text)).toMatchObject({ name });
      return [encoding, vary, bytes.length];
    };
    const [encoding, vary, size] = await raw({ "accept-encoding": "br, gzip;q=0.5" }, large);
    expect([encoding, vary]).toEqual(["gzip", "accept-encoding"]);
    expect(size).toBeLessThan(100_000 / 5);
    expect((await raw({ "accept-encoding": "*" }, large))[0]).toBe("gzip");
    for (const accepted of ["gzip;q=0", "*, gzip;q=0.0", "br", "identity"]) {
      expect((await raw({ "accept-encoding": accepted }, large)).slice(0, 2)).toEqual(["identity", "accept-encoding"]);
    }
    expect((await raw({}, large))[0]).toBe("identity");
    expect((await raw({ "accept-encoding": "gzip" }, "short"))[0]).toBe("identity");
    const noise = randomBytes(1_500).toString("base64");
    expect((await raw({ "accept-encoding": "gzip" }, noise))[0]).toBe("gzip");
    expect((await (await fetch(`${url}/openapi.yaml`)).text()).startsWith("openapi")).toBe(true);
  });

  test("M16: not by default, nor below the threshold", async () => {
    expect((await post("/api/v1/users", { name: "x".repeat(5_000) })).headers.get("content-encoding")).toBeNull();
    await close();
    await start({ compression: "gzip", compressionThreshold: 6_000 });
    expect((await post("/api/v1/users", { name: "x".repeat(5_000) })).headers.get("content-encoding")).toBeNull();
    expect((await post("/api/v1/users", { name: "x".repeat(7_000) })).headers.get("content-encoding")).toBe("gzip");
    expect(() => createGateway({ routes: [], compression: "br" as never })).toThrow(TypeError);
  });

  test("a wrong field is named", async () => {
    const { json } = await post("/api/v1/users", { extra: {}, tags: ["a", 5] });
    expect(json["message"]).toContain("tags[1]");
    expect(json["details"]).toMatchObject([
      { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "tags[1]" }] },
    ]);
  });

  test("M15: a handler that throws is a 500 without its text; the fault is heard here", async () => {
    const { status, json } = await call("/api/v1/users/broken");
    expect([status, json]).toEqual([500, { code: 13, message: "internal error", details: [] }]);
    expect(failures.map(String)).toContain("Error: a secret");
    expect((await call("/api/v1/users/1")).status).toBe(200);
  });

  test("an error that says OK is a 500", async () => {
    const { status, json } = await call("/api/v1/users/fine");
    expect([status, json]).toEqual([500, { code: 13, message: "internal error", details: [] }]);
    expect(failures.map(String)).toEqual(["RpcError: all is well"]);
  });

  test("prototype pollution through JSON", async () => {
    const body = '{"name":"a","__proto__":{"polluted":1}}';
    expect((await post("/api/v1/users", body)).status).toBe(400);
    const struct = '{"extra":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}';
    expect((await post("/api/v1/users", struct)).status).toBe(201);
    expect(({} as Json)["polluted"]).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("bodies beyond the limit are refused, announced or not", async () => {
    await close();
    await start({ maxBodyBytes: 1000 });
    const body = JSON.stringify({ name: "x".repeat(2000) });
    expect((await post("/api/v1/users", body)).status).toBe(413);
    const chunked = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${url}/api/v1/users`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
      for (let i = 0; i < 20; i++) request.write("x".repeat(100));
      request.end();
    });
    expect(chunked).toBe(413);
    expect(users.seen).toEqual([]);
    expect((await post("/api/v1/users", { name: "x" })).status).toBe(201);
  });

  test("JSON too deep is refused, not overflowed", async () => {
    const depth = 50_000;
    const body = `{"extra":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;
    expect((await post("/api/v1/users", body)).status).toBe(400);
    expect((await post("/api/v1/users", "[".repeat(100_000))).status).toBe(400);
    const parts = Array.from({ length: 1000 }, () => "inner").join(".");
    expect((await call(`/api/v1/users?filter.${parts}.text=1`)).status).toBe(400);
  });

  test("M28: a stream is lines of JSON", async () => {
    const response = await fetch(`${url}/api/v1/users:watch?count=3`);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const text = await response.text();
    expect(text).toBe('{"result":{"id":"0"}}\n{"result":{"id":"1"}}\n{"result":{"id":"2"}}\n');
  });

  test("a stream that fails: before its first message a status, then a line", async () => {
    expect((await call("/api/v1/users:watch?failAfter=-1")).status).toBe(403);
    const response = await fetch(`${url}/api/v1/users:watch?count=3&fail_after=1`);
    expect(response.status).toBe(200);
    const lines = (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Json);
    expect(lines).toEqual([{ result: { id: "0" } }, { error: { code: 10, message: "gave up", details: [] } }]);
  });

  test("M28: server-sent events for those who accept them", async () => {
    const headers = { accept: "text/event-stream" };
    const response = await fetch(`${url}/api/v1/users:watch?count=2&fail_after=5`, { headers });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await response.text()).toBe('data: {"id":"0"}\n\ndata: {"id":"1"}\n\nevent: end\ndata: {}\n\n');
    const failed = await fetch(`${url}/api/v1/users:watch?count=3&fail_after=1`, { headers });
    expect(await failed.text()).toContain('event: error\ndata: {"code":10,');
  });

  // in two of the four combinations, for a quiet stream takes a second to begin
  if ((server === "Fastify") === (backend === "a client on the memory transport")) {
    test("messages of a stream arrive one by one, and a quiet stream begins all the same", async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const response = await fetch(`${url}/api/v1/users:watch?count=1&for_ever=true`, { signal });
      const reader = response.body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('{"result":{"id":"0"}}\n');
      const silent = await fetch(`${url}/api/v1/users:watch?for_ever=true`, { signal });
      expect(silent.status).toBe(200);
      controller.abort();
      expect(await users.ended).toBe("aborted");
    });
  }

  test("a client stream is lines of JSON, blank ones skipped", async () => {
    const { json } = await post("/api/v1/users:import", '{"name":"a"}\n\n{"name":"b"}\r\n{"name":"ü"}', {
      "content-type": "application/x-ndjson",
    });
    expect(json).toEqual({ tags: ["a", "b", "ü"] });
    expect((await post("/api/v1/users:import", "")).json).toEqual({});
  });

  test("a wrong line of a client stream is a 400", async () => {
    const { status, json } = await post("/api/v1/users:import", '{"name":"a"}\n{"nope":1}\n');
    expect([status, json["code"]]).toEqual([400, 3]);
    expect((await post("/api/v1/users:import", "x", { "content-type": "text/csv" })).status).toBe(415);
  });

  test("bytes of any type through google.api.HttpBody", async () => {
    const image = await fetch(`${url}/api/v1/users/1/image`);
    expect(image.headers.get("content-type")).toBe("image/png");
    expect([...new Uint8Array(await image.arrayBuffer())]).toEqual([0x89, 0x50, 0, 0xff]);
    const body = new Uint8Array([1, 2, 3, 255]);
    const init = { method: "PUT", body, headers: { "content-type": "image/webp" } };
    expect((await call("/api/v1/users/1/image", init)).json).toEqual({ id: "1", name: "image/webp", tags: ["4"] });
  });

  test("M53: headers become metadata, but not those that gRPC keeps", async () => {
    await call("/api/v1/users/1", {
      headers: {
        authorization: "Bearer t",
        "grpc-metadata-tenant": "acme",
        "grpc-metadata-blob-bin": "AQI=",
        "grpc-metadata-grpc-timeout": "1n",
        "x-other": "no",
      },
    });
    const { metadata } = last().context;
    expect(metadata.get("authorization")).toBe("Bearer t");
    expect(metadata.get("tenant")).toBe("acme");
    expect([...(metadata.getBytes("blob-bin") ?? [])]).toEqual([1, 2]);
    expect(metadata.get("grpc-timeout")).toBeUndefined();
    expect(metadata.get("x-other")).toBeUndefined();
  });

  test("M43: one trace from the caller through the gateway's span into the handler", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "a=b", baggage: "k=v" };
    // a trace that cannot travel as metadata does not fail the call
    expect((await call("/api/v1/users/1", { headers: { ...headers, baggage: "k=\u00e9" } })).status).toBe(200);
    expect(last().context.metadata.has("baggage")).toBe(false);
    spans.length = 0;
    await call("/api/v1/users/1", { headers });
    const { metadata } = last().context;
    expect(last().traceId).toBe(traceId);
    expect(metadata.get("traceparent")).toBe(`00-${traceId}-${spans[0]?.trace.spanId}-01`);
    expect(metadata.get("tracestate")).toBe("a=b");
    expect(metadata.get("baggage")).toBe("k=v");
    expect(spans).toMatchObject([
      {
        name: "GET /api/v1/users/{id}",
        kind: "server",
        parent: { traceId, spanId: "b7ad6b7169203331" },
        attributes: { "http.route": "/api/v1/users/{id}", "http.response.status_code": 200 },
        error: undefined,
      },
    ]);
    await call("/api/v1/users/broken");
    expect(spans[1]?.error).toBeDefined();
    await (await fetch(`${url}/api/v1/users:watch?count=1`)).text();
    expect(spans[2]).toMatchObject({ name: "GET /api/v1/users:watch" });
  });

  test("a client that leaves cancels the call", async () => {
    const controller = new AbortController();
    const pending = fetch(`${url}/api/v1/users/slow`, { signal: controller.signal }).catch(() => "left");
    while (users.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const before = performance.now();
    controller.abort();
    expect(await users.ended).toBe("aborted");
    expect(performance.now() - before).toBeLessThan(1000);
    expect(await pending).toBe("left");
  });

  test.each([
    ["/api/v1/users", "application/json"],
    ["/api/v1/users:import", "application/x-ndjson"],
  ])("a client that leaves in the middle of its body is nobody's fault: %s", async (path, type) => {
    const request = httpRequest(url + path, {
      method: "POST",
      headers: { "content-type": type, "content-length": 100 },
    });
    const gone = new Promise((resolve) => request.on("error", resolve));
    request.write('{"name":"Ada"}\n');
    await vi.waitFor(() => expect(begun).toBe(1));
    request.destroy();
    await gone;
    await vi.waitFor(() => expect(spans.map(({ error }) => error)).toEqual([undefined]));
    expect(spans[0]?.attributes["http.response.status_code"]).toBe(499);
    expect(failures).toEqual([]);
  });

  test.each([
    ["grpc-timeout", "50m"],
    ["x-server-timeout", "0.05"],
  ])("%s limits the call: 504", async (name, value) => {
    const { status, json } = await call("/api/v1/users/slow", { headers: { [name]: value } });
    expect([status, json["code"]]).toEqual([504, 4]);
    expect(await users.ended).toBe("aborted");
    expect((await call("/api/v1/users/1", { headers: { [name]: "soon" } })).status).toBe(400);
  });

  test("documents are served beside the routes", async () => {
    const docs = await fetch(`${url}/docs`);
    expect([docs.status, docs.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await docs.text()).toContain("docs");
    const yaml = await fetch(`${url}/openapi.yaml`);
    expect([yaml.headers.get("content-type"), await yaml.text()]).toEqual(["application/yaml", "openapi: 3.1.0\n"]);
    const head = await fetch(`${url}/docs`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await call("/docs", { method: "POST" })).status).toBe(405);
  });

  test("unknown fields and parameters pass where the program says so", async () => {
    await close();
    await start({ ignoreUnknownFields: true, ignoreUnknownQuery: true });
    expect((await post("/api/v1/users?trace=1", { name: "a", nope: 1 })).status).toBe(201);
  });

  if (server === "Fastify") {
    test("M48: the application's own routes come first", async () => {
      expect(await (await fetch(`${url}/own`)).text()).toBe("own");
    });
  }
});

describe("gateway", () => {
  test("M53: the same chain as under gRPC runs around a handler in process, and can stop the call", async () => {
    const { handler, seen } = createUsers();
    const order: string[] = [];
    const layer =
      (name: string): Interceptor =>
      async (call, next) => {
        order.push(`${name} ${call.method.name}`);
        const reply = await next(call);
        void reply.done.then(() => order.push(`${name} done`));
        return reply;
      };
    const layers = chain().use(layer("outer")).use(layer("inner"));
    const gateway = createGateway({ routes: [emitted.routes(handler, { chain: layers })] });
    const response = await gateway.handle({ method: "GET", url: "/api/v1/users/1", headers: {}, body: undefined });
    expect(response.status).toBe(200);
    expect(order.slice(0, 2)).toEqual(["outer GetUser", "inner GetUser"]);
    expect(seen).toHaveLength(1);
  });

  test("two services with one route are refused when the gateway is made", () => {
    const routes = emitted.routes(createUsers().handler);
    expect(() => createGateway({ routes: [routes, routes] })).toThrow("two routes match the same requests");
  });

  test("a gateway on a prefix of Fastify", async () => {
    const gateway = createGateway({ routes: [emitted.routes(createUsers().handler)] });
    const app = fastify();
    await app.register(gatewayPlugin, { gateway, prefix: "/svc" });
    const response = await app.inject({ method: "GET", url: "/svc/api/v1/users/1?name=x" });
    expect([response.statusCode, response.json()]).toEqual([200, { id: "1", name: "x" }]);
    await app.close();
  });

  afterAll(() => {
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
