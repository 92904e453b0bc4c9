import { describe, expect, test } from "vitest";
import type { EventMessage, NamedSchema, Schema } from "../../../src/model/index.js";
import { codesOf, link, type Linked, protoMessage } from "./support.js";

interface PayloadInput {
  readonly components?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly proto?: boolean;
}

function linkMessage(message: string, { components = "", files = {}, proto = false }: PayloadInput = {}): Linked {
  return link(
    `asyncapi: 3.0.0
info: { title: T, version: "1" }
channels:
  c: { address: c, messages: { Created: ${message} } }
components:
  schemas: { ${components} }
`,
    {
      files: { ...files, ...(proto ? { "user.proto": "" } : {}) },
      messages: [protoMessage("acme.UserCreated", "user.proto", ["id"]), protoMessage("acme.Other", "other.proto", [])],
    },
  );
}

function messageOf({ file }: Linked): EventMessage {
  const message = file?.channels[0]?.messages[0];
  if (message === undefined) throw new Error("no message");
  return message;
}

/** The schema of the payload, its name followed. */
function schemaOf(linked: Linked): Schema | undefined {
  const { payload } = messageOf(linked);
  if (payload.kind !== "schema") return undefined;
  const { schema } = payload;
  return schema.kind === "ref" ? named(linked, schema.key)?.schema : schema;
}

function named({ file }: Linked, key: string): NamedSchema | undefined {
  return file?.schemas.find((schema) => schema.key === key);
}

function convert(schema: string, components = ""): Schema | undefined {
  return schemaOf(linkMessage(`{ payload: ${schema} }`, { components }));
}

