import { describe, expect, test } from "vitest";
import { decodeEndOfStream, decodeError, encodeEndOfStream } from "../../../src/runtime/connect/errors.js";
import { readGet, writeGet } from "../../../src/runtime/connect/get.js";
import { decodeTrailers, encodeTrailers } from "../../../src/runtime/connect/web-trailers.js";
import { TextStream } from "../../../src/runtime/connect/web-text.js";
import { fieldOf, type HttpEvents, type HttpServerStream } from "../../../src/runtime/grpc/index.js";
import { Code, createMetadata, isRpcError } from "../../../src/runtime/rpc/index.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("M75: what ends a call of Connect", () => {
  test("M75: a status survives, with details and trailers of all sorts", () => {
    const trailer = createMetadata({ "x-a": ["1", "2"], "x-b-bin": Uint8Array.of(255, 0) });
    const details = [{ typeUrl: "type.googleapis.com/t.Detail", value: Uint8Array.of(1, 2, 3) }];
    const status = { code: Code.CANCELLED, message: "grüße", details, trailer };
    const text = new TextDecoder().decode(encodeEndOfStream(status));
    expect(JSON.parse(text)).toEqual({
      error: { code: "canceled", message: "grüße", details: [{ type: "t.Detail", value: "AQID" }] },
      metadata: { "x-a": ["1", "2"], "x-b-bin": ["/wA"] },
    });
    const read = decodeEndOfStream(bytes(text));
    expect(read).toMatchObject({ code: Code.CANCELLED, message: "grüße" });
    expect(read?.details).toEqual(details);
    expect([...(read?.trailer ?? [])]).toEqual([...trailer]);
    // a name that every object has
    expect(
      decodeEndOfStream(bytes('{"metadata":{"__proto__":["a"],"x":"no list","y":[1,"b"]}}'))?.trailer.get("y"),
    ).toBe("b");
  });

  test.each(["", "null", "7", '"x"', "[]", '{"error":7}', "{"])("M75: %j is no end of a stream", (text) => {
    expect(decodeEndOfStream(bytes(text))).toBeUndefined();
  });

  test.each([
    ["{", 404, Code.UNIMPLEMENTED],
    ['{"code":"ok"}', 401, Code.UNAUTHENTICATED],
    ['{"code":"cancelled"}', 403, Code.PERMISSION_DENIED],
    ['{"code":"NOT_FOUND"}', 503, Code.UNAVAILABLE],
    ['{"code":5}', 418, Code.UNKNOWN],
    ['{"code":"not_found","details":[7,{"type":1},{"type":"t.T","value":"*"}]}', 500, Code.NOT_FOUND],
  ])("M75: %s with %i", (text, httpStatus, code) => {
    expect(decodeError(bytes(text), String(httpStatus), createMetadata()).code).toBe(code);
  });
});

test("M75: the query of a GET", () => {
  const message = Uint8Array.from({ length: 256 }, (_, i) => i);
  const target = writeGet("/s/M", "proto", message, true);
  expect(target).toMatch(/^\/s\/M\?connect=v1&base64=1&compression=gzip&encoding=proto&message=[A-Za-z0-9_-]+$/);
  expect(readGet(target)).toEqual({ codec: "proto", compressed: true, message });
  const json = writeGet("/s/M", "json", bytes('{"a":"+ &%é"}'), false);
  expect(new TextDecoder().decode(readGet(json).message)).toBe('{"a":"+ &%é"}');
  const failures = ["encoding=json", "connect=v2&message=", "compression=br&message=", "base64=1&message=*"].map(
    (query) => {
      try {
        return readGet(`/s/M?${query}`);
      } catch (error) {
        return isRpcError(error) && error.code;
      }
    },
  );
  expect(failures).toEqual([3, 3, Code.UNIMPLEMENTED, 3]);
});

test("M75: trailers of gRPC-Web", () => {
  const block = encodeTrailers({ "grpc-status": "0", "x-a": ["1", "2"] });
  expect(new TextDecoder().decode(block)).toBe("grpc-status: 0\r\nx-a: 1\r\nx-a: 2\r\n");
  const fields = decodeTrailers(bytes("GRPC-Status:9\r\nnonsense\n: x\r\nx-a:  b: c \r\n"));
  expect([fieldOf(fields, "grpc-status"), fieldOf(fields, "x-a"), fields.length]).toEqual(["9", "b: c", 4]);
});

test.each([1, 2, 3, 5, 7, 100])("M75: base64 in pieces of %i, padded anywhere", (size) => {
  const parts = ["a", "bc", "def", "", "ghij"];
  const text = parts.map((part) => Buffer.from(part).toString("base64")).join("");
  let events: HttpEvents | undefined;
  const stream = {
    headers: [],
    peer: "",
    listen: (given: HttpEvents) => (events = given),
  } as Partial<HttpServerStream>;
  let heard = "";
  let ended = false;
  const nothing = (): void => {};
  new TextStream(stream as HttpServerStream).listen({
    onHeaders: nothing,
    onData: (chunk) => (heard += new TextDecoder().decode(chunk)),
    onTrailers: nothing,
    onEnd: () => (ended = true),
    onDrain: nothing,
    onClose: nothing,
  });
  for (let i = 0; i < text.length; i += size) events?.onData(bytes(text.slice(i, i + size)));
  events?.onEnd();
  expect([heard, ended]).toEqual(["abcdefghij", true]);
});
