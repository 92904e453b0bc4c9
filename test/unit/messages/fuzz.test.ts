import { getHeapStatistics } from "node:v8";
import { describe, expect, it } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { createRegistry, isWireError, type Extension, type JsonValue } from "../../../src/runtime/wire/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { fuzzContracts, haveSuite } from "./fuzz-contracts.js";
import { mutateBytes, mutateJson, noise, randomBytes, type Random } from "./fuzz-input.js";
import { createRandom, hex, unhex, type AnyType } from "./support.js";

/** `npm run conformance -- fuzz` runs many times as many inputs, from another seed. */
const factor = Number(process.env["WIRESPAN_FUZZ"] ?? 1);
const firstSeed = Number(process.env["WIRESPAN_FUZZ_SEED"] ?? 1);

/** What no input of a few KB may take, on a machine that does much else. */
const longestMs = 2000;
/** A nested message of two bytes makes an object of all its fields: what a byte may cost depends on the contract. */
const bytesPerByte = 8000;
const bytesAtLeast = 4_000_000;

const { files, model } = await emit(fuzzContracts, [messages]);
const load = emittedModules(files);
const exported = (await Promise.all([...files.keys()].map(load))).flatMap((module) => Object.values(module));
const wkt = Object.values(await import("../../../src/runtime/wkt/index.js"));
const types = exported.filter(isType);
const extensions = exported.filter((value) => kindOf(value) === "extension") as readonly Extension<
  never,
  unknown,
  never
>[];
// every type and extension there is
const registry = createRegistry(...types, ...wkt.filter(isType), ...extensions);
const json = { registry };

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

function isType(value: unknown): value is AnyType {
  return kindOf(value) === "message";
}

/** Undefined for a WireError; anything else that is thrown is a failure that shows the input. */
function attempt<T>(input: string, work: () => T): T | undefined {
  const start = performance.now();
  let result: T | undefined;
  try {
    result = work();
  } catch (error) {
    if (!isWireError(error)) throw new Error(`not a WireError for ${input}`, { cause: error });
  }
  const took = performance.now() - start;
  if (took > longestMs) throw new Error(`${Math.round(took)} ms for ${input}`);
  return result;
}

function allocated(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** Prototypes as they were, and no value that has another than it should. */
function expectNoPollution(value: unknown, input: string): void {
  if ((Object.prototype as Record<string, unknown>)["polluted"] !== undefined) throw new Error(`polluted by ${input}`);
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== "object" || next === null || next instanceof Uint8Array) continue;
    const expected: unknown = Array.isArray(next) ? Array.prototype : Object.prototype;
    if (Object.getPrototypeOf(next) !== expected) throw new Error(`another prototype by ${input}`);
    waiting.push(...Object.values(next));
  }
}

/** JavaScript has one NaN, of whose bits an engine may keep what it likes: bytes that stand for it are equal. */
function sameButForNaN(a: Uint8Array, b: Uint8Array): boolean {
  const views = [a, b].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  const isNaNAt = (at: number, size: 4 | 8): boolean =>
    at >= 0 &&
    at + size <= a.length &&
    views.every((view) => Number.isNaN(size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)));
  const mayDiffer = (at: number): boolean =>
    ([4, 8] as const).some((size) =>
      Array.from({ length: size }, (_, i) => at - i).some((start) => isNaNAt(start, size)),
    );
  return a.length === b.length && a.every((byte, i) => byte === b[i] || mayDiffer(i));
}

/** Decoding, encoding and JSON of bytes that nobody vouches for. */
function checkBytes(type: AnyType, bytes: Uint8Array): boolean {
  const input = `${type.typeName} ${hex(bytes)}`;
  const before = allocated();
  const message = attempt(input, () => type.decode(bytes));
  const grown = allocated() - before;
  if (grown > bytesAtLeast + bytes.length * bytesPerByte) throw new Error(`${grown} bytes allocated for ${input}`);
  if (message === undefined) return false;
  expectNoPollution(message, input);
  const written = type.encode(message);
  const again = type.encode(type.decode(written));
  if (!sameButForNaN(again, written)) throw new Error(`${hex(written)}, then ${hex(again)} for ${input}`);
  checkText(
    type,
    attempt(input, () => type.toJsonString(message, json)),
    input,
  );
  return true;
}

/** What was written as JSON is read again, and then it stays as it is. */
function checkText(type: AnyType, text: string | undefined, input: string): void {
  if (text === undefined) return;
  const message = type.fromJsonString(text, json);
  const again = type.toJsonString(message, json);
  const third = type.toJsonString(type.fromJsonString(again, json), json);
  if (again !== third) throw new Error(`${again}, then ${third} for ${input}`);
  if (JSON.stringify(type.toJson(message, json)) !== JSON.stringify(JSON.parse(again))) {
    throw new Error(`text and value differ: ${again} for ${input}`);
  }
}

