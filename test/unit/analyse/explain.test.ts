import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { explainName, type Explained, type Explanation } from "../../../src/analyse/index.js";
import { place } from "../../../src/diagnostics/index.js";
import type { Model } from "../../../src/model/index.js";
import { openSession } from "../../../src/session.js";

const users = `syntax = "proto3";
package acme.user.v1;

import "buf/validate/validate.proto"; import "google/api/annotations.proto";
import "wirespan/options.proto";

// All about users.
service UserService {
  // The user of that id.
  rpc GetUser(GetUserRequest) returns (User) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {
      get: "/v1/users/{id}"
      additional_bindings { get: "/v1/people/{id}" }
    };
    option (wirespan.options.v1.method) = {
      timeout { seconds: 20 }
      retry { max_attempts: 3 }
    };
  }
  rpc WatchUsers(GetUserRequest) returns (stream User);
  rpc AddUser(AddUserRequest) returns (User) {
    option (google.api.http) = { post: "/v1/users" };
    option (wirespan.options.v1.method) = {
      http: {
        success_status: 201
        location: "/v1/users/{id}"
      }
    };
  }
}

message AddUserRequest { Name name = 1; }
message Name { string text = 1 [(buf.validate.field).string.min_len = 1]; }

message GetUserRequest { string id = 1; }
message User { string id = 1; }
`;

const events = `asyncapi: 3.0.0
info: { title: Users, version: "1" }
servers:
  local: { host: "localhost", protocol: amqp }
channels:
  user.created:
    address: users.created
    x-retry: { maxAttempts: 5, delays: [PT5S, PT1M] }
    x-dead-letter: {}
    messages:
      created:
        payload: { $ref: "user.proto#/acme.user.v1.User" }
operations:
  announce: { action: send, channel: { $ref: "#/channels/user.created" } }
  mail:
    action: receive
    channel: { $ref: "#/channels/user.created" }
    x-consumer: { concurrency: 8 }
`;

let model: Model | undefined;

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), "wirespan-"));
  writeFileSync(join(root, "user.proto"), users);
  writeFileSync(join(root, "user.events.yaml"), events);
  const { session } = await openSession({ cwd: root, file: false, overrides: {} });
  const run = await session?.run({ mode: "plan" });
  expect(run?.diagnostics).toEqual([]);
  model = run?.result.model;
  rmSync(root, { recursive: true });
});

function explain(query: string): Explained {
  if (model === undefined) throw new Error("the contracts gave no model");
  return explainName(model, query);
}

/** `label: value @ place`. */
function lines(explanation: Explanation | undefined): readonly string[] {
  return (explanation?.facts ?? []).map(
    ({ label, value, origin }) => `${label}: ${value} @ ${place(origin) || "default"}`,
  );
}

test.each(["GetUser", "UserService.GetUser", "acme.user.v1.UserService.GetUser", "/acme.user.v1.UserService/GetUser"])(
  "a method by %s",
  (query) => {
    const { found } = explain(query);
    expect(found.map(({ name }) => name)).toEqual(["acme.user.v1.UserService.GetUser"]);
  },
);

test("a method: what the contract says with its place, what it leaves open as default", () => {
  const [method] = explain("GetUser").found;
  expect(method?.description).toBe("The user of that id.");
  expect(lines(method)).toEqual([
    "path: /acme.user.v1.UserService/GetUser @ user.proto:10:7",
    "kind: unary @ user.proto:10:7",
    "request: acme.user.v1.GetUserRequest @ user.proto:10:7",
    "response: acme.user.v1.User @ user.proto:10:7",
    "service: acme.user.v1.UserService @ user.proto:8:9",
    "idempotent: yes, without side effects @ user.proto:10:7",
    expect.stringMatching(/^route: GET \/v1\/users\/\{id\} @ user\.proto:1[23]:\d+$/),
    expect.stringMatching(/^route 2: GET \/v1\/people\/\{id\} @ user\.proto:14:\d+$/),
    "HTTP status: 200 @ default",
    "Location: none @ default",
    expect.stringMatching(/^timeout: 20 s @ user\.proto:17:15$/),
    expect.stringMatching(/^retry max attempts: 3 @ user\.proto:18:29$/),
    "retry initial backoff: 100 ms @ default",
    "retry backoff multiplier: ×2 @ default",
    "retry max backoff: 1 s @ default",
    "retry codes: UNAVAILABLE @ default",
    "hedge: none @ default",
    "limit: none @ default",
    "auth: what the server's chain says @ default",
    "idempotency key: none: it is without side effects @ default",
    "cache: none @ default",
    "breaker: what the client's chain says @ default",
    "server chain: recovery → (tracing) → (metrics) → (logging) → deadline → (rateLimit) → (concurrency) → (shedding) → " +
      "(auth) → (claimLimit) → (validation) → (idempotency) → (cache) → (handlerRecovery) @ default",
    "client chain: (deadline) → (tracing) → (metrics) → (logging) → (headers) → (validation) → (cache) → (shadow) → " +
      "(split) → (breaker) → retry → (hedge) → (rateLimit) → (concurrency) → (attemptSpan) → (attemptTimeout) → (auth) @ default",
  ]);
});

