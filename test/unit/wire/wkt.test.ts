import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { descriptorOutputs, wellKnownOutputs } from "../../../scripts/wkt.js";
import * as wkt from "../../../src/runtime/wkt/index.js";
import { root } from "../../support/compile.js";

describe("the well-known types", () => {
  it("are what our own generator emits; npm run generate:wkt brings them up to date", async () => {
    for (const [path, content] of await wellKnownOutputs(root)) {
      const file = join(root, "src/runtime/wkt", path);
      expect(existsSync(file) ? readFileSync(file, "utf8") : "", path).toBe(content);
    }
  });

  it("so are the messages that plugin mode reads requests with", async () => {
    for (const [path, content] of await descriptorOutputs(root)) {
      expect(readFileSync(join(root, "src/load/descriptor", path), "utf8"), path).toBe(content);
    }
  });

  it("share one module without names that meet", () => {
    expect(Object.keys(wkt).filter((name) => name.includes("$"))).toEqual([]);
    expect(wkt.Timestamp.typeName).toBe("google.protobuf.Timestamp");
    expect(wkt.FileDescriptorSet.typeName).toBe("google.protobuf.FileDescriptorSet");
    expect(wkt.CodeGeneratorRequest.typeName).toBe("google.protobuf.compiler.CodeGeneratorRequest");
  });

  it("turn Dates into Timestamps and back, before 1970, too", () => {
    for (const ms of [0, 1, -1, 1_700_000_000_123, -62_135_596_800_000, 253_402_300_799_999]) {
      const timestamp = wkt.timestampFromDate(new Date(ms));
      expect(timestamp.nanos).toBeGreaterThanOrEqual(0);
      expect(wkt.timestampToDate(timestamp).getTime()).toBe(ms);
      expect(wkt.Timestamp.toJson(timestamp)).toBe(new Date(ms).toISOString().replace(".000Z", "Z"));
    }
    expect(() => wkt.timestampFromDate(new Date(Number.NaN))).toThrow(RangeError);
    expect(Math.abs(wkt.timestampToDate(wkt.timestampNow()).getTime() - Date.now())).toBeLessThan(1000);
  });

  it("turn milliseconds into Durations and back", () => {
    for (const ms of [0, 1, -1, 1500, -1500, 0.5, 999.9999999, 86_400_000]) {
      const duration = wkt.durationFromMs(ms);
      expect(wkt.durationToMs(duration)).toBeCloseTo(ms, 5);
      expect(() => wkt.Duration.toJson(duration)).not.toThrow();
    }
    expect(wkt.durationFromMs(-1500)).toEqual({ seconds: -1n, nanos: -500_000_000 });
    expect(() => wkt.durationFromMs(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });

  it("turn JSON into Structs and Values and back", () => {
    const object = { a: 1, b: [true, null, { c: "x" }], ["__proto__"]: 2 };
    expect(wkt.structToObject(wkt.structFromObject(object))).toEqual(object);
    expect(wkt.valueToJsonValue(wkt.valueFromJsonValue(null))).toBeNull();
    expect(wkt.valueToJsonValue({})).toBeNull();
    expect(wkt.Struct.decode(wkt.Struct.encode(wkt.structFromObject(object)))).toEqual(wkt.structFromObject(object));
  });
});
