import { beforeEach, describe, expect, it } from "vitest";
import { isWireError, setExtension, WireError } from "../../../src/runtime/wire/index.js";
import { type AnyType, type Fields, load, unhex } from "./support.js";

// Errors of writers and readers say where they are (M3).

const { type, module } = await load({
  "t.proto": `edition = "2023";
    package t;
    option features.field_presence = IMPLICIT;
    enum Color { COLOR_RED = 0; }
    message All {
      int32 i32 = 1;
      string text = 2;
      bytes raw = 3;
      All child = 4;
      repeated All children = 5;
      map<string, All> named = 6;
      map<int32, string> texts = 7;
      repeated int32 packed = 8;
      repeated string names = 9;
      oneof choice { All branch = 10; string leaf = 11; }
      oneof split { string first = 12; string last = 14; }
      int64 wide = 13;
      Strict strict = 15;
      All group = 16 [features.message_encoding = DELIMITED];
      float part = 17;
      Color color = 18;
      repeated Color colors = 19;
    }
    message Strict {
      string id = 1 [features.field_presence = LEGACY_REQUIRED];
      Inner inner = 2;
      message Inner { int32 code = 1 [features.field_presence = LEGACY_REQUIRED]; }
    }
    message Open { extensions 100 to max; }
    extend Open { All note = 100; repeated int32 counts = 101; }`,
});
const All = type("All");

