import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { callerOf } from "../../../src/runtime/interceptors/caller.js";
import { canonicalText, digestOf } from "../../../src/runtime/interceptors/canonical.js";
import { statePerTarget } from "../../../src/runtime/interceptors/per-target.js";
import { createFieldReader } from "../../../src/runtime/interceptors/request-field.js";
import { createCall, createMetadata, oneMessage } from "../../../src/runtime/rpc/index.js";
import { Echo } from "../../behaviour/rpc/echo.js";

test("M67, T10: equal messages have one text, whatever the order of their maps; others have another", () => {
  const a = { id: "1", labels: { x: "1", y: "2" }, total: 1n, data: Uint8Array.of(1), note: undefined };
  const b = { total: 1n, data: Uint8Array.of(1), labels: { y: "2", x: "1" }, id: "1" };
  expect(canonicalText(a)).toBe(canonicalText(b));
  const different: readonly unknown[] = [
    "1",
    1,
    1n,
    true,
    "true",
    null,
    undefined,
    "",
    Number.NaN,
    0,
    -0,
    0n,
    [],
    {},
    [1, 2],
    [12],
    ["1,2"],
    ["1", "2"],
    { a: 1 },
    { a: "1" },
    { a: { b: 1 } },
    { "a:{b": 1 },
    new Date(1),
    Uint8Array.of(1),
    Uint8Array.of(1, 0),
    [1],
    "b01",
    "d1",
    "\ud800",
    "\ud801",
    { case: "a", value: 1 },
  ];
  const texts = different.map(canonicalText);
  expect(new Set(texts).size).toBe(texts.length);
});

test("M67, T10: hashes are SHA-256", async () => {
  expect(await digestOf("ä€")).toBe(createHash("sha256").update("ä€").digest("hex"));
});

test("M67, T10: fields by their path in the contract", () => {
  const message = {
    userId: "u",
    constructor$: "c",
    order: { customer_id: "no", customerId: 7n, lines: [] },
    target: { case: "groupName", value: "g" },
    nested: undefined,
  };
  const read = (path: string): unknown => createFieldReader(path)(message);
  expect(read("user_id")).toBe("u");
  expect(read("order.customer_id")).toBe(7n);
  expect(read("constructor")).toBe("c");
  expect(read("group_name")).toBe("g");
  for (const path of ["user_name", "nested.id", "user_id.id", "to_string", "__proto__", "order.lines.length.x"]) {
    expect(read(path)).toBeUndefined();
  }
  expect(createFieldReader("id")(undefined)).toBeUndefined();
});

test("of a method the states of 1,000 targets are kept; what was longest not asked for goes first, and is told of", () => {
  const made: string[] = [];
  const forgotten: string[] = [];
  const states = statePerTarget<string>({
    make: (_method, target) => (made.push(target), target),
    forget: (state) => void forgotten.push(state),
    target: ({ metadata }) => metadata.get("x-target") ?? "",
  });
  const stateOf = states(Echo.methods.say);
  const ask = (target: number): string => {
    const metadata = createMetadata({ "x-target": `t${target}` });
    return stateOf(
      createCall({ method: Echo.methods.say, requests: oneMessage({}), side: "client", metadata }).context,
    );
  };
  for (let target = 0; target < 1_000; target++) ask(target);
  expect([ask(0), made.length, forgotten]).toEqual(["t0", 1_000, []]);
  ask(1_000);
  expect([made.length, forgotten]).toEqual([1_001, ["t1"]]);
  ask(0);
  ask(1);
  expect([made.length, forgotten]).toEqual([1_002, ["t1", "t2"]]);
});

describe("M67, T10: callers are told apart", () => {
  const of = (identity: unknown): string =>
    callerOf(createCall({ method: Echo.methods.say, requests: oneMessage({}) }).context, identity);

  test("by all claims but those that every token has of its own", () => {
    const claims = { iss: "i", sub: "1", tenant: "a" };
    const first = of({ claims: { ...claims, iat: 1, exp: 2, jti: "x" }, scopes: ["s"] });
    expect(of({ scopes: [], claims: { exp: 4, tenant: "a", sub: "1", iss: "i", iat: 3, jti: "y" } })).toBe(first);
    expect(of({ claims: { ...claims, tenant: "b" }, scopes: ["s"] })).not.toBe(first);
    expect(of({ claims: { ...claims, sub: "2" }, scopes: ["s"] })).not.toBe(first);
  });

  test("by everything that an identity of a program's own holds", () => {
    const own = (tenant: string): string => of({ claims: { sub: "1" }, tenant });
    expect(own("a")).not.toBe(own("b"));
    const key = (tenant: string): string => of({ apiKey: { id: "1" }, tenant });
    expect(key("a")).not.toBe(key("b"));
  });
});
