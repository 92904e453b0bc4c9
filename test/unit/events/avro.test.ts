import avsc from "avsc";
import { describe, expect, test } from "vitest";
import type { ChannelInfo } from "../../../src/runtime/queue/index.js";
import type { MessageUnion } from "../../../src/runtime/queue/index.js";
import { emittedModules } from "../../support/load-emitted.js";
import { emitEvents } from "./support.js";

type Payload = MessageUnion<unknown, unknown>["members"][number]["type"] & {
  encode(message: unknown): Uint8Array;
  toJson(message: unknown): unknown;
};

/** Avro schemas as payloads of one document, as emitted: their payload types in that order. */
async function payloadsOf(schemas: readonly unknown[]): Promise<readonly Payload[]> {
  const messages = Object.fromEntries(
    schemas.map((schema, i) => [
      `M${i}`,
      { name: `M${i}`, payload: { schemaFormat: "application/vnd.apache.avro;version=1.9.0", schema } },
    ]),
  );
  const { files, diagnostics } = await emitEvents(
    JSON.stringify({
      asyncapi: "3.0.0",
      info: { title: "t", version: "1" },
      servers: { main: { host: "localhost", protocol: "amqp" } },
      channels: { all: { address: "all", messages } },
    }),
  );
  expect(diagnostics).toEqual([]);
  const module = await emittedModules(files)("doc.events.ts");
  const { message } = module["all"] as ChannelInfo<unknown>;
  const members =
    "members" in message ? (message as MessageUnion<unknown, unknown>).members : [{ name: "M0", type: message }];
  return schemas.map((_, i) => members.find(({ name }) => name === `M${i}`)?.type as Payload);
}

/** avsc's type, with 64-bit integers as bigints and the branches of unions named. */
function oracle(schema: unknown): avsc.Type {
  const long = avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer(value: bigint) {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(value);
      return buffer;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === "bigint",
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  });
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, {
    typeHook: (schema) => {
      const name = typeof schema === "object" && schema !== null && "type" in schema ? schema.type : schema;
      return name === "long" ? long : undefined;
    },
    wrapUnions: "always",
  });
}

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    mixed = (mixed ^ (mixed >>> 15)) >>> 0;
    return mixed % below;
  };
}

/** A schema, and values of it as ours and as avsc has them. */
interface Random {
  readonly schema: unknown;
  /** The name that avsc has for it as a branch. */
  readonly branch: string;
  /** Has a union whose branches JSON does not tell apart: it has texts for bytes and large integers. */
  readonly blurred?: boolean;
  value(): { readonly ours: unknown; readonly theirs: unknown };
}

function blurOf(...parts: readonly Random[]): { readonly blurred: boolean } {
  return { blurred: parts.some(({ blurred }) => blurred === true) };
}

function same(make: () => unknown): Random["value"] {
  return () => {
    const value = make();
    return { ours: value, theirs: value };
  };
}

