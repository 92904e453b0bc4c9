import { describe, expect, it } from "vitest";
import type { ReadMessage } from "../../../src/runtime/wire/index.js";
import { type AnyType, type Fields, load, unhex } from "./support.js";

// Groups in groups (M3): nothing but the last byte tells where one ends.

const { type, module } = await load({
  "t.proto": `edition = "2023";
    package t;
    option features.message_encoding = DELIMITED;
    message Node {
      int32 id = 1 [features.field_presence = IMPLICIT];
      Node child = 2;
      repeated Node children = 3;
      Node nested = 4 [features.message_encoding = LENGTH_PREFIXED];
    }
    message None {}`,
});
const Node = type("Node");

/** A node with as many more, each in the one before by one of these fields. */
function tower(levels: number, ...fields: readonly string[]): Fields {
  let node: Fields = { id: 1 };
  for (let i = 0; i < levels; i++) {
    const field = fields[i % fields.length] ?? "child";
    node = { id: i, [field]: field === "children" ? [{ id: 7 }, node, {}] : node };
  }
  return node;
}

/** The bytes that reading asks for, one by one. */
function countReads(name: string, bytes: Uint8Array, depth: number): number {
  let count = 0;
  const counted = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) count++;
      return Reflect.get(target, key, target);
    },
  });
  const read = module[`read${name}`] as ReadMessage<unknown>;
  read(counted, 0, bytes.length, depth);
  return count;
}

describe("groups in groups", () => {
  it.each<[string, readonly string[]]>([
    ["groups", ["child"]],
    ["lists of groups", ["children"]],
    ["groups and lists of them", ["child", "children"]],
    ["messages in groups", ["nested", "child", "children"]],
    ["groups in messages", ["child", "child", "nested"]],
  ])("come back: %s", (_, fields) => {
    const message = Node.create(tower(60, ...fields));
    expect(Node.decode(Node.encode(message))).toEqual(message);
  });

  it("are looked through once, however many levels there are", () => {
    for (const levels of [1, 10, 90]) {
      const list = Array.from({ length: Math.ceil(900 / levels) }, () => tower(levels, "child", "children"));
      const bytes = Node.encode({ children: list });
      // once to find the ends, once to read, and a tag at each end
      expect(countReads("Node", bytes, 100) / bytes.length).toBeLessThan(3);
    }
  });

  it("that are unknown are looked through once in a known one, and once when they are kept", () => {
    const unknown: AnyType = type("None");
    const bytes = Node.encode(tower(90, "child"));
    expect(countReads("None", bytes, 100) / bytes.length).toBeLessThan(2);
    expect(unknown.encode(unknown.decode(bytes))).toEqual(bytes);
  });

  it("leave nothing behind when they are malformed", () => {
    const good = Node.encode(tower(3, "child"));
    for (const wrong of ["13 13 08", "13 13 14 14 07", "13 13 0802 14 1314", "13 1b 1c 14 13 08ff"]) {
      expect(() => Node.decode(unhex(wrong))).toThrow(expect.objectContaining({ name: "WireError" }));
      expect(Node.decode(good)).toEqual(Node.create(tower(3, "child")));
    }
  });

  it("count as levels", () => {
    const bytes = Node.encode(tower(5, "child"));
    expect(Node.decode(bytes, { maxDepth: 5 })).toEqual(Node.create(tower(5, "child")));
    expect(() => Node.decode(bytes, { maxDepth: 4 })).toThrow(expect.objectContaining({ code: "too_deep" }));
  });
});
