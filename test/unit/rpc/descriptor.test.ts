import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fromBinary, toJson, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, onTestFinished, test } from "vitest";
import { encodeFile } from "../../../src/generators/shared/descriptor/file.js";
import { root } from "../../support/compile.js";
import { corpus, haveCorpus, protosBelow } from "../../support/corpus.js";
import { buildImage, haveBuf, type Image } from "../../support/descriptor-set/image.js";
import { modelFromDisk } from "../../support/model.js";

type Json = { [key: string]: Json } & Json[];

/**
 * What protobuf-es reads, options of the contracts' own included. Our descriptors have no positions and no empty
 * options; nested messages may stand in another order, and `optional` before messages and extensions, where it means nothing, is lost.
 */
function readable(bytes: Uint8Array | object, registry: FileRegistry): unknown {
  const file = bytes instanceof Uint8Array ? fromBinary(FileDescriptorProtoSchema, bytes) : bytes;
  const json = toJson(FileDescriptorProtoSchema, file as never, { registry }) as unknown as Json;
  delete json["sourceCodeInfo"];
  const visit = (value: Json): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) visit(value[key] as Json);
    if (value["options"] !== undefined && Object.keys(value["options"]).length === 0) delete value["options"];
    const written = Number(value["defaultValue"]);
    // 1e-7 and 1e-07
    if (/DOUBLE|FLOAT/.test(String(value["type"])) && !Number.isNaN(written)) value["defaultValue"] = written as never;
    if (value["extendee"] !== undefined) delete value["proto3Optional"];
    value["nestedType"]?.sort((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1));
    const { field, oneofDecl } = value;
    if (field === undefined || oneofDecl === undefined) return;
    for (const one of field as Json[]) {
      const index: unknown = one["oneofIndex"];
      if (typeof index === "number") one["oneofIndex"] = oneofDecl[index]?.["name"] as Json;
      if (String(one["type"]) !== "TYPE_MESSAGE" || one["proto3Optional"] === undefined) continue;
      const name = one["oneofIndex"];
      delete one["oneofIndex"];
      delete one["proto3Optional"];
      value["oneofDecl"] = (value["oneofDecl"] ?? oneofDecl).filter((oneof) => oneof["name"] !== name) as Json;
    }
    if (value["oneofDecl"]?.length === 0) delete value["oneofDecl"];
  };
  visit(json);
  return json;
}

/** How many files of a folder have the descriptor that buf has for them. */
function compare({ files, registry }: Image, folder: string, paths: readonly string[]): number {
  const { model } = modelFromDisk([folder], paths, { allowMissing: true });
  for (const path of paths) {
    const file = model.files.get(path);
    const wanted = files.get(path);
    if (file === undefined || wanted === undefined) throw new Error(`${path} is not there`);
    expect(readable(encodeFile(model, file), registry), path).toEqual(readable(wanted.proto, registry));
  }
  return paths.length;
}

const hairy: Readonly<Record<string, string>> = {
  "two.proto": `syntax = "proto2";
package t.two;
import public "three.proto";
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { optional Rule rule = 50001; repeated sint64 numbers = 50002; }
extend google.protobuf.MessageOptions { optional group Grp = 50003 { optional bytes raw = 1; map<string, Rule> rules = 2; } }
message Rule { optional double d = 1; optional float f = 2; optional fixed32 x = 3; optional sfixed64 y = 4; repeated E e = 5; optional Rule in = 6; optional uint64 big = 7; }
enum E { option allow_alias = true; ZERO = 0; NIL = 0; MINUS = -1; reserved 5 to 9, 12 to max; reserved "OLD"; }
message M {
  option (grp) = { raw: "\\x00\\xff'" rules { key: "a" value { d: inf } } };
  required string s = 1 [default = "a\\"ü\\n"];
  optional bytes b = 2 [default = "\\000\\n\\xffq\\"'\\\\"];
  optional double d = 3 [default = -inf]; optional float f = 4 [default = 1.5e-7]; optional double n = 13 [default = nan];
  optional int64 i = 5 [default = -9223372036854775808, jstype = JS_STRING]; optional bool t = 6 [default = true];
  optional E e = 7 [default = MINUS];
  repeated int32 p = 8 [packed = true, (rule) = { d: 1.25 f: -0 x: 4294967295 y: -1 e: [ZERO, MINUS] in { big: 18446744073709551615 } }, (numbers) = -3, (numbers) = 4];
  optional group Part = 9 [deprecated = true] { optional int32 x = 1; }
  oneof o { option features = {}; string os = 10; M om = 11; }
  map<int64, M> map_of_things = 12;
  extensions 100 to 199, 1000 to max;
  reserved 20, 30 to 40; reserved "gone";
  extend M { optional string inner_ext = 101; }
  message Nested { enum K { A = 0; } optional K k = 1; }
}
extend M { repeated M.Nested outer_ext = 102; }
`.replace("option features = {}; ", ""),
  "three.proto": `syntax = "proto3";
package t;
option java_package = "x.y"; option deprecated = true;
message P { optional int32 a = 1; optional P p = 2; string _b = 3; optional string b = 4; repeated int32 l = 5 [packed = false]; string snake_case_2x = 6 [json_name = "other"]; map<string, bytes> m_1 = 7; }
service S { option deprecated = true; rpc A(P) returns (stream P); rpc B(stream P) returns (P) { option idempotency_level = IDEMPOTENT; } rpc C(stream P) returns (stream P); }
`,
  "edition.proto": `edition = "2023";
package t.e;
option features.field_presence = IMPLICIT;
message Q { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; Q q = 2 [features.message_encoding = DELIMITED]; int32 d = 3 [features.field_presence = EXPLICIT, default = 3]; enum C { option features.enum_type = CLOSED; ONE = 1; } }
`,
};

describe.skipIf(!haveBuf("the comparison of descriptors"))("M64: descriptors for reflection are those of buf", () => {
  test("M64: every form of the language", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wirespan-descriptor-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const [path, text] of Object.entries(hairy)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    expect(compare(await buildImage(folder), folder, Object.keys(hairy))).toBe(3);
  });

  test("M64: the protos that ship with wirespan", async () => {
    const folder = join(root, "schemas");
    const paths = protosBelow(folder).filter((path) => !path.startsWith("google/protobuf/"));
    expect(compare(await buildImage(folder), folder, paths)).toBeGreaterThan(10);
  });

  test.skipIf(!haveCorpus("the comparison of descriptors"))("M64: the protos of protobuf", async () => {
    const folder = join(corpus, "protobuf");
    expect(compare(await buildImage(folder), folder, protosBelow(folder))).toBeGreaterThan(20);
  });
});
