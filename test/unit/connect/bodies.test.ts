import { describe, expect, test } from "vitest";
import { createConnectClient } from "../../../src/runtime/connect/client.js";
import { createConnectProtocol } from "../../../src/runtime/connect/server.js";
import {
  createMethodTable,
  type HttpEvents,
  type HttpServerStream,
  type HttpStream,
} from "../../../src/runtime/grpc/index.js";
import { createServiceClient, implementService } from "../../../src/runtime/rpc/index.js";
import { Echo, echo, Note, type EchoClient } from "../../behaviour/rpc/echo.js";
import { heldBytes } from "../../support/memory.js";

const pieces = 200_000;
const message = Note.encode({ text: "x".repeat(pieces) });

/** Gives the body byte by byte, each in memory of its own, and tells what all but the end of it takes. */
function trickle(events: HttpEvents): number {
  const before = heldBytes();
  for (const byte of message) events.onData(Uint8Array.of(byte));
  return heldBytes() - before;
}

const silent: HttpStream = {
  peer: "somebody",
  write: () => true,
  end: () => {},
  pause: () => {},
  resume: () => {},
  reset: () => {},
};

describe("M8: a body that comes byte by byte takes its bytes, not an object for each", () => {
  test("M8: the request of a unary call", async () => {
    const methods = createMethodTable({});
    methods.register(Echo, implementService(Echo, echo));
    let listener: HttpEvents | undefined;
    const replied = new Promise<Uint8Array | undefined>((resolve) => {
      const stream: HttpServerStream = {
        ...silent,
        certificate: undefined,
        headers: [":method", "POST", ":path", Echo.methods.say.path, "content-type", "application/proto"],
        listen: (events) => (listener = events),
        respond: () => {},
        end: resolve,
        endWith: () => {},
      };
      createConnectProtocol(methods, () => {}).serve(stream, "application/proto");
    });
    expect(trickle(listener as unknown as HttpEvents)).toBeLessThan(3 * pieces);
    (listener as unknown as HttpEvents).onEnd();
    expect(Buffer.from((await replied) ?? [])).toEqual(Buffer.from(message));
  });

  test("M8: the response to one", async () => {
    let listener: HttpEvents | undefined;
    const open = (_: unknown, __: unknown, events: HttpEvents): HttpStream => {
      listener = events;
      return silent;
    };
    const transport = createConnectClient("test", { acquire: () => ({ open }), close: () => {} }, {});
    const reply = createServiceClient<EchoClient>(Echo, transport).say({});
    await new Promise(setImmediate);
    const events = listener as unknown as HttpEvents;
    events.onHeaders([":status", "200", "content-type", "application/proto"], false);
    expect(trickle(events)).toBeLessThan(3 * pieces);
    events.onEnd();
    expect((await reply).text).toHaveLength(pieces);
  });
});
