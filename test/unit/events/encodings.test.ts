import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import type { Broker, ChannelInfo, Consumer } from "../../../src/runtime/queue/index.js";
import { createPipeline } from "../../../src/pipeline.js";
import { emittedModules } from "../../support/load-emitted.js";
import { pipelineSettings } from "../../support/pipeline.js";
import { createProject } from "../../support/project.js";

const expected = fileURLToPath(new URL("../../../fixtures/events-payloads/expected/", import.meta.url));
const files = new Map(
  readdirSync(expected)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [name, readFileSync(expected + name, "utf8")]),
);
const module = await emittedModules(files)("orders.events.ts");

type Publish = (broker: Broker, message: unknown, options?: { contentType: string }) => Promise<string | undefined>;
type Consume = (broker: Broker, handler: (message: unknown) => Promise<void>, options: object) => Promise<Consumer>;

/** Publishes in each content type; what the one handler got, and how long each body was. */
async function through(name: string, message: unknown, contentTypes: readonly string[]) {
  const broker = createMemoryBroker();
  const seen: unknown[] = [];
  const sizes: number[] = [];
  const done = deferred();
  const handler = async (got: unknown): Promise<void> => {
    seen.push(got);
    if (seen.length === contentTypes.length) done.resolve(undefined);
  };
  await (module[`consume${name}`] as Consume)(broker, handler, { group: "g", onEvent: failOnDead });
  function failOnDead(event: { readonly kind: string }): void {
    if (event.kind === "dead") done.reject(new Error(JSON.stringify(event)));
  }
  for (const contentType of contentTypes) {
    await (module[`publish${name}`] as Publish)(broker, message, { contentType });
    const encode = module[`encode${name}`] as (message: unknown, options: object) => { readonly body: Uint8Array };
    sizes.push(encode(message, { contentType }).body.length);
  }
  await done.promise;
  await broker.close();
  return { seen, sizes };
}

function deferred(): { promise: Promise<unknown>; resolve: (value: unknown) => void; reject: (error: Error) => void } {
  let [resolve, reject]: [(value: unknown) => void, (error: Error) => void] = [() => {}, () => {}];
  const promise = new Promise((done, fail) => {
    [resolve, reject] = [done, fail];
  });
  return { promise, resolve, reject };
}

