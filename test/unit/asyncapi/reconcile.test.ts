import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { reconcile, withPointers } from "../../../src/load/index.js";
import { validateAsyncApi } from "../../../src/load/asyncapi/validate.js";
import { link } from "./support.js";

/** What a run says of a document: linker and official parser together. */
async function judge(text: string, lenient = false): Promise<readonly Diagnostic[]> {
  const { document, documents, diagnostics } = link(text, { options: { lenient } });
  if (document === undefined) throw new Error("it cannot be read");
  const verdict = await validateAsyncApi({ document, documents, cacheDir: undefined });
  return withPointers(reconcile(diagnostics, verdict, documents), documents);
}

async function told(text: string): Promise<readonly string[]> {
  const found = await judge(text);
  return found.map(({ code, severity, message, pointer }) => `${severity} ${code} ${pointer}: ${message}`);
}

function contract(schema: string, keys = ""): string {
  return `asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: kafka } }
channels:
  c:
    address: c
    ${keys}
    messages:
      m: { payload: { schemaFormat: "application/vnd.apache.avro;version=1.9.0", schema: ${schema} } }
`;
}

const at = "/channels/c/messages/m/payload/schema";

describe("F7 each fault once, where it is", () => {
  test.each([
    ["{ type: byts }", "E3042", "/type", 'there is no Avro type "byts"'],
    [
      "{ type: record, name: O, fields: [{ name: a, type: { type: array, items: strng } }] }",
      "E3042",
      "/fields/0/type/items",
      'there is no Avro type "strng"',
    ],
    [
      '{ type: record, name: O, fields: [{ name: a, type: [null, "string"] }] }',
      "E3048",
      "/fields/0/type/0",
      'an Avro type is a text, found null: write "null" in quotes',
    ],
    ["{ type: record, name: O }", "E3048", "/type", "the Avro record O has no fields"],
    ["{ type: record, fields: [] }", "E3048", "/type", "the Avro record has no name"],
    ["{ type: record, name: O, fields: { a: int } }", "E3048", "/type", "the Avro record O has no list of fields"],
    [
      "{ type: record, name: O, fields: [{ type: int }] }",
      "E3048",
      "/fields/0",
      "the field of the Avro record O has no name",
    ],
    [
      "{ type: record, name: O, fields: [{ name: a }] }",
      "E3048",
      "/fields/0",
      "the field a of the Avro record O has no type",
    ],
    [
      "{ type: record, name: O, fields: [{ name: a, type: int }, { name: a, type: int }] }",
      "E3048",
      "/fields/1/name",
      "the Avro record O has two fields a",
    ],
    ["{ type: enum, name: E }", "E3048", "/type", "the Avro enum E has no symbols"],
    ["{ type: map }", "E3048", "/type", "the Avro map has no values"],
    ["{ type: fixed, name: F }", "E3048", "/type", "the Avro fixed F has no size"],
    ["{ items: int }", "E3048", "", "an Avro type has no `type`"],
  ])("of the Avro schema %s", async (schema, code, place, message) => {
    expect(await told(contract(schema))).toEqual([`error ${code} ${at}${place}: ${message}`]);
  });

  test("one finding of the official parser, the innermost, where it alone finds fault", async () => {
    const schema = '{ type: record, name: O, fields: [{ name: "1x", type: int }, { name: a, type: int }] }';
    expect(await told(contract(schema))).toEqual([
      `error E3050 ${at}/fields/0/name: "name" property must match pattern "^[A-Za-z_][A-Za-z0-9_]*$"`,
    ]);
  });

  test("of an Avro schema of 2.x, by way of a reference", async () => {
    const text = `asyncapi: 2.6.0
info: { title: T, version: "1" }
channels:
  c:
    subscribe:
      message: { schemaFormat: application/vnd.apache.avro;version=1.9.0, payload: { $ref: '#/components/schemas/O' } }
components:
  schemas:
    O: { type: record, name: O, fields: [{ name: a, type: byts }] }
`;
    const found = (await told(text)).filter((line) => !line.includes("E3030"));
    expect(found[0]).toBe('error E3042 /components/schemas/O/fields/0/type: there is no Avro type "byts"');
    expect(found.filter((line) => line.includes("byts"))).toHaveLength(1);
  });

  test("of bindings: what the linker says, with the severity of the parser", async () => {
    const bindings = "bindings: { kafka: { topc: a, partitions: none } }";
    expect(await told(contract('"string"', bindings))).toEqual([
      "error E3022 /channels/c/bindings/kafka/topc: bindings.kafka.topc has no effect: no such key is known on a channel",
      'error E3043 /channels/c/bindings/kafka/partitions: bindings.kafka.partitions is "none", ' +
        "expected a whole number of at least 1: it has no effect",
    ]);
  });

  test("leniently, too", async () => {
    const found = await judge(contract("{ type: byts }"), true);
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([["E3042", "warning"]]);
  });

  test("the pointer of a channel is its own, though its parent begins at the same place", async () => {
    const text = `asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: kafka } }
channels:
  open: { address: "a.{b}", parameters: { b: {} }, messages: { m: { payload: { type: object } } } }
operations:
  take: { action: receive, x-dead-letter: {}, channel: { $ref: '#/channels/open' }, bindings: { kafka: { groupI: a } } }
`;
    const found = (await told(text)).map((line) => line.split(":")[0]);
    expect(found).toContain("warning E3032 /channels/open");
  });
});
