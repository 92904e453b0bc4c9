import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { root } from "../../support/compile.js";
import { mutateBytes } from "../messages/fuzz-input.js";
import { createRandom } from "../messages/support.js";

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
    expect(decoded.values.map(({ kind }) => kind?.value)).toEqual(strings);
    for (const half of ["\ud800", `${"x".repeat(100)}\udc00`]) {
      const wrong = { values: [{ kind: { case: "stringValue" as const, value: half } }] };
      expect(() => plain.ListValue.encode(wrong)).toThrow(expect.objectContaining({ code: "invalid_value" }));
    }
    for (const length of [0, 1, 2, 3, 4, 255, 256]) {
      const value = Uint8Array.from({ length }, (_, i) => i);
      const written = plain.BytesValue.toJsonString({ value });
      if (length === 256) expect(written).toBe(json);
      expect(plain.BytesValue.fromJsonString(written)).toEqual({ value });
    }
    const invalid = Uint8Array.of(0x0a, 0x04, 0x1a, 0x02, 0xc3, 0x28);
    expect(() => plain.ListValue.decode(invalid)).toThrow(expect.objectContaining({ code: "invalid_utf8" }));
  });

  it("M3: answers mutated messages as Node does: the same bytes and JSON, or the same code of error", async () => {
    const node = await import("../../../src/runtime/wkt/index.js");
    const plain = await withoutBuffer();
    const random = createRandom(7);
    const text = { kind: { case: "stringValue" as const, value: "grüße 日本語😀" } };
    const seeds = [
      ["Struct", node.Struct.encode({ fields: { ключ: text } })],
      ["ListValue", node.ListValue.encode({ values: [text, { kind: { case: "numberValue", value: -1.5 } }, text] })],
      ["Type", node.Type.encode({ name: "a.Ünï", fields: [{ name: "f", number: 3 }], oneofs: ["x", "y"] })],
      ["BytesValue", node.BytesValue.encode({ value: Uint8Array.from({ length: 90 }, (_, i) => i * 7) })],
      ["DoubleValue", node.DoubleValue.encode({ value: 1e300 })],
      ["Timestamp", node.Timestamp.encode({ seconds: 1_700_000_000n, nanos: 5 })],
    ] as const;
    const answer = (wkt: Wkt, name: (typeof seeds)[number][0], bytes: Uint8Array): string => {
      const type: { decode(b: Uint8Array): object; encode(m: object): Uint8Array; toJsonString(m: object): string } =
        wkt[name];
      try {
        const message = type.decode(bytes);
        return `${type.encode(message).join(" ")} ${type.toJsonString(message)}`;
      } catch (error) {
        if (error instanceof Error && "code" in error) return `refused: ${String(error.code)}`;
        throw error;
      }
    };
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      const [name, bytes] = random.pick(seeds);
      const input = mutateBytes(bytes, random.pick(seeds)[1], random);
      const expected = answer(node, name, input);
      if (expected.startsWith("refused")) refused++;
      if (answer(plain, name, input) !== expected)
        expect(answer(plain, name, input), `${name} ${input.join(" ")}`).toBe(expected);
    }
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBeLessThan(2700);
  });
});
