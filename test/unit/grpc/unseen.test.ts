import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { retry } from "../../../src/runtime/interceptors/index.js";
import {
  createGrpcClient,
  type HttpEvents,
  type HttpSession,
  type HttpStream,
} from "../../../src/runtime/grpc/index.js";
import {
  chain,
  Code,
  createServiceClient,
  RpcError,
  unseenOf,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import { createHttp1Sessions } from "../../../src/runtime/transports/http1/sessions.js";
import { createConnections } from "../../../src/runtime/transports/http2/connections.js";
import { Echo, Note, rejection, type EchoClient } from "../../behaviour/rpc/echo.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const silent: HttpEvents = { onHeaders() {}, onData() {}, onTrailers() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** Connections that take no stream the first times, and answer from then on. */
function connectionsThat(fail: (times: number) => Error | undefined): { client: EchoClient; opened: () => number } {
  let times = 0;
  const stream: HttpStream = { peer: "", write: () => true, end() {}, pause() {}, resume() {}, reset() {} };
  const session: HttpSession = {
    open(_headers, _more, events: HttpEvents) {
      const failure = fail(++times);
      if (failure !== undefined) throw failure;
      setImmediate(() => {
        const bytes = Note.encode({ text: "sent" });
        events.onHeaders([":status", "200", "content-type", "application/grpc"], false);
        events.onData(new Uint8Array([0, 0, 0, 0, bytes.length, ...bytes]));
        events.onTrailers(["grpc-status", "0"]);
        events.onEnd();
        events.onClose(0, undefined);
      });
      return stream;
    },
  };
  const transport = createGrpcClient("test", { acquire: () => session, close() {} }, {});
  const client = createServiceClient<EchoClient>(Echo, transport, { chain: chain().use(retry()) });
  return { client, opened: () => times };
}

describe("M13: calls that never left this process", () => {
  test("M13: they are sent as often as it takes, whatever the method does", async () => {
    const { client, opened } = connectionsThat((times) => (times <= 25 ? new Error("takes no streams") : undefined));
    expect(await client.say({})).toMatchObject({ text: "sent" });
    expect(opened()).toBe(26);
    expect(await client.join([{}])).toMatchObject({ text: "sent" });
  });

  test("M13: but not when it is the request that cannot be sent", async () => {
    const { client, opened } = connectionsThat(() => new RpcError(Code.INTERNAL, "the request cannot be sent"));
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL });
    expect(opened()).toBe(2);
  });

  test("M13: without the layer they are sent twice, and the status tells why they failed", async () => {
    const seen: unknown[] = [];
    const look: Interceptor = async (call, next) => {
      const reply = await next(call);
      if (reply.failed !== undefined) seen.push(unseenOf(reply.failed));
      return reply;
    };
    let times = 0;
    const session: HttpSession = {
      open() {
        times++;
        throw new Error("takes no streams");
      },
    };
    const transport = createGrpcClient("test", { acquire: () => session, close() {} }, {});
    const client = createServiceClient<EchoClient>(Echo, transport, { chain: chain().use(look) });
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    expect([times, seen]).toEqual([2, ["unsent"]]);
  });

  test("M13: over HTTP/1.1 it is always the request", () => {
    const sessions = createHttp1Sessions({ target: "127.0.0.1:1" });
    closers.push(() => sessions.close());
    const session = sessions.acquire();
    if (!("open" in session)) throw new Error("there is no connection to wait for");
    const headers = { ":method": "POST", ":path": "/ a" };
    expect(() => session.open(headers, undefined, silent, false)).toThrow("the request cannot be sent");
  });

  test("M13: a connection says which of the two it is", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    const connections = createConnections({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    closers.push(() => connections.close());
    const session = await connections.acquire();
    const failureOf = (headers: Record<string, string | string[]>): unknown => {
      try {
        return session.open(headers, undefined, silent, false);
      } catch (error) {
        return error;
      }
    };
    expect(failureOf({ ":method": "POST", ":path": ["/a", "/b"] })).toMatchObject({
      code: Code.INTERNAL,
      message: "the request cannot be sent",
    });
    connections.close();
    await new Promise(setImmediate);
    expect(failureOf({ ":method": "POST", ":path": "/a" })).toMatchObject({
      code: expect.stringMatching(/^ERR_HTTP2_/) as string,
    });
  });
});
