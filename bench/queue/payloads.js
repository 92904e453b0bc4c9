// Payload codecs: one order of eight items in JSON with and without validation, MessagePack, Avro and protobuf, against
// the library that each is done with elsewhere. All in one process, in turns; a sample is a slice of its CPU time.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { cacheOf, compile, emptyCache, generateOurs } from "../lib/build.js";
import { figure } from "../lib/figures.js";
import { median, spread } from "../lib/stats.js";

const folder = fileURLToPath(new URL("./", import.meta.url));
const contract = "orders.asyncapi.yaml";
const slices = { quick: 30, full: 100 };

/** The order of the table in docs/benchmarks.md, about 1.1 KB of JSON. */
function makeOrder(i) {
  return {
    id: `8f14e45f-ceea-467f-a8f4-3a5c1f1f${String(1000 + i)}`,
    customer: `customer-${i}`,
    placedAt: "2025-01-15T09:30:00.250Z",
    currency: "EUR",
    total: 1234.5 + i,
    note: "Please ring twice, the bell is quiet. Grüße!",
    items: Array.from({ length: 8 }, (_, n) => ({
      sku: `SKU-${i}-${n}`,
      name: `Article number ${n} of order ${i}`,
      quantity: n + 1,
      price: 9.95 + n,
      tags: ["new", "fragile"],
    })),
  };
}

/** What is compared: ours and the peer's, on the same orders. Peers validate by ajv where ours validates. */
async function load() {
  await emptyCache("queue-payloads");
  const out = cacheOf("queue-payloads");
  generateOurs(contract, out, { cwd: folder });
  await compile(out);
  const { JsonOrder, AvroOrder } = await import(pathToFileURL(join(out, "orders.events.js")));
  const { ProtoOrder } = await import(pathToFileURL(join(out, "orders.order.pb.js")));
  const { decodeMsgpack, encodeMsgpack } = await import("@wirespan/runtime/queue");
  const msgpack = await import("@msgpack/msgpack");
  const require = createRequire(import.meta.url);
  const { Ajv } = require("ajv");
  const formats = require("ajv-formats");
  const { parse } = require("yaml");
  const document = parse(await readFile(join(folder, contract), "utf8"));
  const ajv = new Ajv({ allErrors: false });
  formats.default(ajv);
  const { JsonOrder: schema, JsonItem } = document.components.schemas;
  const items = { ...schema.properties.items, items: JsonItem };
  const valid = ajv.compile({ ...schema, properties: { ...schema.properties, items } });
  const assertValid = (value) => {
    if (!valid(value)) throw new Error(ajv.errorsText(valid.errors));
    return value;
  };
  const avro = require("avsc").Type.forSchema(document.channels.avro.messages.order.payload.schema);
  const utf8 = new TextEncoder();
  const text = new TextDecoder("utf-8", { fatal: true });
  const plain = {
    encode: (order) => utf8.encode(JSON.stringify(order)),
    decode: (bytes) => JSON.parse(text.decode(bytes)),
  };
  return [
    {
      name: "JSON, validated",
      ours: JsonOrder,
      peer: {
        name: "JSON + ajv",
        encode: (order) => plain.encode(assertValid(order)),
        decode: (bytes) => assertValid(plain.decode(bytes)),
      },
    },
    {
      name: "MessagePack, validated",
      ours: {
        encode: (order) => encodeMsgpack(JsonOrder.toJson(order)),
        decode: (bytes) => JsonOrder.fromJson(decodeMsgpack(bytes, { json: true })),
      },
      peer: {
        name: "@msgpack/msgpack + ajv",
        encode: (order) => msgpack.encode(assertValid(order)),
        decode: (bytes) => assertValid(msgpack.decode(bytes)),
      },
    },
    {
      name: "MessagePack",
      ours: { encode: encodeMsgpack, decode: decodeMsgpack },
      peer: { name: "@msgpack/msgpack", encode: msgpack.encode, decode: msgpack.decode },
    },
    {
      name: "Avro",
      ours: AvroOrder,
      peer: {
        name: "avsc",
        encode: (order) => avro.toBuffer(order),
        decode: (bytes) => avro.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
      },
    },
    { name: "protobuf", ours: ProtoOrder, peer: { name: "JSON, not validated", ...plain } },
  ];
}

/** Microseconds of CPU time that one call takes. */
function sample(call, items, millis) {
  const start = process.cpuUsage();
  for (let calls = 0; ;) {
    for (const item of items) call(item);
    calls += items.length;
    const { user, system } = process.cpuUsage(start);
    if (user + system >= millis * 1_000) return (user + system) / calls;
  }
}

/** The entries, and what becomes of their samples. */
export async function prepare({ quick }) {
  const orders = Array.from({ length: 64 }, (_, i) => makeOrder(i));
  const millis = quick ? slices.quick : slices.full;
  const entries = [];
  const pairs = await load();
  const sizes = new Map();
  for (const { name, ours, peer } of pairs) {
    for (const [who, codec] of [
      ["ours", ours],
      ["peer", peer],
    ]) {
      const bytes = orders.map((order) => codec.encode(order));
      for (const [i, order] of orders.entries()) {
        const { $unknown: _, ...read } = codec.decode(bytes[i]);
        if (!isDeepStrictEqual(JSON.parse(JSON.stringify(read)), order))
          throw new Error(`${name}, ${who}: another order came back`);
      }
      sizes.set(`${name} ${who}`, bytes[0].length);
      entries.push({ id: `${name} encode ${who}`, run: () => sample(codec.encode, orders, millis) });
      entries.push({ id: `${name} decode ${who}`, run: () => sample(codec.decode, bytes, millis) });
    }
  }
  return {
    entries,
    figures: (samples) =>
      pairs.flatMap(({ name, peer }) =>
        ["encode", "decode"].map((operation) => {
          const ours = samples.get(`${name} ${operation} ours`);
          const theirs = samples.get(`${name} ${operation} peer`);
          return figure({
            id: `queue.payloads ${name} ${operation}`,
            value: median(ours),
            unit: "µs",
            spread: spread(ours),
            peer: { name: peer.name, value: median(theirs) },
            ratio: median(ours.map((value, i) => value / theirs[i])),
            note: `${sizes.get(`${name} ours`)} bytes, ${sizes.get(`${name} peer`)} the peer's`,
          });
        }),
      ),
    close: () => {},
  };
}
