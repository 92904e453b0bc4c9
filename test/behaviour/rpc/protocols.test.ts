import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rest } from "../../../src/generators/rest/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { BadRequest } from "../../../src/runtime/errors/index.js";
import { createGateway, type RouteSet } from "../../../src/runtime/gateway/index.js";
import { isRestError } from "../../../src/runtime/rest/index.js";
import {
  Code,
  findDetail,
  isRpcError,
  RpcError,
  type CallContext,
  type CallOptions,
  type Metadata,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createConnectTransport, createGrpcWebTransport } from "../../../src/runtime/transports/connect.js";
import * as overFetch from "../../../src/runtime/transports/fetch.js";
import {
  createHttp2Server,
  createHttp2Transport,
  type Http2ServerOptions,
} from "../../../src/runtime/transports/http2.js";
import { packAny } from "../../../src/runtime/wkt/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { serveGateway } from "../gateway/users.js";
import { collect, gate, rejection, within } from "./echo.js";

const proto = `syntax = "proto3";
package t.v1;
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
service Things {
  rpc Get(Thing) returns (Thing) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { post: "/things" body: "*" };
  }
  rpc Put(Thing) returns (Thing) { option (google.api.http) = { post: "/things:put" body: "*" }; }
  rpc List(Thing) returns (stream Thing) { option (google.api.http) = { post: "/things:list" body: "*" }; }
  rpc Import(stream Thing) returns (Thing) { option (google.api.http) = { post: "/things:import" body: "*" }; }
  rpc Chat(stream Thing) returns (stream Thing);
}
message Thing {
  string text = 1; int64 long = 2; bytes raw = 3; double ratio = 4; map<string, Thing> parts = 5; Level level = 6;
  google.protobuf.Timestamp at = 7; repeated uint32 list = 8; oneof choice { bool yes = 9; Thing inner = 10; }
  optional int32 maybe = 11;
}
enum Level { LOW = 0; HIGH = 1; }`;

interface Thing {
  readonly text?: string;
  readonly [field: string]: unknown;
}

type Methods<Options> = Readonly<
  Record<"get" | "put", (request: Thing, options?: Options) => Promise<Thing>> &
    Record<"list", (request: Thing, options?: Options) => AsyncIterable<Thing>> &
    Record<"import", (requests: Iterable<Thing>, options?: Options) => Promise<Thing>> &
    Record<"chat", (requests: Iterable<Thing>, options?: Options) => AsyncIterable<Thing>>
>;

interface Emitted {
  readonly createThingsClient: (transport: Transport) => Methods<CallOptions>;
  readonly registerThings: (registry: ServiceRegistry, handler: object) => void;
  readonly createThingsRestClient: (url: string) => Omit<Methods<never>, "chat">;
  readonly thingsRoutes: (backend: object) => RouteSet;
  readonly Thing: { encode(thing: Thing): Uint8Array; toJsonString(thing: Thing): string };
}

