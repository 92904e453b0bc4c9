import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { linkProtos } from "../../../src/link/proto/index.js";
import { decodeFileSet, readDescriptors } from "../../../src/load/descriptor/index.js";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProto,
} from "../../../src/runtime/wkt/index.js";
import { root } from "../../support/compile.js";
import { corpus, haveCorpus, protosBelow } from "../../support/corpus.js";
import { haveBuf } from "../../support/descriptor-set/image.js";
import { modelDifferences } from "../../support/model-difference.js";
import { modelFromDisk, summaries, type ModelResult } from "../../support/model.js";
import { createProject } from "../../support/project.js";
import { editionsProto, groupsProto, localProto, useProto } from "../../behaviour/protoc/contracts.js";

const subject = "the comparison of parsed protos with descriptors";
const buf = join(root, "node_modules/.bin/buf");

/** The model from a descriptor set that buf makes of a folder. */
function modelFromDescriptors(folder: string, exclude: readonly string[] = []): Omit<ModelResult, "documents"> {
  const work = mkdtempSync(join(tmpdir(), "wirespan-descriptors-"));
  onTestFinished(() => rmSync(work, { recursive: true, force: true }));
  const image = join(work, "image.binpb");
  const without = exclude.flatMap((path) => ["--exclude-path", join(folder, path)]);
  execFileSync(buf, ["build", folder, ...without, "--as-file-descriptor-set", "-o", image], { stdio: "pipe" });
  const diagnostics: Diagnostic[] = [];
  const report = (found: Diagnostic): void => void diagnostics.push(found);
  const documents = readDescriptors({ files: decodeFileSet(readFileSync(image), report) }, report);
  const linked = linkProtos({ documents: [...documents.values()], emit: new Set(documents.keys()) }, report);
  return { model: { ...linked, events: [] }, diagnostics };
}

/** Files compared, and what differs between the model of the parser and that of the descriptors. */
function compareFolder(folder: string, exclude: readonly string[] = []): { count: number; differences: string[] } {
  const { model, diagnostics } = modelFromDescriptors(folder, exclude);
  expect(summaries(diagnostics)).toEqual([]);
  const paths = protosBelow(folder).filter((path) => !exclude.some((left) => path.startsWith(`${left}/`)));
  const parsed = modelFromDisk([folder], paths, { allowMissing: true }).model;
  const differences = paths.flatMap((path) => {
    const [one, other] = [parsed.files.get(path), model.files.get(path)];
    return one === undefined || other === undefined ? [`${path} is missing`] : modelDifferences(one, other);
  });
  return { count: paths.length, differences };
}

describe.skipIf(!haveBuf(subject))("M4: descriptors give the model that the parser gives", () => {
  describe.skipIf(!haveCorpus(subject))("on public protos: structure, options, positions and comments", () => {
    test("the test protos of protobuf", () => {
      const { count, differences } = compareFolder(join(corpus, "protobuf"));
      expect(differences).toEqual([]);
      expect(count).toBeGreaterThan(130);
    });

    test("protovalidate", () => {
      // several versions of the same messages
      const { count, differences } = compareFolder(join(corpus, "protovalidate"), ["tests/migrate"]);
      expect(differences).toEqual([]);
      expect(count).toBeGreaterThan(25);
    });
  });

  test("groups, defaults, message sets, a header without syntax; editions with visibility and routes", () => {
    const { root: folder, write } = createProject({
      "acme/groups/groups.proto": groupsProto,
      "acme/editions/v1/editions.proto": editionsProto,
      "acme/editions/v1/local.proto": localProto,
      "acme/editions/v1/use.proto": useProto,
      "acme/routes/routes.proto": routesProto,
    });
    for (const path of [
      "wirespan/options.proto",
      "google/api/annotations.proto",
      "google/api/http.proto",
      "google/rpc/code.proto",
    ]) {
      write(path, readFileSync(join(root, "schemas", path), "utf8"));
    }
    const { count, differences } = compareFolder(folder);
    // compilers give the place of an option, not those of what is in its value
    const places = differences.filter((line) => /\.(routes|policy)\.(.*\.)?origin\./.test(line));
    expect(differences.filter((line) => !places.includes(line))).toEqual([]);
    expect(count).toBe(9);
  });

  test("option values of every kind, read from bytes", () => {
    const project = createProject({ "a.proto": optionsProto });
    const { count, differences } = compareFolder(project.root);
    expect({ count, differences }).toEqual({ count: 1, differences: [] });
    const { model } = modelFromDescriptors(project.root);
    const options = model.messages.get("acme.Everything")?.options;
    expect(options?.get("[acme.all]")).toEqual(
      new Map<string, unknown>([
        ["d", -0],
        ["f", Infinity],
        ["i32", -5],
        ["i64", -9223372036854775808n],
        ["u64", 18446744073709551615n],
        ["s32", -7],
        ["s64", -8n],
        ["fx32", 4294967295],
        ["fx64", 1n],
        ["sfx32", -1],
        ["sfx64", -2n],
        ["flag", true],
        ["text", 'a "b" ü'],
        ["raw", Uint8Array.of(0, 255)],
        ["color", "BLUE"],
        ["packed", [1, 2, 300]],
        ["inner", [new Map([["text", "x"]]), new Map([["text", "y"]])]],
        ["grp", new Map([["n", 3]])],
        [
          "names",
          [
            new Map<string, unknown>([
              ["key", "k"],
              ["value", 1],
            ]),
          ],
        ],
        ["any", new Map([["[type.googleapis.com/acme.Inner]", new Map([["text", "z"]])]])],
        ["[acme.more]", "m"],
      ]),
    );
    expect(options?.get("[acme.parts]")).toEqual(
      new Map<string, unknown>([
        ["i32", 1],
        ["text", "b"],
      ]),
    );
  });
});

