import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createFileRegistry,
  type DescExtension,
  type DescField as DescOwnField,
  fromBinary,
  ScalarType,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { createRegistry, isWireError, type JsonValue } from "../../../src/runtime/wire/index.js";
import { root } from "../../support/compile.js";
import { createProject } from "../../support/project.js";
import { createRandom, hex, load, unhex } from "./support.js";

// The official suite has no case of edition 2024. Random bytes for a message with every combination of features go
// through our code and through an independent implementation, which works by descriptors that buf made.

type DescField = DescOwnField | DescExtension;

const scalars = ["int32", "sint64", "fixed32", "double", "bool", "string", "bytes", "Open", "Closed"];
const packable = scalars.filter((type) => type !== "string" && type !== "bytes");

function protoOf(edition: string): string {
  let number = 0;
  const field = (type: string, label: string, feature: string): string => {
    const options =
      feature === ""
        ? ""
        : ` [${feature
            .split(", ")
            .map((one) => `features.${one}`)
            .join(", ")}]`;
    return `  ${label}${type} f${++number} = ${number}${options};`;
  };
  const presences = ["EXPLICIT", "IMPLICIT"];
  const utf8 = ["VERIFY", "NONE"];
  const encodings = ["LENGTH_PREFIXED", "DELIMITED"];
  const fields = [
    ...presences.flatMap((presence) =>
      scalars
        // a closed enum begins with any number, so its zero must be told from absence
        .filter((type) => presence === "EXPLICIT" || type !== "Closed")
        .map((type) => field(type, "", `field_presence = ${presence}`)),
    ),
    ...["PACKED", "EXPANDED"].flatMap((encoding) =>
      packable.map((type) => field(type, "repeated ", `repeated_field_encoding = ${encoding}`)),
    ),
    ...utf8.flatMap((each) => [
      field("string", "", `utf8_validation = ${each}`),
      field("string", "", `utf8_validation = ${each}, field_presence = IMPLICIT`),
      field("string", "repeated ", `utf8_validation = ${each}`),
      field("map<string, string>", "", `utf8_validation = ${each}`),
    ]),
    ...encodings.flatMap((each) => [
      field("Sub", "", `message_encoding = ${each}`),
      field("Sub", "repeated ", `message_encoding = ${each}`),
      field("All", "", `message_encoding = ${each}`),
    ]),
    field("bytes", "repeated ", ""),
    field("map<int32, Open>", "", ""),
    field("map<bool, Sub>", "", ""),
    "  oneof one {",
    ...scalars.map((type) => field(type, "", "")),
    ...encodings.map((each) => field("Sub", "", `message_encoding = ${each}`)),
    "  }",
  ];
  return `edition = "${edition}";
package t;
${edition === "2023" ? "" : "option features.enforce_naming_style = STYLE_LEGACY;"}
enum Open { option features.enum_type = OPEN; OPEN_ZERO = 0; OPEN_ONE = 1; OPEN_MINUS = -1; }
enum Closed { option features.enum_type = CLOSED; CLOSED_TWO = 2; CLOSED_ZERO = 0; }
message Sub {
  int32 n = 1;
  int32 must = 2 [features.field_presence = LEGACY_REQUIRED];
}
message Clash {
  option features.json_format = LEGACY_BEST_EFFORT;
  option deprecated_legacy_json_field_conflicts = true;
  string a_b = 1;
  string aB = 2;
}
message All {
${fields.join("\n")}
  extensions 1000 to max;
}
extend All {
  Sub sub_ext = 1000;
  Sub group_ext = 1001 [features.message_encoding = DELIMITED];
  repeated int32 packed_ext = 1002;
  repeated int32 expanded_ext = 1003 [features.repeated_field_encoding = EXPANDED];
  Closed closed_ext = 1004;
  Open open_ext = 1005;
  string string_ext = 1006;
}
`;
}

