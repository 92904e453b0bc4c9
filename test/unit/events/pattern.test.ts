import { describe, expect, test } from "vitest";
import { safePattern } from "../../../src/generators/shared/schema-pattern.js";

describe("patterns of contracts", () => {
  test.each([
    "^[a-z]+$",
    "^[A-Z]{2,3}-[0-9]{1,6}$",
    "^[a-z0-9]+(-[a-z0-9]+)*$",
    "^[a-z]+(?:\\.[a-z]+)*$",
    "^(red|green|blue)$",
    "^\\d{4}-\\d{2}-\\d{2}$",
    "^#?[0-9a-fA-F]{6}$",
    "^[^@]+@[a-z.]+$",
    "[0-9]{3}",
    "^x*?y",
    "^$",
    "^[\\w\\-]{1,20}$",
    "^\\+[1-9][0-9]{1,14}$",
    "^\\u0041[\\x20-\\x7e]*$",
    "^(a(b(c)?)?)?$",
  ])("checked: %s", (pattern) => {
    const found = safePattern(pattern);
    expect(found).toBeInstanceOf(RegExp);
    expect(found?.source).toBe(new RegExp(pattern).source);
  });

  test.each([
    "(a+)+$",
    "^(a+)+$",
    "^((ab)+)+$",
    "^(a+b?)+$",
    "^(a{1,9})+$",
    "^(a|a)*$",
    "^(a|ab)*c$",
    "^(a*)*$",
    "^(.*)*x$",
    "^\\S+@\\S+\\.\\S+$",
    "[a-z]+$",
    "^a|b+$",
    "^(a)\\1$",
    "^(?=a)a$",
    "^(?<!a)b$",
    "\\bword\\b",
    "^(a?){50}b$",
    "^([a-z]?[a-z0-9])+$",
    "^(()|a)*$",
    "^a{0,3}a{0,3}$",
    "^[a-z",
    "a$b",
    `^${"(".repeat(60)}a${")".repeat(60)}$`,
    `^[a-z]{900}$`,
    "x".repeat(2_000),
  ])("not checked: %s", (pattern) => {
    expect(safePattern(pattern)).toBeUndefined();
  });

  test("what is checked is fast on texts made to be slow", () => {
    const texts = ["a".repeat(100_000) + "!", "a-".repeat(50_000) + "!", "1".repeat(100_000)];
    for (const pattern of ["^[a-z0-9]+(-[a-z0-9]+)*$", "^[a-z]+$", "^(?:a-)*$", "[0-9]{3}x"]) {
      const found = safePattern(pattern);
      const start = performance.now();
      for (const text of texts) found?.test(text);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});
