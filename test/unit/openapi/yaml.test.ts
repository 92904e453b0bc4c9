import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { printYaml } from "../../../src/generators/openapi/yaml.js";

const texts = [
  "",
  " ",
  "plain text, with a comma",
  "true",
  "No",
  "null",
  "~",
  "-",
  "- item",
  "1",
  "1.5",
  "0x1F",
  "2026-11-21",
  "12:30:45",
  "a: b",
  "a:",
  "a #b",
  "#b",
  "{a}",
  "[a]",
  "*a",
  "&a",
  "!a",
  "%a",
  "@a",
  "`a`",
  "| a",
  "> a",
  "'a'",
  '"a"',
  'say "a"',
  "it's",
  `both ' and "`,
  "back\\slash",
  "trailing ",
  "tab\there",
  "line\nbreak",
  "line\n\n  indented\nbreak",
  "ends\n",
  "\nstarts",
  "space before break \nx",
  "carriage\rreturn",
  "sep\u2028arator",
  "nul\0",
  "é ☺ \u{1f600}",
  "\ufeffbom",
  "__proto__",
  "---",
  "...",
  "---\nx",
  "# a\n# b",
  "? a",
  "/v1/{a}:b",
  "x".repeat(200),
  Array.from({ length: 60 }, () => "word").join(" "),
];

describe("YAML", () => {
  test.each(texts)("%j survives as value, item and key", async (text) => {
    const data = { value: text, items: [text, [text]], nested: Object.fromEntries([[text, { deep: text }]]) };
    const yaml = printYaml(data);
    expect(parse(yaml)).toEqual(data);
    expect(await format(yaml, { parser: "yaml" })).toBe(yaml);
  });

  test("plain data of all kinds", () => {
    const data = {
      none: null,
      yes: true,
      count: -1.5,
      empty: {},
      list: [],
      lists: [[], [[1], [2, [3]]], {}],
      objects: [{ a: 1, b: { c: [{ d: 1 }] } }, { only: undefined }],
      left: undefined,
    };
    expect(parse(printYaml(data))).toEqual(JSON.parse(JSON.stringify(data)));
    expect(printYaml({ a: { b: undefined }, c: [{ d: [] }] })).toBe("a: {}\nc:\n  - d: []\n");
  });

  test("a key called __proto__ stays data", () => {
    const data = Object.fromEntries([["__proto__", { type: "string" }]]);
    expect(printYaml(data)).toBe("__proto__:\n  type: string\n");
  });
});
