import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { validateAsyncApi } from "../../../src/load/asyncapi/validate.js";
import { link, protoMessage } from "./support.js";

const head = `asyncapi: 3.0.0
info: { title: T, version: "1" }
`;

async function verdict(
  text: string,
  { files = {}, cacheDir }: { files?: Readonly<Record<string, string>>; cacheDir?: string | undefined } = {},
): Promise<readonly Diagnostic[]> {
  const messages = [protoMessage("acme.UserCreated", "user.proto", ["id"])];
  const { document, documents } = link(text, { files, messages });
  if (document === undefined) throw new Error("the document does not parse");
  return validateAsyncApi({ document, documents, cacheDir });
}

function show(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ origin, message }) => `${origin?.file}:${origin?.line}:${origin?.column} ${message}`);
}

describe("the official validator", () => {
  test("accepts what it does not know itself: proto payloads, retry and deadLetter", async () => {
    const text = `${head}channels:
  users:
    address: users
    retry: { maxAttempts: 3 }
    messages:
      created: { payload: { $ref: 'user.proto#/acme.UserCreated' } }
      other: { payload: { schemaFormat: application/vnd.google.protobuf, schema: { $ref: 'user.proto#/acme.UserCreated' } } }
      kept: { payload: { type: object, properties: { retry: { type: string }, deadLetter: { type: string } } } }
operations:
  take:
    action: receive
    channel: { $ref: '#/channels/users' }
    retry: { maxAttempts: 5 }
    deadLetter: {}
    x-consumer: { group: a }
`;
    expect(show(await verdict(text, { files: { "user.proto": "" } }))).toEqual([]);
  });

  test("finds faults at their places, in other files too", async () => {
    const text = `${head}channels:
  users:
    address: users
    adress: users
    messages:
      created: { $ref: 'common/messages.yaml#/Created' }
`;
    const found = await verdict(text, { files: { "common/messages.yaml": "Created:\n  payload:\n    type: strin\n" } });
    expect(show(found)).toEqual([
      'doc.yaml:6:13 Property "adress" is not expected to be here',
      expect.stringMatching(/^common\/messages\.yaml:3:11 "type" property must be equal to one of/),
    ]);
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([
      ["E3050", "error"],
      ["E3050", "error"],
    ]);
  });

  test("does not repeat what the linker reports", async () => {
    expect(
      await verdict(`asyncapi: 3.0.0\nchannels: { a: { address: a, messages: { m: { $ref: '#/nowhere' } } } }\n`),
    ).toEqual([]);
    expect(await verdict(`asyncapi: 3.0.0\ninfo: {}\noperations: { o: { action: publish } }\n`)).toEqual([]);
    expect(await verdict(`asyncapi: 4.0.0\n`)).toEqual([]);
  });

  test("says nothing about remote references that were not followed, and asks nobody for them", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const text = `${head}channels:
  a:
    address: a
    servers: [{ $ref: 'https://127.0.0.1:1/servers.yaml#/main' }]
    messages: { m: { payload: { schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: { $ref: 'http://127.0.0.1:1/x.avsc' } } } }
`;
    expect(show(await verdict(text))).toEqual([]);
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });

  test("judges Avro and OpenAPI schemas", async () => {
    const avro = `asyncapi: 2.6.0
info: { title: T, version: "1" }
channels:
  a:
    publish:
      message:
        schemaFormat: application/vnd.apache.avro;version=1.9.0
        payload: { type: record, name: A, fields: [{ name: f, type: Missing }] }
`;
    expect(show(await verdict(avro))).toEqual(["doc.yaml:8:9 undefined type name: Missing"]);
    const openapi = `${head}channels:
  a:
    address: a
    messages:
      m: { payload: { schemaFormat: application/vnd.oai.openapi;version=3.0.0, schema: { type: string, nullable: 5 } } }
`;
    expect(show(await verdict(openapi))).toEqual(['doc.yaml:7:114 "nullable" property type must be boolean']);
  });

  test("references that multiply are not handed to it", async () => {
    const schemas = Array.from(
      { length: 40 },
      (_, i) =>
        `    S${i}: { properties: { a: { $ref: '#/components/schemas/S${i + 1}' }, b: { $ref: '#/components/schemas/S${i + 1}' } } }`,
    );
    const text = `${head}components:\n  schemas:\n${schemas.join("\n")}\n    S40: { type: string }\n`;
    const found = await verdict(text);
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([["E3051", "warning"]]);
  });
});

describe("its cache", () => {
  let cacheDir = "";
  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), "wirespan-verdict-"));
  });
  afterAll(() => rm(cacheDir, { recursive: true }));

  test("holds the verdict by content; positions are those of the text at hand", async () => {
    const text = `${head}channels: { a: { address: a, adress: b } }\n`;
    const first = await verdict(text, { cacheDir });
    expect(show(first)).toEqual(['doc.yaml:3:38 Property "adress" is not expected to be here']);
    const [kept, ...others] = await readdir(join(cacheDir, "asyncapi"));
    expect(others).toEqual([]);

    // the entry is replaced, to see that it is read
    const path = join(cacheDir, "asyncapi", kept ?? "");
    const findings = [{ rule: "r", message: "from the cache", path: ["channels", "a"], file: "document-0.json" }];
    await writeFile(path, JSON.stringify(findings));
    expect(show(await verdict(`# a comment\n${text}`, { cacheDir }))).toEqual(["doc.yaml:4:13 from the cache"]);

    await writeFile(path, "{ cut off");
    expect(show(await verdict(text, { cacheDir }))).toEqual(show(first));

    await verdict(text.replace("adress", "addres"), { cacheDir });
    expect(await readdir(join(cacheDir, "asyncapi"))).toHaveLength(2);
  });
});
