import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { openapiDocument } from "../../../src/generators/openapi/document.js";
import { documents } from "../../../src/generators/openapi/index.js";
import { printYaml } from "../../../src/generators/openapi/yaml.js";
import { modelOf } from "../../support/model.js";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Part of a document by its path of names. */
function at(document: Json, ...path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = document;
  for (const name of path) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = typeof value === "object" && value !== null ? value[name] : undefined;
  }
  return value;
}

async function documentOf(body: string, imports: readonly string[] = []): Promise<Json> {
  const all = ["google/api/annotations.proto", ...imports].map((path) => `import "${path}";`).join("\n");
  const text = `syntax = "proto3"; package acme.v1;\n${all}\n${body}`;
  const { model, diagnostics } = modelOf({ "acme/v1/acme.proto": text });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const [document] = documents(model);
  if (document === undefined) throw new Error("no document");
  const yaml = printYaml(openapiDocument(document));
  const parsed = parse(yaml) as Json;
  expect(await new Validator().validate(structuredClone(parsed) as Record<string, Json>)).toEqual({ valid: true });
  return parsed;
}

function schema(document: Json, name: string): Json | undefined {
  return at(document, "components", "schemas", name);
}

describe("M49: OpenAPI documents", () => {
  test("operations: ids, summaries, tags, deprecation, resolved links", async () => {
    const document = await documentOf(`
      // All about [users][acme.v1.User]. (-- api-linter: off
      //   for a reason --)
      service Users {
        // Gets a [User][acme.v1.User], e.g. by its id. Fails without one.
        //
        // - one
        //   more
        rpc GetUser(GetUserRequest) returns (User) {
          option (google.api.http) = { get: "/v1/users/{id}" additional_bindings { get: "/v1/people/{id}" } };
        }
        rpc ListAllUsers(GetUserRequest) returns (User) {
          option deprecated = true;
          option (google.api.http).get = "/v1/users";
        }
      }
      message GetUserRequest { string id = 1; }
      message User { string id = 1; }
    `);
    expect(at(document, "info")).toEqual({ title: "Users API", description: "All about users.", version: "v1" });
    expect(at(document, "tags")).toEqual([{ name: "Users", description: "All about users." }]);
    const get = at(document, "paths", "/v1/users/{id}", "get");
    expect(get).toMatchObject({
      operationId: "Users_GetUser",
      summary: "Gets a `User`, e.g. by its id",
      description: "Gets a `User`, e.g. by its id. Fails without one.\n\n- one\n  more",
      tags: ["Users"],
    });
    expect(at(document, "paths", "/v1/people/{id}", "get", "operationId")).toBe("Users_GetUser_2");
    expect(at(document, "paths", "/v1/users", "get")).toMatchObject({ summary: "List all users", deprecated: true });
  });

  test("M45: status and Location of the policy", async () => {
    const document = await documentOf(
      `
      service Users {
        rpc CreateUser(User) returns (User) {
          option (google.api.http) = { post: "/api/v1/users" body: "*" };
          option (wirespan.options.v1.method) = { http: { success_status: 201 location: "/api/v1/users/{id}" } };
        }
      }
      message User { string id = 1; }
    `,
      ["wirespan/options.proto"],
    );
    const responses = at(document, "paths", "/api/v1/users", "post", "responses");
    expect(Object.keys(responses as object)).toEqual(["201", "default"]);
    expect(at(responses ?? null, "201", "headers", "Location", "description")).toContain("/api/v1/users/{id}");
    expect(at(responses ?? null, "default", "content", "application/json", "schema")).toEqual({
      $ref: "#/components/schemas/Status",
    });
  });

  test("paths are expanded with readable names, shared by the verbs of a path", async () => {
    const document = await documentOf(`
      service Library {
        rpc A(R) returns (R) { option (google.api.http).get = "/v1/{name=shelves/*/books/*}"; }
        rpc B(S) returns (R) { option (google.api.http).delete = "/v1/{book=shelves/*/books/*}"; }
        rpc C(R) returns (R) { option (google.api.http) = { post: "/v1/{name=shelves/*}/{other=boxes/*}:move" body: "*" }; }
        rpc D(R) returns (R) { option (google.api.http).get = "/v1/files/{name=**}"; }
        rpc E(R) returns (R) { option (google.api.http).get = "/v1/x/{user_id}/{name}"; }
        rpc F(R) returns (R) { option (google.api.http) = { put: "/v1/x/{name}/{user_id}" body: "*" }; }
        rpc G(R) returns (R) { option (google.api.http) = { custom: { kind: "PURGE" path: "/v1/x/{name}/{user_id}" } }; }
        rpc H(R) returns (R) { option (google.api.http) = { custom: { kind: "*" path: "/v1/any/*" } }; }
      }
      message R { string name = 1; string other = 2; string user_id = 3; }
      message S { string book = 1; }
    `);
    const paths = at(document, "paths") as Record<string, Record<string, Json>>;
    expect(Object.keys(paths)).toEqual([
      "/v1/shelves/{shelf}/books/{book}",
      "/v1/shelves/{shelf}/boxes/{box}:move",
      "/v1/files/{name}",
      "/v1/x/{userId}/{name}",
      "/v1/any/{any}",
    ]);
    expect(Object.keys(paths["/v1/shelves/{shelf}/books/{book}"] ?? {})).toEqual(["get", "delete"]);
    expect(Object.keys(paths["/v1/x/{userId}/{name}"] ?? {})).toEqual(["get", "put", "x-additional-operations"]);
    expect(at(paths["/v1/x/{userId}/{name}"] ?? null, "put", "parameters", 0, "name")).toBe("userId");
    expect(at(paths["/v1/files/{name}"] ?? null, "get", "parameters", 0, "description")).toContain("several segments");
  });

  test("query parameters: every leaf that neither path nor body hold; recursion is cut and said", async () => {
    const document = await documentOf(
      `
      service S {
        rpc Find(Req) returns (Req) { option (google.api.http).get = "/v1/{id}"; }
        rpc Put(Req) returns (Req) { option (google.api.http) = { put: "/v1/{id}" body: "node" }; }
      }
      enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1; }
      message Node { string text = 1; Node inner = 2; repeated string tags = 3; }
      message Req {
        string id = 1;
        int64 page_size = 2 [(google.api.field_behavior) = REQUIRED];
        repeated Kind kinds = 3;
        Node node = 4;
        google.protobuf.Timestamp since = 5 [deprecated = true];
        google.protobuf.BoolValue flag = 6;
        map<string, string> labels = 7;
        repeated Node nodes = 8;
        google.protobuf.Struct extra = 9;
      }
    `,
      [
        "google/api/field_behavior.proto",
        "google/protobuf/timestamp.proto",
        "google/protobuf/wrappers.proto",
        "google/protobuf/struct.proto",
      ],
    );
    const parameters = at(document, "paths", "/v1/{id}", "get", "parameters") as Record<string, Json>[];
    expect(parameters.map(({ name }) => name)).toEqual([
      "id",
      "pageSize",
      "kinds",
      "node.text",
      "node.tags",
      "since",
      "flag",
    ]);
    expect(parameters[1]).toEqual({
      name: "pageSize",
      in: "query",
      required: true,
      schema: { type: "string", format: "int64", pattern: "^-?[0-9]+$" },
    });
    expect(parameters[2]?.["schema"]).toEqual({ type: "array", items: { $ref: "#/components/schemas/Kind" } });
    expect(parameters[5]).toMatchObject({ deprecated: true, schema: { type: "string", format: "date-time" } });
    expect(at(document, "paths", "/v1/{id}", "get", "description")).toContain("`node.inner`");
    const put = at(document, "paths", "/v1/{id}", "put", "parameters") as Record<string, Json>[];
    expect(put.map(({ name }) => name)).toEqual(["id", "pageSize", "kinds", "since", "flag"]);
  });

  test("bodies leave out what the path holds, at any depth", async () => {
    const document = await documentOf(
      `
      service S {
        rpc A(Req) returns (Book) { option (google.api.http) = { patch: "/a/{book.name}/{id}" body: "*" }; }
        rpc B(Req) returns (Book) { option (google.api.http) = { patch: "/b/{book.name}" body: "book" }; }
        rpc C(Req) returns (Book) { option (google.api.http) = { post: "/c" body: "*" }; }
        rpc D(Req) returns (Req) { option (google.api.http) = { get: "/d" response_body: "books" }; }
        rpc E(google.api.HttpBody) returns (google.api.HttpBody) { option (google.api.http) = { post: "/e" body: "*" }; }
        rpc F(Req) returns (google.protobuf.Empty) { option (google.api.http) = { delete: "/f" }; }
      }
      message Book { string name = 1 [(google.api.field_behavior) = REQUIRED]; string title = 2; }
      message Req { string id = 1; Book book = 2; repeated Book books = 3; }
    `,
      ["google/api/field_behavior.proto", "google/api/httpbody.proto", "google/protobuf/empty.proto"],
    );
    const body = (path: string): Json | undefined =>
      at(
        document,
        "paths",
        path,
        path === "/c" ? "post" : "patch",
        "requestBody",
        "content",
        "application/json",
        "schema",
      );
    expect(body("/a/{book.name}/{id}")).toEqual({
      type: "object",
      properties: {
        book: { type: "object", properties: { title: { type: "string" } } },
        books: { type: "array", items: { $ref: "#/components/schemas/Book" } },
      },
    });
    expect(body("/b/{book.name}")).toEqual({ type: "object", properties: { title: { type: "string" } } });
    expect(body("/c")).toEqual({ $ref: "#/components/schemas/Req" });
    const ok = (path: string, verb: string): Json | undefined =>
      at(document, "paths", path, verb, "responses", "200", "content");
    expect(ok("/d", "get")).toEqual({
      "application/json": { schema: { type: "array", items: { $ref: "#/components/schemas/Book" } } },
    });
    expect(ok("/e", "post")).toEqual({ "*/*": { schema: { type: "string", format: "binary" } } });
    expect(ok("/f", "delete")).toEqual({ "application/json": { schema: { type: "object" } } });
  });

  test("streams", async () => {
    const document = await documentOf(`
      service S {
        rpc Down(M) returns (stream M) { option (google.api.http).get = "/down"; }
        rpc Up(stream M) returns (M) { option (google.api.http) = { post: "/up" body: "*" }; }
        rpc Both(stream M) returns (stream M) { option (google.api.http) = { post: "/both" body: "*" }; }
        rpc Again(stream M) returns (stream M) { option (google.api.http) = { post: "/down" body: "text" }; }
      }
      message M { string text = 1; }
    `);
    const item = { $ref: "#/components/schemas/M" };
    const down = at(document, "paths", "/down", "get");
    expect(at(down ?? null, "x-streaming")).toBe("server");
    expect(at(down ?? null, "responses", "200", "content")).toEqual({
      "application/x-ndjson": {
        schema: { type: "object", properties: { result: item, error: { $ref: "#/components/schemas/Status" } } },
      },
      "text/event-stream": { schema: item },
    });
    expect(at(document, "paths", "/up", "post", "requestBody", "content")).toEqual({
      "application/x-ndjson": { schema: item },
    });
    // a WebSocket is opened by a GET, whatever the binding says
    expect(Object.keys(at(document, "paths", "/both") as object)).toEqual(["get"]);
    const both = at(document, "paths", "/both", "get") ?? null;
    expect(at(both, "requestBody")).toBeUndefined();
    expect(Object.keys(at(both, "responses") as object)).toEqual(["101", "default"]);
    const frame = { type: "object", properties: { result: item, error: { $ref: "#/components/schemas/Status" } } };
    expect(at(both, "x-websocket")).toEqual({ client: item, server: frame });
    const again = at(document, "paths", "/down", "x-additional-operations", "WEBSOCKET") ?? null;
    expect(at(again, "x-websocket", "client")).toEqual({ type: "string" });
  });

  test("schemas follow ProtoJSON", async () => {
    const document = await documentOf(
      `
      service S { rpc A(All) returns (All) { option (google.api.http) = { post: "/a" body: "*" }; } }
      // How it is.
      enum Mode {
        // Nothing said.
        MODE_UNSPECIFIED = 0;
        MODE_ON = 1; // It is on.
        MODE_OLD = 2 [deprecated = true];
      }
      message All {
        // The 64-bit one.
        int64 long = 1;
        uint32 small = 2;
        double number = 3;
        bytes data = 4;
        Mode mode = 5;
        map<string, Inner> inners = 6;
        repeated int32 list = 7;
        google.protobuf.Duration wait = 8;
        google.protobuf.Any any = 9;
        google.protobuf.Value value = 10;
        google.protobuf.StringValue maybe = 11;
        google.protobuf.FieldMask mask = 12;
        google.protobuf.NullValue nothing = 13;
        string secret = 14 [(google.api.field_behavior) = INPUT_ONLY];
        string created = 15 [(google.api.field_behavior) = OUTPUT_ONLY, deprecated = true];
        string custom = 16 [json_name = "cUsToM"];
        All again = 17;
        oneof choice { string a = 20; string b = 21; string c = 22; }
        message Inner { optional bool flag = 1; string must = 2 [(google.api.field_behavior) = REQUIRED]; }
      }
    `,
      [
        "google/api/field_behavior.proto",
        "google/protobuf/duration.proto",
        "google/protobuf/any.proto",
        "google/protobuf/struct.proto",
        "google/protobuf/wrappers.proto",
        "google/protobuf/field_mask.proto",
      ],
    );
    const properties = at(schema(document, "All") ?? null, "properties") as Record<string, Json>;
    expect(properties["long"]).toEqual({
      type: "string",
      format: "int64",
      pattern: "^-?[0-9]+$",
      description: "The 64-bit one.",
    });
    expect(properties["small"]).toEqual({ type: "integer", format: "uint32", minimum: 0 });
    expect(properties["data"]).toEqual({ type: "string", format: "byte", contentEncoding: "base64" });
    expect(properties["inners"]).toEqual({
      type: "object",
      additionalProperties: { $ref: "#/components/schemas/All_Inner" },
    });
    expect(properties["value"]).toEqual({});
    expect(properties["nothing"]).toEqual({ type: "null" });
    expect(properties["maybe"]).toEqual({ type: ["string", "null"] });
    expect(properties["secret"]).toMatchObject({ writeOnly: true });
    expect(properties["created"]).toMatchObject({ readOnly: true, deprecated: true });
    expect(properties["cUsToM"]).toEqual({ type: "string" });
    expect(properties["again"]).toEqual({ $ref: "#/components/schemas/All" });
    expect(at(schema(document, "All") ?? null, "not")).toEqual({
      anyOf: [{ required: ["a", "b"] }, { required: ["a", "c"] }, { required: ["b", "c"] }],
    });
    expect(schema(document, "All_Inner")).toMatchObject({ required: ["must"] });
    expect(schema(document, "Mode")).toEqual({
      type: "string",
      description:
        "How it is.\n\n- `MODE_UNSPECIFIED`: Nothing said.\n- `MODE_ON`: It is on.\n- `MODE_OLD`: Deprecated.",
      enum: ["MODE_UNSPECIFIED", "MODE_ON", "MODE_OLD"],
    });
  });

  test("names that meet are told apart by their packages, the status of errors too", async () => {
    const { model } = modelOf({
      "a.proto": `syntax = "proto3"; package a.v1; import "google/api/annotations.proto"; import "b.proto";
        service S { rpc A(b.v1.Book) returns (Book) { option (google.api.http) = { post: "/a" body: "*" }; } }
        message Book { Status status = 1; } message Status { string text = 1; }`,
      "b.proto": `syntax = "proto3"; package b.v1; message Book { string id = 1; }`,
    });
    const data = documents(model).map(openapiDocument);
    expect(data.length).toBe(1);
    const schemas = at(data[0] as Json, "components", "schemas") as object;
    expect(Object.keys(schemas)).toEqual(["AV1Book", "BV1Book", "RpcStatus", "V1Status"]);
  });

  test("hostile names and comments stay data", async () => {
    const document = await documentOf(`
      service S { rpc A(__proto__) returns (constructor) { option (google.api.http) = { post: "/a" body: "*" }; } }
      // --- "quoted": {yaml} # not */ a comment
      //
      // - &anchor *alias !tag | > %
      message __proto__ { string a = 1 [json_name = "__proto__"]; string toString = 2; }
      message constructor { string hasOwnProperty = 1; }
    `);
    const schemas = at(document, "components", "schemas") as object;
    expect(Object.keys(schemas)).toContain("__proto__");
    expect(Object.getOwnPropertyDescriptor(schemas, "__proto__")?.value).toMatchObject({
      description: '--- "quoted": {yaml} # not */ a comment\n\n- &anchor *alias !tag | > %',
    });
  });

  test("nested messages cannot multiply parameters without end", async () => {
    const levels = Array.from({ length: 24 }, (_, i) => `message M${i} { M${i + 1} a = 1; M${i + 1} b = 2; }`);
    const document = await documentOf(`
      service S { rpc A(M0) returns (M24) { option (google.api.http).get = "/a"; } }
      ${levels.join("\n")}
      message M24 { string leaf = 1; }
    `);
    const parameters = at(document, "paths", "/a", "get", "parameters") as readonly Json[];
    expect(parameters.length).toBeLessThanOrEqual(500);
  });

  test("the same model gives the same bytes", () => {
    const text = `syntax = "proto3"; package a; import "google/api/annotations.proto";
      service S { rpc A(M) returns (M) { option (google.api.http).get = "/a"; } } message M { M m = 1; string s = 2; }`;
    const print = (): string =>
      documents(modelOf({ "a.proto": text }).model)
        .map((document) => printYaml(openapiDocument(document)))
        .join("");
    expect(print()).toBe(print());
  });
});