function createSchemas(seed: number): (depth: number) => Random {
  const random = randomNumbers(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  let names = 0;

  const longs = [
    0n,
    -1n,
    63n,
    -65n,
    2n ** 31n,
    -(2n ** 31n) - 1n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    134217728n,
  ];
  const ints = [0, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31), 134217727, 134217728];
  const texts = ["", "a", "é", "𝒳y", "x".repeat(31), "y".repeat(200), "ä".repeat(21), "__proto__"];
  const blob = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => random(256)));

  const primitives: readonly (() => Random)[] = [
    () => ({ schema: "null", branch: "null", value: same(() => null) }),
    () => ({ schema: "boolean", branch: "boolean", value: same(() => random(2) === 1) }),
    () => ({ schema: "int", branch: "int", value: same(() => pick(ints)) }),
    () => ({ schema: "long", branch: "long", value: same(() => pick(longs)) }),
    () => ({ schema: "float", branch: "float", value: same(() => Math.fround(random(1000) / 7)) }),
    () => ({ schema: "double", branch: "double", value: same(() => pick([0, -0.1, 1e300, Math.PI, 5e-324])) }),
    () => ({ schema: "string", branch: "string", value: same(() => pick(texts)) }),
    () => ({ schema: "bytes", branch: "bytes", value: same(() => blob(random(40))) }),
    () => {
      const [name, size] = [`F${names++}`, random(20)];
      return { schema: { type: "fixed", name, size }, branch: name, value: same(() => blob(size)) };
    },
    () => {
      const [name, symbols] = [`E${names++}`, ["A", "B", "C"]];
      return { schema: { type: "enum", name, symbols }, branch: name, value: same(() => pick(symbols)) };
    },
  ];

  const listOf = (make: () => { readonly ours: unknown; readonly theirs: unknown }) => {
    const parts = Array.from({ length: random(4) }, make);
    return { ours: parts.map(({ ours }) => ours), theirs: parts.map(({ theirs }) => theirs) };
  };

  function create(depth: number): Random {
    const kind = depth <= 0 ? 0 : random(6);
    if (kind < 2) return pick(primitives)();
    if (kind === 2) {
      const items = create(depth - 1);
      return {
        ...blurOf(items),
        schema: { type: "array", items: items.schema },
        branch: "array",
        value: () => listOf(items.value),
      };
    }
    if (kind === 3) {
      const values = create(depth - 1);
      return {
        ...blurOf(values),
        schema: { type: "map", values: values.schema },
        branch: "map",
        value: () => {
          const { ours, theirs } = listOf(values.value);
          const named = (list: readonly unknown[]) => Object.fromEntries(list.map((part, i) => [`k${i}`, part]));
          return { ours: named(ours), theirs: named(theirs) };
        },
      };
    }
    return kind === 4 ? recordOf(depth) : unionOf(depth);
  }

  function recordOf(depth: number): Random {
    const name = `R${names++}`;
    const fields = Array.from({ length: random(5) }, (_, i) => ({
      name: pick(["a", "toString", "x"]) + i,
      type: create(depth - 1),
    }));
    return {
      ...blurOf(...fields.map(({ type }) => type)),
      schema: { type: "record", name, fields: fields.map((field) => ({ name: field.name, type: field.type.schema })) },
      branch: name,
      value: () => {
        const values = fields.map((field) => [field.name, field.type.value()] as const);
        return {
          ours: Object.fromEntries(values.map(([key, { ours }]) => [key, ours])),
          theirs: Object.fromEntries(values.map(([key, { theirs }]) => [key, theirs])),
        };
      },
    };
  }

  /** Branches that values can be told apart of: at most one of each kind in JavaScript. */
  function unionOf(depth: number): Random {
    const [nothing, boolean, int, long, , double, string, bytes, fixed, symbols] = primitives;
    const groups = [
      [nothing],
      [boolean],
      [int, double],
      [long],
      [string, symbols],
      [bytes, fixed],
      [() => recordOf(depth - 1)],
    ];
    const branches = groups.filter(() => random(2) === 1).flatMap((group) => pick(group)?.() ?? []);
    if (branches.length === 0) return create(0);
    const has = (...kinds: string[]): boolean =>
      branches.some(({ branch }) => kinds.some((kind) => branch.startsWith(kind)));
    const texts = has("string", "E");
    const mixed = (texts && has("bytes", "F")) || (has("long") && (texts || has("int", "double")));
    return {
      blurred: mixed || blurOf(...branches).blurred,
      schema: branches.map(({ schema }) => schema),
      branch: "",
      value: () => {
        const branch = pick(branches);
        const { ours, theirs } = branch.value();
        return { ours, theirs: branch.branch === "null" ? null : { [branch.branch]: theirs } };
      },
    };
  }

  return create;
}