describe("JSON Schema draft 7", () => {
  test.each([
    ["true", { kind: "any" }],
    ["false", { kind: "never" }],
    ["{}", { kind: "any" }],
    ["{ type: 'null' }", { kind: "null" }],
    ["{ type: boolean, title: Flag, description: d }", { kind: "boolean", title: "Flag", description: "d" }],
    [
      "{ type: string, format: uuid, minLength: 1, pattern: '^a' }",
      { kind: "string", format: "uuid", minLength: 1, pattern: "^a" },
    ],
    [
      "{ type: integer, minimum: 0, exclusiveMaximum: 9, multipleOf: 3 }",
      { kind: "integer", minimum: 0, exclusiveMaximum: 9, multipleOf: 3 },
    ],
    ["{ const: a }", { kind: "enum", values: ["a"] }],
    ["{ type: string, enum: [a, null, 1] }", { kind: "enum", values: ["a"] }],
    ["{ type: integer, const: a }", { kind: "never" }],
    ["{ enum: [a, 1], maxLength: 1 }", { kind: "enum", rules: [{ kind: "only", type: "string" }] }],
    ["{ not: { type: string } }", { kind: "any", rules: [{ kind: "not", schema: { kind: "string" } }] }],
    [
      "{ type: [string, 'null'], maxLength: 3 }",
      { kind: "union", exactlyOne: false, members: [{ kind: "string", maxLength: 3 }, { kind: "null" }] },
    ],
    [
      "{ type: array, items: { type: string }, minItems: 1, uniqueItems: true }",
      { kind: "array", items: { kind: "string" }, minItems: 1, uniqueItems: true },
    ],
    [
      "{ items: [{ type: string }], additionalItems: false }",
      { kind: "array", prefix: [{ kind: "string" }], items: { kind: "never" } },
    ],
    ["{ type: object }", { kind: "object", properties: [], additional: undefined }],
    ["{ additionalProperties: { type: number } }", { kind: "object", additional: { kind: "number" } }],
    [
      "{ type: object, patternProperties: { '^x': { type: string } }, minProperties: 1 }",
      { kind: "object", patternProperties: [{ pattern: "^x", schema: { kind: "string" } }], minProperties: 1 },
    ],
    [
      "{ oneOf: [{ type: string }, { type: integer }], discriminator: kind }",
      { kind: "union", exactlyOne: true, discriminator: "kind", members: [{ kind: "string" }, { kind: "integer" }] },
    ],
    ["{ anyOf: [{ type: string }, { type: integer }] }", { kind: "union", exactlyOne: false }],
    ["{ type: object, oneOf: [{ type: string }, { type: integer }] }", { kind: "union", exactlyOne: true }],
    ["{ allOf: [{ type: string }, { description: said }] }", { kind: "string", description: "said" }],
    ["{ default: { __proto__: 1 } }", { kind: "any" }],
  ])("%s", (schema, expected) => {
    expect(convert(schema)).toMatchObject(expected);
  });

  test("objects: required ones, those nobody describes, read-only ones", () => {
    const schema = convert(
      "{ type: object, required: [a, z], properties: { a: { type: string, readOnly: true, deprecated: true }, b: true }, additionalProperties: false }",
    );
    expect(schema).toMatchObject({
      kind: "object",
      properties: [
        { name: "a", required: true, readOnly: true, schema: { kind: "string", deprecated: true } },
        { name: "b", required: false, schema: { kind: "any" } },
        { name: "z", required: true, schema: { kind: "any" } },
      ],
      additional: { kind: "never" },
    });
  });

  test("allOf with properties beside it", () => {
    const linked = linkMessage(
      "{ payload: { allOf: [{ $ref: '#/components/schemas/Base' }, { properties: { b: { type: string } } }], required: [b] } }",
      { components: "Base: { type: object, properties: { a: { type: string } } }" },
    );
    expect(schemaOf(linked)).toMatchObject({
      kind: "intersection",
      members: [
        { kind: "ref", key: "/components/schemas/Base" },
        { kind: "ref" },
        { kind: "object", properties: [{ name: "b", required: true, schema: { kind: "any" } }] },
      ],
    });
  });

  test("recursion goes through names, in this document and in others", () => {
    const linked = linkMessage("{ payload: { $ref: 'tree.json#/definitions/Node' } }", {
      files: {
        "tree.json": JSON.stringify({
          definitions: {
            Node: {
              type: "object",
              properties: { left: { $ref: "#/definitions/Node" }, own: { $ref: "doc.yaml#/components/schemas/Leaf" } },
            },
          },
        }),
      },
      components: "Leaf: { type: string }",
    });
    expect(linked.diagnostics).toEqual([]);
    expect(linked.file?.schemas.map(({ key, name }) => [key, name])).toEqual([
      ["/components/schemas/Leaf", "Leaf"],
      ["tree.json#/definitions/Node", "Node"],
    ]);
    expect(named(linked, "tree.json#/definitions/Node")?.schema).toMatchObject({
      properties: [{ schema: { kind: "ref", key: "tree.json#/definitions/Node" } }, { schema: { kind: "ref" } }],
    });
  });
});

describe("names", () => {
  test("component, title, message and property path", () => {
    const linked = linkMessage(
      `{
        payload: { type: object, properties: {
          item: { $ref: '#/components/schemas/Item' },
          titled: { title: Money, type: object, properties: { a: { type: string } } },
          prose: { title: What was bought, type: object, properties: { b: { type: string } } },
          list: { type: array, items: { type: object, properties: { c: { type: string } } } },
          by-name: { additionalProperties: { type: object, properties: { d: { type: string } } } },
          choice: { oneOf: [{ type: object, properties: { e: { type: string } } }, { type: string }] } } },
        headers: { type: object, properties: { h: { type: string } } } }`,
      { components: "Item: { title: Other, type: string }" },
    );
    expect(linked.file?.schemas.map(({ name }) => name).toSorted()).toEqual([
      "CreatedHeaders",
      "CreatedPayload",
      "CreatedPayloadByNameValue",
      "CreatedPayloadChoiceOption1",
      "CreatedPayloadListItem",
      "CreatedPayloadProse",
      "Item",
      "Money",
    ]);
  });

  test("an alias of a component keeps its name, other stops on the way have none", () => {
    const linked = linkMessage("{ payload: { $ref: '#/components/schemas/Alias' } }", {
      components: "Alias: { $ref: '#/components/schemas/Target' }, Target: { type: string }",
    });
    expect(linked.file?.schemas.map(({ name, schema }) => [name, schema.kind])).toEqual([
      ["Alias", "ref"],
      ["Target", "string"],
    ]);
  });

  test("the package of a JVM class is dropped", () => {
    const linked = linkMessage("{ payload: { $ref: '#/components/schemas/com.acme.orders.Order.Created' } }", {
      components: "com.acme.orders.Order.Created: { type: string }",
    });
    expect(linked.file?.schemas.map(({ name }) => name)).toEqual(["Order.Created"]);
  });

  test("a whole file is called by its title, else by its file", () => {
    const linked = linkMessage("{ payload: { $ref: schemas/user-created.json }, headers: { $ref: schemas/h.json } }", {
      files: { "schemas/user-created.json": '{"type":"string"}', "schemas/h.json": '{"title":"Meta","type":"object"}' },
    });
    expect(linked.file?.schemas.map(({ key, name }) => [key, name])).toEqual([
      ["schemas/user-created.json#", "user-created"],
      ["schemas/h.json#", "Meta"],
    ]);
  });
});