describe("F7: policies in OpenAPI documents", () => {
  const find = (body: string): string => `
    service Shop {
      option (wirespan.options.v1.service).scopes = { name: "shop.read" description: "See goods." };
      rpc Find(Query) returns (Query) {
        option idempotency_level = NO_SIDE_EFFECTS;
        option (google.api.http) = { get: "/v1/find" };
        ${body}
      }
    }
    message Query { string id = 1; }`;
  const operationOf = async (body: string): Promise<readonly [Json | undefined, Json]> => {
    const document = await documentOf(find(body), ["wirespan/options.proto"]);
    return [at(document, "paths", "/v1/find", "get"), document];
  };
  const codes = (operation: Json | undefined): readonly string[] =>
    Object.keys(at(operation ?? null, "responses") ?? {});

  test("scopes: a requirement, the scheme it names, 401 and 403", async () => {
    const [operation, document] = await operationOf(
      'option (wirespan.options.v1.method).auth = { scopes: "shop.read" };',
    );
    expect(at(operation ?? null, "security")).toEqual([{ bearer: ["shop.read"] }]);
    expect(codes(operation)).toEqual(["200", "401", "403", "default"]);
    expect(at(operation ?? null, "responses", "403", "description")).toBe("The caller lacks a scope: `shop.read`.");
    expect(at(document, "components", "securitySchemes", "bearer")).toEqual({
      type: "http",
      scheme: "bearer",
      description: "A token. Scopes:\n\n- `shop.read`: See goods.",
    });
  });

  test("credentials without scopes, and public methods", async () => {
    const [closed] = await operationOf("option (wirespan.options.v1.method).auth.public = false;");
    expect(at(closed ?? null, "security")).toEqual([{ bearer: [] }]);
    expect(codes(closed)).toEqual(["200", "401", "default"]);
    const [open, document] = await operationOf("option (wirespan.options.v1.method).auth.public = true;");
    expect(at(open ?? null, "security")).toEqual([]);
    expect(codes(open)).toEqual(["200", "default"]);
    expect(at(document, "components", "securitySchemes")).toBeUndefined();
  });

  test("limits: 429 with the time to wait; a silent contract says nothing", async () => {
    const [limited] = await operationOf("option (wirespan.options.v1.method).limit.rate = 5;");
    expect(codes(limited)).toEqual(["200", "429", "default"]);
    expect(at(limited ?? null, "responses", "429", "headers", "Retry-After", "schema")).toEqual({ type: "integer" });
    const [silent] = await operationOf("");
    expect(codes(silent)).toEqual(["200", "default"]);
    expect(at(silent ?? null, "security")).toBeUndefined();
  });
});
