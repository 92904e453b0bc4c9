import { describe, expect, test } from "vitest";
import {
  addMetadata,
  decodeMessage,
  encodeMessage,
  metadataOf,
  statusOf,
  statusOfHttp,
  statusOfReset,
  trailerOf,
  trailersOf,
  type HttpHeaders,
} from "../../../src/runtime/grpc/index.js";
import { Code, createMetadata, okStatus, type RpcStatus } from "../../../src/runtime/rpc/index.js";

function fieldsOf(headers: HttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((each) => [name, each]),
  );
}

describe("metadata", () => {
  test("text and bytes, several values, there and back", () => {
    const metadata = createMetadata({
      "x-word": ["a", "b, c"],
      "x-data-bin": [new Uint8Array([0, 255]), new Uint8Array()],
    });
    const headers: Record<string, string | string[]> = {};
    addMetadata(headers, metadata);
    expect(headers).toEqual({ "x-word": ["a", "b, c"], "x-data-bin": ["AP8", ""] });
    expect([...metadataOf(fieldsOf(headers))]).toEqual([...metadata]);
  });

  test("base64 with and without padding, values joined by commas", () => {
    const metadata = metadataOf(["a-bin", "AP8=", "b-bin", "AP8", "c-bin", "AP8=,AQ, Ag=="]);
    expect(metadata.getBytes("a-bin")).toEqual(new Uint8Array([0, 255]));
    expect(metadata.getBytes("b-bin")).toEqual(new Uint8Array([0, 255]));
    expect(metadata.getAllBytes("c-bin").map((bytes) => [...bytes])).toEqual([[0, 255], [1], [2]]);
  });

  test("names of HTTP and gRPC are neither sent nor received", () => {
    const names = ["te", "connection", "content-type", "grpc-timeout", "grpc-anything", "host", "content-length"];
    const headers: Record<string, string | string[]> = {};
    addMetadata(headers, createMetadata(Object.fromEntries(names.map((name) => [name, "x"]))));
    expect(headers).toEqual({});
    expect(metadataOf([...names, ":path", ":authority"].flatMap((name) => [name, "x"])).size).toBe(0);
  });

  test("what HTTP has once is joined", () => {
    const headers: Record<string, string | string[]> = {};
    addMetadata(headers, createMetadata({ authorization: ["a", "b"] }));
    expect(headers).toEqual({ authorization: "a,b" });
  });

  test("what is no name or no text is left out, too much is refused", () => {
    expect(metadataOf(["x", "\u0000", "y", "ok"]).size).toBe(1);
    expect([...metadataOf(["x!", "v", "x!-bin", "AA", "y-bin", "AA"])]).toEqual([["y-bin", new Uint8Array(1)]]);
    const many = Array.from({ length: 1_001 }, () => ["x", "y"]).flat();
    expect(() => metadataOf(many)).toThrow(expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED }));
    // where the call is over anyway
    expect([...trailerOf(["a", "1", "b", "x".repeat(70_000), "c", "3"])]).toEqual([
      ["a", "1"],
      ["c", "3"],
    ]);
    expect(trailerOf(many).size).toBe(1_000);
  });
});

describe("statuses", () => {
  test("there and back, with details and trailers", () => {
    const status: RpcStatus = {
      code: Code.NOT_FOUND,
      message: "ü% – \n\ud83d\ude00",
      details: [{ typeUrl: "type.googleapis.com/a.B", value: new Uint8Array([1, 2, 3]) }],
      trailer: createMetadata({ "x-why": "because" }),
    };
    const headers = trailersOf(status);
    expect(headers["grpc-message"]).toMatch(/^[ -~]*$/);
    const read = statusOf(fieldsOf(headers));
    expect({ ...read, trailer: [...(read?.trailer ?? [])] }).toEqual({ ...status, trailer: [["x-why", "because"]] });
    expect(trailersOf(okStatus())).toEqual({ "grpc-status": "0" });
    expect(statusOf(["x", "y"])).toBeUndefined();
  });

  test.each([
    ["%", "%"],
    ["%zz%41", "%zzA"],
    ["%E2%82", "\ufffd"],
    ["%C3%BC", "ü"],
    ["100%", "100%"],
  ])("decoding %s never fails", (text, expected) => {
    expect(decodeMessage(text)).toBe(expected);
  });

  test("half a character is replaced, a long message is cut", () => {
    expect(decodeMessage(encodeMessage("a\ud800b"))).toBe("a\ufffdb");
    expect(decodeMessage(encodeMessage("ü".repeat(10_000))).length).toBe(4_096);
  });

  test("codes that gRPC does not know are UNKNOWN", () => {
    for (const code of ["17", "-1", "", "abc", "99999999999"]) {
      expect(statusOf(["grpc-status", code])?.code).toBe(Code.UNKNOWN);
    }
  });

  test.each([
    ["400", Code.INTERNAL],
    ["401", Code.UNAUTHENTICATED],
    ["403", Code.PERMISSION_DENIED],
    ["404", Code.UNIMPLEMENTED],
    ["429", Code.UNAVAILABLE],
    ["431", Code.UNKNOWN],
    ["502", Code.UNAVAILABLE],
    ["503", Code.UNAVAILABLE],
    ["504", Code.UNAVAILABLE],
    ["200", Code.UNKNOWN],
    ["418", Code.UNKNOWN],
    [undefined, Code.UNKNOWN],
  ])("HTTP %s without a status of gRPC", (http, code) => {
    expect(statusOfHttp(http).code).toBe(code);
  });

  test.each([
    [0, Code.INTERNAL],
    [1, Code.INTERNAL],
    [7, Code.UNAVAILABLE],
    [8, Code.CANCELLED],
    [11, Code.RESOURCE_EXHAUSTED],
    [12, Code.PERMISSION_DENIED],
    [13, Code.INTERNAL],
  ])("a stream reset with %i", (reset, code) => {
    expect(statusOfReset(reset, undefined).code).toBe(code);
    expect(statusOfReset(reset, new Error("gone")).code).toBe(Code.UNAVAILABLE);
  });
});
