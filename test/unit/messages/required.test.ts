import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DescField,
  type DescMessage,
  fromBinary,
  getExtension as getTheirs,
  hasExtension as hasTheirs,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { afterAll, describe, expect, it } from "vitest";
import { type Extension, getExtension, isWireError } from "../../../src/runtime/wire/index.js";
import {
  checkWhole,
  closePending,
  notePending,
  openPending,
  readWhole,
  resumePending,
} from "../../../src/runtime/wire/pending.js";
import { buildImage } from "../../support/descriptor-set/image.js";
import { provideProtoc } from "../../support/protoc.js";
import { createRandom, type Fields, hex, load } from "./support.js";

// Messages may come in pieces. Our verdicts are compared with those of another implementation, by descriptors that buf
// made: it merges while it reads, and finds what is missing when it writes what it has read.

const wide = 33;
const proto = `syntax = "proto2";
package t;
enum Level { LOW = 1; HIGH = 2; }
message Leaf { required int32 a = 1; required string b = 2; optional int32 c = 3; }
message Mid { required Leaf leaf = 1; optional Leaf other = 2; required int32 n = 3; map<int32, Leaf> leaves = 4; }
message Graded { required Level level = 1; }
message Wide {
${Array.from({ length: wide }, (_, i) => `  required int32 f${i + 1} = ${i + 1};`).join("\n")}
}
message Top {
  optional Mid mid = 1;
  optional group Part = 2 { required int32 x = 1; required int32 y = 2; optional Leaf leaf = 3; }
  oneof pick {
    Leaf one = 3;
    Mid two = 4;
    int32 three = 5;
    group Four = 6 { required int32 x = 1; required int32 y = 2; }
  }
  repeated Leaf list = 7;
  repeated group Many = 8 { required int32 x = 1; }
  map<int32, Leaf> leaves = 9;
  map<string, Mid> mids = 10;
  optional Wide wide = 11;
  optional Graded graded = 12;
  optional Top top = 13;
  extensions 100 to 199;
}
message Set { option message_set_wire_format = true; extensions 4 to max; }
message Item { extend Set { optional Item item = 5; } required int32 x = 1; required int32 y = 2; }
extend Top {
  optional Mid mid_ext = 100;
  repeated Leaf leaves_ext = 101;
  optional group GroupExt = 102 { required int32 x = 1; required int32 y = 2; }
}`;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const int = (number: number, value: number): Buffer => Buffer.concat([varint(number * 8), varint(value)]);
const message = (number: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
};
const text = (number: number, value: string): Buffer => message(number, Buffer.from(value));
const group = (number: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([varint(number * 8 + 3), ...parts, varint(number * 8 + 4)]);

const [a, b, c, x, y] = [int(1, 7), text(2, "b"), int(3, 9), int(1, 1), int(2, 2)];
const n = int(3, 3);

/** What stands on the wire, and the field that is missing in the end; none where all is well. */
type Case = readonly [title: string, parts: readonly Buffer[], lacks?: string];

const cases: readonly Case[] = [
  ["a message in two pieces", [message(1, message(1, a, b)), message(1, n)]],
  ["a message in two pieces, the inner one too", [message(1, message(1, a)), message(1, n, message(1, b))]],
  ["a message in two pieces at once", [message(1, message(1, a), n, message(1, b))]],
  ["a message in four pieces", [message(1), message(1, n), message(1, message(1, b)), message(1, message(1, a, c))]],
  ["a message whose second piece brings nothing", [message(1, n, message(1, a)), message(1)], "t.Leaf.b"],
  [
    "a message with an optional one in pieces",
    [message(1, n, message(1, a, b), message(2, a)), message(1, message(2, b))],
  ],
  ["a message that lacks the inner one", [message(1, n), message(1, n)], "t.Mid.leaf"],
  ["a message that was whole before its second piece", [message(1, n, message(1, a, b)), message(1, message(1, c))]],
  [
    "the outermost in pieces, one level deeper",
    [message(13, message(1, n)), message(13, message(1, message(1, a, b)))],
  ],
  ["a group in two pieces", [group(2, x), group(2, y)]],
  ["a group that stays incomplete", [group(2, x), group(2, message(3, a, b))], "t.Top.Part.y"],
  ["a message in a group, in pieces", [group(2, x, message(3, a)), group(2, y, message(3, b))]],
  ["a member of a oneof in two pieces", [message(3, a), message(3, b)]],
  ["a member of a oneof, two levels", [message(4, message(1, a)), message(4, message(1, b), n)]],
  ["a member of a oneof that stays incomplete", [message(3, a), message(3, a)], "t.Leaf.b"],
  ["a member of a oneof that another one replaced", [message(3, a), message(4, n, message(1, a, b))]],
  ["a member of a oneof that a number replaced", [message(4, message(1)), int(5, 1)]],
  ["a replaced member that comes again", [message(3, a), int(5, 1), message(3, b)], "t.Leaf.a"],
  ["a replaced member that comes again, whole", [message(3, a), int(5, 1), message(3, a, b)]],
  ["a group in a oneof, in two pieces", [group(6, x), group(6, y)]],
  ["a group in a oneof that was replaced", [group(6, x), message(3, a, b)]],
  ["a group in a oneof that stays incomplete", [message(3, a), group(6, y)], "t.Top.Four.x"],
  ["elements of a list are no pieces of one", [message(7, a), message(7, b)], "t.Leaf.b"],
  ["a whole element does not help an earlier one", [message(7, a), message(7, a, b)], "t.Leaf.b"],
  ["a group of a list", [group(8, x), group(8)], "t.Top.Many.x"],
  [
    "values of two keys of a map are no pieces of one",
    [message(9, x, message(2, a)), message(9, int(1, 2), message(2, b))],
    "t.Leaf.b",
  ],
  [
    "values of one key of a map are no pieces of one",
    [message(9, x, message(2, a)), message(9, x, message(2, b))],
    "t.Leaf.a",
  ],
  ["an entry without a value", [message(9, x)], "t.Leaf.a"],
  [
    "more fields than a number has bits for, in pieces",
    [message(11, ...fieldsOf(1, 20)), message(11, ...fieldsOf(21, wide))],
  ],
  [
    "more fields than a number has bits for, one of the last missing",
    [message(11, ...fieldsOf(1, 20)), message(11, ...fieldsOf(21, wide - 1))],
    `t.Wide.f${wide}`,
  ],
  [
    "more fields than a number has bits for, one of the first missing",
    [message(11, ...fieldsOf(2, 20)), message(11, ...fieldsOf(21, wide))],
    "t.Wide.f1",
  ],
  ["an enum", [message(12), message(12, int(1, 2))]],
];

/** protoc, which knows no map but a list of its entries, looks at the replaced ones, too; code that it makes does not. */
const replacedEntries: readonly Case[] = [
  ["a value of a map that a later one replaced", [message(9, x, message(2, a)), message(9, x, message(2, a, b))]],
  ["an entry without a value that a later one replaced", [message(9, x), message(9, x, message(2, a, b))]],
  [
    "a value of a map in pieces of its message",
    [message(1, n, message(1, a, b), message(4, x, message(2, a))), message(1, message(4, x, message(2, a, b)))],
  ],
];

/** The other implementation takes the last of several values in one entry; protobuf merges them, entries are messages. */
const mergedEntry: Case = ["pieces of one value in an entry of a map", [message(9, x, message(2, a), message(2, b))]];

const extensionCases: readonly Case[] = [
  ["mid_ext", [message(100, n, message(1, a)), int(5, 1), message(100, message(1, b))]],
  ["mid_ext", [message(100, n, message(1, a)), int(5, 1)], "t.Leaf.b"],
  ["leaves_ext", [message(101, a, b), message(101, b, a)]],
  ["leaves_ext", [message(101, a), message(101, b)], "t.Leaf.b"],
  ["groupext", [group(102, x), group(102, y)]],
  ["groupext", [group(102, y)], "t.GroupExt.x"],
];

function fieldsOf(from: number, to: number): readonly Buffer[] {
  return Array.from({ length: to - from + 1 }, (_, i) => int(from + i, i));
}

function named(list: readonly Case[]): { title: string; parts: readonly Buffer[]; lacks: string | undefined }[] {
  return list.map(([title, parts, lacks]) => ({ title, parts, lacks }));
}

const folder = mkdtempSync(join(tmpdir(), "wirespan-required-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "t.proto"), proto);
const { registry } = await buildImage(folder);
const protoc = await provideProtoc();

function descOf(typeName: string): DescMessage {
  const desc = registry.getMessage(typeName);
  if (desc === undefined) throw new Error(`buf made no ${typeName}`);
  return desc;
}

/** What the other implementation writes after it has read; undefined where it refuses. */
function theirs(desc: DescMessage, bytes: Uint8Array): Uint8Array | undefined {
  const read = fromBinary(desc, bytes);
  try {
    return toBinary(desc, read);
  } catch (error) {
    expect(String(error)).toContain("required field");
    return undefined;
  }
}

/** A value, or the message of the `missing_required` that came instead. */
function attempt<T>(action: () => T): { readonly value: T } | { readonly refused: string } {
  try {
    return { value: action() };
  } catch (error) {
    if (!isWireError(error) || error.code !== "missing_required") throw error;
    return { refused: error.message };
  }
}

describe("M3: required fields of messages in pieces", async () => {
  const { type, module } = await load({ "t.proto": proto });
  const Top = type("Top");
  const top = descOf("t.Top");
  const extensionNamed = (typeName: string): Extension<Fields, unknown> => {
    for (const value of Object.values(module)) {
      // what an emitted module has of that kind is one
      const found = value as Extension<Fields, unknown>;
      if (found.kind === "extension" && found.typeName === typeName) return found;
    }
    throw new Error(`no extension ${typeName}`);
  };

  it.each(named([...cases, ...replacedEntries]))("$title", ({ parts, lacks }) => {
    const bytes = Buffer.concat(parts);
    const mine = attempt(() => Top.decode(bytes));
    const written = theirs(top, bytes);
    expect(written === undefined).toBe(lacks !== undefined);
    if (written === undefined) expect(mine).toEqual({ refused: `${lacks} is required` });
    else expect(mine).toEqual({ value: Top.decode(written) });
  });

  it.skipIf(protoc === undefined)("protoc has the same verdict in each case", () => {
    for (const [title, parts, lacks] of [...cases, mergedEntry]) {
      const input = { input: Buffer.concat(parts), encoding: "utf8" } as const;
      const { status, stderr } = spawnSync(protoc ?? "", ["-I", folder, "--decode=t.Top", "t.proto"], input);
      expect(`${title}: ${status}`).toBe(`${title}: 0`);
      // it prints what there is, behind a warning
      expect(stderr, title).toMatch(lacks === undefined ? /^$/ : /^warning: .* missing required fields/);
    }
  });

  it("random pieces of every message are judged as by another implementation", () => {
    const random = createRandom(31);
    const piece = ({ fields, name }: DescMessage, depth: number): Buffer => {
      // the one with many fields is hardly ever whole
      const some = fields.filter(({ message }) => message?.name !== "Wide" && (depth > 0 || message === undefined));
      const parts = some.flatMap((field) => {
        // required ones as a rule, others now and then
        const often = name === "Top" ? 8 : field.proto.label === 2 ? 2 : 5;
        const count = random.int(often) === 0 ? 1 + random.int(2) : field.proto.label === 2 ? random.int(3) : 0;
        return Array.from({ length: count }, () => ({ field, at: random.int(1000) }));
      });
      return Buffer.concat(parts.sort((p, q) => p.at - q.at).map(({ field }) => fieldOf(field, depth)));
    };
    const fieldOf = (field: DescField, depth: number): Buffer => {
      const { number } = field;
      if (field.fieldKind === "map") {
        const key =
          field.mapKey === ScalarType.STRING ? text(1, random.pick(["a", "__proto__"])) : int(1, random.int(2));
        if (field.mapKind !== "message") throw new Error("a map of messages");
        const value = random.int(9) === 0 ? [] : [message(2, piece(field.message, depth - 1))];
        return message(number, ...(random.int(2) === 0 ? [key, ...value] : [...value, key]));
      }
      if (field.message !== undefined) {
        const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
        return (isGroup ? group : message)(number, piece(field.message, depth - 1));
      }
      if (field.scalar === ScalarType.STRING) return text(number, "b");
      // the other implementation takes every number for a member of a closed enum
      return int(number, field.enum === undefined ? random.int(300) : 1);
    };

    const counts = { read: 0, refused: 0, merged: 0 };
    for (let i = 0; i < 4000; i++) {
      const bytes = Buffer.concat([piece(top, 3), piece(top, 3)]);
      const where = hex(bytes);
      const mine = attempt(() => Top.decode(bytes));
      const written = theirs(top, bytes);
      expect(`${where}: ${"value" in mine}`).toBe(`${where}: ${written !== undefined}`);
      if (written === undefined || !("value" in mine)) {
        counts.refused++;
        continue;
      }
      counts.read++;
      // merging leaves fewer bytes
      if (written.length < bytes.length) counts.merged++;
      expect(`${where}: ${hex(Top.encode(mine.value))}`).toBe(`${where}: ${hex(written)}`);
    }
    expect(counts.read).toBeGreaterThan(1000);
    expect(counts.merged).toBeGreaterThan(500);
    expect(counts.refused).toBeGreaterThan(1000);
  });

  it.each(named(extensionCases))("an extension is merged before it is judged: $title", ({ title, parts, lacks }) => {
    const bytes = Buffer.concat(parts);
    const extension = extensionNamed(`t.${title}`);
    const mine = attempt(() => getExtension(Top.decode(bytes), extension));
    if (lacks !== undefined) expect(mine).toEqual({ refused: `${lacks} is required` });
    else expect(mine).toHaveProperty("value");

    const desc = registry.getExtension(extension.typeName);
    const read = fromBinary(top, bytes);
    if (desc?.message === undefined) throw new Error(`buf made no ${title}`);
    expect(hasTheirs(read, desc)).toBe(true);
    const { message: of } = desc;
    const values = [getTheirs(read, desc)].flat() as Parameters<typeof toBinary>[1][];
    const verdict = values.every((value) => {
      try {
        return toBinary(of, value).length > 0;
      } catch {
        return false;
      }
    });
    expect(verdict).toBe(lacks === undefined);
  });

  it("items of one type in a message set are merged before they are judged", () => {
    const item = extensionNamed("t.Item.item");
    const wire = (...parts: readonly Buffer[]): Buffer => group(1, int(2, 5), message(3, ...parts));
    const read = (...parts: readonly Buffer[]): unknown => getExtension(type("Set").decode(Buffer.concat(parts)), item);
    expect(read(wire(x), wire(y))).toEqual({ x: 1, y: 2 });
    expect(() => read(wire(x), wire(x))).toThrow("t.Item.y is required");
  });

  it("pieces of one value in an entry of a map are merged", () => {
    expect(Top.decode(Buffer.concat(mergedEntry[1]))).toMatchObject({ leaves: { 1: { a: 7, b: "b" } } });
  });

  it("a closed enum's unknown number in the last piece does not bring the field", () => {
    expect(attempt(() => Top.decode(Buffer.concat([message(12), message(12, int(1, 9))])))).toEqual({
      refused: "t.Graded.level is required",
    });
  });

  it("names the outermost of several messages that lack something", () => {
    expect(() => type("Mid").decode(message(1, a))).toThrow("t.Mid.n is required");
  });

  it("broken bytes behind a first piece are what is wrong, and the next message starts anew", () => {
    expect(() => Top.decode(Buffer.concat([message(1, n), Buffer.from([0x0a, 5])]))).toThrow(
      expect.objectContaining({ code: "truncated" }),
    );
    expect(Top.decode(message(3, a, b))).toMatchObject({ pick: { case: "one" } });
    expect(() => Top.decode(message(1, message(1, a, b)))).toThrow("t.Mid.n is required");
  });

  it("a message inside of many lists and maps is found", () => {
    let bytes = message(9, x, message(2, a));
    for (let i = 0; i < 50; i++) bytes = message(13, bytes, message(7, a, b));
    expect(() => Top.decode(bytes)).toThrow("t.Leaf.b is required");
  });

  it("the messages that may wait are bounded", { timeout: 30_000 }, () => {
    const drop = Buffer.concat([message(3), int(5, 1)]);
    const drops = (count: number): Buffer => Buffer.alloc(count * drop.length, drop);
    expect(Top.decode(drops(100_000))).toMatchObject({ pick: { case: "three", value: 1 } });
    expect(() => Top.decode(drops(2 ** 20 + 1))).toThrow("t.Leaf.a is required");
  });
});

describe("M3: what is noted while bytes are read", () => {
  const note = (m: object): void => notePending(m, 0, 1, "T", "a b");

  it("is handed on to the next piece once, with the fields that came", () => {
    const m = {};
    const read = readWhole(() => {
      note(m);
      return [resumePending(m, 0, 3), resumePending(m, 0, 3), resumePending({}, 0, 3), resumePending(m, 1, 7)];
    });
    expect(read).toEqual([1, 3, 3, 7]);
  });

  it("does not outlive an error", () => {
    const m = {};
    expect(() =>
      readWhole(() => {
        note(m);
        throw new Error("broken");
      }),
    ).toThrow("broken");
    expect(readWhole(() => resumePending(m, 0, 3))).toBe(3);
    expect(readWhole(() => m)).toBe(m);
  });

  it("does not outlive what lacked something", () => {
    const m = {};
    const read = (): object =>
      readWhole(() => {
        note(m);
        return [{ m }];
      });
    expect(read).toThrow("T.b is required");
    expect(resumePending(m, 0, 3)).toBe(3);
  });

  it("is not touched by what is read in the middle of it", () => {
    const [outer, inner] = [{}, {}];
    const read = (end: () => void): unknown =>
      readWhole(() => {
        note(outer);
        expect(readWhole(() => outer)).toBe(outer);
        expect(() =>
          readWhole(() => {
            note(inner);
            return inner;
          }),
        ).toThrow("T.b is required");
        expect(resumePending(inner, 0, 3)).toBe(3);
        end();
        return { outer, inner };
      });
    expect(() => read(() => {})).toThrow("T.b is required");
    expect(read(() => void resumePending(outer, 0, 3))).toEqual({ outer, inner });
  });

  it("looks into what a message holds, not into bytes", () => {
    const m = {};
    const raw = new Uint8Array(8);
    const check = (whole: unknown): unknown => {
      const around = openPending();
      try {
        note(m);
        return checkWhole(whole);
      } finally {
        closePending(around);
      }
    };
    expect(
      check({ raw, none: undefined, nothing: null, list: [1, "a", 2n], pick: { case: "x", value: true } }),
    ).toBeDefined();
    expect(check(undefined)).toBeUndefined();
    for (const whole of [m, [m], { pick: { case: "x", value: m } }, { map: { ["__proto__"]: m } }]) {
      expect(() => check(whole)).toThrow("T.b is required");
    }
  });
});
