import { describe, expect, test } from "vitest";
import { codesOf, errorsOf, link } from "./support.js";

const head = `asyncapi: 3.0.0
info: { title: T, version: "1" }
`;

describe("$ref", () => {
  test("a broken one is located and names what is near", () => {
    const linked = link(`${head}channels:
  orders:
    address: orders
    messages:
      order: { $ref: '#/components/messages/Oder' }
components:
  messages:
    Order: { payload: { type: string } }
`);
    const [error, ...rest] = errorsOf(linked);
    expect(rest).toEqual([]);
    expect(error).toMatchObject({ code: "E3007", origin: { line: 7, column: 22 } });
    expect(error?.message).toBe(
      'the $ref "#/components/messages/Oder" leads nowhere: no "Oder" in /components/messages',
    );
    expect(error?.help).toBe('did you mean "#/components/messages/Order"?');
  });

  test("an unescaped slash is recognised", () => {
    const linked = link(`asyncapi: 2.6.0
info: { title: T, version: "1" }
channels:
  user/created:
    publish: { x-dead-letter: { channel: { $ref: '#/channels/user/dead' } }, message: { payload: {} } }
  user/dead: {}
`);
    expect(errorsOf(linked)[0]?.help).toBe('did you mean "#/channels/user~1dead"?');
  });

  test("broken ones that nobody uses are reported too, each once", () => {
    const linked = link(`${head}components:
  schemas:
    A: { properties: { x: { $ref: '#/nowhere' }, y: { $ref: '#/nowhere' } } }
    B: { $ref: '#no-pointer' }
`);
    expect(linked.found).toEqual([
      'E3007 5:35 the $ref "#/nowhere" leads nowhere: no "nowhere" in the document',
      'E3007 5:61 the $ref "#/nowhere" leads nowhere: no "nowhere" in the document',
      'E3010 6:16 "#no-pointer" is not a usable $ref',
    ]);
  });

  test("a chain that breaks shows the way that led there", () => {
    const linked = link(
      `${head}channels:
  a: { address: a, messages: { m: { payload: { $ref: '#/components/schemas/One' } } } }
components:
  schemas:
    One: { $ref: 'shared.yaml#/Two' }
`,
      {
        files: { "shared.yaml": "Two: { $ref: '#/Three' }\n" },
      },
    );
    const [error, ...rest] = errorsOf(linked);
    expect(rest).toEqual([]);
    expect(error?.origin).toMatchObject({ file: "shared.yaml", line: 1 });
    expect(error?.related.map(({ origin }) => `${origin.file}:${origin.line}`)).toEqual(["doc.yaml:4", "doc.yaml:7"]);
  });

  test.each([
    ["itself", "A: { $ref: '#/components/schemas/A' }"],
    ["another that comes back", "A: { $ref: '#/components/schemas/B' }\n    B: { $ref: '#/components/schemas/A' }"],
    ["a pointer through itself", "A: { $ref: '#/components/schemas/A/properties/x' }"],
  ])("a reference to %s", (_, schemas) => {
    const linked = link(`${head}components:\n  schemas:\n    ${schemas}\n`);
    expect(codesOf(linked)).toEqual(["E3009"]);
  });

  test("thousands of references in one chain cost no stack", () => {
    const lines = Array.from(
      { length: 5000 },
      (_, i) => `    S${i}: { properties: { next: { $ref: '#/components/schemas/S${i + 1}' } } }`,
    );
    const linked = link(`${head}components:\n  schemas:\n${lines.join("\n")}\n    S5000: { type: string }\n`);
    expect(linked.diagnostics).toEqual([]);
    expect(linked.file?.schemas).toHaveLength(5001);
    const through = Array.from(
      { length: 500 },
      (_, i) => `    T${i}: { $ref: '#/components/schemas/T${i + 1}/properties/x' }`,
    );
    expect(codesOf(link(`${head}components:\n  schemas:\n${through.join("\n")}\n`))).toContain("E3009");
  });

  test("through another reference, through files, with escapes and percent signs", () => {
    const linked = link(
      `${head}channels:
  a: { $ref: 'shared/channels.yaml#/~1a~0%20b' }
operations:
  o: { action: send, channel: { $ref: '#/channels/a' }, messages: [{ $ref: '#/channels/a/messages/m' }] }
`,
      {
        files: {
          "shared/channels.yaml": "'/a~ b': { address: x, messages: { m: { $ref: '../messages.yaml#/Created' } } }\n",
          "messages.yaml":
            "Created: { payload: { $ref: '#/Thing' } }\nThing: { type: object, properties: { self: { $ref: '#/Thing' } } }\n",
        },
      },
    );
    expect(errorsOf(linked)).toEqual([]);
    expect(linked.file?.operations[0]).toMatchObject({ channel: "a", messages: ["m"] });
    expect(linked.file?.schemas.map(({ key, name }) => [key, name])).toEqual([["messages.yaml#/Thing", "Thing"]]);
  });

  test("a document named __proto__ and keys of Object stay data", () => {
    const linked = link(`${head}channels:
  __proto__: { address: p, messages: { constructor: { payload: { $ref: '#/components/schemas/__proto__' } } } }
  toString: { address: t, messages: {} }
operations:
  hasOwnProperty: { action: receive, channel: { $ref: '#/channels/__proto__' } }
  o: { action: send, channel: { $ref: '#/channels/valueOf' } }
components:
  schemas:
    __proto__: { type: object, properties: { __proto__: { type: string } }, required: [__proto__] }
`);
    expect(linked.file?.channels.map(({ id }) => id)).toEqual(["__proto__", "toString"]);
    expect(linked.file?.operations[0]).toMatchObject({ channel: "__proto__", messages: ["constructor"] });
    expect(linked.file?.schemas[0]?.schema).toMatchObject({ kind: "object", properties: [{ name: "__proto__" }] });
    expect(codesOf(linked)).toEqual(["E3007"]);
  });

  test("lenient: faults are warnings and the rest is linked", () => {
    const text = `${head}channels:
  a: { address: a, messages: { m: { $ref: '#/components/messages/M' }, n: { payload: { type: string } } } }
`;
    const linked = link(text, { options: { lenient: true } });
    expect(linked.diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["E3007", "warning"]]);
    expect(linked.file?.channels[0]?.messages.map(({ id }) => id)).toEqual(["n"]);
  });
});
