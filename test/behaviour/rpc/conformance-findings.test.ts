import { connect, constants, createServer as createHttp2, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { Code, RpcError, type ServiceRegistry, type Transport } from "../../../src/runtime/rpc/index.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { collect, echo, rejection } from "./echo.js";
import { emitEcho } from "./emitted.js";

const { createEchoClient, registerEcho } = await emitEcho();

interface Listening extends ServiceRegistry {
  listen(address: string): Promise<{ readonly address: string }>;
  close(withinMs?: number): Promise<void>;
}

const kinds: readonly (readonly [string, () => Listening, (address: string) => Transport])[] = [
  ["grpc-js", () => createGrpcJsServer(), (address) => createGrpcJsTransport(address)],
  ["http2", () => createHttp2Server(), (address) => createHttp2Transport(address)],
];

describe.each(kinds)("%s", (_, createServer, createTransport) => {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test("M1: headers that a handler set arrive before its failure, in all four modes", async () => {
    const server = createServer();
    const fail = (header: { set(key: string, value: string): void }): never => {
      header.set("x-seen", "yes");
      throw new RpcError(Code.ABORTED, "no");
    };
    registerEcho(server, {
      ...echo,
      say: (_note, { header }) => fail(header),
      join: (_notes, { header }) => fail(header),
      // eslint-disable-next-line require-yield -- it fails before its first message
      async *split(_note, { header }) {
        fail(header);
      },
      // eslint-disable-next-line require-yield -- the same
      async *chat(_notes, { header }) {
        fail(header);
      },
    });
    const { address } = await server.listen("127.0.0.1:0");
    const transport = createTransport(address);
    ends.push(
      () => transport.close(),
      () => server.close(0),
    );
    const client = createEchoClient(transport);
    const seen: (string | undefined)[] = [];
    const options = {
      onHeader: (header: { get(key: string): string | undefined }) => void seen.push(header.get("x-seen")),
    };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => client.say({}, options),
      () => collect(client.split({}, options)),
      () => client.join([], options),
      () => collect(client.chat([], options)),
    ];
    for (const call of calls) expect(await rejection(call())).toMatchObject({ code: Code.ABORTED, message: "no" });
    expect(seen).toEqual(["yes", "yes", "yes", "yes"]);
  });

  test("M1: a request of any size arrives whole", async () => {
    const server = createServer();
    registerEcho(server, { ...echo, say: ({ text }) => ({ text: text.slice(-5), count: text.length }) });
    const { address } = await server.listen("127.0.0.1:0");
    const transport = createTransport(address);
    ends.push(
      () => transport.close(),
      () => server.close(0),
    );
    const client = createEchoClient(transport);
    for (const size of [0, 1_000, 32_760, 32_768, 33_000, 65_530, 65_536, 70_000, 1_000_000]) {
      const text = "x".repeat(size);
      expect(await client.say({ text })).toMatchObject({ text: text.slice(-5), count: size });
    }
  });
});

test("M1: a response that its server resets is cancelled, not one that lacks its trailers", async () => {
  const server = createHttp2();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    // node would end the stream before it resets it, were there no trailers to wait for
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = createHttp2Transport(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = createEchoClient(transport);
  for (const call of [() => client.say({}), () => collect(client.split({})), () => collect(client.chat([]))]) {
    expect(await rejection(call())).toMatchObject({ code: Code.CANCELLED });
  }
  await transport.close(0);
  await new Promise((resolve) => server.close(resolve));
});

test("M1: another method than POST is 405, and who still sends hears the answer before the reset", async () => {
  const server = createHttp2Server();
  registerEcho(server, echo);
  const { port } = await server.listen("127.0.0.1:0");
  const session = connect(`http://127.0.0.1:${port}`);
  const ask = (method: string, path: string): Promise<readonly string[]> =>
    new Promise((resolve) => {
      const told: string[] = [];
      const stream = session.request(
        { ":method": method, ":path": path, "content-type": "application/grpc", te: "trailers" },
        { endStream: false },
      );
      stream.on("response", (headers: IncomingHttpHeaders) => {
        told.push(`${String(headers[":status"])} ${String(headers["grpc-status"])}`);
        setTimeout(() => told.push("a while"), 30);
      });
      stream.on("error", () => {});
      stream.on("close", () => resolve([...told, `reset ${stream.rstCode}`]));
      stream.resume();
    });
  expect(await ask("DELETE", "/wirespan.test.v1.Echo/Say")).toEqual(["405 undefined", "a while", "reset 0"]);
  expect(await ask("POST", "/wirespan.test.v1.Echo/Nope")).toEqual(["200 12", "a while", "reset 0"]);
  session.close();
  await server.close(0);
});
