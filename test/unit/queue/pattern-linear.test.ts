import { describe, expect, test } from "vitest";
import { isLinearPattern, linearPattern } from "../../../src/runtime/pattern/index.js";

describe("linearPattern", () => {
  const texts = [
    "",
    "a",
    "aa",
    "ab",
    "aab",
    "abc",
    "a-b",
    "word",
    "a word b",
    "é",
    "é1",
    "𝒳",
    "a\nb",
    "\n",
    "x1y22",
    "{}",
    "A",
    "_",
  ];
  test.each([
    "a+",
    "^a*$",
    "(a|b)*c",
    "^(a+)+$",
    "^(a|ab)*c$",
    "^\\S+@\\S+$",
    "\\bword\\b",
    "\\Bb",
    "^.$",
    "[^a]",
    "^[\\w-]+$",
    "^\\p{L}+$",
    "a{2}",
    "^a{1,2}b?$",
    "^(?:a|)b$",
    "^(?<n>a)b$",
    "x\\d+y\\d{2,}",
    "^a|b$",
    "[\\-_]",
    "\\u{e9}",
    "^\\u00e9$",
    "\\{\\}",
    "^$",
    "",
    "(^a|b$)",
    "()",
    "^(a?){20}a{20}$",
    "a.b",
    "^[^]$",
    "[]",
    "(a*)*b",
    "^(a|a)*$",
    "\\x61",
    "a??b",
  ])("M74: %s tells the same as JavaScript's engine", (pattern) => {
    const native = new RegExp(pattern, /\[\\-_\]/.test(pattern) ? "" : "u");
    const linear = linearPattern(pattern);
    for (const text of texts) expect([text, linear.test(text)]).toEqual([text, native.test(text)]);
  });

  test.each([
    "(?=a)a",
    "(?!a)b",
    "(?<=a)b",
    "(a)\\1",
    "(?<n>a)\\k<n>",
    "a(",
    "[a",
    "a**",
    "*",
    "(?i)a",
    "\\",
    "a{2,1}",
    "((a{100}){100})",
    "^*",
  ])("M74: %s is not taken", (pattern) => {
    expect(isLinearPattern(pattern)).toBe(false);
    expect(() => linearPattern(pattern)).toThrow(SyntaxError);
  });

  test("M74: takes time linear in the text where backtracking takes exponential time", () => {
    for (const pattern of ["^(a+)+$", "^(a|aa)+$", "(a*)*b", "^(a?){30}a{30}$"]) {
      const linear = linearPattern(pattern);
      const times = [20_000, 200_000].map((length) => {
        const text = `${"a".repeat(length)}!`;
        const start = process.cpuUsage();
        expect(linear.test(text)).toBe(false);
        const { user, system } = process.cpuUsage(start);
        return user + system;
      });
      // ten times the text; a square would be a hundred times as long
      expect(times[1]).toBeLessThan(50 * Math.max(times[0] ?? 0, 2_000));
    }
  });
});
