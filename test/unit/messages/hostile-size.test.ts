import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { compile, root } from "../../support/compile.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { randomBytes } from "./fuzz-input.js";
import { createRandom, hex, type AnyType, type Fields } from "./support.js";

/** CPU seconds that no size here may take: several times what it takes. */
const mostCpuSeconds = { generate: 10, use: 10 };

const kinds = ["string", "int32", "repeated int64", "bool", "bytes", "double", "Wide", "Level", "map<string, int32>"];

const wide = `syntax = "proto3"; package t;
enum Level { LOW = 0; HIGH = 1; }
enum Large { ${Array.from({ length: 10_000 }, (_, i) => `LARGE_${i} = ${i};`).join("\n")} }
message Wide { ${Array.from({ length: 10_000 }, (_, i) => `${kinds[i % kinds.length]} field_${i} = ${i + 1};`).join("\n")} }
message Choice { Large large = 1000; oneof value { ${Array.from({ length: 200 }, (_, i) => `string value_${i} = ${i + 1};`).join("\n")} } }`;

const levels = 200;
const deep = `syntax = "proto3"; package t;
${Array.from({ length: levels }, (_, i) => `message M${i} { string text = 1; ${i + 1 < levels ? `M${i + 1} inner = 2;` : ""}`).join("\n")}
${"}".repeat(levels)}`;

describe.each([
  ["10,000 fields and 10,000 enum values", "wide", wide],
  ["200 levels", "deep", deep],
])("M3, M62: a contract of %s", async (_, name, proto) => {
  const scratch = mkdtempSync(join(root, "node_modules/.cache-hostile-"));
  afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));
  const before = process.cpuUsage();
  const { files, diagnostics, model } = await emit({ [`${name}.proto`]: proto }, [messages]);
  const generated = spent(before);
  for (const [path, content] of files) writeFileSync(join(scratch, path), content);
  writeFileSync(join(scratch, "package.json"), '{"type":"module"}');
  const load = emittedModules(files);

  it("is generated in a bounded time", () => {
    expect(diagnostics).toEqual([]);
    expect(generated).toBeLessThan(mostCpuSeconds.generate);
  });

  // the limit is the timeout: the compiler is a process of its own
  it("compiles in a bounded time", { timeout: 120_000 }, async () => {
    expect(await compile(scratch, ["**/*.ts"])).toBe("");
  });

  it("round-trips in a bounded time", { timeout: 60_000 }, async () => {
    const start = process.cpuUsage();
    const types = Object.values(await load(`${name}.pb.ts`)).filter(isType);
    const random = createRandom(3);
    for (const type of types) {
      const bytes = randomBytes(model, type.typeName, random);
      const written = type.encode(type.decode(bytes));
      expect(hex(type.encode(type.decode(written)))).toBe(hex(written));
      expect(hex(type.encode(type.fromJsonString(type.toJsonString(type.decode(bytes)))))).toBe(hex(written));
    }
    expect(spent(start)).toBeLessThan(mostCpuSeconds.use);
  });

  if (name !== "deep") return;
  it("takes messages of all its levels where a program asks for so many", async () => {
    const type = Object.values(await load(`${name}.pb.ts`)).filter(isType)[0];
    if (type === undefined) throw new Error("no message");
    let message: Fields = { text: "x" };
    for (let i = 1; i < levels; i++) message = { inner: message };
    const bytes = type.encode(message);
    expect(type.encode(type.decode(bytes, { maxDepth: levels }))).toEqual(bytes);
    expect(() => type.decode(bytes)).toThrow(expect.objectContaining({ code: "too_deep" }));
    const text = type.toJsonString(message);
    expect(type.encode(type.fromJsonString(text, { maxDepth: levels }))).toEqual(bytes);
    expect(() => type.fromJsonString(text)).toThrow(expect.objectContaining({ code: "too_deep" }));
  });
});

function isType(value: unknown): value is AnyType {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "message";
}

function spent(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