describe("content types", () => {
  const online = { id: "1", kind: "online", total: 0.3, lines: [{ sku: "ä", quantity: 2 }], payment: { by: "card" } };
  const avro = {
    id: "8f14e45f-ceea-467f-a8f4-3a5c1f1f3d5e",
    number: 2n ** 60n,
    total: "12.50",
    placed: "2025-01-15T09:30:00.250Z",
    status: "SENT",
    parts: [],
    labels: { a: "b" },
    hash: new Uint8Array(16).fill(7),
    toString$: "text",
  };
  const proto = { id: "1", lines: [{ sku: "a", quantity: 3 }] };

  test.each([
    ["OrdersJson", online, ["application/json", "application/msgpack", "application/vnd.acme+json"]],
    ["OrdersAvro", avro, ["avro/binary", "application/json", "application/x-msgpack", "application/vnd.apache.avro"]],
    [
      "OrdersProto",
      proto,
      ["application/protobuf", "application/json", "application/vnd.msgpack", "application/x-protobuf"],
    ],
  ])("M35: %s in each encoding reaches the same handler as the same message", async (name, message, types) => {
    const { seen, sizes } = await through(name, message, types);
    expect(seen).toHaveLength(types.length);
    for (const got of seen) expect(got).toEqual(message);
    // the encodings differ: nobody took the default for another
    expect(new Set(sizes).size).toBeGreaterThan(1);
  });

  test("M35: the contract's content type is the one that is written without options", () => {
    const info = (name: string): string => (module[name] as ChannelInfo<unknown>).contentType;
    expect([info("ordersJson"), info("ordersAvro"), info("ordersProto")]).toEqual([
      "application/msgpack",
      "avro/binary",
      "application/msgpack",
    ]);
    const encode = module["encodeOrdersJson"] as (message: unknown) => { readonly body: Uint8Array };
    expect(encode(online).body[0]).toBe(0x85);
  });

  test("a content type that the payload has no codec for is a clear error, for publishers and for consumers", () => {
    const encode = module["encodeOrdersJson"] as (message: unknown, options: object) => unknown;
    for (const contentType of ["avro/binary", "application/protobuf", "text/csv", "image/png", "text/plain"]) {
      expect(() => encode(online, { contentType })).toThrow(
        `orderPlacedPayload: has no codec for ${JSON.stringify(contentType)}`,
      );
    }
    const encodeProto = module["encodeOrdersProto"] as (message: unknown, options: object) => unknown;
    for (const contentType of ["avro/binary", "image/png", "application/octet-stream"]) {
      expect(() => encodeProto(proto, { contentType })).toThrow(`has no codec for ${JSON.stringify(contentType)}`);
    }
  });

  test("parameters of a content type and suffixes change nothing about how a payload is read", async () => {
    const types = ["application/json; charset=utf-8", "APPLICATION/JSON", "application/cloudevents+json;x=y"];
    const { seen } = await through("OrdersJson", online, types);
    expect(seen).toEqual([online, online, online]);
  });

  test("M74: rules hold in every encoding, all broken ones are told with their paths", () => {
    const encode = module["encodeOrdersJson"] as (message: unknown, options: object) => unknown;
    const wrong = { id: "", kind: "shop", total: 0.001, payment: { by: "cash" }, other: 1 };
    for (const contentType of ["application/json", "application/msgpack"]) {
      let issues: readonly { readonly path: string }[] = [];
      try {
        encode(wrong, { contentType });
      } catch (error) {
        ({ issues } = error as { readonly issues: typeof issues });
      }
      expect(issues.map(({ path }) => path)).toEqual(["id", "total", "payment.by", "lines", "other", "shop"]);
    }
  });
});

describe("protos in documents", () => {
  const document = (schema: string, name = "Placed"): string => `asyncapi: 2.6.0
info: { title: t, version: "1" }
servers: { main: { url: localhost, protocol: amqp } }
channels:
  placed:
    publish:
      operationId: onPlaced
      message:
        name: ${name}
        schemaFormat: application/vnd.google.protobuf;version=3
        payload: |
${schema.replace(/^/gm, "          ")}
`;

  async function run(text: string, more: Readonly<Record<string, string>> = {}) {
    const { root: folder } = createProject({ "doc.asyncapi.yaml": text, ...more });
    const pipeline = createPipeline(pipelineSettings(folder));
    const { outputs, diagnostics } = await pipeline.run();
    return {
      outputs,
      found: diagnostics.map(({ code, origin }) => `${code} ${origin?.file}:${origin?.line}:${origin?.column}`),
    };
  }

  test("M35: 2.x, with an import and several messages: the one with the message's name", async () => {
    const { outputs, found } = await run(
      document(
        'syntax = "proto3";\npackage acme.v1;\nimport "money.proto";\nmessage Line {}\nmessage Placed {\n  acme.Money total = 1;\n}',
      ),
      { "money.proto": 'syntax = "proto3";\npackage acme;\nmessage Money { int64 units = 1; }' },
    );
    expect(found.filter((text) => !text.startsWith("E3033"))).toEqual([]);
    const text = outputs.find(({ path }) => path === "doc.events.ts")?.content ?? "";
    expect(text).toContain("ChannelInfo<Placed, PlacedInit>");
    expect(outputs.map(({ path }) => path)).toContain("doc.Placed.pb.ts");
  });

  test("M35: what is wrong in one is told at its place in the document", async () => {
    const bad = await run(document('syntax = "proto3";\nmessage Placed {\n  strin id = 1;\n}'));
    expect(bad.found.filter((text) => text.startsWith("E2"))).toEqual([expect.stringMatching(/:14:13$/)]);
    const none = await run(document('syntax = "proto3";\nmessage A {}\nmessage B {}'));
    expect(none.found.filter((text) => text.startsWith("E3046"))).toEqual([expect.stringMatching(/:11:18$/)]);
  });
});