function thrown(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    if (isWireError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The varint of a length. */
const lengthOf = ({ length }: Uint8Array): readonly number[] =>
  length < 128 ? [length] : [(length & 127) | 128, length >>> 7];

const writers = ["encode", "toJson", "toJsonString"] as const;

describe.each(writers)("%s", (writer) => {
  const fail = (message: Fields, on: AnyType = All): WireError => thrown(() => on[writer](message));

  it.each<[path: string, reason: RegExp, message: Fields]>([
    ["i32", /^expected a 32-bit integer, got the number 1.5$/, { text: "x", i32: 1.5 }],
    ["wide", /64-bit integer.*, got the number 1$/, { wide: 1 }],
    ["text", /^expected a string, got a boolean$/, { i32: 1, text: true }],
    ["raw", /^expected bytes, got a string$/, { raw: "AQ==" }],
    ["children[0].i32", /the number 1.5/, { children: [{ i32: 1.5 }] }],
    ["children[2].child.packed[1]", /null/, { children: [{}, { i32: 1 }, { child: { packed: [1, null] } }] }],
    ['named["a b"].text', /a number|the number 1/, { named: { fine: { text: "x" }, "a b": { text: 1 } } }],
    ["texts.x", /map key/, { texts: { 1: "a", x: "b" } }],
    ["names[1]", /undefined/, { names: ["a", undefined] }],
    ["choice.value.i32", /the number NaN/, { choice: { case: "branch", value: { i32: NaN } } }],
    ["choice.value", /a string/, { choice: { case: "leaf", value: 5 } }],
    [
      "choice.case",
      /^expected the name of a field of the oneof, got a string$/,
      { choice: { case: "laef", value: "" } },
    ],
    ["split.case", /name of a field/, { split: { case: "middle", value: "x" } }],
    ["split.case", /undefined/, { split: { value: "x" } }],
    ["group.i32", /1.5/, { group: { i32: 1.5 } }],
    ["colors[1]", /32-bit integer/, { colors: [0, 0.5] }],
    ["strict.id", /^t.Strict.id is required$/, { i32: 1, strict: {} }],
    ["strict.inner.code", /^t.Strict.Inner.code is required$/, { strict: { id: "x", inner: {} } }],
    ["$unknown[0].data", /\$unknown/, { $unknown: [{ number: 1, wireType: 0, data: 1 }] }],
  ])("%s", (path, reason, message) => {
    // JSON has neither what it leaves out nor what is required
    if (writer !== "encode" && /required|unknown/.test(reason.source)) return;
    const error = fail(message);
    expect(error.path).toBe(path);
    expect(error.reason).toMatch(reason);
    expect(error.message).toBe(`${path}: ${error.reason}`);
  });

  it("leaves the whole without a path", () => {
    expect(fail(5 as unknown as Fields)).toMatchObject({ path: "", reason: "expected a message, got the number 5" });
  });

  it("looks into frozen objects, getters and objects of classes", () => {
    class Child {
      readonly #secret = 1.5;
      get i32(): number {
        return this.#secret;
      }
    }
    expect(fail(Object.freeze({ child: Object.freeze({ i32: 1.5 }) })).path).toBe("child.i32");
    expect(fail({ children: [new Child()] }).path).toBe("children[0].i32");
    expect(fail({ children: Object.freeze([Object.assign(Object.create(null), { i32: 1.5 })]) }).path).toBe(
      "children[0].i32",
    );
  });

  it("gives the first error without a path where a second look finds another, or none", () => {
    let looks = 0;
    const once = {
      get i32(): number {
        return looks++ === 0 ? 1.5 : 1;
      },
    };
    expect(fail(once)).toMatchObject({ path: "", reason: expect.stringContaining("1.5") });
    looks = 0;
    const other = {
      get i32(): number {
        return looks++ === 0 ? 1.5 : 2.5;
      },
    };
    expect(fail(other)).toMatchObject({ path: "", reason: expect.stringContaining("1.5") });
  });

  it("runs a getter twice at most, and none that no field is behind", () => {
    let looks = 0;
    const message = {
      get i32(): number {
        looks++;
        return 1.5;
      },
      get debug(): never {
        throw new Error("nobody asked");
      },
      get [Symbol.toStringTag](): string {
        return "Object";
      },
    };
    expect(fail(message).path).toBe("i32");
    expect(fail({ child: message }).path).toBe("child.i32");
    expect(looks).toBe(4);
  });

  it("gives no path beyond the first 100,000 properties", () => {
    const packed: unknown[] = Array.from({ length: 100_001 }, () => 1);
    expect(fail({ packed: [...packed.slice(0, 90_000), 1.5] }).path).toBe("packed[90000]");
    expect(fail({ packed: [...packed, 1.5] }).path).toBe("");
  });

  it("says no path for a message that holds itself, and throws what a getter throws", () => {
    const endless: Fields = {};
    endless["child"] = endless;
    expect(fail(endless)).toMatchObject({ code: "too_deep", path: "" });
    const broken = {
      get i32(): number {
        throw new SyntaxError("mine");
      },
    };
    expect(() => All[writer](broken)).toThrow(SyntaxError);
  });
});

describe("create", () => {
  it.each<[path: string, init: Fields]>([
    ["child", { child: new Date() }],
    ["children[1]", { children: [{}, 5] }],
    ["choice.value", { choice: { case: "branch", value: new Map() } }],
    ["texts", { texts: new Map([[1, "x"]]) }],
  ])("%s", (path, init) => {
    expect(thrown(() => All.create(init)).path).toBe(path);
  });
});

describe("setExtension", () => {
  it("begins with the name of the extension", () => {
    const note = module["note"] as Parameters<typeof setExtension>[1];
    const counts = module["counts"] as Parameters<typeof setExtension>[1];
    expect(thrown(() => setExtension({}, note, { i32: 1.5 } as never)).path).toBe('["[t.note]"].i32');
    expect(thrown(() => setExtension({}, counts, [1, 1.5] as never)).path).toBe('["[t.counts]"][1]');
  });
});

describe("decode", () => {
  it.each<[what: string, path: string, byte: number, hex: string]>([
    ["a text that is no UTF-8", "2", 2, "0801 1202c328"],
    ["the same below", "4", 0, "2206 0801 1202c328"],
    ["the same in a list, below a sibling", "5", 4, "2a020801 2a0a 0801 2206 0801 1202c328"],
    ["the same in a group", "16", 0, "8301 0801 1202c328 8401"],
    ["the same in a message in a group", "16", 0, "8301 2204 1202c328 8401"],
    ["the value of a map", "7", 2, "0801 3a06 0801 1202c328"],
    ["bytes that end in a value", "2", 2, "0801 1205 6162"],
    ["the same below", "4", 0, "2206 0801 12056162"],
    ["bytes that end in a tag", "", 2, "0801 82"],
    ["the same, of a field that there is not", "", 0, "ff"],
    ["a varint without end", "1", 2, "1200 08ffffffffffffffffffff01"],
    ["a tag without number", "4", 0, "2203 0801 07"],
    ["a group without end", "16", 0, "8301 0801"],
    ["the end of a group that did not begin", "", 2, "0801 8401"],
    ["a wire type that there is not", "4", 0, "2204 0802 0e01"],
  ])("%s", (_, path, byte, digits) => {
    const error = thrown(() => All.decode(unhex(digits)));
    expect(error.reason).toContain(`(t.All, byte ${byte})`);
    expect(error.path).toBe(path);
  });

  describe("reads little more than once again", () => {
    let reads: number;
    beforeEach(() => (reads = 0));
    const watched = (bytes: Uint8Array): Uint8Array =>
      new Proxy(bytes, {
        get(target, key) {
          if (typeof key === "string" && /^\d/.test(key)) reads++;
          const part: unknown = Reflect.get(target, key);
          return typeof part === "function" ? part.bind(target) : part;
        },
      });

    it("however deep the fault is", () => {
      let bytes = unhex("1202c328");
      for (let level = 0; level < 90; level++) bytes = new Uint8Array([0x22, ...lengthOf(bytes), ...bytes]);
      expect(thrown(() => All.decode(watched(bytes))).path).toBe("4");
      expect(reads).toBeLessThan(bytes.length * 8);
    });

    it("however many fields are before it", () => {
      const bytes = unhex(`${"2a020801".repeat(2_000)}1202c328`);
      expect(thrown(() => All.decode(watched(bytes))).path).toBe("2");
      expect(reads).toBeLessThan(bytes.length * 8);
    });
  });

  it("leaves bytes that are too many alone", () => {
    const many = new Uint8Array(70_004);
    for (let i = 0; i < 70_000; i += 2) many[i] = 8;
    many.set([0x12, 2, 0xc3, 0x28], 70_000);
    const error = thrown(() => All.decode(many));
    expect(error).toMatchObject({ code: "invalid_utf8", path: "" });
    expect(error.reason).toContain("(t.All)");
  });

  it("leaves the next message alone", () => {
    expect(thrown(() => type("Strict").decode(unhex("0a02c328"))).path).toBe("1");
    expect(type("Strict").decode(unhex("0a0161"))).toEqual({ id: "a", inner: undefined });
  });
});
