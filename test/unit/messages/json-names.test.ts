import { describe, expect, it } from "vitest";
import type { WireError } from "../../../src/runtime/wire/index.js";
import { load } from "./support.js";

const proto = `syntax = "proto3";
package t;
import "google/protobuf/struct.proto";
message Order {
  string order_id = 1;
  repeated Order sub_orders = 2;
  map<string, Order> by_name = 3;
  google.protobuf.Struct any_thing = 4;
  string other = 5 [json_name = "else"];
  oneof one { string first_one = 6; }
}`;

describe("names in JSON", async () => {
  const { type } = await load({ "t.proto": proto });
  const Order = type("Order");

  function failure(action: () => unknown): string {
    try {
      action();
    } catch (error) {
      const { code, path, reason } = error as WireError;
      return `${code} at ${path}: ${reason}`;
    }
    return "";
  }

  it.each([
    ['{"orderId":"a","orderId":"b"}', "orderId"],
    ['{"orderId" : "a", "order\\u0049d"\n: "b"}', "orderId"],
    ['{"subOrders":[{},{"byName":{"a":{},"b c":{"else":"x","else":"x"}}}]}', 'subOrders[1].byName["b c"].else'],
    ['{"byName":{"k":{},"k":{}}}', "byName.k"],
    ['{"anyThing":{"a":[{"b":1,"b":2}]}}', "anyThing.a[0].b"],
    ['{"anyThing":{"__proto__":1,"__proto__":2}}', "anyThing.__proto__"],
    ['{"unknown":1,"unknown":2}', "unknown"],
    ['{"orderId":"\\\\","other\\"":1,"other\\"":2}', '["other\\""]'],
  ])("M3: text with two members of one name is refused: %s", (text, path) => {
    const expected = `invalid_value at ${path}: the object has two members of this name`;
    expect(failure(() => Order.fromJsonString(text, { ignoreUnknownFields: true }))).toBe(expected);
  });

  it.each([
    '{"orderId":"a:b","else":"\\":\\\\"}',
    '{"subOrders":[{"orderId":"x"},{"orderId":"x"}],"orderId":"{\\"a\\":1,\\"a\\":2}"}',
    '{"anyThing":{"a":{"a":{"a":[[],{}, "a:"]}},"":":","\\\\":"\\\\"}}',
  ])("M3: colons, quotes and backslashes in strings are no members: %s", (text) => {
    expect(Order.toJson(Order.fromJsonString(text))).toEqual(JSON.parse(text));
  });

  it("M3: nesting that no stack has room for is refused by depth", () => {
    const text = `${'{"subOrders":['.repeat(100_000)}${"]}".repeat(100_000)}`;
    expect(failure(() => Order.fromJsonString(text))).toContain("messages are nested too deeply");
  });

  it("M3: an inherited enumerable name makes no difference", () => {
    // oxlint-disable-next-line eslint/no-extend-native -- what careless libraries do, which must change nothing
    Object.defineProperty(Object.prototype, "polluted", {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(Order.fromJsonString('{"orderId":"a"}')["orderId"]).toBe("a");
    } finally {
      delete (Object.prototype as { polluted?: number }).polluted;
    }
  });

  it.each([
    [{ order_id: "a", orderId: "b" }, 'order_id: the field is already set as "orderId"'],
    [{ orderId: "b", order_id: "a" }, 'order_id: the field is already set as "orderId"'],
    [{ other: "a", else: "b" }, 'other: the field is already set as "else"'],
    [{ sub_orders: [], subOrders: [] }, 'sub_orders: the field is already set as "subOrders"'],
    [{ by_name: {}, byName: {} }, 'by_name: the field is already set as "byName"'],
    [{ first_one: "a", firstOne: "b" }, 'first_one: the field is already set as "firstOne"'],
  ])("M3: a field under both of its names is refused: %j", (json, message) => {
    expect(() => Order.fromJson(json)).toThrow(message);
  });

  it("M3: a name of two fields is that of the one whose JSON name it is", async () => {
    const { type } = await load({
      "t.proto": `syntax = "proto2"; package t;
        message Needy { required int32 foo_bar = 1 [json_name = "x"]; optional int32 y = 2 [json_name = "foo_bar"]; }`,
    });
    const Needy = type("Needy");
    expect(() => Needy.fromJson({ foo_bar: 1 })).toThrow("t.Needy.foo_bar is required");
    expect(Needy.fromJson({ foo_bar: 1, x: 2 })).toMatchObject({ fooBar: 2, y: 1 });
  });

  it.each(["a", "-"])("M3: errors show the beginning of a name of a million %s", (letter) => {
    expect(() => Order.fromJson({ [letter.repeat(1_000_000)]: 1 })).toThrow(
      expect.objectContaining({ path: `["${letter.repeat(128)}…"]` }),
    );
  });

  it("M3: a null beside the value is none", () => {
    expect(Order.fromJson({ order_id: "a", orderId: null })["orderId"]).toBe("a");
    expect(Order.fromJson({ order_id: null, orderId: "a" })["orderId"]).toBe("a");
  });
});