function checkJson(type: AnyType, text: string): boolean {
  const input = `${type.typeName} ${text}`;
  const options = { registry, ignoreUnknownFields: text.length % 2 === 0 };
  const message = attempt(input, () => type.fromJsonString(text, options));
  if (message === undefined) return false;
  expectNoPollution(message, input);
  const written = type.encode(message);
  const again = type.encode(type.decode(written));
  if (!sameButForNaN(again, written)) throw new Error(`${hex(written)}, then ${hex(again)} for ${input}`);
  checkText(type, type.toJsonString(message, json), input);
  attempt(input, () => type.fromJson(JSON.parse(text) as JsonValue, options));
  return true;
}

/** Messages of many kinds of fields, among many small ones. */
const large = types.filter(({ typeName }) => (model.messages.get(typeName)?.fields.length ?? 0) >= 10);

function anyMessage(random: Random): { readonly type: AnyType; readonly bytes: Uint8Array } {
  const type = random.pick(random.int(2) === 0 ? types : large);
  return { type, bytes: randomBytes(model, type.typeName, random) };
}

describe("M3: fuzz", () => {
  it("has types of every kind to try", () => {
    expect(types.length).toBeGreaterThan(haveSuite ? 40 : 5);
    const fields = [...model.messages.values()].flatMap((message) => message.fields);
    expect(fields.some(({ delimited }) => delimited)).toBe(true);
    expect(fields.some(({ presence }) => presence === "required")).toBe(true);
    expect(model.extensions.size).toBeGreaterThan(0);
  });

  it("takes every valid message", { timeout: 30_000 * factor }, () => {
    const random = createRandom(firstSeed);
    for (let round = 0; round < 700 * factor; round++) {
      const { type, bytes } = anyMessage(random);
      // maps of required messages may lack their value, which is not valid
      if (!checkBytes(type, bytes)) expect(() => type.decode(bytes)).toThrow(/required|missing/i);
    }
  });

  it("answers mutated messages and noise with a message or a WireError", { timeout: 60_000 * factor }, () => {
    const random = createRandom(firstSeed + 1);
    let accepted = 0;
    const rounds = 2000 * factor;
    for (let round = 0; round < rounds; round++) {
      const { type, bytes } = anyMessage(random);
      const other = anyMessage(random).bytes;
      const input =
        round % 10 === 0 ? Uint8Array.from(noise(random, random.int(200))) : mutateBytes(bytes, other, random);
      if (checkBytes(type, input)) accepted++;
    }
    // both ways out are taken often
    expect(accepted).toBeGreaterThan(rounds / 20);
    expect(rounds - accepted).toBeGreaterThan(rounds / 20);
  });

  it("answers mutated JSON with a message or a WireError", { timeout: 60_000 * factor }, () => {
    const random = createRandom(firstSeed + 2);
    let accepted = 0;
    let tried = 0;
    while (tried < 1500 * factor) {
      const { type, bytes } = anyMessage(random);
      const message = attempt("", () => type.decode(bytes));
      const text = message && attempt("", () => type.toJsonString(message, json));
      if (text === undefined) continue;
      tried++;
      if (checkJson(type, mutateJson(text, random))) accepted++;
    }
    expect(accepted).toBeGreaterThan(tried / 20);
    expect(tried - accepted).toBeGreaterThan(tried / 20);
  });

  it.each([
    ["groups", () => unhex("a301".repeat(100_000))],
    ["messages", () => Uint8Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? 0x92 : 0x01))],
    ["one length after another", () => unhex("ffffffff07".repeat(20_000))],
    ["packed lists of claimed 2 GiB", () => unhex("fa01ffffffff07".repeat(10_000))],
  ])("is not led too deep or too far by %s", (_, make) => {
    const bytes = make();
    for (const type of types) checkBytes(type, bytes);
  });

  it.each([
    ["arrays", "[".repeat(20_000) + "]".repeat(20_000)],
    ["objects", '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000)],
    ["strings that do not end", `{"a":"${"\\".repeat(100_000)}`],
    ["digits", `{"optionalInt64":${"9".repeat(100_000)}}`],
    ["zeros of an exponent", `{"optionalInt64":"1e${"0".repeat(100_000)}","optionalDouble":1e-99999}`],
    ["seconds of a duration", `{"optionalDuration":"${"9".repeat(100_000)}s"}`],
  ])("is not led too deep or too far by %s in JSON", (_, text) => {
    const value = parse(text);
    for (const type of [...types, ...wkt.filter(isType)]) {
      const input = `${type.typeName} ${text.slice(0, 40)}`;
      for (const ignoreUnknownFields of [false, true]) {
        const options = { registry, ignoreUnknownFields };
        attempt(input, () => type.fromJsonString(text, options));
        if (value !== undefined) attempt(input, () => type.fromJson(value, options));
      }
    }
  });
});

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
