import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  createRegistry,
  type Extension,
  getExtension,
  isWireError,
  setExtension,
} from "../../../src/runtime/wire/index.js";
import { createProject } from "../../support/project.js";
import { provideProtoc } from "../../support/protoc.js";
import { type Fields, hex, load, unhex } from "./support.js";

const proto = `syntax = "proto2";
package t;
message Set {
  option message_set_wire_format = true;
  extensions 4 to max;
}
message Outer { optional Set set = 1; }
message Named {
  extend Set { optional Named name = 2147483646; }
  optional string text = 1;
}
message Counted {
  extend Set { optional Counted count = 4; }
  optional int32 n = 1;
  repeated int32 list = 2;
}`;

const protoc = await provideProtoc();

describe("message sets", async () => {
  const { module, type } = await load({ "t.proto": proto });
  const Outer = type("Outer");
  const SetType = type("Set");
  // emitted under these names
  const name = module["Named_name"] as Extension<Fields, unknown, unknown>;
  const count = module["Counted_count"] as Extension<Fields, unknown, unknown>;
  const registry = createRegistry(name, count);

  const named = "0b 10feffffff07 1a 03 0a0178 0c";
  const counted = "0b 1004 1a 02 0805 0c";
  const bytes = unhex(`${named}${counted}`);

  it("M3: extensions are items, whatever their number", () => {
    const set = SetType.create();
    setExtension(set, name, { text: "x" });
    setExtension(set, count, { n: 5 });
    expect(hex(SetType.encode(set))).toBe(hex(bytes));
    expect(hex(Outer.encode({ set }))).toBe(`0a${hex(new Uint8Array([bytes.length]))}${hex(bytes)}`);
    const back = SetType.decode(bytes);
    expect(getExtension(back, name)).toEqual({ text: "x" });
    expect(getExtension(back, count)).toEqual({ n: 5, list: [] });
    expect(SetType.decode(SetType.encode(back))).toEqual(back);
  });

  it.each([
    ["the plain encoding, written as an item", "22 02 0805", counted],
    ["content before the number", "0b 1a 02 0805 1004 0c", counted],
    ["the first number and the first content of several", "0b 1004 1005 1a020805 1a020806 0c", counted],
    ["other fields in an item", "0b 2001 1004 1a020805 130801140c", counted],
    ["an item without number", "0b 1a020805 0c", ""],
    ["an item without content", "0b 1004 0c", ""],
    ["fields of other wire types, which stay as they are", "2005 0b10041a0208050c", `2005 ${counted}`],
    ["items that nobody knows", "0b 10e807 1a 03 616263 0c", "0b10e8071a036162630c"],
  ])("M3: reads %s", (_, input, written) => {
    expect(hex(SetType.encode(SetType.decode(unhex(input))))).toBe(written.replaceAll(" ", ""));
  });

  it.skipIf(protoc === undefined)("M3: protoc writes the same bytes", () => {
    const project = createProject({ "t.proto": proto });
    const input = 'set { [t.Counted.count] { n: 5 list: 6 } [t.Named.name] { text: "x" } }';
    const theirs = execFileSync(protoc ?? "", [`-I${project.root}`, "--encode=t.Outer", "t.proto"], { input });
    const set = SetType.create();
    setExtension(set, count, { n: 5, list: [6] });
    setExtension(set, name, { text: "x" });
    expect(hex(Outer.encode({ set }))).toBe(hex(theirs));
  });

  it("M3: items of one number are merged", () => {
    const set = SetType.decode(unhex("0b10041a0208050c 0b10041a0210070c 22021008"));
    expect(getExtension(set, count)).toEqual({ n: 5, list: [7, 8] });
  });

  it("M3: have names in JSON", () => {
    const json = { set: { "[t.Named.name]": { text: "x" }, "[t.Counted.count]": { n: 5 } } };
    const outer = Outer.fromJson(json, { registry });
    expect(hex(Outer.encode(outer))).toBe(`0a${hex(new Uint8Array([bytes.length]))}${hex(bytes)}`);
    expect(Outer.toJson(outer, { registry })).toEqual(json);
    expect(JSON.parse(Outer.toJsonString(outer, { registry }))).toEqual(json);
  });

  it.each([
    ["ends in the middle of an item", "0b 1004"],
    ["ends in the middle of the content", "0b 1004 1a 05 0805"],
    ["has an end of another group in an item", "0b 1004 14"],
    ["has a number that no extension has", "0b 10ffffffff0f 1a 00 0c"],
  ])("M3: refuses a set that %s", (_, input) => {
    expect(() => SetType.decode(unhex(input))).toThrow(expect.toSatisfy(isWireError));
  });
});
