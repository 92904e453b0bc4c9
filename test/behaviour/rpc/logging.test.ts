import { readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { isRedacted } from "../../../src/generators/messages/redaction.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { jsonLogger, logging, tracing, type LoggingOptions } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  RpcError,
  type ClientOptions,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { toRedactedJson, type MessageType } from "../../../src/runtime/wire/index.js";
import { packAny, type Any } from "../../../src/runtime/wkt/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { rejection } from "./echo.js";

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/messages-redaction/input/vault/v1/${name}`, import.meta.url), "utf8");

const service = `syntax = "proto3";
package vault.v1;
import "vault/v1/vault.proto";
import "google/protobuf/any.proto";
service Vault {
  rpc Open(Account) returns (Account);
  rpc Watch(Account) returns (stream Account);
  rpc Import(stream Account) returns (Envelope);
}
message Envelope { google.protobuf.Any content = 1; map<string, Account> by_name = 2; }`;

interface Client {
  open(request: object): Promise<object>;
  watch(request: object): AsyncIterable<object>;
  import(requests: readonly object[]): Promise<object>;
}

interface Emitted {
  readonly Account: MessageType<object>;
  readonly Address: MessageType<object>;
  readonly Envelope: MessageType<object>;
  readonly createVaultClient: (transport: Transport, options?: ClientOptions) => Client;
  readonly registerVault: (registry: ServiceRegistry, handler: object, options?: object) => void;
}

let vault: Emitted;
beforeAll(async () => {
  const sources = {
    "vault/v1/card.proto": fixture("card.proto"),
    "vault/v1/vault.proto": fixture("vault.proto"),
    "vault/v1/service.proto": service,
  };
  const { files, diagnostics } = await emit(sources, [messages, rpc]);
  expect(diagnostics).toEqual([]);
  const load = emittedModules(files);
  const parts = await Promise.all(["vault.pb", "service.pb", "service.rpc"].map((name) => load(`vault/v1/${name}.ts`)));
  vault = Object.assign({}, ...parts) as Emitted;
});

const secret = "s3cret";
const card = { number: secret, holder: "Ada" };
const account = {
  id: "1",
  password: secret,
  recoveryCodes: [secret, secret],
  home: { city: secret },
  card,
  oldCards: [card, { holder: "Bob" }],
  cardsByName: Object.fromEntries([
    ["work", card],
    ["__proto__", card],
  ]),
  labels: { password: "a label" },
  secondFactor: { case: "phone", value: secret },
  office: { city: "Paris" },
  parent: { id: "0", password: secret, card },
  seed: new TextEncoder().encode(secret),
};
const shown = { number: "[redacted]", holder: "Ada" };
const redacted = {
  id: "1",
  password: "[redacted]",
  recoveryCodes: "[redacted]",
  home: "[redacted]",
  card: shown,
  oldCards: [shown, { holder: "Bob" }],
  labels: { password: "a label" },
  tel: "[redacted]",
  office: { city: "Paris" },
  parent: { id: "0", password: "[redacted]", card: shown },
  seed: "[redacted]",
};

describe("M56: redaction by field option", () => {
  test("M56: fields of the message, of messages, lists and maps within; nothing else", () => {
    const { Account, Address, Envelope } = vault;
    const json = toRedactedJson(Account, account) as Record<string, unknown>;
    expect(json).toMatchObject(redacted);
    expect(JSON.stringify(json)).not.toContain(secret);
    expect(JSON.stringify(json)).not.toContain(Buffer.from(secret).toString("base64"));
    expect(Object.entries(json["cardsByName"] as object)).toEqual([
      ["work", shown],
      ["__proto__", shown],
    ]);
    // what is not there is not shown as if it were
    expect(toRedactedJson(Account, { id: "2" })).toEqual({ id: "2" });
    expect(Account.toJson({ password: secret })).toEqual({ password: secret });
    expect(Address.redact).toBeUndefined();
    const nested = toRedactedJson(Envelope, { byName: { a: { password: secret } } });
    expect(nested).toEqual({ byName: { a: { password: "[redacted]" } } });
  });

  test("M56: of an Any only the type is told", () => {
    const { Account, Envelope } = vault;
    const content: Any = packAny(Account, account);
    expect(toRedactedJson(Envelope, { content })).toEqual({ content: { "@type": content.typeUrl } });
    const duration = {
      typeUrl: "type.googleapis.com/google.protobuf.StringValue",
      value: new TextEncoder().encode(secret),
    };
    expect(JSON.stringify(toRedactedJson(Envelope, { content: duration }))).not.toContain(secret);
  });

  test("M56: what the field policy says counts more than debug_redact", () => {
    const field = (redact: boolean | undefined, debug?: boolean) => ({
      options: new Map<string, boolean | ReadonlyMap<string, boolean>>([
        ...(redact === undefined ? [] : [["[wirespan.options.v1.field]", new Map([["redact", redact]])] as const]),
        ...(debug === undefined ? [] : [["debug_redact", debug] as const]),
      ]),
    });
    expect([field(true), field(undefined, true), field(true, false)].map(isRedacted)).toEqual([true, true, true]);
    expect([field(undefined), field(false, true), field(undefined, false)].map(isRedacted)).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("M56: contracts without such fields emit nothing for it", async () => {
    const { files } = await emit({ "a.proto": 'syntax = "proto3"; message A { string password = 1; A a = 2; }' }, [
      messages,
    ]);
    expect(files.get("a.pb.ts")).not.toMatch(/redact|hide/);
  });
});

describe.each(["memory", "http2"] as const)("M56: one line a call, over %s", (id) => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
  });

  async function start(
    handler: object,
    options: LoggingOptions,
  ): Promise<{ client: Client; lines: Record<string, unknown>[] }> {
    const lines: Record<string, unknown>[] = [];
    const logger = jsonLogger((line) => {
      // one line, one object
      expect(line.indexOf("\n")).toBe(line.length - 1);
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    const layers = chain()
      .use(tracing())
      .use(logging({ logger, ...options }));
    const target = { chain: layers };
    if (id === "memory") {
      const transport = createMemoryTransport({ onFailure: () => {} });
      vault.registerVault(transport, handler, target);
      return { client: vault.createVaultClient(transport, target), lines };
    }
    const server = createHttp2Server({ onFailure: () => {} });
    vault.registerVault(server, handler, target);
    const { address } = await server.listen("127.0.0.1:0");
    const transport = createHttp2Transport(address);
    open.push(async () => {
      await transport.close();
      await server.close(1_000);
    });
    return { client: vault.createVaultClient(transport, target), lines };
  }

  const handler = {
    open: (request: object) => request,
    async *watch(request: object) {
      for (let i = 0; i < 25; i++) yield request;
    },
    async import(requests: AsyncIterable<object>) {
      for await (const _ of requests);
      throw new RpcError(Code.NOT_FOUND, "no such vault");
    },
  };

  test("M56: time, level, method, code, duration, trace id, attempt, and no payload", async () => {
    const { client, lines } = await start(handler, {});
    await client.open(account);
    await rejection(client.import([account]));
    await vi.waitFor(() => expect(lines).toHaveLength(4));
    for (const line of lines) {
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        level: "info",
        ms: expect.any(Number) as number,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        attempt: 1,
      });
    }
    // both sides of a call stand in one trace
    expect(new Set(lines.map(({ traceId }) => traceId)).size).toBe(2);
    expect(
      lines.map(({ side, method, code }) => `${side as string} ${method as string} ${code as string}`).sort(),
    ).toEqual([
      "client vault.v1.Vault/Import NOT_FOUND",
      "client vault.v1.Vault/Open OK",
      "server vault.v1.Vault/Import NOT_FOUND",
      "server vault.v1.Vault/Open OK",
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(JSON.stringify(lines)).not.toContain("Paris");
  });

  test("M56: payloads on request, redacted, on both sides", async () => {
    const { client, lines } = await start(handler, { payloads: true });
    await client.open(account);
    for await (const _ of client.watch(account));
    await rejection(client.import([account, {}]));
    await vi.waitFor(() => expect(lines).toHaveLength(6));
    expect(JSON.stringify(lines)).not.toContain(secret);
    const of = (method: string) => lines.filter((line) => line["method"] === `vault.v1.Vault/${method}`);
    for (const line of of("Open")) expect(line).toMatchObject({ request: redacted, response: redacted });
    for (const line of of("Watch")) {
      expect(line).toMatchObject({ request: redacted, responseCount: 25 });
      expect(line["responses"]).toHaveLength(10);
    }
    for (const line of of("Import")) {
      expect(line).toMatchObject({ requests: [redacted, {}], requestCount: 2, code: "NOT_FOUND" });
      expect(line["response"]).toBeUndefined();
    }
  });

  test("M56: long ones are told by their length, and what is no message by its type", async () => {
    const { client, lines } = await start(
      { open: () => ({ id: 7, password: secret }) },
      { payloads: { maxLength: 20, maxMessages: 1 } },
    );
    await rejection(client.open({ id: "x".repeat(100) }));
    await vi.waitFor(() => expect(lines).toHaveLength(2));
    const server = lines.find(({ side }) => side === "server");
    // the answer could not be encoded, so there was none
    expect(server).toMatchObject({ request: "[109 characters]", code: "INTERNAL" });
    expect(server).not.toHaveProperty("response");
    await rejection(client.open({ id: 7, password: secret } as never));
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(2));
    expect(lines[2]).toMatchObject({ side: "client", request: expect.stringMatching(/^\[not a valid /) as string });
    expect(JSON.stringify(lines)).not.toContain(secret);
  });
});
