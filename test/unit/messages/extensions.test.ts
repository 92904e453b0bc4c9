import { describe, expect, it } from "vitest";
import {
  clearExtension,
  createRegistry,
  type Extension,
  getExtension,
  hasExtension,
  isWireError,
  setExtension,
  type UnknownField,
} from "../../../src/runtime/wire/index.js";
import { modelOf } from "../../support/model.js";
import { bundle, type Fields, hex, load, peer, unhex } from "./support.js";

const proto = `syntax = "proto2";
package t;
import "google/protobuf/struct.proto";
extend Order {
  // A note for the courier.
  optional string note = 100;
  optional int32 count = 101 [default = -7];
  repeated sint64 deltas = 102;
  repeated fixed32 codes = 103 [packed = true];
  optional Inner inner = 104;
  optional group Part = 105 { optional int32 size = 1; optional Inner deep = 2; }
  repeated Inner many = 106;
  optional Level level = 107 [default = HIGH];
  repeated Level levels = 108 [packed = true];
  optional bytes raw = 109 [default = "\\001\\377"];
  optional google.protobuf.Value any_json = 110;
  optional uint64 big = 111 [jstype = JS_STRING];
  optional int64 safe = 112 [jstype = JS_NUMBER];
  optional bool flag = 113;
  optional double ratio = 114;
  repeated string names = 115;
  repeated group Line = 116 { optional int32 n = 1; }
}
enum Level { LOW = 1; HIGH = 2; }
message Order {
  optional string id = 1;
  extensions 100 to 199;
  message Scope {
    extend Order { optional Scope in_scope = 120; }
    optional int32 x = 1;
    extensions 10;
  }
}
message Inner { optional int32 number = 1; optional string text = 2; repeated int32 list = 3; }
message Other { extensions 100; }
extend Order.Scope { optional Order again = 10; }
`;

type AnyExtension = Extension<Fields, unknown, unknown>;
type Carrier = Fields & { $unknown?: readonly UnknownField[]; $type?: unknown };