const wireTypes: Readonly<Record<number, number>> = {
  [ScalarType.DOUBLE]: 1,
  [ScalarType.FIXED32]: 5,
  [ScalarType.STRING]: 2,
  [ScalarType.BYTES]: 2,
};
const integers = [0n, 0n, 1n, 2n, 3n, -1n, 300n, 2n ** 40n, -(2n ** 63n)];
const texts = ["", "a", "é😀".repeat(9), "zz".repeat(40)].map((text) => Buffer.from(text));
const notUtf8 = Buffer.from([0xc3, 0x28]);

function varint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function prefixed(content: Buffer): Buffer {
  return Buffer.concat([varint(content.length), content]);
}

type Random = ReturnType<typeof createRandom>;

function randomValue(random: Random, wireType: number): Buffer {
  switch (wireType) {
    case 0:
      return varint(random.pick(integers));
    case 1:
      return Buffer.from([0, 0, 0, 0, 0, 0, random.int(256), random.int(128)]);
    case 5:
      return Buffer.from([random.int(256), random.int(256), 0, random.int(128)]);
    default:
      return prefixed(random.int(15) === 0 ? notUtf8 : random.pick(texts));
  }
}

/** Any of the fields in any order: set twice, packed or not, with enum numbers that are none, not UTF-8, unknown. */
function randomMessage(random: Random, known: readonly DescField[], depth: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = random.int(7); i > 0; i--) {
    if (random.int(12) > 0) {
      parts.push(randomField(random, random.pick(known), depth));
      continue;
    }
    const wireType = random.pick([0, 1, 2, 5]);
    parts.push(varint(77_777 * 8 + wireType), randomValue(random, wireType));
  }
  return Buffer.concat(parts);
}

function randomField(random: Random, field: DescField, depth: number): Buffer {
  const { number, message, scalar } = field;
  const content = (): Buffer => {
    const { name, fields } = message ?? { name: "", fields: [] };
    const own = depth === 0 || fields.length === 0 ? Buffer.alloc(0) : randomMessage(random, fields, depth - 1);
    // the required field is absent now and then; in extensions both would find that only when they are asked for
    if (name !== "Sub" || (field.kind !== "extension" && random.int(10) === 0)) return own;
    return Buffer.concat([own, Buffer.from([0x10, random.int(3)])]);
  };
  const tagged = (wireType: number, value: Buffer): Buffer => Buffer.concat([varint(number * 8 + wireType), value]);
  if (field.fieldKind === "map") {
    const parts = [
      field.mapKey === ScalarType.STRING
        ? Buffer.concat([varint(10), randomValue(random, 2)])
        : Buffer.concat([varint(8), randomValue(random, 0)]),
      field.mapKind === "message"
        ? Buffer.concat([varint(18), prefixed(content())])
        : field.mapKind === "enum"
          ? Buffer.concat([varint(16), randomValue(random, 0)])
          : Buffer.concat([varint(18), randomValue(random, 2)]),
    ];
    if (random.int(2) === 0) parts.reverse();
    return tagged(2, prefixed(Buffer.concat(parts.slice(0, random.int(3)))));
  }
  if (message !== undefined) {
    if (!("delimitedEncoding" in field && field.delimitedEncoding)) return tagged(2, prefixed(content()));
    return Buffer.concat([tagged(3, content()), varint(number * 8 + 4)]);
  }
  const wireType = scalar === undefined ? 0 : (wireTypes[scalar] ?? 0);
  // the other implementation takes every number for a member of a closed enum; the test below looks at those
  const value = (): Buffer =>
    field.enum?.open === false ? varint(random.pick([0, 2])) : randomValue(random, wireType);
  if (field.fieldKind !== "list" || wireType === 2 || random.int(2) === 0) {
    return tagged(wireType, value());
  }
  const list = Array.from({ length: random.int(4) }, value);
  return tagged(2, prefixed(Buffer.concat(list)));
}

