import { constants, type ClientHttp2Stream } from "node:http2";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { NodeClientStream } from "../../../src/runtime/transports/http2/stream.js";

// Node tells of headers in a tick of their own. Whether the bytes behind them come before that tick is up to how they
// reach it: not from a socket that node itself reads, but from one that had been read before, or is no socket at all.
test("M2: bytes that node tells of before the headers they came behind are told of after these", async () => {
  // sound because nothing else of such a stream is asked for
  const fields = { rstCode: constants.NGHTTP2_NO_ERROR, id: 1, session: undefined };
  const stream = Object.assign(new PassThrough(), fields) as unknown as ClientHttp2Stream & PassThrough;
  const told: string[] = [];
  const closed = new Promise<void>((resolve) => {
    const events = {
      onHeaders: (all: readonly string[]) => told.push(all.join(" ")),
      onData: (bytes: Uint8Array) => told.push(Buffer.from(bytes).toString()),
      onTrailers: () => told.push("trailers"),
      onEnd: () => told.push("end"),
      onDrain: () => {},
      onClose: () => resolve(),
    };
    const rest = { several: false, onClosed: () => {}, onReset: () => {}, refused: () => false };
    const opened = new NodeClientStream(stream, "", { events, ...rest });
    opened.resume();
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  stream.write("one");
  await turn();
  stream.write("two");
  await turn();
  expect(told).toEqual([]);
  stream.emit("response", {}, 0, [":status", "200"]);
  expect(told).toEqual([":status 200", "one", "two"]);
  stream.end("three");
  await closed;
  expect(told).toEqual([":status 200", "one", "two", "three", "end"]);
});