describe("Avro", () => {
  test("M35: emitted codecs write what avsc writes, and read it back, for random schemas and values", async () => {
    const create = createSchemas(7);
    const schemas = Array.from({ length: 80 }, () => create(4));
    const payloads = await payloadsOf(schemas.map(({ schema }) => schema));
    let [compared, inJson] = [0, 0];
    for (const [i, { schema, value, blurred = false }] of schemas.entries()) {
      const theirs = oracle(schema);
      const payload = payloads[i];
      for (let round = 0; round < 30; round++) {
        const made = value();
        const bytes = Buffer.from(payload?.encode(made.ours) ?? []);
        expect(bytes.equals(theirs.toBuffer(made.theirs)), JSON.stringify(schema)).toBe(true);
        const read = payload?.decode(bytes);
        expect(Buffer.from(payload?.encode(read) ?? []).equals(bytes)).toBe(true);
        expect(plain(read)).toEqual(plain(made.ours));
        compared++;
        // the way through JSON keeps the value too
        if (blurred) continue;
        expect(plain(payload?.fromJson(payload.toJson(made.ours) as never))).toEqual(plain(made.ours));
        inJson++;
      }
    }
    expect(compared).toBe(2_400);
    expect(inJson).toBeGreaterThan(1_500);
  });

  const order = {
    type: "record",
    name: "Order",
    namespace: "com.acme",
    fields: [
      { name: "id", type: { type: "string", logicalType: "uuid" } },
      { name: "key", type: { type: "fixed", name: "Key", size: 16, logicalType: "uuid" } },
      { name: "total", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
      { name: "rate", type: { type: "fixed", name: "Rate", size: 4, logicalType: "decimal", precision: 9, scale: 4 } },
      { name: "day", type: { type: "int", logicalType: "date" } },
      { name: "opens", type: { type: "int", logicalType: "time-millis" } },
      { name: "closes", type: { type: "long", logicalType: "time-micros" } },
      { name: "placed", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "paid", type: ["null", { type: "long", logicalType: "timestamp-micros" }], default: null },
      { name: "sent", type: { type: "long", logicalType: "timestamp-nanos" } },
      { name: "local", type: { type: "long", logicalType: "local-timestamp-millis" } },
      { name: "count", type: "long", default: 1 },
      { name: "mark", type: "bytes", default: "\u00ff\u0001" },
      { name: "status", type: { type: "enum", name: "Status", symbols: ["NEW", "DONE"] }, default: "NEW" },
      { name: "parts", type: { type: "array", items: "Order" }, default: [] },
      { name: "labels", type: { type: "map", values: "string" }, default: {} },
      { name: "next", type: ["null", "com.acme.Order"], default: null },
      { name: "odd", type: { type: "string", logicalType: "made-up" }, default: "" },
    ],
  };
  const placed = {
    id: "8f14e45f-ceea-467f-a8f4-3a5c1f1f3d5e",
    key: "00112233-4455-6677-8899-aabbccddeeff",
    total: "-12.50",
    rate: "0.0001",
    day: "1969-12-31",
    opens: "09:30:00.001",
    closes: "23:59:59.999999",
    placed: "2025-01-15T09:30:00.250Z",
    sent: "2025-01-15T09:30:00.123456789Z",
    local: "2025-01-15T09:30:00.000",
  };

  test("M35: logical types are texts, defaults are written and types may hold themselves", async () => {
    const [payload] = await payloadsOf([order]);
    const bytes = payload?.encode({ ...placed, placed: "2025-01-15T10:30:00.25+01:00", parts: [placed], next: placed });
    const base = oracle(order).fromBuffer(Buffer.from(bytes ?? [])) as Record<string, never>;
    expect(base).toMatchObject({
      day: -1,
      opens: 34_200_001,
      closes: 86_399_999_999n,
      placed: 1_736_933_400_250n,
      paid: null,
      sent: 1_736_933_400_123_456_789n,
      count: 1n,
      status: "NEW",
      odd: "",
    });
    expect([...Buffer.from(base["total"] ?? "")]).toEqual([0xfb, 0x1e]);
    expect([...Buffer.from(base["rate"] ?? "")]).toEqual([0, 0, 0, 1]);
    expect([...Buffer.from(base["mark"] ?? "")]).toEqual([0xff, 1]);
    const whole = {
      ...placed,
      paid: null,
      count: 1n,
      mark: new Uint8Array([255, 1]),
      status: "NEW",
      parts: [],
      labels: {},
      next: null,
      odd: "",
    };
    expect(payload?.decode(bytes ?? new Uint8Array())).toEqual({ ...whole, parts: [whole], next: whole });
  });

  test.each([
    [{ total: "1.234" }, "total must be a decimal number of 9 digits, 2 of them behind the point, in a text"],
    [{ total: "12345678.00" }, "total must be a decimal number"],
    [{ day: "2025-02-30" }, "day must be a date"],
    [{ opens: "24:00:00" }, "opens must be a time"],
    [{ placed: "2025-01-15T09:30:00.0001Z" }, "placed must be a time"],
    [{ placed: "2025-01-15" }, "placed must be a time"],
    [{ count: 2n ** 63n }, "count must be an integer of 64 bits"],
    [{ status: "LOST" }, 'status must be one of "NEW", "DONE"'],
    [{ parts: [placed, { ...placed, id: 1 }] }, "parts[1].id must be a UUID"],
    [{ labels: { "a b": 1 } }, 'labels["a b"] must be a string'],
    [{ next: { ...placed, key: "x" } }, "next.key must be a UUID"],
    [{ id: undefined }, "id must be a UUID"],
  ])("M74: what does not fit is refused with its path, case %#", async (change, message) => {
    const [payload] = await payloadsOf([order]);
    expect(() => payload?.encode({ ...placed, ...change })).toThrow(message);
  });

  test("bytes of strangers cost no more than they are long", async () => {
    const [nulls, self, text, list] = await payloadsOf([
      { type: "array", items: "null" },
      { type: "record", name: "Self", fields: [{ name: "next", type: ["null", "Self"] }] },
      "string",
      { type: "array", items: "int" },
    ]);
    const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
    const billion = [0xfe, 0xff, 0xff, 0xff, 0x0f];
    expect(() => nulls?.decode(bytes(...billion, 0))).toThrow("Avro: it has more parts than its bytes can hold");
    expect(() => list?.decode(bytes(...billion, 2, 2))).toThrow("Avro: it has more parts than its bytes can hold");
    expect(() => self?.decode(new Uint8Array(10_000).fill(2))).toThrow("Avro: more than 100 levels");
    expect(() => text?.decode(bytes(...billion, 97))).toThrow("Avro: it ends too early");
    expect(() => text?.decode(bytes(1))).toThrow("Avro: a length is negative");
    expect(() => text?.decode(bytes(2, 0xff))).toThrow("Avro: a text is not UTF-8");
    expect(() => text?.decode(bytes(2, 97, 0))).toThrow("Avro: bytes follow the value");
    expect(() => list?.decode(bytes(...Array(11).fill(0xff)))).toThrow("Avro: a number has more than 64 bits");
    // a block whose length in bytes is given
    expect(list?.decode(bytes(3, 4, 2, 4, 0))).toEqual([1, 2]);
  });

  test("random bytes are refused as such or read, never anything else", async () => {
    const create = createSchemas(11);
    const random = randomNumbers(3);
    const schemas = Array.from({ length: 30 }, () => create(4).schema);
    for (const payload of await payloadsOf(schemas)) {
      for (let round = 0; round < 100; round++) {
        const bytes = Uint8Array.from({ length: random(60) }, () => (random(3) === 0 ? random(256) : random(8)));
        try {
          payload.decode(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: "QueueError", code: "undecodable" });
        }
      }
    }
  });
});

/** Buffers as byte arrays, so that values can be compared. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  }
  return value;
}