test("M4: option values as buf does not write them: message sets, messages in pieces", () => {
  const { INT32, MESSAGE } = FieldDescriptorProto_Type;
  const single = { label: FieldDescriptorProto_Label.OPTIONAL };
  // a group 1 of the type id 7 and a message with the field 1
  const item = Uint8Array.of(8, 0x0b, 0x10, 7, 0x1a, 2, 8, 5, 0x0c);
  const file = FileDescriptorProto.encode({
    name: "set.proto",
    messageType: [
      { name: "Items", options: { messageSetWireFormat: true }, extensionRange: [{ start: 4, end: 2 ** 31 - 1 }] },
      {
        name: "Item",
        field: ["depth", "width"].map((name, i) => ({ ...single, name, number: i + 1, type: INT32 })),
        extension: [{ ...single, name: "item", extendee: ".Items", number: 7, type: MESSAGE, typeName: ".Item" }],
      },
      {
        name: "M",
        options: {
          $unknown: [
            { number: 50000, wireType: 2, data: item },
            { number: 50001, wireType: 2, data: Uint8Array.of(2, 8, 1) },
            { number: 50001, wireType: 2, data: Uint8Array.of(2, 16, 2) },
          ],
        },
      },
    ],
    extension: [
      {
        ...single,
        name: "part",
        extendee: ".google.protobuf.MessageOptions",
        number: 50001,
        type: MESSAGE,
        typeName: ".Item",
      },
      {
        ...single,
        name: "items",
        extendee: ".google.protobuf.MessageOptions",
        number: 50000,
        type: MESSAGE,
        typeName: ".Items",
      },
    ],
  });
  const documents = readDescriptors({ files: [file] }, ({ message }) => expect.fail(message));
  const number = (name: string, text: string): object => ({ name, value: { kind: "number", text } });
  expect(documents.get("set.proto")?.messages[2]?.options).toMatchObject([
    {
      name: ["[.items]"],
      value: {
        kind: "aggregate",
        fields: [{ name: "[.Item.item]", value: { kind: "aggregate", fields: [number("depth", "5")] } }],
      },
    },
    {
      name: ["[.part]"],
      value: { kind: "aggregate", fields: [number("depth", "1"), number("width", "2")] },
    },
  ]);
});

