import { describe, expect, it } from "vitest";
import { hex, load, peer, unhex } from "./support.js";

const proto = `syntax = "proto2";
package t;
enum Level { LOW = 1; HIGH = 2; }
enum Named { N0 = 0; N1 = 1; N2 = 2; }
enum Alias { option allow_alias = true; ALIAS_A = 0; ALIAS_B = 0; ALIAS_C = 1; }
message Inner { optional int32 number = 1; required string name = 2; }
message Old {
  required string id = 1;
  required int64 count = 2;
  required Level level = 3;
  optional Level maybe_level = 4 [default = HIGH];
  repeated Level levels = 5;
  repeated Level packed_levels = 6 [packed = true];
  optional group Part = 7 {
    optional int32 size = 1;
    optional group Deep = 2 { optional string text = 1; }
  }
  repeated group Many = 8 { required int32 n = 1; }
  optional string text = 9 [default = "a*/\\"b"];
  optional double ratio = 10 [default = -inf];
  optional bytes raw = 11 [default = "\\001\\377"];
  optional uint64 big = 12 [default = 18446744073709551615];
  optional bool flag = 13 [default = true];
  map<string, Named> named = 14;
  optional Inner inner = 15;
  repeated int32 numbers = 16;
  oneof picked { Level one_level = 17; group Choice = 18 { optional int32 x = 1; } }
  extensions 100 to 199;
}
message Wide {
${Array.from({ length: 33 }, (_, i) => `  required int32 f${i + 1} = ${i + 1};`).join("\n")}
}`;

const whole = { id: "a", count: 5n, level: 1 };

