import { afterEach, describe, expect, test } from "vitest";
import { createServiceClient, type Transport } from "../../../src/runtime/rpc/index.js";
import * as connect from "../../../src/runtime/transports/connect.js";
import * as overFetch from "../../../src/runtime/transports/fetch.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { Echo, type EchoClient } from "../../behaviour/rpc/echo.js";

const open: { close(withinMs?: number): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close(0);
});

/** Settings as they come from a file: of any type. */
type Untyped = Readonly<Record<string, unknown>>;

const target = "localhost:50051";
const baseUrl = "http://localhost";
const clients: readonly (readonly [string, (options: Untyped) => Transport])[] = [
  ["http2", (options) => createHttp2Transport({ target, ...options })],
  ["connect", (options) => connect.createConnectTransport({ target, ...options })],
  ["connect over HTTP/1.1", (options) => connect.createConnectTransport({ target, httpVersion: "1.1", ...options })],
  ["grpc-web", (options) => connect.createGrpcWebTransport({ target, ...options })],
  ["connect over fetch", (options) => overFetch.createConnectTransport({ baseUrl, ...options })],
  ["grpc-web over fetch", (options) => overFetch.createGrpcWebTransport({ baseUrl, ...options })],
];
const grpcJs = (options: Untyped): Transport => createGrpcJsTransport(target, options);

/** What creating throws, as `TypeError: …`. */
function refusal(create: () => { close(withinMs?: number): Promise<void> }): string {
  try {
    open.push(create());
    return "nothing";
  } catch (error) {
    return String(error);
  }
}

const sizes: readonly (readonly [Untyped, string])[] = [
  [{ maxReceiveBytes: -1 }, "RangeError: maxReceiveBytes is a number of bytes, 0 or more, not -1"],
  [{ maxReceiveBytes: "4mb" }, 'RangeError: maxReceiveBytes is a number of bytes, 0 or more, not "4mb"'],
  [{ maxSendBytes: Number.NaN }, "RangeError: maxSendBytes is a number of bytes, 0 or more, not NaN"],
];
const messages: readonly (readonly [Untyped, string])[] = [
  ...sizes,
  [{ compressionThreshold: "1" }, 'RangeError: compressionThreshold is a number of bytes, 0 or more, not "1"'],
  [{ compression: "br" }, 'TypeError: compression: "br" is none of "gzip", "identity"'],
  [
    { methods: { "/a.B/*": { maxSendBytes: -1 } } },
    'RangeError: methods["/a.B/*"].maxSendBytes is a number of bytes, 0 or more, not -1',
  ],
  [{ methods: { "a.B/*": {} } }, 'TypeError: methods: "a.B/*" is no path: paths begin with a slash, "/a.B/*"'],
];

describe("settings that cannot work are refused where they are given", () => {
  test.each(clients)("%s", (_, create) => {
    for (const [options, text] of messages) expect(refusal(() => create(options))).toBe(text);
    expect(refusal(() => create({ codec: "jsn" }))).toBe('TypeError: codec: "jsn" is none of "proto", "json"');
    const all = { maxReceiveBytes: 0, maxSendBytes: Infinity, compression: undefined, codec: "json" };
    expect(refusal(() => create({ ...all, methods: { "*": { compression: "gzip" } } }))).toBe("nothing");
  });

  test("grpc-js, both sides", () => {
    for (const [options, text] of sizes) {
      expect(refusal(() => grpcJs(options))).toBe(text);
      expect(refusal(() => createGrpcJsServer(options))).toBe(text);
    }
  });

  test("connections", () => {
    for (const [, create] of clients.slice(0, 2)) {
      expect(refusal(() => create({ loadBalancing: "roundrobin" }))).toBe(
        'TypeError: loadBalancing: "roundrobin" is none of "pick_first", "round_robin"',
      );
      expect(refusal(() => create({ pool: 1.5 }))).toBe("RangeError: pool must be a whole number, not 1.5");
      expect(refusal(() => create({ pool: "2" }))).toBe('RangeError: pool must be at least 1, not "2"');
      for (const nowhere of [{}, undefined, 50051]) {
        expect(refusal(() => create({ target: nowhere }))).toMatch(/^TypeError: .* is no target: host:port, /);
      }
    }
    expect(refusal(() => connect.createGrpcWebTransport({ target, ...({ httpVersion: "1" } as Untyped) }))).toBe(
      'TypeError: httpVersion: "1" is none of "1.1", "2"',
    );
  });

  test("the http2 server", () => {
    const create = (options: Untyped) => (): { close(): Promise<void> } => createHttp2Server(options);
    for (const [options, text] of messages) expect(refusal(create(options))).toBe(text);
    expect(refusal(create({ maxConcurrentCalls: 0 }))).toBe("RangeError: maxConcurrentCalls must be at least 1, not 0");
    expect(refusal(create({ maxConcurrentCalls: 2.5 }))).toMatch(/^RangeError: maxConcurrentCalls must be a whole/);
    expect(refusal(create({ protocols: [] }))).toBe(
      "RangeError: protocols is empty: name one, or leave it out for all of them",
    );
    expect(refusal(create({ protocols: ["rest"] }))).toBe(
      'TypeError: protocols: "rest" is none of "grpc", "grpc-web", "connect"',
    );
    expect(refusal(create({ maxConcurrentCalls: Infinity, protocols: ["connect"] }))).toBe("nothing");
  });

  test("M7: the timeouts of a client", () => {
    const transport = createMemoryTransport();
    for (const timeoutMs of [Number.NaN, -1, "500" as unknown as number]) {
      expect(() => createServiceClient<EchoClient>(Echo, transport, { timeoutMs })).toThrow(RangeError);
      expect(() => createServiceClient<EchoClient>(Echo, transport, { timeoutMs: { say: timeoutMs } })).toThrow(
        /^timeoutMs is a number of milliseconds/,
      );
    }
  });
});

test("M22: a target stands alone in any form", async () => {
  const create = [createHttp2Transport, connect.createConnectTransport, connect.createGrpcWebTransport];
  for (const make of create) {
    for (const to of [target, [target, "localhost:50052"], () => [target], { resolve: async () => [target] }]) {
      expect(refusal(() => make(to))).toBe("nothing");
    }
    expect(refusal(() => make([]))).toBe("TypeError: the list of targets is empty");
  }
});
