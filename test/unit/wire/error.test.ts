import { describe, expect, it } from "vitest";
import { isWireError, WireError } from "../../../src/runtime/wire/index.js";

const brand = Symbol.for("wirespan.WireError");

describe("isWireError", () => {
  it("knows an error of another copy of the package", () => {
    expect(isWireError(new WireError("truncated", "x"))).toBe(true);
    expect(isWireError(Object.defineProperty(new Error("x"), brand, { value: true }))).toBe(true);
  });

  it("takes nothing for one that has inherited the mark", () => {
    expect(isWireError(Object.create(new WireError("truncated", "x")))).toBe(false);
    expect(isWireError({ __proto__: { [brand]: true } })).toBe(false);
    for (const value of [undefined, null, "x", 1, {}, new Error("x")]) expect(isWireError(value)).toBe(false);
  });
});
