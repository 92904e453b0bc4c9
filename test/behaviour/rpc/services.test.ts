import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import {
  Code,
  createCall,
  implementService,
  oneMessage,
  RpcError,
  type MethodImplementation,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createHealthClient, Health, registerHealth } from "../../../src/runtime/services/grpc/health/v1/health.rpc.js";
import { HealthCheckRequest } from "../../../src/runtime/services/grpc/health/v1/health.pb.js";
import { createServerReflectionClient } from "../../../src/runtime/services/grpc/reflection/v1/reflection.rpc.js";
import type { ServerReflectionRequestInit } from "../../../src/runtime/services/grpc/reflection/v1/reflection.pb.js";
import { checkHealth, createHealth, watchHealth, withHealthz } from "../../../src/runtime/services/health.js";
import { healthDescriptors, registerReflection } from "../../../src/runtime/services/reflection.js";
import { createGrpcJsServer } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { FileDescriptorProto } from "../../../src/runtime/wkt/index.js";
import { root } from "../../support/compile.js";
import { haveBuf } from "../../support/descriptor-set/image.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { Echo, collect, echo, rejection, transports, within, type Connected } from "./echo.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

describe.each(transports)("over $id", ({ connect }) => {
  async function start(register: (registry: ServiceRegistry) => void): Promise<Connected> {
    const connected = await connect(echo);
    open.push(connected);
    register(connected.registry);
    return connected;
  }

  describe("M64: health", () => {
    test("M64: Check and List tell the whole and each service, NOT_FOUND for the unknown", async () => {
      const health = createHealth([Echo]);
      const { transport } = await start(health.register);
      const client = createHealthClient(transport);
      expect(await client.check({})).toMatchObject({ status: 1 });
      health.set(Echo, false);
      expect(await client.check({ service: Echo.typeName })).toMatchObject({ status: 2 });
      expect(await rejection(client.check({ service: "x" }))).toMatchObject({ code: Code.NOT_FOUND });
      expect((await client.list({})).statuses).toMatchObject({ "": { status: 1 }, [Echo.typeName]: { status: 2 } });
      expect(await checkHealth(transport)).toBe(true);
      expect(await checkHealth(transport, Echo.typeName)).toBe(false);
      expect(await checkHealth(transport, "x")).toBe(false);
      for (let i = 0; i < 99; i++) health.set(`s${i}`, true);
      expect(await rejection(client.list({}))).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    });

    test("M64: Watch tells at once, at every change, of services to come, and ends when the server drains", async () => {
      const health = createHealth();
      const { transport } = await start(health.register);
      const statuses = createHealthClient(transport).watch({ service: "late" })[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => (await within(2_000, statuses.next())).value;
      expect(await next()).toMatchObject({ status: 3 });
      health.set("late", true);
      expect(await next()).toMatchObject({ status: 1 });
      const waiting = next();
      health.set("other", false);
      health.set("late", true);
      health.set("late", false);
      expect(await waiting).toMatchObject({ status: 2 });
      health.set("late", true);
      expect(await next()).toMatchObject({ status: 1 });
      health.drain();
      health.set("late", true);
      expect(await next()).toMatchObject({ status: 2 });
      expect(await within(2_000, statuses.next())).toMatchObject({ done: true });
      expect([health.isServing(), health.isServing("late"), health.isServing("x")]).toEqual([false, false, undefined]);
    });

    test("M64: watchHealth gives each change once; a server without health counts as serving", async () => {
      const health = createHealth([Echo]);
      const { transport } = await start(health.register);
      const seen: boolean[] = [];
      for await (const serving of watchHealth(transport, Echo.typeName)) {
        seen.push(serving);
        if (seen.length === 3) break;
        health.set(Echo, !serving);
      }
      expect(seen).toEqual([true, false, true]);
      const bare = await start(() => {});
      expect(await checkHealth(bare.transport)).toBe(true);
      expect(await collect(watchHealth(bare.transport))).toEqual([true]);
    });

    test("M64: watchHealth asks again when it cannot be asked, after growing pauses", async () => {
      const down = (): never => {
        throw new RpcError(Code.UNAVAILABLE, "down");
      };
      const { transport } = await start((registry) =>
        registerHealth(registry, { check: down, list: down, watch: down }),
      );
      const pauses: number[] = [];
      const stop = new AbortController();
      const clock = {
        now: () => 0,
        after(ms: number, run: () => void) {
          pauses.push(Math.round(ms));
          setImmediate(pauses.length === 12 ? () => stop.abort() : run);
          return () => {};
        },
      };
      const seen = await collect(watchHealth(transport, "", { clock, random: () => 0.5, signal: stop.signal }));
      expect(seen).toEqual([false]);
      expect(pauses.slice(0, 4)).toEqual([1_000, 1_600, 2_560, 4_096]);
      expect(pauses.at(-1)).toBe(120_000);
    });
  });
});

test("M65: 1,000 changes leave no listeners behind, and a cancelled watch none at all", async () => {
  const health = createHealth();
  const methods = new Map<string, MethodImplementation>();
  health.register({ register: (_, all) => all.forEach((value, key) => methods.set(key, value)) });
  const stop = new AbortController();
  const requests = oneMessage(HealthCheckRequest.create());
  const call = createCall({ method: Health.methods.watch, requests, signal: stop.signal });
  const reply = await methods.get("Watch")?.(call);
  const statuses = reply?.messages[Symbol.asyncIterator]();
  await statuses?.next();
  const before = getEventListeners(call.context.signal, "abort").length;
  for (let i = 0; i < 1_000; i++) {
    const next = statuses?.next();
    health.set(undefined, i % 2 === 1);
    await next;
  }
  expect(getEventListeners(call.context.signal, "abort").length).toBe(before);
  const last = statuses?.next().catch(() => {});
  await new Promise(setImmediate);
  stop.abort();
  await last;
  expect(getEventListeners(call.context.signal, "abort")).toEqual([]);
});

test("M64: /healthz says it over HTTP, everything else goes on", async () => {
  const health = createHealth([Echo]);
  const server = createServer(withHealthz(health, (_, response) => void response.writeHead(418).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = async (path: string): Promise<number> => (await fetch(url + path)).status;
  expect([await get("/healthz"), await get("/x"), await get("/healthz?service=x")]).toEqual([200, 418, 404]);
  health.set(Echo, false);
  expect([await get("/healthz"), await get(`/healthz?service=${Echo.typeName}`)]).toEqual([200, 503]);
  health.drain();
  expect(await get("/healthz")).toBe(503);
  expect((await fetch(`${url}/healthz`, { method: "POST" })).status).toBe(418);
});

const contract = {
  "acme/notes/v1/notes.proto": `syntax = "proto3";
package acme.notes.v1;
import "acme/notes/v1/note.proto";
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
message Search { string text = 1; google.protobuf.Timestamp since = 2; }
service NoteService {
  rpc WriteNote(Note) returns (Note) { option (google.api.http) = { post: "/notes" body: "*" }; }
  rpc FindNotes(Search) returns (stream Note);
}`,
  "acme/notes/v1/note.proto": `syntax = "proto2";
package acme.notes.v1;
message Note { optional string text = 1; optional Kind kind = 2; extensions 100 to 200; enum Kind { PLAIN = 0; } }
extend Note { optional string color = 101; optional string size = 100; }`,
};

interface Emitted {
  readonly registerNoteService: (registry: ServiceRegistry, handler: object) => void;
}

describe("M64: reflection", () => {
  let emitted: Emitted;
  let notes: readonly string[];
  beforeAll(async () => {
    const { files, diagnostics } = await emit(contract, [messages, rpc], { reflection: true });
    expect(diagnostics).toEqual([]);
    expect([...files.keys()].filter((path) => path.endsWith(".desc.ts"))).toEqual(["acme/notes/v1/notes.desc.ts"]);
    expect(files.get("acme/notes/v1/notes.rpc.ts")).not.toContain(".desc");
    const load = emittedModules(files);
    emitted = (await load("acme/notes/v1/notes.rpc.ts")) as unknown as Emitted;
    notes = (await load("acme/notes/v1/notes.desc.ts"))["notesDescriptors"] as readonly string[];
  });

  function register(registry: ServiceRegistry): void {
    emitted.registerNoteService(registry, {
      writeNote: (note: object) => note,
      async *findNotes({ text }: { text: string }) {
        yield { text };
        yield { text: `${text}!` };
      },
    });
    createHealth().register(registry);
    registerReflection(registry, [notes, healthDescriptors]);
  }

  async function ask(
    transport: Transport,
    ...requests: ServerReflectionRequestInit["messageRequest"][]
  ): Promise<unknown[]> {
    const client = createServerReflectionClient(transport);
    const replies = await collect(
      client.serverReflectionInfo(requests.map((messageRequest) => ({ host: "h", messageRequest }))),
    );
    return replies.map(({ validHost, originalRequest, messageResponse }, i) => {
      expect(validHost).toBe("h");
      expect(originalRequest?.messageRequest).toEqual(requests[i]);
      if (messageResponse?.case !== "fileDescriptorResponse") return messageResponse?.value;
      return messageResponse.value.fileDescriptorProto.map((bytes) => FileDescriptorProto.decode(bytes).name);
    });
  }

  test.each(transports)("M64: every kind of question, over $id", async ({ connect }) => {
    const connected = await connect(echo);
    open.push(connected);
    register(connected.registry);
    const note = "acme/notes/v1/note.proto";
    const answers = await ask(
      connected.transport,
      { case: "listServices", value: "" },
      { case: "fileContainingSymbol", value: "acme.notes.v1.Note.PLAIN" },
      { case: "fileContainingSymbol", value: "acme.notes.v1.NoteService.FindNotes" },
      { case: "fileContainingSymbol", value: "acme.notes.v1.Nobody" },
      { case: "fileByFilename", value: note },
      { case: "fileByFilename", value: "google/protobuf/timestamp.proto" },
      { case: "fileContainingExtension", value: { containingType: "acme.notes.v1.Note", extensionNumber: 101 } },
      { case: "fileContainingExtension", value: { containingType: "acme.notes.v1.Note", extensionNumber: 7 } },
      { case: "allExtensionNumbersOfType", value: "acme.notes.v1.Note" },
      { case: "allExtensionNumbersOfType", value: "acme.notes.v1.Search" },
      { case: "allExtensionNumbersOfType", value: "x" },
      undefined,
    );
    expect(answers).toMatchObject([
      {
        service: [
          { name: "acme.notes.v1.NoteService" },
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
        ],
      },
      [note],
      [
        "acme/notes/v1/notes.proto",
        "google/api/annotations.proto",
        "google/protobuf/timestamp.proto",
        "google/api/http.proto",
        "google/protobuf/descriptor.proto",
      ],
      { errorCode: Code.NOT_FOUND },
      [note],
      ["google/protobuf/timestamp.proto"],
      [note],
      { errorCode: Code.NOT_FOUND },
      { extensionNumber: [100, 101] },
      { extensionNumber: [] },
      { errorCode: Code.NOT_FOUND },
      { errorCode: Code.INVALID_ARGUMENT },
    ]);
  });

  test.each(transports)("M64: listed is what is registered, described is everything, over $id", async ({ connect }) => {
    const { transport, registry } = await connect(echo).then((connected) => (open.push(connected), connected));
    registerReflection(registry, [notes, healthDescriptors]);
    const list = { case: "listServices", value: "" } as const;
    const reflection = { name: "grpc.reflection.v1.ServerReflection" };
    const symbol = { case: "fileContainingSymbol", value: "acme.notes.v1.NoteService" } as const;
    expect(await ask(transport, list, symbol)).toMatchObject([
      { service: [reflection] },
      expect.arrayContaining(["acme/notes/v1/notes.proto"]) as unknown,
    ]);
    createHealth().register(registry);
    expect(await ask(transport, list)).toEqual([
      expect.objectContaining({
        service: [expect.objectContaining({ name: "grpc.health.v1.Health" }), expect.objectContaining(reflection)],
      }),
    ]);
  });

  test("M64: a registry that cannot tell what it has lists everything", async () => {
    const transport = createMemoryTransport();
    open.push(transport);
    registerReflection({ register: (service, methods) => transport.register(service, methods) }, [notes]);
    const [listed] = await ask(transport, { case: "listServices", value: "" });
    expect(listed).toMatchObject({
      service: [{ name: "acme.notes.v1.NoteService" }, { name: "grpc.reflection.v1.ServerReflection" }],
    });
  });

  const servers = [
    ["grpc-js", createGrpcJsServer],
    ["http2", createHttp2Server],
  ] as const;
  describe.skipIf(!haveBuf("buf curl"))("M64: buf curl without a schema", () => {
    test.each(servers)("M64: calls, lists and describes, over %s", { timeout: 30_000 }, async (_, create) => {
      const server = create();
      register(server);
      open.push(server);
      const { port } = await server.listen("127.0.0.1:0");
      const url = `http://127.0.0.1:${port}`;
      const curl = async (...args: string[]): Promise<string> => {
        const flags = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];
        const { stdout } = await promisify(execFile)(join(root, "node_modules/.bin/buf"), [...flags, ...args]);
        return stdout;
      };
      const [write, find, alpha, listed] = await Promise.all([
        curl("-d", '{"text":"a","[acme.notes.v1.color]":"red"}', `${url}/acme.notes.v1.NoteService/WriteNote`),
        curl("-d", '{"text":"b","since":"2026-01-01T00:00:00Z"}', `${url}/acme.notes.v1.NoteService/FindNotes`),
        curl("--reflect-protocol", "grpc-v1alpha", "-d", "{}", `${url}/grpc.health.v1.Health/Check`),
        curl("--list-methods", url),
      ]);
      expect(JSON.parse(write)).toEqual({ text: "a", "[acme.notes.v1.color]": "red" });
      expect(
        find
          .trim()
          .split(/\n(?=\{)/)
          .map((text) => JSON.parse(text) as unknown),
      ).toEqual([{ text: "b" }, { text: "b!" }]);
      expect(JSON.parse(alpha)).toEqual({ status: "SERVING" });
      expect(listed.trim().split("\n")).toEqual([
        "acme.notes.v1.NoteService/FindNotes",
        "acme.notes.v1.NoteService/WriteNote",
        "grpc.health.v1.Health/Check",
        "grpc.health.v1.Health/List",
        "grpc.health.v1.Health/Watch",
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      ]);
    });
  });

  test("M64: a service may be registered beside others of its own", () => {
    const paths: string[] = [];
    registerReflection({ register: ({ typeName }) => paths.push(typeName) }, []);
    expect(paths).toEqual(["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]);
    expect(implementService(Echo, echo).size).toBe(4);
  });
});
