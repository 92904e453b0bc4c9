import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { root } from "../../support/compile.js";

type Wkt = typeof import("../../../src/runtime/wkt/index.js");

/** The runtime as it is where there is no Buffer. */
async function withoutBuffer(): Promise<Wkt> {
  vi.resetModules();
  vi.stubGlobal("Buffer", undefined);
  return import("../../../src/runtime/wkt/index.js");
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("without Node", () => {
  it("imports no module of Node's", () => {
    for (const folder of ["wire", "wkt"]) {
      const files = readdirSync(join(root, "src/runtime", folder), { recursive: true, encoding: "utf8" });
      for (const file of files.filter((name) => name.endsWith(".ts"))) {
        const text = readFileSync(join(root, "src/runtime", folder, file), "utf8");
        const imports = [...text.matchAll(/^(?:import|export)[^;]*? from "([^"]+)"/gms)].map(
          ([, specifier]) => specifier,
        );
        for (const specifier of imports) expect(specifier, file).toMatch(/^\.\.?\//);
      }
    }
  });

  it("writes and reads the same bytes and the same JSON", async () => {
    const node = await import("../../../src/runtime/wkt/index.js");
    const strings = [
      "",
      "a",
      "grüße",
      "日本語",
      "😀",
      "\ud800 half",
      "x".repeat(41),
      "é".repeat(41),
      "日".repeat(5000),
      "z".repeat(100_000),
    ];
    const message = { values: strings.map((value) => ({ kind: { case: "stringValue" as const, value } })) };
    const expected = node.ListValue.encode(message);
    const json = node.BytesValue.toJsonString({ value: Uint8Array.from({ length: 256 }, (_, i) => i) });

    const plain = await withoutBuffer();
    const bytes = plain.ListValue.encode(message);
    expect([...bytes.subarray(0, 2000)]).toEqual([...expected.subarray(0, 2000)]);
    expect(bytes).toHaveLength(expected.length);
    const decoded = plain.ListValue.decode(bytes);
    expect(decoded.values.map(({ kind }) => kind?.value)).toEqual(
      strings.map((text) => text.replace("\ud800", "\ufffd")),
    );
    for (const length of [0, 1, 2, 3, 4, 255, 256]) {
      const value = Uint8Array.from({ length }, (_, i) => i);
      const written = plain.BytesValue.toJsonString({ value });
      if (length === 256) expect(written).toBe(json);
      expect(plain.BytesValue.fromJsonString(written)).toEqual({ value });
    }
    const invalid = Uint8Array.of(0x0a, 0x04, 0x1a, 0x02, 0xc3, 0x28);
    expect(() => plain.ListValue.decode(invalid)).toThrow(expect.objectContaining({ code: "invalid_utf8" }));
  });
});
