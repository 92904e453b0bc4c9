import { describe, expect, it } from "vitest";
import { bundle, type AnyType, type Fields } from "./support.js";

// As programs ship it: one file, in which functions call each other without a module in between.

/** Many messages, each with an enum, a map and a default of its own. */
const many = Array.from(
  { length: 20 },
  (_, i) => `
message Other${i} {
  enum Kind { KIND_ZERO = 0; KIND_ONE = 1; }
  optional Kind kind = 1;
  map<string, Other${i}> others = 2;
  optional bytes raw = 3 [default = "abc"];
  optional double ratio = 4 [default = 0.5];
}`,
);
const small = `syntax = "proto2";
package t;
message Small { optional string name = 1; }`;

describe("tree shaking", () => {
  const use = 'import { Small } from "emitted/t.pb.js"; console.log(Small.encode({ name: "a" }));';

  it("keeps nothing of messages and enums that nobody uses", async () => {
    const alone = await bundle({ "t.proto": small }, use);
    const crowded = await bundle({ "t.proto": `${small}${many.join("")}` }, use);
    expect(crowded).not.toContain("Other");
    // minified names differ by a few letters
    expect(crowded.length).toBeLessThan(alone.length + 100);
  });

  it("takes one well-known type without the others of its file", async () => {
    const program = 'import { StringValue } from "@wirespan/runtime/wkt"; console.log(StringValue.create());';
    const text = await bundle({}, program);
    expect(text.match(/"google\.protobuf\.[A-Z]\w+"/g)).toEqual(['"google.protobuf.StringValue"']);
  });
});

const proto = `syntax = "proto3";
package t;
message Node {
  string name = 1;
  Node next = 2;
  repeated Node list = 3;
  map<string, Node> map = 4;
  repeated double numbers = 5;
}`;

describe("messages without end", async () => {
  const text = await bundle({ "t.proto": proto }, 'export { Node } from "emitted/t.pb.js";');
  const url = `data:text/javascript,${encodeURIComponent(text)}`;
  const { Node } = (await import(/* @vite-ignore */ url)) as { Node: AnyType };

  const cyclic = (link: (node: Fields) => Fields): Fields => {
    const node: Fields = { name: "a" };
    return Object.assign(node, link(node));
  };

  it.each([
    ["in a field", (node: Fields) => ({ next: node })],
    ["in a list", (node: Fields) => ({ list: [node] })],
    ["in a map", (node: Fields) => ({ map: { k: node } })],
  ])("refuses a message that holds itself %s", (_, link) => {
    const tooDeep = expect.objectContaining({ name: "WireError", code: "too_deep" });
    for (const write of [Node.encode, Node.toJson, Node.toJsonString, Node.create]) {
      expect(() => write(cyclic(link))).toThrow(tooDeep);
    }
  });

  it("keeps the cause, and works as before afterwards", () => {
    expect(() => Node.encode(cyclic((next) => ({ next, numbers: [1, 2, 3] })))).toThrow(
      expect.objectContaining({ cause: expect.any(RangeError) as unknown }),
    );
    const message = { name: "b", numbers: [0.5, -1], next: { numbers: [7] } };
    expect(Node.decode(Node.encode(message))).toEqual(Node.create(message));
  });

  it("leaves other errors alone", () => {
    const broken = {
      get name(): string {
        throw new RangeError("Invalid array length");
      },
    };
    expect(() => Node.encode(broken)).toThrow(/^Invalid array length$/);
    expect(() => Node.toJson(broken)).toThrow(/^Invalid array length$/);
  });
});
