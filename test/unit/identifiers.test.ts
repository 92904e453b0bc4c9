import { describe, expect, test } from "vitest";
import { camelCase, lowerCamel, pascalCase, safeIdentifier, safeProperty } from "../../src/plan/index.js";

describe("names", () => {
  test.each([
    ["user.created", "userCreated"],
    ["User created", "userCreated"],
    ["user-created/v2", "userCreatedV2"],
    ["URLShortener", "urlShortener"],
    ["UserService", "userService"],
    ["aB", "aB"],
    ["a", "a"],
    ["ABC", "abc"],
    ["Ab", "ab"],
  ])("camelCase %s → %s", (name, expected) => expect(camelCase(name)).toBe(expected));

  test("pascalCase", () => expect(pascalCase("order/placed.v1")).toBe("OrderPlacedV1"));

  test.each([
    ["user_id", "userId"],
    ["userId", "userId"],
    ["a__b", "aB"],
    ["a_1", "a1"],
  ])("lowerCamel %s → %s", (name, expected) => expect(lowerCamel(name)).toBe(expected));

  test.each([
    ["class", "class$"],
    ["user-id", "user_id"],
    ["1st", "_1st"],
    ["", "_"],
    ["a;b\n", "a_b_"],
  ])("safeIdentifier %j → %s", (name, expected) => expect(safeIdentifier(name)).toBe(expected));

  test.each([
    ["constructor", "constructor$"],
    ["__proto__", "__proto__$"],
    ["class", "class"],
    ["x'y", "x_y"],
  ])("safeProperty %j → %s", (name, expected) => expect(safeProperty(name)).toBe(expected));
});
