import { describe, expect, test } from "vitest";
import {
  bytesPayload,
  isQueueError,
  jsonPayload,
  messageUnion,
  shape,
  textPayload,
  type QueueError,
  type Shape,
} from "../../../src/runtime/queue/index.js";

function issuesOf(shapeToCheck: Shape, value: unknown): string[] {
  try {
    jsonPayload("V", shapeToCheck).fromJson(value as never);
    return [];
  } catch (error) {
    if (!isQueueError(error, "invalid")) throw error;
    return error.issues.map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
  }
}

describe("shapes", () => {
  test.each<[string, Shape, unknown, string[]]>([
    ["any", shape.any(), { a: [1, null, "x"] }, []],
    ["any in a program", shape.any(), { a: 1n }, ["a must be JSON"]],
    ["never", shape.never(), 1, ["must not be there"]],
    ["null", shape.nothing(), null, []],
    ["null", shape.nothing(), 0, ["must be null"]],
    ["boolean", shape.boolean(), "true", ["must be a boolean"]],
    ["string", shape.string(), 1, ["must be a string"]],
    ["length", shape.string({ minLength: 1 }), "", ["must not be empty"]],
    ["length in characters", shape.string({ minLength: 2, maxLength: 2 }), "😀😀", []],
    ["length in characters", shape.string({ minLength: 2 }), "😀", ["must have at least 2 characters"]],
    ["length", shape.string({ maxLength: 3 }), "abcd", ["must have at most 3 characters"]],
    ["pattern", shape.string({ pattern: /^a+$/u }), "b", ["must match /^a+$/u"]],
    ["number", shape.number(), "1", ["must be a number"]],
    ["number", shape.number(), Number.NaN, ["must be a number"]],
    ["integer", shape.integer(), 1.5, ["must be an integer"]],
    ["minimum", shape.integer({ minimum: 1 }), 0, ["must be at least 1"]],
    ["maximum", shape.number({ maximum: 1 }), 1.1, ["must be at most 1"]],
    ["exclusive", shape.number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), 0, ["must be above 0"]],
    ["exclusive", shape.number({ exclusiveMaximum: 1 }), 1, ["must be below 1"]],
    ["multipleOf", shape.number({ multipleOf: 0.1 }), 0.3, []],
    ["multipleOf", shape.number({ multipleOf: 0.1 }), 0.35, ["must be a multiple of 0.1"]],
    ["values", shape.values(["a", 1, null]), null, []],
    ["values", shape.values(["a", "b"]), "c", ['must be one of "a", "b"']],
    ["values of objects", shape.values([{ a: 1, b: [2] }]), { b: [2], a: 1 }, []],
    ["array", shape.array({}), {}, ["must be an array"]],
    [
      "items",
      shape.array({ items: shape.integer() }),
      [1, "2", 3, "4"],
      ["[1] must be an integer", "[3] must be an integer"],
    ],
    ["tuple", shape.array({ prefix: [shape.string()], items: shape.never() }), ["a", 1], ["[1] must not be there"]],
    ["counts", shape.array({ minItems: 2 }), [1], ["must have at least 2 items"]],
    ["counts", shape.array({ maxItems: 1 }), [1, 2], ["must have at most 1 items"]],
    [
      "unique",
      shape.array({ uniqueItems: true }),
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      ["must not have equal items"],
    ],
    ["object", shape.object({}), [], ["must be an object"]],
    ["object", shape.object({}), null, ["must be an object"]],
    ["required", shape.object({ required: { id: shape.string() } }), {}, ["id is required"]],
    [
      "inherited names are not there",
      shape.object({ required: { toString: shape.any() } }),
      {},
      ["toString is required"],
    ],
    [
      "additional",
      shape.object({ optional: { a: shape.any() }, additional: false }),
      { a: 1, b: 2 },
      ["b is not a property of the contract"],
    ],
    ["additional", shape.object({ additional: shape.integer() }), { a: 1, "b c": "x" }, ['["b c"] must be an integer']],
    [
      "patterns",
      shape.object({ patterns: [{ pattern: /^x-/u, value: shape.string() }], additional: false }),
      { "x-a": 1 },
      ['["x-a"] must be a string'],
    ],
    ["property counts", shape.object({ minProperties: 1 }), {}, ["must have at least 1 properties"]],
    ["anyOf", shape.anyOf([shape.string(), shape.integer()]), 1.5, ["must match one of the allowed forms"]],
    ["oneOf", shape.oneOf([shape.number(), shape.integer()]), 1, ["must match only one of the allowed forms"]],
    [
      "allOf",
      shape.allOf([shape.object({ required: { a: shape.any() } }), shape.object({ required: { b: shape.any() } })]),
      {},
      ["a is required", "b is required"],
    ],
    [
      "switchOn",
      shape.switchOn({ property: "t", cases: { a: shape.object({ required: { n: shape.integer() } }) } }),
      { t: "a", n: "x" },
      ["n must be an integer"],
    ],
    ["switchOn", shape.switchOn({ property: "t", cases: { a: shape.any() } }), { t: "b" }, ['t must be one of "a"']],
    ["switchOn", shape.switchOn({ property: "t", cases: { a: shape.any() } }), {}, ["t is required"]],
    ["date-time", shape.string({ format: "date-time" }), "2024-02-29T23:59:60Z", []],
    ["date-time", shape.string({ format: "date-time" }), "2023-02-29T00:00:00Z", ["must be a date-time"]],
    ["email", shape.string({ format: "email" }), "ada.l@example.org", []],
    ["email", shape.string({ format: "email" }), "ada@@example", ["must be a email"]],
    ["uuid", shape.string({ format: "uuid" }), "x", ["must be a uuid"]],
    ["uri", shape.string({ format: "uri" }), "https://example.org/a?b#c", []],
    ["uri", shape.string({ format: "uri" }), "/relative", ["must be a uri"]],
    ["ipv4", shape.string({ format: "ipv4" }), "256.1.1.1", ["must be a ipv4"]],
    ["ipv6", shape.string({ format: "ipv6" }), "2001:db8::1", []],
    ["unknown formats are annotations", shape.string({ format: "colour" }), "blue", []],
  ])("%s %#", (_name, subject, value, issues) => {
    expect(issuesOf(subject, value)).toEqual(issues);
  });

  const tree: Shape = shape.object({ optional: { next: () => tree } });

  test("recursion is bounded", () => {
    let value: object = {};
    for (let i = 0; i < 5_000; i++) value = { next: value };
    expect(issuesOf(tree, value)[0]).toContain("must not be nested deeper than 100 levels");
    const text = `${'{"next":'.repeat(200_000)}{}${"}".repeat(200_000)}`;
    expect(() => jsonPayload("Tree", tree).fromJsonString(text)).toThrow(/nested deeper|not JSON/);
  });

  test("a value in a circle is refused, not followed for ever", () => {
    const value: { next?: unknown } = {};
    value.next = value;
    expect(() => jsonPayload<unknown, unknown>("Tree", tree).encode(value)).toThrow(/nested/);
  });

  test("ambiguous recursive unions cost bounded work", () => {
    const ambiguous: Shape = shape.object({
      optional: { next: shape.anyOf([() => ambiguous, () => ambiguous, () => ambiguous]), last: shape.integer() },
    });
    let value: object = { last: "no integer" };
    for (let i = 0; i < 60; i++) value = { next: value };
    const start = performance.now();
    expect(issuesOf(ambiguous, value).length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test("issues are bounded", () => {
    expect(
      issuesOf(
        shape.array({ items: shape.string() }),
        Array.from({ length: 1_000 }, () => 1),
      ),
    ).toHaveLength(20);
  });
});

describe("jsonPayload", () => {
  interface Order {
    id: string;
    currency: string;
    toString$?: string;
    __proto__$?: string;
  }
  const Order = jsonPayload<Order, Partial<Order>>(
    "Order",
    shape.object({
      required: { id: shape.string() },
      optional: { currency: shape.string(), toString: shape.string(), ["__proto__"]: shape.string() },
      names: { toString$: "toString", __proto__$: "__proto__" },
      defaults: { currency: "EUR" },
    }),
  );

  test("readers get defaults, writers need not give them, nothing is invented on the wire", () => {
    expect(new TextDecoder().decode(Order.encode({ id: "1" }))).toBe('{"id":"1"}');
    expect(Order.decode(new TextEncoder().encode('{"id":"1","more":[1]}'))).toMatchObject({
      id: "1",
      currency: "EUR",
      more: [1],
    });
    expect(Order.create({ id: "1" })).toMatchObject({ id: "1", currency: "EUR" });
  });

  test("names that every object inherits are data", () => {
    const read = Order.fromJsonString('{"id":"1","__proto__":"p","constructor":"c"}');
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read.__proto__$).toBe("p");
    expect(read.toString$).toBeUndefined();
    expect(JSON.parse(Order.toJsonString({ ...read, toString$: "t" }))).toEqual(
      JSON.parse('{"id":"1","currency":"EUR","__proto__":"p","constructor":"c","toString":"t"}'),
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("create copies, and refuses what is not whole", () => {
    const Tags = jsonPayload<{ tags: string[] }, { tags: readonly string[] }>(
      "Tags",
      shape.object({ required: { tags: shape.array({ items: shape.string() }) } }),
    );
    const init = { tags: ["a"] };
    const made = Tags.create(init);
    made.tags.push("b");
    expect(init.tags).toEqual(["a"]);
    expect(() => Order.create({})).toThrow("Order: id is required");
  });

  test("faults have a code, and messages do not quote the content", () => {
    const caught = (run: () => unknown): QueueError => {
      try {
        run();
      } catch (error) {
        if (isQueueError(error)) return error;
      }
      throw new Error("nothing thrown");
    };
    expect(caught(() => Order.fromJsonString("{secret")).message).toBe("Order: not JSON");
    expect(caught(() => Order.decode(new Uint8Array([0xff]))).code).toBe("undecodable");
    expect(caught(() => Order.fromJsonString('{"id":5}'))).toMatchObject({
      code: "invalid",
      message: "Order: id must be a string",
    });
  });

  test("text and bytes", () => {
    const Line = textPayload<string>("Line", shape.string({ maxLength: 3 }));
    expect(new TextDecoder().decode(Line.encode("aä"))).toBe("aä");
    expect(Line.decode(new TextEncoder().encode("aä"))).toBe("aä");
    expect(() => Line.encode("abcd")).toThrow("at most 3");
    expect(bytesPayload.fromJsonString(bytesPayload.toJsonString(new Uint8Array([1, 2])))).toEqual(
      new Uint8Array([1, 2]),
    );
  });
});

describe("messageUnion", () => {
  const made = jsonPayload<{ id: string }>(
    "Made",
    shape.object({ required: { id: shape.string() }, additional: false }),
  );
  const gone = jsonPayload<{ why: string }>(
    "Gone",
    shape.object({ required: { why: shape.string() }, additional: false }),
  );
  type Either = { case: "made"; value: { id: string } } | { case: "gone"; value: { why: string } };
  const union = messageUnion<Either>({
    typeName: "either",
    members: [
      { case: "made", name: "Made", type: made, contentType: "application/json" },
      { case: "gone", name: "Gone", type: gone, contentType: "application/json" },
    ],
  });

  test("on the wire a message is its own payload; as JSON it says its case", () => {
    const message: Either = { case: "gone", value: { why: "old" } };
    expect(new TextDecoder().decode(union.encode(message))).toBe('{"why":"old"}');
    expect(union.toJson(message)).toEqual({ gone: { why: "old" } });
    expect(union.fromJson({ gone: { why: "old" } })).toEqual(message);
    expect(union.create(message)).toEqual(message);
  });

  test("without a name the schema tells them apart, and refuses what fits none or several", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(union.decode(bytes('{"id":"1"}'))).toEqual({ case: "made", value: { id: "1" } });
    expect(() => union.decode(bytes('{"x":1}'))).toThrow("fits none");
    const open = messageUnion<unknown>({
      typeName: "open",
      members: [
        { case: "a", name: "A", type: jsonPayload("A", shape.object({})), contentType: "application/json" },
        { case: "b", name: "B", type: jsonPayload("B", shape.object({})), contentType: "application/json" },
      ],
    });
    expect(() => open.decode(bytes("{}"))).toThrow("fits several");
  });

  test("an unknown case is refused", () => {
    expect(() => union.encode({ case: "other", value: {} } as never)).toThrow('case must be one of "made", "gone"');
    expect(() => union.fromJson({ made: { id: "1" }, gone: { why: "x" } })).toThrow("must be an object with one of");
  });
});
