import { beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import {
  clientMethods,
  createServiceClient,
  implementService,
  type ServiceInfo,
} from "../../../src/runtime/rpc/index.js";
import { createMessageValues, createMockHandler, createTestTransport } from "../../../src/runtime/testing/index.js";
import type { MessageType } from "../../../src/runtime/wire/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

const proto = `syntax = "proto3";
package shop.v1;
import "buf/validate/validate.proto";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
service Shop {
  rpc Get(GetRequest) returns (Order);
  rpc List(GetRequest) returns (stream Order);
  rpc Import(stream Order) returns (Summary);
  rpc Chat(stream GetRequest) returns (stream Order);
}
message GetRequest { string id = 1; string state = 2; int32 count = 3; }
message Summary { Endless endless = 3; int32 count = 1; Order last = 2; }
enum State { STATE_UNSPECIFIED = 0; STATE_OPEN = 1; STATE_PAID = 2; STATE_OLD = 3 [deprecated = true]; }
message Order {
  string id = 1;
  State state = 2;
  repeated Line lines = 3 [(buf.validate.field).repeated = { min_items: 2, max_items: 4 }];
  map<string, int64> totals = 4;
  map<int32, Line> by_number = 5;
  oneof payment { string card = 6; Line voucher = 7; bool free = 8; }
  Order parent = 9;
  optional int32 maybe = 10;
  google.protobuf.Timestamp created_at = 11;
  google.protobuf.Duration took = 12;
  google.protobuf.FieldMask mask = 13;
  google.protobuf.Struct extra = 14;
  google.protobuf.Value any_json = 15;
  google.protobuf.Any detail = 16;
  google.protobuf.StringValue label = 17;
  google.protobuf.UInt64Value big = 18;
  google.protobuf.Empty nothing = 19;
  google.protobuf.ListValue list = 20;
  google.protobuf.NullValue null = 21;
  double ratio = 22; float weight = 23; bytes raw = 24; uint64 huge = 25; sint64 signed = 26; bool done = 27;
  repeated State history = 28;
  string contact_email = 29;
  google.protobuf.Any must = 30 [(buf.validate.field).required = true];
}
message Endless { repeated Endless parts = 1 [(buf.validate.field).repeated.min_items = 2]; Order order = 2; }
message Line { string sku = 1; uint32 count = 2; Line part = 3; }
message Rules {
  string code = 1 [(buf.validate.field).string = { prefix: "AB-", suffix: "!", min_len: 12, max_len: 14 }];
  string mail = 2 [(buf.validate.field).string.email = true];
  string uid = 3 [(buf.validate.field).string.uuid = true];
  string exact = 4 [(buf.validate.field).string.len = 5];
  string one_of = 5 [(buf.validate.field).string = { in: ["x", "y"] }];
  string fixed = 6 [(buf.validate.field).string.const = "always"];
  string shown = 7 [(buf.validate.field).string = { pattern: "^[A-Z]{3}$", example: ["ABC", "XYZ"] }];
  int32 age = 8 [(buf.validate.field).int32 = { gte: 18, lt: 21 }];
  int64 wide = 9 [(buf.validate.field).int64 = { gt: 9007199254740993, lte: 9007199254740995 }];
  double share = 10 [(buf.validate.field).double = { gt: 0.25, lte: 0.75 }];
  uint32 not_these = 11 [(buf.validate.field).uint32 = { gte: 1, lte: 3, not_in: [1, 3] }];
  sint32 below = 12 [(buf.validate.field).sint32.lt = -100];
  State known = 13 [(buf.validate.field).enum = { not_in: [1] }];
  repeated string tags = 14 [(buf.validate.field).repeated = {
    min_items: 3, unique: true, items: { string: { in: ["a", "b", "c", "d"] } }
  }];
  map<string, uint32> quota = 15 [(buf.validate.field).map = {
    min_pairs: 2, max_pairs: 2, keys: { string: { min_len: 30 } }, values: { uint32: { gte: 500, lte: 501 } }
  }];
  bytes digest = 16 [(buf.validate.field).bytes.len = 32];
  google.protobuf.Timestamp later = 17 [(buf.validate.field).timestamp.gt_now = true, (buf.validate.field).required = true];
  google.protobuf.Duration short = 18 [
    (buf.validate.field).required = true,
    (buf.validate.field).duration = { gte: { seconds: 2 }, lte: { seconds: 4 } }
  ];
  optional string must = 19 [(buf.validate.field).required = true];
  string host = 20 [(buf.validate.field).string.hostname = true];
  string ip = 21 [(buf.validate.field).string.ipv4 = true];
  fixed64 example_number = 22 [(buf.validate.field).fixed64.example = 18446744073709551615];
  float within = 23 [(buf.validate.field).float = { gte: 1.5, lte: 1.6 }];
  string short_text = 24 [(buf.validate.field).string.max_len = 2];
}`;

type Json = Readonly<Record<string, unknown>>;

interface Emitted {
  readonly Shop: ServiceInfo;
  readonly Order: MessageType<Json>;
  readonly Rules: MessageType<Json>;
  readonly Summary: MessageType<Json>;
  readonly shopDescriptors: readonly string[];
}

let emitted: Emitted;
beforeAll(async () => {
  const { files, diagnostics } = await emit({ "shop.proto": proto }, [messages, rpc], { reflection: true });
  expect(diagnostics).toEqual([]);
  const load = emittedModules(files);
  const parts = await Promise.all(["pb", "rpc", "desc"].map((kind) => load(`shop.${kind}.ts`)));
  emitted = Object.assign({}, ...parts) as Emitted;
});

const seeds = Array.from({ length: 60 }, (_, i) => i);

describe("createMessageValues", () => {
  test("values of every kind of field: whole ones, that survive the wire, the same for a seed", () => {
    const { Order, shopDescriptors } = emitted;
    const seen = new Set<string>();
    const texts = seeds.map((seed) => {
      const values = createMessageValues(shopDescriptors, { seed });
      const order = values.next(Order);
      expect(Order.decode(Order.encode(order))).toEqual(order);
      for (const key of Object.keys(order)) if (order[key] !== undefined) seen.add(key);
      const payment = order["payment"] as { case: string } | undefined;
      if (payment !== undefined) seen.add(payment.case);
      expect([1, 2]).toContain(order["state"]);
      expect((order["lines"] as unknown[]).length).toBeGreaterThanOrEqual(2);
      expect((order["lines"] as unknown[]).length).toBeLessThanOrEqual(4);
      expect(order["contactEmail"]).toMatch(/^[a-z]+\.\d+@example\.com$/);
      return String(Order.encode(order));
    });
    expect(
      seeds.map((seed) => String(Order.encode(createMessageValues(shopDescriptors, { seed }).next(Order)))),
    ).toEqual(texts);
    expect(new Set(texts).size).toBe(seeds.length);
    // over many seeds everything comes up, but for Anys, which nobody can print without a registry
    expect(seen.has("detail")).toBe(false);
    const fields = Object.keys(Order.create()).filter((key) => key !== "payment" && key !== "detail");
    expect([...fields, "card", "voucher", "free"].filter((name) => !seen.has(name))).toEqual([]);
  });

  test("recursion ends, and so do large messages", () => {
    const { Order, shopDescriptors } = emitted;
    const depth = (order: Json): number => {
      const parent = order["parent"] as Json | undefined;
      return parent === undefined ? 1 : 1 + depth(parent);
    };
    const orders = seeds.map((seed) => createMessageValues(shopDescriptors, { seed }).next(Order));
    expect(Math.max(...orders.map(depth))).toBe(2);
    expect(Math.max(...orders.map((order) => Order.encode(order).length))).toBeLessThan(30_000);
  });

  test("one after another of a seed", () => {
    const { Summary, shopDescriptors } = emitted;
    const values = createMessageValues(shopDescriptors, { seed: "a" });
    const three = [values.next(Summary), values.next(Summary), values.next(Summary)];
    expect(new Set(three.map((one) => String(Summary.encode(one)))).size).toBe(3);
    expect(() => createMessageValues([]).next(Summary)).toThrow("the descriptors have no message shop.v1.Summary");
  });

  test("what buf.validate says of a field holds", () => {
    const { Rules, shopDescriptors } = emitted;
    const seen = { shown: new Set<unknown>(), oneOf: new Set<unknown>() };
    for (const seed of seeds) {
      const found = createMessageValues(shopDescriptors, { seed }).next(Rules) as Record<string, unknown>;
      const text = (name: string): string => found[name] as string;
      const number = (name: string): number => found[name] as number;
      expect(text("code")).toMatch(/^AB-.{8,10}!$/);
      expect(text("mail")).toMatch(/^[^@ ]+@example\.com$/);
      expect(text("uid")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(text("exact")).toHaveLength(5);
      expect(["x", "y"]).toContain(text("oneOf"));
      seen.oneOf.add(text("oneOf"));
      expect(text("fixed")).toBe("always");
      expect(["ABC", "XYZ"]).toContain(text("shown"));
      seen.shown.add(text("shown"));
      expect([18, 19, 20]).toContain(number("age"));
      expect([9007199254740994n, 9007199254740995n]).toContain(found["wide"]);
      expect(number("share")).toBeGreaterThan(0.25);
      expect(number("share")).toBeLessThanOrEqual(0.75);
      expect(number("notThese")).toBe(2);
      expect(number("below")).toBeLessThan(-100);
      expect(number("known")).toBe(2);
      const tags = found["tags"] as string[];
      expect(tags.length).toBeGreaterThanOrEqual(3);
      expect(new Set(tags).size).toBe(tags.length);
      const quota = Object.entries(found["quota"] as Record<string, number>);
      expect(quota).toHaveLength(2);
      for (const [key, value] of quota) {
        expect(key.length).toBeGreaterThanOrEqual(30);
        expect([500, 501]).toContain(value);
      }
      expect(found["digest"]).toHaveLength(32);
      expect((found["later"] as { seconds: bigint }).seconds).toBeGreaterThan(BigInt(Math.floor(Date.now() / 1_000)));
      const { seconds } = found["short"] as { seconds: bigint };
      expect(seconds >= 2n && seconds <= 4n).toBe(true);
      expect(text("must")).toBeTypeOf("string");
      expect(text("host")).toMatch(/^[a-z]+\.example\.com$/);
      expect(text("ip")).toMatch(/^192\.0\.2\.\d{1,3}$/);
      expect(found["exampleNumber"]).toBe(18446744073709551615n);
      expect(number("within")).toBeGreaterThanOrEqual(1.5);
      expect(number("within")).toBeLessThanOrEqual(1.6 + 1e-6);
      expect(text("shortText").length).toBeLessThanOrEqual(2);
    }
    expect(seen).toEqual({ shown: new Set(["ABC", "XYZ"]), oneOf: new Set(["x", "y"]) });
  });
});

describe("createMockHandler", () => {
  interface Client {
    get(request: object): Promise<Json>;
    list(request: object): AsyncIterable<Json>;
    import(requests: readonly object[]): Promise<Json>;
    chat(requests: readonly object[]): AsyncIterable<Json>;
  }

  function connect(options?: Parameters<typeof createMockHandler>[2]): Client {
    const { Shop, shopDescriptors } = emitted;
    const transport = createTestTransport();
    transport.register(Shop, implementService(Shop, createMockHandler(Shop, shopDescriptors, options)));
    const client = createServiceClient<Client>(Shop, transport);
    expect(clientMethods(client)?.size).toBe(4);
    return client;
  }

  async function collect(source: AsyncIterable<Json>): Promise<Json[]> {
    const all: Json[] = [];
    for await (const one of source) all.push(one);
    return all;
  }

  test("a server of all four kinds: the same answer for the same request, another for another", async () => {
    const client = connect();
    const first = await client.get({ id: "7" });
    expect(first).toEqual(await client.get({ id: "7" }));
    expect(first).toEqual(await connect().get({ id: "7" }));
    expect(first["id"]).toBe("7");
    // of the same name, but another type
    expect(await client.get({ state: "no state" })).toMatchObject({ state: expect.any(Number) as number });
    expect(await client.get({ id: "8" })).not.toEqual({ ...first, id: "8" });
    expect(await connect({ seed: 2 }).get({ id: "7" })).not.toEqual(first);
    const list = await collect(client.list({ id: "9" }));
    expect(list.map((order) => order["id"])).toEqual(["9", "9", "9"]);
    expect(new Set(list.map((order) => order["ratio"])).size).toBe(3);
    expect(await client.import([{ id: "1" }])).toMatchObject({ count: expect.any(Number) as number });
    const chat = await collect(client.chat([{ id: "a" }, { id: "b" }]));
    expect(chat.map((order) => order["id"])).toEqual(["a", "b"]);
  });

  test("methods of one's own beside it, and the length of streams", async () => {
    const client = connect({ handlers: { get: () => ({ id: "mine" }) }, streamLength: 5 });
    expect(await client.get({ id: "7" })).toMatchObject({ id: "mine" });
    expect(await collect(client.list({}))).toHaveLength(5);
    expect(() => createMockHandler(emitted.Shop, [])).toThrow("the descriptors have no message shop.v1.Order");
  });
});
