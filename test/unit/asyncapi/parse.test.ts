import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { isAsyncApi, parseAsyncApi } from "../../../src/load/asyncapi/index.js";
import { entryOf, jsonOf, type AsyncApiDocument } from "../../../src/model/index.js";
import { source } from "./support.js";

function parse(text: string, path = "doc.yaml"): { document: AsyncApiDocument | undefined; found: string[] } {
  const diagnostics: Diagnostic[] = [];
  const document = parseAsyncApi(source(path, text), true, (found) => diagnostics.push(found));
  return {
    document,
    found: diagnostics.map(({ code, origin, message }) => `${code} ${origin?.line}:${origin?.column} ${message}`),
  };
}

function valueOf(text: string): unknown {
  const { document } = parse(text);
  return document && jsonOf(document.root);
}

describe("reading", () => {
  test("every key and value has its position", () => {
    const { document } = parse("a: 1\nlist:\n  - first\n  - key: value\n");
    const list = entryOf(document?.root, "list");
    expect(list?.origin).toEqual({ file: "doc.yaml", line: 2, column: 1, length: 4 });
    const items = list?.value.kind === "array" ? list.value.items : [];
    expect(items[0]?.origin).toEqual({ file: "doc.yaml", line: 3, column: 5, length: 5 });
    expect(entryOf(items[1], "key")?.value.origin).toEqual({ file: "doc.yaml", line: 4, column: 10, length: 5 });
  });

  test("JSON with escapes, tabs and a byte order mark", () => {
    const text = '\uFEFF{\n\t"a\\u0041\\/": "\\uD83D\\uDE00 \\n",\n\t"list":[1,-2.5e3,true,null]\n}';
    expect(valueOf(text)).toEqual({ "aA/": "😀 \n", list: [1, -2500, true, null] });
  });

  test("values that YAML 1.1 would turn into something else stay texts", () => {
    expect(valueOf("a: on\nb: no\nc: 2020-01-01\nd: 12:30\ne: .inf\n")).toEqual({
      a: "on",
      b: "no",
      c: "2020-01-01",
      d: "12:30",
      e: ".inf",
    });
  });

  test("keys that objects inherit stay data", () => {
    const { document } = parse("__proto__: { polluted: true }\nconstructor: 1\ntoString: 2\n200: three\n");
    const value = jsonOf(document?.root ?? { kind: "scalar", value: null, origin: source("", "") as never });
    expect(Object.keys(value as object).toSorted()).toEqual(["200", "__proto__", "constructor", "toString"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("aliases and merge keys", () => {
    expect(valueOf("base: &b { x: 1, y: 2 }\nsame: *b\nmore: { <<: *b, y: 3 }\n'<<': quoted\n")).toEqual({
      base: { x: 1, y: 2 },
      same: { x: 1, y: 2 },
      more: { y: 3, x: 1 },
      "<<": "quoted",
    });
  });
});

describe("faults", () => {
  test("several syntax errors of one file are all reported", () => {
    const { document, found } = parse("a: [1, 2\nb: 'open\nc: }\n");
    expect(document).toBeUndefined();
    expect(found.length).toBeGreaterThan(1);
    expect(found.every((line) => /^E3001 \d+:\d+ not valid YAML or JSON: /.test(line))).toBe(true);
  });

  test("a duplicate key names both places", () => {
    const diagnostics: Diagnostic[] = [];
    parseAsyncApi(source("d.yaml", "a:\n  x: 1\n  y: 2\n  x: 3\n"), true, (found) => diagnostics.push(found));
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: "E3002", origin: { line: 4, column: 3 } });
    expect(diagnostics[0]?.related[0]?.origin).toMatchObject({ line: 2, column: 3 });
  });

  test("duplicate keys of JSON, __proto__ among them", () => {
    expect(parse('{"__proto__": 1, "__proto__": 2}').found).toEqual([
      'E3002 1:18 the key "__proto__" is given twice in one object',
    ]);
  });

  test("an alias bomb ends with one diagnostic", () => {
    const lines = ["l0: &l0 [x,x,x,x,x,x,x,x,x,x]"];
    for (let i = 1; i < 30; i++)
      lines.push(
        `l${i}: &l${i} [${Array(10)
          .fill(`*l${i - 1}`)
          .join(",")}]`,
      );
    const { document, found } = parse(lines.join("\n"));
    expect(document).toBeUndefined();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^E3003 \d+:\d+ the document is too large/);
  });

  test("many aliases are resolved in one pass", () => {
    const text = `a: &a x\nlist: [${Array(50_000).fill("*a").join(",")}]\n`;
    const start = performance.now();
    expect(parse(text).found).toEqual([]);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test.each(["a: &a [*a]\n", "a: *missing\n"])("an alias that leads nowhere: %j", (text) => {
    const { document, found } = parse(text);
    expect(document).toBeUndefined();
    expect(found[0]).toMatch(/^E3001 1:\d+ /);
  });

  test.each([250, 100_000])("%i levels of nesting are too many", (depth) => {
    const { document, found } = parse(`a: ${"[".repeat(depth)}${"]".repeat(depth)}\n`);
    expect(document).toBeUndefined();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^E3003 1:\d+ the document is too large: more than 200 levels/);
  });

  test("a key that is a list", () => {
    expect(parse("? [a, b]\n: 1\n").found).toEqual(["E3004 1:3 a key must be a plain value, not a list"]);
  });

  test("two documents in one file", () => {
    expect(parse("a: 1\n---\nb: 2\n").found[0]).toMatch(/^E3001 2:1/);
  });
});

test("references: each target once with its origin and kind; data is not searched", () => {
  const { document } = parse(`
channels:
  $ref: "#/local"
one: { $ref: "common.yaml#/a" }
two: { $ref: "common.yaml#/b" }
three: { $ref: "https://example.com/x.yaml#/a" }
four: { $ref: "../user.proto#/acme.User" }
examples: [{ $ref: nowhere.yaml }]
properties:
  examples: { $ref: schemas/examples.json }
  $ref: { type: string }
`);
  expect(document?.references.map(({ target, kind, origin }) => [target, kind, origin.line])).toEqual([
    ["common.yaml", "ref", 4],
    ["https://example.com/x.yaml", "remote", 6],
    ["../user.proto", "proto-payload", 7],
    ["schemas/examples.json", "ref", 10],
  ]);
});

test.each([
  ["asyncapi: 3.0.0\n", "a.yaml", true],
  ["# comment\n'asyncapi': '2.6.0'\n", "a.yml", true],
  ['{"info": {}, "asyncapi": "3.0.0"}', "a.json", true],
  ['{\n  "asyncapi": "3.0.0"\n}', "a.json", true],
  ["openapi: 3.1.0\ninfo: { title: asyncapi }\n", "a.yaml", false],
  ["info:\n  asyncapi: 1\n", "a.yaml", false],
  ['{"openapi": "3.1.0", "x": "asyncapi"}', "a.json", false],
  ["asyncapi: 3.0.0\n", "a.txt", false],
])("sniffing %j in %s", (text, file, expected) => {
  expect(isAsyncApi(text, file)).toBe(expected);
});