describe("formats", () => {
  test("OpenAPI 3.0: nullable, example, exclusive flags", () => {
    const linked = linkMessage(
      "{ payload: { schemaFormat: application/vnd.oai.openapi;version=3.0.0, schema: { type: integer, nullable: true, minimum: 1, exclusiveMinimum: true, example: 3 } } }",
    );
    expect(schemaOf(linked)).toMatchObject({
      kind: "union",
      members: [{ kind: "integer", minimum: undefined, exclusiveMinimum: 1, examples: [3] }, { kind: "null" }],
    });
    expect(convert("{ type: integer, nullable: true }")).toMatchObject({ kind: "integer" });
  });

  test("F1 a proto message by reference is that message", () => {
    const linked = linkMessage("{ payload: { $ref: 'user.proto#/acme.UserCreated' } }", { proto: true });
    expect(linked.diagnostics).toEqual([]);
    expect(messageOf(linked)).toMatchObject({
      payload: { kind: "proto", typeName: "acme.UserCreated" },
      contentType: "application/protobuf",
    });
    expect(linked.file?.protoFiles).toEqual(["user.proto"]);
  });

  test.each([
    "{ payload: { schemaFormat: application/vnd.google.protobuf;version=3, schema: { $ref: 'user.proto#/acme.UserCreated' } } }",
    "{ payload: { $ref: '#/components/schemas/Alias' } }",
    "{ payload: { $ref: 'user.proto#acme.UserCreated' } }",
  ])("F1 %s", (message) => {
    const linked = linkMessage(message, { proto: true, components: "Alias: { $ref: 'user.proto#/acme.UserCreated' }" });
    expect(linked.diagnostics).toEqual([]);
    expect(messageOf(linked).payload).toEqual({ kind: "proto", typeName: "acme.UserCreated" });
  });

  test("F1 in 2.x, with a content type, and inside of a JSON schema", () => {
    const linked = link(
      `asyncapi: 2.6.0
info: { title: T, version: "1" }
channels:
  a: { publish: { message: { schemaFormat: application/vnd.google.protobuf, contentType: application/json, payload: { $ref: 'user.proto#/acme.UserCreated' } } } }
  b: { publish: { message: { payload: { type: object, properties: { user: { $ref: 'user.proto#/acme.UserCreated' } } } } } }
`,
      { files: { "user.proto": "" }, messages: [protoMessage("acme.UserCreated", "user.proto", [])] },
    );
    expect(linked.diagnostics).toEqual([]);
    expect(linked.file?.channels[0]?.messages[0]).toMatchObject({
      contentType: "application/json",
      payload: { kind: "proto", typeName: "acme.UserCreated" },
    });
    expect(linked.file?.schemas[0]?.schema).toMatchObject({
      properties: [{ name: "user", schema: { kind: "proto", typeName: "acme.UserCreated" } }],
    });
  });

  test.each([
    ["UserCreated", "user.proto has no message UserCreated", "did you mean user.proto#/acme.UserCreated?"],
    ["acme.UserCreatd", "user.proto has no message acme.UserCreatd", "did you mean user.proto#/acme.UserCreated?"],
    ["acme.Other", "user.proto has no message acme.Other", undefined],
  ])("F1 a proto message that is not there: %s", (name, message, help) => {
    const linked = linkMessage(`{ payload: { $ref: 'user.proto#/${name}' } }`, { proto: true });
    expect(linked.diagnostics).toMatchObject([{ code: "E3011", message, origin: { line: 4 } }]);
    if (help !== undefined) expect(linked.diagnostics[0]?.help).toBe(help);
  });

  test("M35: Avro has types and codecs", () => {
    const linked = linkMessage(
      "{ payload: { schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: { $ref: order.avsc } } }",
      {
        files: {
          "order.avsc": JSON.stringify({
            type: "record",
            name: "Order",
            namespace: "acme",
            doc: "An order.",
            fields: [
              { name: "id", type: { type: "string", logicalType: "uuid" } },
              { name: "total", type: "long", doc: "Cents." },
              { name: "note", type: ["null", "string"], default: null },
              { name: "status", type: { type: "enum", name: "Status", symbols: ["NEW", "DONE"] } },
              {
                name: "lines",
                type: {
                  type: "array",
                  items: { type: "record", name: "Line", fields: [{ name: "order", type: "Order" }] },
                },
              },
              { name: "again", type: "acme.Status" },
              { name: "map", type: { type: "map", values: "double" } },
              { name: "hash", type: { type: "fixed", name: "Md5", size: 16 } },
            ],
          }),
        },
      },
    );
    expect(codesOf(linked)).toEqual([]);
    const { payload, contentType } = messageOf(linked);
    expect(contentType).toBe("avro/binary");
    expect(payload).toMatchObject({
      kind: "schema",
      schema: { kind: "ref", key: "order.avsc#" },
      avro: { kind: "ref", key: "order.avsc#" },
    });
    expect(linked.file?.schemas.map(({ name }) => name)).toEqual(["Order", "Status", "Line"]);
    const line = linked.file?.schemas[2];
    expect(line?.schema).toMatchObject({
      properties: [{ name: "order", schema: { kind: "ref", key: "order.avsc#" } }],
    });
    expect(linked.file?.schemas[0]?.schema).toMatchObject({
      kind: "object",
      description: "An order.",
      properties: [
        { name: "id", required: true, schema: { kind: "string", format: "uuid" } },
        { name: "total", schema: { kind: "long", description: "Cents." } },
        { name: "note", required: false, schema: { kind: "union", members: [{ kind: "null" }, { kind: "string" }] } },
        { name: "status", schema: { kind: "ref" } },
        { name: "lines", schema: { kind: "array", items: { kind: "ref" } } },
        { name: "again", schema: { kind: "ref", key: "order.avsc#/fields/3/type" } },
        { name: "map", schema: { kind: "object", additional: { kind: "number", format: "double" } } },
        { name: "hash", schema: { kind: "bytes", size: 16 } },
      ],
    });
  });

  test("an Avro type that is not there", () => {
    const linked = linkMessage(
      "{ payload: { schemaFormat: application/vnd.apache.avro, schema: { type: record, name: A, fields: [{ name: f, type: strin }] } } }",
    );
    expect(codesOf(linked)).toEqual(["E3042"]);
    expect(linked.diagnostics[0]?.help).toBe('did you mean "string"?');
  });

  test.each([
    ["application/raml+yaml;version=1.0", "{ type: string }"],
    ["application/vnd.google.protobuf", "{ type: string }"],
  ])("%s has no types", (format, schema) => {
    const linked = linkMessage(`{ payload: { schemaFormat: ${format}, schema: ${schema} } }`);
    expect(codesOf(linked)).toEqual(["E3040"]);
    expect(messageOf(linked)).toMatchObject({
      payload: { kind: "opaque", format },
      contentType: "application/octet-stream",
    });
  });

  test("a message without a payload is bytes, without a word", () => {
    const linked = linkMessage("{ title: Ping }");
    expect(linked.diagnostics).toEqual([]);
    expect(messageOf(linked).payload).toEqual({ kind: "opaque", format: "", schema: undefined });
  });
});