test("M4: of the members of a oneof in option values the last one counts, as in all messages", () => {
  const { INT32, MESSAGE } = FieldDescriptorProto_Type;
  const single = { label: FieldDescriptorProto_Label.OPTIONAL };
  // what protoc writes for (o).p = …; (o).q = …: a piece for each
  const piece = (...data: number[]): { number: number; wireType: 2; data: Uint8Array } => {
    return { number: 50000, wireType: 2, data: Uint8Array.of(data.length, ...data) };
  };
  const message = (name: string, ...$unknown: ReturnType<typeof piece>[]): object => ({ name, options: { $unknown } });
  const base = FileDescriptorProto.encode({
    name: "google/protobuf/descriptor.proto",
    package: "google.protobuf",
    messageType: [{ name: "MessageOptions", extensionRange: [{ start: 1000, end: 2 ** 29 }] }],
  });
  const file = FileDescriptorProto.encode({
    name: "oneof.proto",
    dependency: ["google/protobuf/descriptor.proto"],
    messageType: [
      {
        name: "O",
        oneofDecl: [{ name: "which" }, { name: "other" }],
        field: [
          { ...single, name: "p", number: 1, type: MESSAGE, typeName: ".O", oneofIndex: 0 },
          { ...single, name: "q", number: 2, type: INT32, oneofIndex: 0 },
          { ...single, name: "r", number: 3, type: INT32, oneofIndex: 1 },
          { ...single, name: "n", number: 4, type: INT32 },
        ],
      },
      message("Last", piece(0x20, 7), piece(0x18, 1), piece(0x0a, 2, 0x20, 5), piece(0x10, 2)),
      message("Again", piece(0x0a, 2, 0x20, 5), piece(0x10, 2), piece(0x0a, 2, 0x10, 9)),
      message("Merged", piece(0x0a, 2, 0x20, 5), piece(0x0a, 2, 0x10, 9)),
    ],
    extension: [
      {
        ...single,
        name: "o",
        extendee: ".google.protobuf.MessageOptions",
        number: 50000,
        type: MESSAGE,
        typeName: ".O",
      },
    ],
  });
  const report = (found: Diagnostic): void => expect.fail(found.message);
  const documents = readDescriptors({ files: [base, file] }, report);
  const linked = linkProtos(
    { documents: [...documents.values()], emit: new Set(["oneof.proto"]), compiled: true },
    report,
  );
  const option = (name: string): unknown => linked.messages.get(name)?.options.get("[o]");
  expect(option("Last")).toEqual(new Map(Object.entries({ n: 7, r: 1, q: 2 })));
  expect(option("Again")).toEqual(new Map([["p", new Map([["q", 9]])]]));
  expect(option("Merged")).toEqual(new Map([["p", new Map(Object.entries({ n: 5, q: 9 }))]]));
});

const routesProto = `syntax = "proto3";
package acme.routes;
import "google/api/annotations.proto";
service Routes {
  rpc Get(Request) returns (Request) {
    option (google.api.http) = {
      get: "/v1/{name=things/*}"
      additional_bindings { post: "/v1/{name}:get" body: "*" }
    };
  }
}
message Request {
  string name = 1;
}
`;

const optionsProto = `edition = "2023";

// Header.

package acme;

import "google/protobuf/any.proto";
import "google/protobuf/descriptor.proto";

enum Color {
  RED = 0;
  BLUE = 7;
}

message Inner {
  string text = 1;
}

message All {
  extensions 100 to max;
  double d = 1;
  float f = 2;
  int32 i32 = 3;
  int64 i64 = 4;
  uint64 u64 = 5;
  sint32 s32 = 6;
  sint64 s64 = 7;
  fixed32 fx32 = 8;
  fixed64 fx64 = 9;
  sfixed32 sfx32 = 10;
  sfixed64 sfx64 = 11;
  bool flag = 12;
  string text = 13;
  bytes raw = 14;
  Color color = 15;
  repeated int32 packed = 16;
  repeated Inner inner = 17;
  Grp grp = 18 [features.message_encoding = DELIMITED];
  message Grp {
    int32 n = 1;
  }
  map<string, int32> names = 19;
  google.protobuf.Any any = 20;
}

extend All {
  string more = 100;
}

extend google.protobuf.MessageOptions {
  All all = 50000;
  All parts = 50001;
  repeated string tags = 50002;
}

message Everything {
  option (all) = {
    d: -0.0
    f: inf
    i32: -5
    i64: -9223372036854775808
    u64: 18446744073709551615
    s32: -7
    s64: -8
    fx32: 4294967295
    fx64: 1
    sfx32: -1
    sfx64: -2
    flag: true
    text: "a \\"b\\" ü"
    raw: "\\000\\xff"
    color: BLUE
    packed: [1, 2, 300]
    inner { text: "x" }
    inner { text: "y" }
    grp { n: 3 }
    names { key: "k" value: 1 }
    any { [type.googleapis.com/acme.Inner] { text: "z" } }
    [acme.more]: "m"
  };
  option (parts).i32 = 1;
  option (parts).text = "b";
  option (tags) = "one";
  option (tags) = "two";
}
`;