describe("proto2", async () => {
  const loaded = await load({ "t.proto": proto });
  const Old = loaded.type("Old");
  // protobufjs cannot read a group in a oneof
  const theirs = peer(proto.replace(/group Choice = 18 \{.*?\}/, ""), "t.Old");

  it("writes groups, required fields and unpacked lists as protobufjs does", () => {
    const bytes = Old.encode({
      ...whole,
      levels: [1, 2],
      packedLevels: [2, 1],
      part: { size: 3, deep: { text: "x" } },
      many: [{ n: 1 }, { n: 0 }],
      named: { a: 2 },
      inner: { name: "n" },
      numbers: [1, -1],
      picked: { case: "oneLevel", value: 2 },
    });
    expect(hex(bytes)).toBe(hex(theirs.encode(theirs.decode(bytes)).finish()));
    expect(Old.decode(bytes)).toMatchObject({
      ...whole,
      levels: [1, 2],
      packedLevels: [2, 1],
      part: { size: 3, deep: { text: "x" } },
      many: [{ n: 1 }, { n: 0 }],
      named: { a: 2 },
      picked: { case: "oneLevel", value: 2 },
    });
  });

  it("writes and merges a group that is a member of a oneof", () => {
    const a = Old.encode({ ...whole, picked: { case: "choice", value: { x: 1 } } });
    expect(hex(a)).toBe("0a0161100518019301080194 01".replaceAll(" ", ""));
    expect(Old.decode(a)["picked"]).toEqual({ case: "choice", value: { x: 1 } });
  });

  it("merges groups that come twice", () => {
    const a = Old.encode({ ...whole, part: { size: 3 } });
    const b = Old.encode({ ...whole, part: { deep: { text: "x" } } });
    expect(Old.decode(Buffer.concat([a, b]))).toMatchObject({ part: { size: 3, deep: { text: "x" } } });
  });

  it("demands required fields on both ways and in JSON", () => {
    expect(() => Old.encode({ id: "a", level: 1 })).toThrow("t.Old.count is required");
    expect(() => Old.decode(unhex("0a0161"))).toThrow("t.Old.count is required");
    expect(() => Old.fromJson({ id: "a", count: "1" })).toThrow("t.Old.level is required");
    expect(() => Old.fromJson({ id: "a", count: "1", level: "LOW", inner: {} })).toThrow(
      "inner: t.Inner.name is required",
    );
    expect(() => Old.decode(Old.encode({ ...whole, many: [{ n: 4 }] }))).not.toThrow();
    expect(hex(Old.encode({ id: "", count: 0n, level: 1 }))).toBe("0a0010001801");
  });

  it("demands more required fields than a number has bits for", () => {
    const Wide = loaded.type("Wide");
    const message = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i + 1}`, i]));
    expect(Wide.decode(Wide.encode(message))).toEqual(message);
    expect(() => Wide.decode(Wide.encode(message).subarray(2))).toThrow("t.Wide.f1 is required");
    expect(() => Wide.decode(Wide.encode(message).subarray(0, -3))).toThrow("t.Wide.f33 is required");
  });

  it("leaves absent fields undefined and gives declared defaults apart", () => {
    expect(Old.create(whole)).toMatchObject({ maybeLevel: undefined, text: undefined, flag: undefined });
    expect(loaded.module["OldDefaults"]).toEqual({
      maybeLevel: 2,
      text: 'a*/"b',
      ratio: Number.NEGATIVE_INFINITY,
      raw: Uint8Array.of(1, 255),
      big: 18_446_744_073_709_551_615n,
      flag: true,
    });
    expect(loaded.files.get("t.pb.ts")).toContain('@default "a*\\/\\"b"');
  });

  it("keeps numbers that a closed enum lacks as unknown fields", () => {
    const bytes = Buffer.concat([
      Old.encode({ ...whole, maybeLevel: 2 }),
      unhex("2063 2801 2863 3203020163 7205 0a0161 1063 7205 0a0162 1001 880163"),
    ]);
    const message = Old.decode(bytes);
    expect(message).toMatchObject({
      maybeLevel: 2,
      levels: [1],
      packedLevels: [2, 1],
      named: { b: 1 },
      picked: undefined,
    });
    expect((message["$unknown"] as { number: number }[]).map(({ number }) => number)).toEqual([4, 5, 6, 14, 17]);
    const again = Old.encode(message);
    expect(hex(again).endsWith("2063286330637205 0a01611063 880163".replaceAll(" ", ""))).toBe(true);
    expect(Old.decode(again)).toEqual(message);
  });

  it("keeps extensions it does not know", () => {
    const bytes = Buffer.concat([Old.encode(whole), unhex("a2060568656c6c6f a80601")]);
    expect(hex(Old.encode(Old.decode(bytes)))).toBe(hex(bytes));
  });

  it("takes aliases of one number", () => {
    expect(loaded.module["Alias"]).toEqual({ A: 0, B: 0, C: 1 });
    expect(loaded.module["aliasInfo"]).toMatchObject({ typeName: "t.Alias", closed: true });
  });
});

describe("editions", async () => {
  const loaded = await load({
    "t.proto": `edition = "2023"; package t;
      message M {
        int32 a = 1;
        int32 b = 2 [features.field_presence = IMPLICIT];
        int32 c = 3 [features.field_presence = LEGACY_REQUIRED];
        M child = 4 [features.message_encoding = DELIMITED];
        repeated M children = 5 [features.message_encoding = DELIMITED];
        repeated int32 list = 6 [features.repeated_field_encoding = EXPANDED];
        string loose = 7 [features.utf8_validation = NONE];
        oneof o { M in = 8 [features.message_encoding = DELIMITED]; }
      }`,
  });
  const M = loaded.type("M");

  it("follows features of presence and encoding", () => {
    expect(M.create()).toEqual({
      a: undefined,
      b: 0,
      c: 0,
      child: undefined,
      children: [],
      list: [],
      loose: undefined,
      o: undefined,
    });
    const message = {
      a: 0,
      b: 0,
      c: 1,
      child: { c: 2 },
      children: [{ c: 3 }],
      list: [1, 2],
      o: { case: "in", value: { c: 4 } },
    };
    expect(hex(M.encode(message))).toBe("08001801 2318022 4 2b18032c 30013002 43180444".replaceAll(" ", ""));
    expect(M.decode(M.encode(message))).toEqual(M.create(message));
  });

  it("validates UTF-8 only where the contract asks for it", () => {
    expect(M.decode(unhex("1801 3a02c328"))["loose"]).toBe("\ufffd(");
  });
});
