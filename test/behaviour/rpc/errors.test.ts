import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rest } from "../../../src/generators/rest/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import { BadRequest } from "../../../src/runtime/errors/index.js";
import { createGateway, type RouteSet } from "../../../src/runtime/gateway/index.js";
import { consume, deadHeaders, deadLetterError, publish } from "../../../src/runtime/queue/index.js";
import { isRestError } from "../../../src/runtime/rest/index.js";
import {
  Code,
  findDetail,
  isRpcError,
  RpcError,
  type DeclaredError,
  type DeclaredErrorOptions,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { packAny } from "../../../src/runtime/wkt/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { deadLetters, itemChannel } from "../../unit/queue/support.js";
import { serveGateway } from "../gateway/users.js";
import { gate, rejection } from "./echo.js";

const proto = `syntax = "proto3";
package acme.users.v1;
import "google/api/annotations.proto";
import "wirespan/options.proto";
message GetUserRequest { string id = 1; }
message User { string id = 1; }
service UserService {
  rpc GetUser(GetUserRequest) returns (User) { option (google.api.http) = { get: "/users/{id}" }; }
  rpc WatchUser(GetUserRequest) returns (stream User) { option (google.api.http) = { get: "/users/{id}:watch" }; }
}
enum UserError {
  option (wirespan.options.v1.enum).errors = { domain: "users.acme.example" };
  NONE = 0;
  USER_NOT_FOUND = 1 [(wirespan.options.v1.enum_value).error = { code: NOT_FOUND message: "there is no user {id}" }];
  EMAIL_TAKEN = 2 [(wirespan.options.v1.enum_value).error = { code: ALREADY_EXISTS }];
}`;

/** What the contract becomes, as far as this test uses it. */
interface Users {
  getUser(request: { id: string }): Promise<{ id: string }>;
  watchUser(request: { id: string }): AsyncIterable<{ id: string }>;
}

interface Emitted {
  readonly createUserServiceClient: (transport: Transport) => Users;
  readonly registerUserService: (registry: ServiceRegistry, handler: object) => void;
  readonly userNotFound: (metadata: { readonly id: string }, options?: DeclaredErrorOptions) => RpcError;
  readonly isUserNotFound: (error: unknown) => error is DeclaredError;
  readonly isEmailTaken: (error: unknown) => error is DeclaredError;
  readonly userServiceRoutes: (backend: object) => RouteSet;
  readonly createUserServiceRestClient: (url: string) => Users;
}

let emitted: Emitted;
beforeAll(async () => {
  const { files, diagnostics } = await emit({ "users.proto": proto }, [messages, rpc, http, rest]);
  expect(diagnostics).toEqual([]);
  const load = emittedModules(files);
  const parts = await Promise.all(["rpc", "http", "rest"].map((kind) => load(`users.${kind}.ts`)));
  emitted = Object.assign({}, ...parts) as Emitted;
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const transports: readonly {
  readonly id: string;
  readonly serve: (register: (registry: ServiceRegistry) => void) => Promise<Transport>;
}[] = [
  {
    id: "memory",
    async serve(register) {
      const transport = createMemoryTransport();
      register(transport);
      closing.push(() => transport.close());
      return transport;
    },
  },
  {
    id: "grpc-js",
    async serve(register) {
      const server = createGrpcJsServer();
      register(server);
      const { port } = await server.listen("127.0.0.1:0");
      const transport = createGrpcJsTransport(`127.0.0.1:${port}`);
      closing.push(
        () => server.close(),
        () => transport.close(),
      );
      return transport;
    },
  },
];

/** A service that fails, and one before it that passes on what it calls. */
async function startBoth({ serve }: (typeof transports)[number]): Promise<Users> {
  const details = [packAny(BadRequest, { fieldViolations: [{ field: "id", description: "is unknown" }] })];
  const fail = (id: string): RpcError => emitted.userNotFound({ id }, { details });
  const store = await serve((registry) =>
    emitted.registerUserService(registry, {
      getUser({ id }: { id: string }) {
        throw fail(id);
      },
      async *watchUser({ id }: { id: string }) {
        if (id !== "at-once") yield { id };
        throw fail(id);
      },
    }),
  );
  const inner = emitted.createUserServiceClient(store);
  const front = await serve((registry) =>
    emitted.registerUserService(registry, {
      getUser: (request: { id: string }) => inner.getUser(request),
      watchUser: (request: { id: string }) => inner.watchUser(request),
    }),
  );
  return emitted.createUserServiceClient(front);
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

describe.each(transports)("M20: over $id", (transport) => {
  test("M20: the error of a contract comes back as itself over two hops, with its details, unary and streaming", async () => {
    const client = await startBoth(transport);
    for (const error of [
      await rejection(client.getUser({ id: "42" })),
      await rejection(drain(client.watchUser({ id: "42" }))),
      await rejection(drain(client.watchUser({ id: "42" }))),
    ]) {
      if (!isRpcError(error)) throw new Error(`no RpcError: ${String(error)}`);
      expect(error).toMatchObject({ code: Code.NOT_FOUND, message: "there is no user 42" });
      expect(findDetail(error, BadRequest)?.fieldViolations).toMatchObject([{ field: "id" }]);
      expect(emitted.isEmailTaken(error)).toBe(false);
      if (!emitted.isUserNotFound(error)) throw new Error("not known by its guard");
      expect(error.info.metadata).toEqual({ id: "42" });
    }
  });

  test("M20: REST → gRPC → REST: status, body and the guard on the other side", async () => {
    const client = await startBoth(transport);
    const { url, close } = await serveGateway(createGateway({ routes: [emitted.userServiceRoutes(client)] }));
    closing.push(close);
    const response = await fetch(`${url}/users/42`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      code: 5,
      message: "there is no user 42",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "USER_NOT_FOUND",
          domain: "users.acme.example",
          metadata: { id: "42" },
        },
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "id", description: "is unknown" }],
        },
      ],
    });

    const overHttp = emitted.createUserServiceRestClient(url);
    for (const error of [
      await rejection(overHttp.getUser({ id: "42" })),
      await rejection(drain(overHttp.watchUser({ id: "at-once" }))),
      await rejection(drain(overHttp.watchUser({ id: "42" }))),
    ]) {
      expect(isRestError(error)).toBe(true);
      if (!emitted.isUserNotFound(error)) throw new Error("not known by its guard");
      expect(error.code).toBe(Code.NOT_FOUND);
      expect(error.info.metadata["id"]).toMatch(/^(42|at-once)$/);
    }
  });

  test("M20: a message whose handler fails with it is a dead letter that says so", async () => {
    const client = await startBoth(transport);
    const broker = createMemoryBroker();
    closing.push(() => broker.close());
    const died = gate();
    const handle = async ({ n }: { n: number }): Promise<void> => {
      if (n > 1) throw new Error("something else");
      await client.getUser({ id: "42" });
    };
    let dead = 0;
    const consumer = await consume(broker, itemChannel(), handle, {
      retry: { maxAttempts: 1, quick: 0, delaysMs: [] },
      deadLetter: true,
      onEvent: ({ kind }) => kind === "dead" && ++dead === 2 && died.open(),
    });
    closing.push(() => consumer.drain());
    const headers = { [deadHeaders.code]: "STALE", [deadHeaders.errorReason]: "STALE" };
    await publish(broker, itemChannel(), { n: 1 }, { headers });
    await publish(broker, itemChannel(), { n: 2 }, { headers });
    await died.promise;
    const letters = await deadLetters(broker);
    const letter = letters.find(({ headers: all }) => all["x-dead-class"] === "RpcError");
    const other = letters.find(({ headers: all }) => all["x-dead-class"] === "Error");
    expect(Object.keys(other?.headers ?? {}).filter((name) => /^x-dead-(code|error)/.test(name))).toEqual([]);
    expect(letter?.headers).toMatchObject({
      "x-dead-code": "NOT_FOUND",
      "x-dead-error-reason": "USER_NOT_FOUND",
      "x-dead-error-domain": "users.acme.example",
      "x-dead-error-metadata": '{"id":"42"}',
    });
    expect(emitted.isUserNotFound(deadLetterError(letter?.headers ?? {}))).toBe(true);
  });
});