describe("extensions", async () => {
  const { files, module, type } = await load({ "t.proto": proto });
  const Order = type("Order");
  const theirs = peer(proto.replace(/^import.*$/m, "").replace(/^.*any_json.*$/m, ""), "t.Order");

  function ext(name: string): AnyExtension {
    const found = module[name];
    if (typeof found !== "object" || found === null || !("extendee" in found)) throw new Error(`no extension ${name}`);
    // emitted, and what a test asks for by name is an extension
    return found as AnyExtension;
  }
  const all = Object.values(module).filter(
    (value): value is AnyExtension => typeof value === "object" && value !== null && "extendee" in value,
  );
  const registry = createRegistry(...all);
  const fresh = (): Carrier => Order.create({ id: "o1" });
  const decoded = (bytes: Uint8Array): Carrier => Order.decode(bytes);

  it("M3: each is a typed constant in schema order, with the comment of the contract", () => {
    const text = files.get("t.pb.ts") ?? "";
    expect(text).toContain(`/** A note for the courier. */
export const note: Extension<Order, string> = /* @__PURE__ */ extension(
  "t.note",
  "t.Order",
  100,
  looseStringCodec,
  "",
);
`);
    expect(text).toContain("export const inner: Extension<Order, Inner | undefined, InnerInit> =\n");
    expect(text).toContain("export const deltas: Extension<Order, bigint[], readonly bigint[]> =\n");
    expect(text).toContain("export const Order_Scope_inScope: Extension<");
    expect(text.indexOf("export const note")).toBeLessThan(text.indexOf("export const Level"));
    expect(ext("note")).toMatchObject({ typeName: "t.note", extendee: "t.Order", number: 100 });
    expect(ext("Order_Scope_inScope")).toMatchObject({ typeName: "t.Order.Scope.in_scope", number: 120 });
  });

  const values: readonly (readonly [name: string, value: unknown])[] = [
    ["note", "at the door"],
    ["count", 5],
    ["count", -2_147_483_648],
    ["deltas", [1n, -1n, 9_223_372_036_854_775_807n]],
    ["codes", [0, 1, 4_294_967_295]],
    ["inner", { number: 3, text: "x", list: [1] }],
    ["part", { size: 4, deep: { number: 1, text: undefined, list: [] } }],
    [
      "many",
      [
        { number: 1, text: undefined, list: [] },
        { number: undefined, text: "é", list: [2, 3] },
      ],
    ],
    ["level", 1],
    ["levels", [2, 1, 2]],
    ["raw", new Uint8Array([0, 255])],
    ["big", "18446744073709551615"],
    ["safe", -9_007_199_254_740_991],
    ["flag", true],
    ["ratio", Number.NaN],
    ["names", ["", "b"]],
    ["line", [{ n: 1 }, { n: undefined }]],
  ];

  it.each(values)("M3: %s is set, written as protobufjs does, read and cleared", (name, value) => {
    const extension = ext(name);
    const order = fresh();
    expect(hasExtension(order, extension)).toBe(false);
    setExtension(order, extension, value);
    expect(getExtension(order, extension)).toEqual(value);

    const bytes = Order.encode(order);
    expect(hex(theirs.encode(theirs.decode(bytes)).finish())).toBe(hex(bytes));
    const back = decoded(bytes);
    expect(hasExtension(back, extension)).toBe(true);
    expect(getExtension(back, extension)).toEqual(value);

    clearExtension(back, extension);
    expect(hasExtension(back, extension)).toBe(false);
    expect(back).toEqual(Order.create({ id: "o1" }));
  });

  it.each(values)("M3: %s has a name in JSON, both ways", (name, value) => {
    const extension = ext(name);
    const order = fresh();
    setExtension(order, extension, value);
    const json = Order.toJson(order, { registry });
    expect(Object.keys(json ?? {})).toEqual(["id", `[${extension.typeName}]`]);
    expect(JSON.parse(Order.toJsonString(order, { registry }))).toEqual(json);
    expect(getExtension(Order.fromJson(json, { registry }), extension)).toEqual(value);
    // without a registry JSON does not show them, and takes none
    expect(Order.toJson(order)).toEqual({ id: "o1" });
    expect(() => Order.fromJson(json)).toThrow("the contract has no such field");
    expect(Order.fromJson(json, { ignoreUnknownFields: true })).toEqual(Order.create({ id: "o1" }));
  });

  it("M3: an absent one has its default", () => {
    const order = fresh();
    expect(getExtension(order, ext("note"))).toBe("");
    expect(getExtension(order, ext("count"))).toBe(-7);
    expect(getExtension(order, ext("level"))).toBe(2);
    expect(getExtension(order, ext("raw"))).toEqual(new Uint8Array([1, 255]));
    expect(getExtension(order, ext("big"))).toBe("0");
    expect(getExtension(order, ext("safe"))).toBe(0);
    expect(getExtension(order, ext("inner"))).toBeUndefined();
    const list = getExtension(order, ext("names"));
    expect(list).toEqual([]);
    // a list of its own, so that nobody fills everybody's
    expect(getExtension(order, ext("names"))).not.toBe(list);
  });

  it("M3: the last value counts, messages and groups are merged, lists grow, packed or not", () => {
    const order = decoded(
      unhex(
        "a806 01 a806 02" + // count twice
          "c206 02 0801 c206 03 120178" + // inner, in two parts
          "cb06 0803 cc06 cb06 1202 0809 cc06" + // group, in two parts
          "b006 02 b206 02 0103 b006 04" + // deltas, not packed and packed
          "bd06 01000000 ba06 04 02000000", // codes, likewise
      ),
    );
    expect(getExtension(order, ext("count"))).toBe(2);
    expect(getExtension(order, ext("inner"))).toEqual({ number: 1, text: "x", list: [] });
    expect(getExtension(order, ext("part"))).toEqual({ size: 3, deep: { number: 9, text: undefined, list: [] } });
    expect(getExtension(order, ext("deltas"))).toEqual([1n, -1n, -2n, 2n]);
    expect(getExtension(order, ext("codes"))).toEqual([1, 2]);
  });

  it("M3: what a closed enum lacks and what has the wrong wire type stays unknown", () => {
    const bytes = unhex("d806 09 d806 01 d806 07  e206 03 020901  a206 0178  a50601000000");
    const order = decoded(bytes);
    expect(getExtension(order, ext("level"))).toBe(1);
    expect(getExtension(order, ext("levels"))).toEqual([2, 1]);
    expect(getExtension(order, ext("note"))).toBe("x");
    expect(hex(Order.encode(order))).toBe(hex(bytes));
    setExtension(order, ext("level"), 2);
    expect(hasExtension(order, ext("level"))).toBe(true);
    expect(hex(Order.encode(order))).toBe("e20603020901a2060178a50601000000d80602");
  });

  it("M3: setting one replaces all of its occurrences and leaves the others in place", () => {
    const order = decoded(unhex("a80601 a2060178 a80602"));
    setExtension(order, ext("count"), 3);
    expect(hex(Order.encode(order))).toBe("a2060178a80603");
    setExtension(order, ext("names"), []);
    expect(hasExtension(order, ext("names"))).toBe(false);
  });

  it("M3: the default of bytes is everybody's own", () => {
    const raw = getExtension(fresh(), ext("raw"));
    if (!(raw instanceof Uint8Array)) throw new Error("no bytes");
    raw.fill(7);
    expect(getExtension(fresh(), ext("raw"))).toEqual(new Uint8Array([1, 255]));
  });

  it("M3: what would not be there after it was set is refused", async () => {
    const order = fresh();
    setExtension(order, ext("level"), 1);
    const wrong = expect.objectContaining({ name: "WireError", code: "invalid_value" });
    expect(() => setExtension(order, ext("level"), 7)).toThrow(wrong);
    expect(() => setExtension(order, ext("levels"), [1, 7])).toThrow(wrong);
    for (const value of [undefined, null]) {
      expect(() => setExtension(order, ext("names"), value)).toThrow(wrong);
      expect(() => setExtension(order, ext("inner"), value)).toThrow(wrong);
    }
    expect(getExtension(order, ext("level"))).toBe(1);

    const named = await load({ "t.proto": proto }, { enums: "string" });
    // emitted, and an extension by its name
    const level = named.module["level"] as AnyExtension;
    expect(() => setExtension(order, level, 7)).toThrow(wrong);
    expect(() => setExtension(order, level, "NONE")).toThrow(wrong);
    setExtension(order, level, "HIGH");
    expect(getExtension(order, ext("level"))).toBe(2);
  });

  it("M36: one keeps no bytes alive but its own", () => {
    const order = fresh();
    setExtension(order, ext("note"), "x");
    setExtension(order, ext("part"), { size: 1 });
    for (const { data } of order.$unknown ?? []) expect(data.buffer.byteLength).toBe(data.length);
  });

  it("M3: a message or a group takes one of the levels that are left", () => {
    const order = fresh();
    setExtension(order, ext("part"), { size: 1 });
    setExtension(order, ext("inner"), { number: 1 });
    for (const name of ["part", "inner"]) {
      expect(() => getExtension(order, ext(name), { maxDepth: 0 })).toThrow("nested too deeply");
      expect(getExtension(order, ext(name), { maxDepth: 1 })).toBeDefined();
    }
  });

  it("M3: malformed bytes and values out of range are WireErrors", () => {
    const bad = decoded(unhex("c206 02 0aff"));
    expect(() => getExtension(bad, ext("inner"))).toThrow(expect.toSatisfy(isWireError));
    expect(() => getExtension(decoded(unhex("e206 02 ffff")), ext("levels"))).toThrow(expect.toSatisfy(isWireError));
    expect(() => setExtension(fresh(), ext("count"), 2 ** 31)).toThrow(expect.toSatisfy(isWireError));
    expect(() => setExtension(fresh(), ext("safe"), 0.5)).toThrow(expect.toSatisfy(isWireError));
    expect(() => Order.toJson(bad, { registry })).toThrow(expect.toSatisfy(isWireError));
    expect(() => Order.fromJsonString('{"[t.count]":1.5}', { registry })).toThrow('["[t.count]"]: expected');
    expect(() => Order.fromJsonString('{"[t.count]":1,"[t.count]":1}', { registry })).toThrow("two members");
  });

  it("M3: extensions of extensions are limited in depth, both ways", () => {
    const nest = (levels: number): Carrier => {
      const order = fresh();
      if (levels === 0) return order;
      const scope: Carrier = { x: levels };
      setExtension(scope, ext("again"), nest(levels - 1));
      setExtension(order, ext("Order_Scope_inScope"), scope);
      return order;
    };
    const json = Order.toJson(nest(20), { registry });
    expect(Order.toJson(Order.fromJson(json, { registry }), { registry })).toEqual(json);
    expect(() => Order.toJson(nest(60), { registry })).toThrow("nested too deeply");
    const deep = JSON.parse(`${'{"[t.Order.Scope.in_scope]":{"[t.again]":'.repeat(60)}{}${"}}".repeat(60)}`);
    expect(() => Order.fromJson(deep, { registry })).toThrow("nested too deeply");
  });

  it("M3: JSON null is no value, but for google.protobuf.Value; an extension of another message is unknown", () => {
    const order = Order.fromJson({ "[t.note]": null, "[t.any_json]": null }, { registry });
    expect(hasExtension(order, ext("note"))).toBe(false);
    expect(Order.toJson(order, { registry })).toEqual({ "[t.any_json]": null });
    expect(() => type("Other").fromJson({ "[t.note]": "x" }, { registry })).toThrow("no such field");
    expect(() => Order.fromJson({ "[t.unknown]": "x" }, { registry })).toThrow("no such field");
  });

  it("M3: names that mean something in TypeScript or in the emitted file clash with nothing", async () => {
    const names = ["default", "class", "extension", "Extension", "messageCodec", "writeInner", "order", "Order_Init"];
    const hostile = await load({
      "t.proto": `syntax = "proto2"; package t;
        message Order { extensions 1 to 100; message Scope { extend Order { optional int32 x = 99; } } }
        message Order_Scope_x {}
        message Inner {}
        extend Order {
          ${names.map((each, i) => `optional Inner ${each} = ${i + 1};`).join("\n")}
          optional int32 __proto__ = 50;
          optional int32 constructor = 51;
        }`,
    });
    const found = Object.values(hostile.module).filter(
      (value): value is AnyExtension => typeof value === "object" && value !== null && "extendee" in value,
    );
    expect(found.length).toBe(names.length + 3);
    const known = createRegistry(...found);
    const carrier: Carrier = hostile.type("Order").create();
    for (const each of found) setExtension(carrier, each, each.number < 50 ? {} : 7);
    const json = hostile.type("Order").toJson(carrier, { registry: known });
    expect(Object.keys(json ?? {})).toContain("[t.__proto__]");
    expect(hostile.type("Order").fromJson(json, { registry: known })).toEqual(carrier);
  });

  it("M3: options are extensions of the compiler and have no constant", async () => {
    const { files: none } = await load({
      "t.proto": `syntax = "proto3"; package t;
        import "google/protobuf/descriptor.proto";
        message A { string s = 1 [(tag) = "x"]; }
        extend google.protobuf.FieldOptions { string tag = 51234; }`,
    });
    expect(none.get("t.pb.ts")).not.toContain("51234");
    // nor are their types a reason to emit a file
    const { model } = modelOf(
      {
        "options.proto": `syntax = "proto3"; package t;
          import "google/protobuf/descriptor.proto";
          import "types.proto";
          message A {}
          extend google.protobuf.FieldOptions { Rule rule = 51234; }`,
        "types.proto": `syntax = "proto3"; package t; message Rule {}`,
      },
      { emit: ["options.proto"] },
    );
    expect(model.protos.filter(({ emit }) => emit).map(({ path }) => path)).toEqual(["options.proto"]);
  });

  it.each<[name: string, wireType: number, data: string]>([
    ["count", 0, ""],
    ["count", 0, "80"],
    ["ratio", 1, "00"],
    ["note", 2, "0561"],
    ["part", 3, "0801"],
    ["deltas", 0, "80"],
    ["deltas", 2, "0180"],
    ["codes", 5, "01"],
    ["codes", 2, "03010203"],
    ["many", 2, "020801ff"],
  ])("M3: data that a program made and that ends in a value is refused: %s, %i, %s", (name, wireType, data) => {
    const order: Carrier = { $unknown: [{ number: ext(name).number, wireType, data: unhex(data) }] };
    expect(() => getExtension(order, ext(name))).toThrow(expect.objectContaining({ name: "WireError" }));
    expect(() => hasExtension(order, ext(name))).toThrow(expect.objectContaining({ name: "WireError" }));
  });

  it.each<[name: string, wireType: number, data: string]>([
    ["count", 2, "0101"],
    ["inner", 0, "01"],
    ["line", 2, "020801"],
    ["names", 0, "01"],
    ["codes", 0, "01"],
  ])("M3: fields of another wire type are no values of it: %s, %i", (name, wireType, data) => {
    const order: Carrier = { $unknown: [{ number: ext(name).number, wireType, data: unhex(data) }] };
    expect(hasExtension(order, ext(name))).toBe(false);
    expect(getExtension(order, ext(name))).toEqual(getExtension({}, ext(name)));
    expect(order.$unknown).toHaveLength(1);
  });

  it("M3: a bundle without them has no trace of them", async () => {
    const program = 'import { Inner } from "emitted/t.pb.js"; console.log(Inner.decode(new Uint8Array(0)));';
    const text = await bundle({ "t.proto": proto }, program);
    expect(text).not.toContain("t.note");
    expect(text).not.toContain("t.Order");
  });

  it("M3: hasExtension and getExtension read as many levels as the options allow", async () => {
    const { module: deep, type: typeOf } = await load({
      "d.proto": `syntax = "proto2"; package d; message E { extensions 100; optional E child = 1; }
        extend E { optional E et = 100; }`,
    });
    const E = typeOf("E");
    const et = deep["et"] as Extension<{}, unknown>;
    let value: Fields = {};
    for (let level = 0; level < 150; level++) value = { child: value };
    const carrier = E.create({});
    setExtension(carrier, et, value);
    expect(() => hasExtension(carrier, et)).toThrow("nested too deeply");
    expect(hasExtension(carrier, et, { maxDepth: 300 })).toBe(true);
    expect(getExtension(carrier, et, { maxDepth: 300 })).toMatchObject({ child: {} });
  });
});
