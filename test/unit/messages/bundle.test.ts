import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bundle } from "./support.js";

const proto = `syntax = "proto2"; package t;
message Used { optional string name = 1; optional Level level = 2; extensions 100 to 200; }
message Unused { optional int64 count = 1; repeated Used others = 2; map<string, Other> by_name = 3; }
enum Level { LOW = 0; HIGH = 1; }
enum Other { NONE = 0; SOME = 1; }
extend Used { optional string note = 100; repeated Unused more = 101; optional Other other = 102; }`;

/** The shape of a small call: text, integers of both sizes, a number, a flag. */
const lookup = `syntax = "proto3"; package t;
message Lookup {
  int64 account_id = 1; string email = 2; string name = 3; int32 limit = 4;
  bool exact = 5; double radius = 6; uint32 flags = 7; string locale = 8;
}
message Series { repeated double values = 1; map<string, bytes> parts = 2; Lookup lookup = 3; }`;

describe("a bundle", () => {
  it("M35: has the messages that a program uses, and none of the others of their file", async () => {
    const text = await bundle({ "t.proto": proto }, 'export { Used } from "emitted/t.pb.js";');
    expect(text).toContain('"t.Used"');
    expect(text).toContain('"t.Level"');
    for (const unused of ["t.Unused", "t.Other", "byName", "t.note", "t.more", "HIGH:1,SOME"]) {
      expect(text).not.toContain(unused);
    }
  });

  it("M35: has an enum or an extension alone when a program uses nothing else", async () => {
    const constants = await bundle({ "t.proto": proto }, 'export { Level } from "emitted/t.pb.js";');
    expect(constants).toMatch(/^var \w+=\{LOW:0,HIGH:1\};export\{\w+ as Level\};\n$/);
    const extension = await bundle({ "t.proto": proto }, 'export { note } from "emitted/t.pb.js";');
    expect(extension).toContain('"t.note"');
    for (const unused of ["t.Unused", "t.Other", "t.more", '"t.Level"']) expect(extension).not.toContain(unused);
  });

  it("M35: has nothing of a file that is imported and not used", async () => {
    expect(await bundle({ "t.proto": proto }, 'import { Used } from "emitted/t.pb.js";')).toBe("");
  });

  it("M62: has no base64 and no search for required fields where no field needs them", async () => {
    const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const program = (name: string): string => `export { ${name} } from "emitted/t.pb.js";`;
    expect(await bundle({ "t.proto": lookup }, program("Lookup"))).not.toContain(base64);
    expect(await bundle({ "t.proto": lookup }, program("Series"))).toContain(base64);
    // the message that the search ends with
    expect(await bundle({ "t.proto": proto }, program("Used"))).not.toContain("is required");
    const needy = 'syntax = "proto2"; package t; message Needy { required string name = 1; }';
    expect(await bundle({ "t.proto": needy }, program("Needy"))).toContain("is required");
  });

  it("M35: takes at most 9 KB for a message in binary and JSON, compressed", async () => {
    const text = await bundle({ "t.proto": lookup }, 'export { Lookup } from "emitted/t.pb.js";');
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(9000);
  });

  it("M35: needs no JSON for programs that call the functions of the binary format", async () => {
    const text = await bundle({ "t.proto": lookup }, 'export { readLookup, writeLookup } from "emitted/t.pb.js";');
    expect(text).not.toContain('"accountId"');
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(5000);
  });
});