describe.each(["2023", "2024"])("M3: edition %s", (edition) => {
  it("every combination of features is read and written as by another implementation", async () => {
    const proto = protoOf(edition);
    const project = createProject({ "t.proto": proto });
    const buf = join(root, "node_modules/.bin/buf");
    execFileSync(buf, ["build", "-o", "image.binpb", "--as-file-descriptor-set"], { cwd: project.root });
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(project.root, "image.binpb")));
    const registry = createFileRegistry(set);
    const desc = registry.getMessage("t.All");
    if (desc === undefined) throw new Error("buf made no t.All");

    const { module, type } = await load({ "t.proto": proto });
    const All = type("All");
    const extensions = Object.values(module).filter(
      (one): one is Parameters<typeof createRegistry>[0] =>
        typeof one === "object" && one !== null && "extendee" in one,
    );
    expect(extensions.length).toBe(7);
    const ours = createRegistry(...extensions);

    const known = [...desc.fields, ...[...registry].filter((type) => type.kind === "extension")];
    const random = createRandom(2024);
    const counts = { read: 0, refused: 0 };
    for (let i = 0; i < 1500; i++) {
      const bytes = randomMessage(random, known, 3);
      const where = hex(bytes);
      const theirs = attempt(() => fromBinary(desc, bytes));
      const mine = attempt(() => All.decode(bytes));
      // what is missing they find when they write
      const written = theirs === undefined ? undefined : attempt(() => toBinary(desc, theirs));
      expect(`${where}: ${mine !== undefined}`).toBe(`${where}: ${written !== undefined}`);
      if (theirs === undefined || mine === undefined || written === undefined) {
        counts.refused++;
        continue;
      }
      counts.read++;
      const again = All.encode(mine);
      expect(`${where}: ${hex(again)}`).toBe(`${where}: ${hex(written)}`);
      const json = attempt(() => toJson(desc, theirs, { registry }) as JsonValue);
      const own = attempt(() => All.toJson(mine, { registry: ours }));
      expect(own, where).toEqual(json);
      if (own === undefined) continue;
      expect(JSON.parse(All.toJsonString(mine, { registry: ours })), where).toEqual(json);
      expect(All.toJson(All.fromJson(own, { registry: ours }), { registry: ours }), where).toEqual(json);
    }
    expect(counts.read).toBeGreaterThan(1000);
    expect(counts.refused).toBeGreaterThan(25);
  });

  it("a map entry without a value has an empty message, which may lack what is required", async () => {
    const { type } = await load({
      "t.proto": `edition = "${edition}"; package t;
        message Sub { int32 must = 1 [features.field_presence = LEGACY_REQUIRED]; }
        message Free { int32 n = 1 [features.field_presence = IMPLICIT]; }
        message All { map<bool, Sub> subs = 1; map<bool, Free> frees = 2; }`,
    });
    expect(() => type("All").decode(unhex("0a020801"))).toThrow("t.Sub.must is required");
    expect(type("All").decode(unhex("12020801"))).toEqual({ subs: {}, frees: { true: { n: 0 } } });
  });

  it("numbers that an enum lacks are values of an open one and unknown fields of a closed one", async () => {
    const { type } = await load({
      "t.proto": `edition = "${edition}"; package t;
        enum Open { OPEN_ZERO = 0; }
        enum Closed { option features.enum_type = CLOSED; CLOSED_ZERO = 0; }
        message All {
          Open open = 1; repeated Open opens = 2;
          Closed closed = 3; repeated Closed closeds = 4; map<string, Closed> by_name = 5;
          oneof one { Closed member = 6; }
        }`,
    });
    const All = type("All");
    const open = "0807 120207 00".replaceAll(" ", "");
    const unknown = "1807 2007 2a0510070a0178 3007".replaceAll(" ", "");
    const message = All.decode(unhex(open + unknown));
    expect(message).toMatchObject({
      open: 7,
      opens: [7, 0],
      closed: undefined,
      closeds: [],
      byName: {},
      one: undefined,
    });
    expect(hex(All.encode(message))).toBe(open + unknown);
  });
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    // ours are of one kind, all others would be bugs
    if (error instanceof Error && (isWireError(error) || error.stack?.includes("@bufbuild/protobuf"))) return undefined;
    throw error;
  }
}