let emitted: Emitted;
beforeAll(async () => {
  const { files, diagnostics } = await emit({ "t.proto": proto }, [messages, rpc, http, rest]);
  expect(diagnostics).toEqual([]);
  const load = emittedModules(files);
  const parts = await Promise.all(["pb", "rpc", "http", "rest"].map((kind) => load(`t.${kind}.ts`)));
  emitted = Object.assign({}, ...parts) as Emitted;
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Says everything back; `fail …` and `break …` fail before and after the first message. */
const handler = {
  get: (thing: Thing) => check(thing),
  put(thing: Thing, { metadata, header, trailer }: CallContext) {
    for (const value of metadata.getAll("x-tag")) header.append("x-tag", value);
    for (const value of metadata.getAllBytes("x-blob-bin")) trailer.append("x-blob-bin", value);
    return check(thing);
  },
  async *list(thing: Thing) {
    yield check(thing);
    yield thing;
    if (thing.text?.startsWith("break") === true) throw failure(thing.text);
  },
  async import(things: AsyncIterable<Thing>) {
    const all = await collect(things);
    return { text: all.map(({ text }) => text).join("+"), list: all.map((_, i) => i) };
  },
  async *chat(things: AsyncIterable<Thing>) {
    for await (const thing of things) yield check(thing);
  },
};

function check(thing: Thing): Thing {
  if (thing.text === "fail by accident") throw new Error("a secret");
  if (thing.text?.startsWith("fail") === true) throw failure(thing.text);
  return thing;
}

function failure(text: string): RpcError {
  return new RpcError(Code.FAILED_PRECONDITION, `${text}: grüße, 100 %`, {
    details: [packAny(BadRequest, { fieldViolations: [{ field: "text", description: "is wrong" }] })],
  });
}

async function start(options: Http2ServerOptions = {}, own: object = handler): Promise<string> {
  const server = createHttp2Server({ onFailure: () => {}, ...options });
  emitted.registerThings(server, own);
  const { port } = await server.listen("127.0.0.1:0");
  closing.push(() => server.close(1_000));
  return `http://127.0.0.1:${port}`;
}

const ways: Readonly<Record<string, (url: string) => Transport>> = {
  gRPC: (url) => createHttp2Transport(url),
  "gRPC, JSON": (target) => createHttp2Transport({ target, codec: "json" }),
  "gRPC-Web": (target) => createGrpcWebTransport({ target, compression: "gzip" }),
  "gRPC-Web, JSON": (target) => createGrpcWebTransport({ target, codec: "json" }),
  "gRPC-Web, HTTP/1.1": (target) => createGrpcWebTransport({ target, httpVersion: "1.1" }),
  "gRPC-Web, fetch": (url) => overFetch.createGrpcWebTransport(url),
  Connect: (url) => createConnectTransport(url),
  "Connect, JSON": (target) => createConnectTransport({ target, codec: "json" }),
  "Connect, GET": (target) => createConnectTransport({ target, get: true, compression: "gzip" }),
  "Connect, GET, JSON": (target) => createConnectTransport({ target, get: true, codec: "json", httpVersion: "1.1" }),
  "Connect, HTTP/1.1": (target) => createConnectTransport({ target, httpVersion: "1.1", compression: "gzip" }),
  "Connect, fetch": (baseUrl) => overFetch.createConnectTransport({ baseUrl, codec: "json", get: true }),
};

const fixtures: readonly Thing[] = [
  {},
  { text: "grüße 日本 😀 + % & =", long: 2n ** 63n - 1n, raw: Uint8Array.of(0, 255, 62, 63), ratio: Number.NaN },
  { long: -(2n ** 63n), ratio: -0, level: 1, list: [1, 2 ** 32 - 1], maybe: 0, choice: { case: "yes", value: false } },
  { parts: { "": { text: "x".repeat(20_000) }, __proto__: {} }, at: { seconds: 1_700_000_000n, nanos: 5_000_000 } },
  {
    raw: Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 251),
    choice: { case: "inner", value: { text: "i" } },
  },
  { text: "fail early" },
  { text: "fail by accident" },
];

/** What came of something: what it gave, in a form that can be compared, or its code, message and details. */
async function outcome(attempt: () => Promise<Thing | readonly Thing[]>): Promise<unknown> {
  try {
    const things = [await attempt()].flat() as Thing[];
    return things.map((thing) => [
      Buffer.from(emitted.Thing.encode(thing)).toString("hex"),
      emitted.Thing.toJsonString(thing),
    ]);
  } catch (error) {
    if (isRpcError(error)) {
      const { code, message } = error;
      return { code, message, violations: namesOf(findDetail(error, BadRequest)?.fieldViolations) };
    }
    if (!isRestError(error)) throw error;
    const { code, message, details } = error;
    const [detail] = details as readonly { readonly fieldViolations?: readonly Violation[] }[];
    return { code, message, violations: namesOf(detail?.fieldViolations) };
  }
}

interface Violation {
  readonly field: string;
  readonly description: string;
}

function namesOf(violations: readonly Violation[] = []): string[] {
  return violations.map(({ field, description }) => `${field} ${description}`);
}

/** What a client gets for things. A stream that breaks counts with what came before. */
async function outcomes(client: Omit<Methods<never>, "chat">, things = fixtures): Promise<unknown[]> {
  const broken: Thing[] = [];
  const all = things.flatMap((thing) => [
    outcome(() => client.get(thing)),
    outcome(() => client.put(thing)),
    outcome(() => collect(client.list(thing))),
    outcome(() => client.import([thing, thing])),
  ]);
  const breaks = outcome(async () => {
    for await (const thing of client.list({ text: "break late" })) broken.push(thing);
    return broken;
  });
  return [...(await Promise.all(all)), await breaks, broken.length];
}

describe("M75: one handler, many protocols", () => {
  test.each(Object.keys(ways).slice(1))("M75: %s gives what gRPC gives", async (way) => {
    const url = await start();
    const [grpc, other] = ["gRPC", way].map((name) => ways[name]?.(url) as Transport);
    closing.push(() => Promise.all([grpc?.close(), other?.close()]));
    const expected = await outcomes(emitted.createThingsClient(grpc as Transport));
    expect(await outcomes(emitted.createThingsClient(other as Transport))).toEqual(expected);
    expect(expected).toHaveLength(fixtures.length * 4 + 2);
    expect(expected.at(-2)).toMatchObject({ code: Code.FAILED_PRECONDITION, violations: ["text is wrong"] });
    expect(expected.at(-1)).toBe(2);
    // the handler's accident stays its own
    expect(expected).toContainEqual({ code: Code.INTERNAL, message: "internal error", violations: [] });
  });

  test("M75: REST through the gateway gives what gRPC gives", async () => {
    const url = await start();
    const transport = createHttp2Transport(url);
    closing.push(() => transport.close());
    const client = emitted.createThingsClient(transport);
    const gateway = await serveGateway(createGateway({ routes: [emitted.thingsRoutes(client)], onFailure: () => {} }));
    closing.push(gateway.close);
    // JSON.stringify, with which REST writes, drops the sign of zero
    const things = fixtures.map((thing) => (Object.is(thing["ratio"], -0) ? { ...thing, ratio: 0 } : thing));
    expect(await outcomes(emitted.createThingsRestClient(gateway.url), things)).toEqual(await outcomes(client, things));
  });

  test.each(Object.keys(ways))("M75: %s: both ways at once, metadata, deadline, cancellation", async (way) => {
    const cancelled = gate<unknown>();
    const url = await start(
      {},
      {
        ...handler,
        get: (_: Thing, { signal }: CallContext) =>
          new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
        async *list(thing: Thing, { signal }: CallContext) {
          signal.addEventListener("abort", () => cancelled.open((signal.reason as RpcError).code));
          for (;;) {
            yield thing;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        },
      },
    );
    const transport = ways[way]?.(url) as Transport;
    closing.push(() => transport.close(0));
    const client = emitted.createThingsClient(transport);

    const things = [{ text: "a" }, { text: "b" }];
    const chat = outcome(() => collect(client.chat(things)));
    if (way.endsWith("fetch")) expect(await chat).toMatchObject({ code: Code.UNIMPLEMENTED });
    else expect(await chat).toEqual(await outcome(async () => things));

    let header: Metadata | undefined;
    let trailer: Metadata | undefined;
    await client.put(
      {},
      {
        metadata: { "x-tag": ["one", "two"], "x-blob-bin": Uint8Array.of(251, 255) },
        onHeader: (received) => (header = received),
        onTrailer: (received) => (trailer = received),
      },
    );
    // fetch joins what has one name
    expect(header?.getAll("x-tag").join(", ")).toBe("one, two");
    expect(trailer?.getBytes("x-blob-bin")).toEqual(Uint8Array.of(251, 255));

    const started = performance.now();
    expect(await rejection(client.get({}, { timeoutMs: 100 }))).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(performance.now() - started).toBeLessThan(1_000);

    for await (const _ of client.list({})) break;
    expect(await within(1_000, cancelled.promise)).toBe(Code.CANCELLED);
  });
});

describe("M75: what others send", () => {
  const json = { "content-type": "application/json" };
  const post = (
    url: string,
    body: string | Buffer<ArrayBuffer>,
    headers: Record<string, string> = json,
  ): Promise<Response> => fetch(url, { method: "POST", headers, body });

  test("M75: Connect by hand: JSON in, JSON out, errors with an HTTP status that fits", async () => {
    const url = `${await start()}/t.v1.Things`;
    const response = await post(`${url}/Put`, '{"text": "hi", "long": "7"}');
    expect([response.status, await response.json()]).toEqual([200, { text: "hi", long: "7" }]);
    const failed = await post(`${url}/Put`, '{"text": "fail"}');
    expect([failed.status, await failed.json()]).toMatchObject([
      400,
      { code: "failed_precondition", details: [{ type: "google.rpc.BadRequest" }] },
    ]);
    const malformed = await post(`${url}/Put`, '{"long": "much"}');
    expect([malformed.status, await malformed.json()]).toMatchObject([400, { code: "invalid_argument" }]);
    const unknown = await post(`${url}/None`, "{}");
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: "unimplemented" }]);
    expect((await post(`${url}/List`, "{}")).status).toBe(415);
    expect((await post(`${url}/Put`, "x", { "content-type": "application/grpc" })).status).toBe(415);
    // only methods without side effects may be asked with GET
    const query = "?encoding=json&message=%7B%22text%22%3A%22q%22%7D";
    expect(await (await fetch(`${url}/Get${query}`)).json()).toEqual({ text: "q" });
    expect((await fetch(`${url}/Put${query}`)).status).toBe(405);
    expect((await fetch(`${url}/Get?encoding=json`)).status).toBe(400);
  });

  test("M75: Connect: a header or a body that is malformed is the caller's fault", async () => {
    const url = `${await start()}/t.v1.Things`;
    const gzip = { ...json, "content-encoding": "gzip" };
    const invalid = { code: "invalid_argument" };
    for (const timeout of ["abc", "-1", "99999999999", ""]) {
      const response = await post(`${url}/Put`, "{}", { ...json, "connect-timeout-ms": timeout });
      expect([response.status, await response.json()]).toMatchObject([400, invalid]);
    }
    const body = await post(`${url}/Put`, "no gzip", gzip);
    expect([body.status, await body.json()]).toMatchObject([
      400,
      { ...invalid, message: "a message is not valid gzip" },
    ]);
    const frame = Buffer.from([1, 0, 0, 0, 2, 0x7b, 0x7d]);
    const stream = { "content-type": "application/connect+json", "connect-content-encoding": "gzip" };
    expect(await (await post(`${url}/List`, frame, stream)).text()).toContain('{"error":{"code":"invalid_argument"');
    const late = await post(`${url}/List`, frame, { ...stream, "connect-timeout-ms": "abc" });
    expect(await late.text()).toContain('{"error":{"code":"invalid_argument"');
  });

  test("M75: who sends another content type is told which are taken", async () => {
    const url = `${await start()}/t.v1.Things`;
    const unary = "application/proto, application/json";
    const streams = "application/connect+proto, application/connect+json";
    const refused = async (response: Response): Promise<unknown> => [
      response.status,
      response.headers.get("accept-post"),
      await response.text(),
    ];
    expect(await refused(await post(`${url}/List`, "{}"))).toEqual([415, streams, `This method takes ${streams}.\n`]);
    expect(await refused(await post(`${url}/Put`, "", { "content-type": "application/connect+json" }))).toEqual([
      415,
      unary,
      `This method takes ${unary}.\n`,
    ]);
    expect(await refused(await fetch(`${url}/Get?encoding=xml&message=a`))).toEqual([
      415,
      unary,
      `This method takes ${unary}.\n`,
    ]);
    const other = await post(`${url}/Put`, "{}", { "content-type": "text/xml" });
    expect([other.status, other.headers.get("accept-post")]).toMatchObject([415, expect.stringContaining(unary)]);
    // a stream is nothing that a GET could ask for
    expect((await fetch(`${url}/List?encoding=json&message=%7B%7D`)).status).toBe(405);
  });

  test("M75: gRPC-Web as text", async () => {
    const url = `${await start()}/t.v1.Things/List`;
    const message = emitted.Thing.encode({ text: "abc" });
    const frame = Buffer.from([0, 0, 0, 0, message.length, ...message]).toString("base64");
    const response = await post(url, frame, { "content-type": "application/grpc-web-text" });
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text+proto");
    const bytes = (await response.text()).match(/[^=]+=*/g)?.map((part) => Buffer.from(part, "base64")) ?? [];
    const text = Buffer.concat(bytes).toString("latin1");
    expect(text.match(/abc/g)).toHaveLength(2);
    expect(text).toMatch(/\x80\0\0\0\x10grpc-status: 0\r\n$/);
  });

  test("M8: too much is refused before it is held, inflated or not", async () => {
    const url = `${await start({ maxReceiveBytes: 10_000 })}/t.v1.Things/Put`;
    const plain = await post(url, JSON.stringify({ text: "x".repeat(10_000) }));
    expect([plain.status, await plain.json()]).toMatchObject([429, { code: "resource_exhausted" }]);
    const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20));
    const packed = await post(url, bomb, { ...json, "content-encoding": "gzip" });
    expect([packed.status, await packed.json()]).toMatchObject([
      429,
      {
        message: `a message of 10000000 (${bomb.length} compressed) bytes cannot be received: at most 10000 bytes are allowed`,
      },
    ]);
  });

  test("M75: pages of other origins are let in where the server says so", async () => {
    const ask = (url: string): Promise<Response> =>
      fetch(`${url}/t.v1.Things/Put`, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example.com",
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type, x-tag",
        },
      });
    expect((await ask(await start())).headers.get("access-control-allow-origin")).toBeNull();
    const url = await start({ cors: { origins: ["https://app.example.com"], credentials: true } });
    const { status, headers } = await ask(url);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(headers.get("access-control-allow-headers")).toBe("content-type, x-tag");
    const origin = (name: string): Promise<Response> =>
      post(`${url}/t.v1.Things/Put`, "{}", { ...json, origin: name, "x-tag": "a" });
    const let_ = (await origin("https://app.example.com")).headers;
    expect(let_.get("access-control-allow-credentials")).toBe("true");
    expect(let_.get("access-control-expose-headers")).toBe("x-tag");
    expect((await origin("https://elsewhere.example")).headers.get("access-control-allow-origin")).toBeNull();
  });
});