test("rules of the request call for validation; values over HTTP have the place of each", () => {
  const told = lines(explain("AddUser").found[0]);
  expect(told).toContainEqual(expect.stringMatching(/^server chain: .* → validation → /));
  expect(told).toContainEqual(expect.stringMatching(/^client chain: .* → validation → /));
  expect(told).toContainEqual(expect.stringMatching(/^HTTP status: 201 @ user\.proto:26:\d+$/));
  expect(told).toContainEqual(expect.stringMatching(/^Location: \/v1\/users\/\{id\} @ user\.proto:27:\d+$/));
});

test("a key that a caller sends is nothing to a stream", () => {
  expect(lines(explain("WatchUsers").found[0])).toContain("idempotency key: none: it streams @ default");
});

test("a service gives all of its methods", () => {
  const { found } = explain("UserService");
  expect(found.map(({ name }) => name)).toEqual([
    "acme.user.v1.UserService.GetUser",
    "acme.user.v1.UserService.WatchUsers",
    "acme.user.v1.UserService.AddUser",
  ]);
});

test.each(["user.created", "users.created"])("a channel by id or address: %s", (query) => {
  const [channel] = explain(query).found;
  const told = lines(channel);
  expect(told).toContain("address: users.created @ user.events.yaml:6:3");
  expect(told).toContain("protocol: amqp @ user.events.yaml:4:3");
  expect(told).toContainEqual(expect.stringContaining("proto message acme.user.v1.User as application/protobuf"));
  expect(told).toContain("send: announce @ user.events.yaml:14:3");
  expect(told).toContain("receive: mail @ user.events.yaml:15:3");
});

test("a channel: each value of a consumer has the place of its own policy", () => {
  const told = lines(explain("user.created").found[0]);
  const at = (label: string): string | undefined => told.find((line) => line.startsWith(`${label}: `));
  expect(at("concurrency")).toMatch(/^concurrency: 8 @ user\.events\.yaml:18:/);
  expect(at("retry")).toMatch(/^retry: up to 5 attempts.*then after 5 s, 1 min @ user\.events\.yaml:[89]:/);
  expect(at("dead letter")).toMatch(/^dead letter: the broker's default address @ user\.events\.yaml:[89]:/);
  expect(at("order")).toBe("order: none @ default");
});

test("a consumer's group is named as the emitted code names it: by the operation, unless the contract says", () => {
  const told = lines(explain("user.created").found[0]);
  expect(told).toContain("group: mail @ user.events.yaml:15:3");
});

test("an operation by its id: what holds for it", () => {
  const { found } = explain("mail");
  expect(found).toMatchObject([{ kind: "operation", name: "mail" }]);
  const told = lines(found[0]);
  expect(told).toContain("receive: channel user.created @ user.events.yaml:15:3");
  expect(told).toContain("address: users.created @ user.events.yaml:6:3");
  expect(told).toContain("group: mail @ user.events.yaml:15:3");
  expect(told).toContainEqual(expect.stringMatching(/^concurrency: 8 @ user\.events\.yaml:18:/));
  const sending = lines(explain("announce").found[0]);
  expect(sending).toContain("send: channel user.created @ user.events.yaml:14:3");
  expect(sending.some((line) => line.startsWith("group: "))).toBe(false);
  expect(explain("announcee")).toEqual({ found: [], nearest: "announce" });
});

test("a name that does not exist has the nearest one", () => {
  expect(explain("UserService.GetUsr")).toEqual({ found: [], nearest: "UserService.GetUser" });
  expect(explain("user.craeted")).toEqual({ found: [], nearest: "user.created" });
  expect(explain("constructor").found).toEqual([]);
});
