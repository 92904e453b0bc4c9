import { expect, test } from "vitest";
import { acceptsGzip } from "../../../src/runtime/grpc/compression.js";

test.each([
  ["gzip", true],
  ["gzip,identity", true],
  ["identity, gzip", true],
  ["br, gzip;q=0.5", true],
  ["gzip; q=0.001", true],
  ["gzip;q=1", true],
  ["gzip;q=0", false],
  ["gzip; q=0.0", false],
  ["br, gzip ; q=0.000 , identity", false],
  ["identity", false],
  ["x-gzip", false],
  ["gzipped", false],
  ["", false],
  [undefined, false],
])("M16: a peer that accepts %j takes gzip: %j", (accepted, takes) => {
  expect(acceptsGzip(accepted)).toBe(takes);
});
