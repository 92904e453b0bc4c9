import { readFileSync } from "node:fs";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { openapi } from "../../../src/generators/openapi/index.js";
import { rest } from "../../../src/generators/rest/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { summaries } from "../../support/model.js";
import { bundleFiles } from "../messages/support.js";

const all = [messages, rpc, http, rest, openapi];
const head = 'syntax = "proto3"; package a.v1; import "google/api/annotations.proto";';

describe("emitted routes and REST clients", () => {
  const name = "AnExtraordinarilyLongNameThatBreaksEveryLineItStandsOnWhateverComesFirst";
  test.each([
    ["users", readFileSync(new URL("../../behaviour/gateway/users.proto", import.meta.url), "utf8")],
    [
      "long names",
      `${head}
      service ${name}Service {
        rpc Get${name}(${name}) returns (${name}) {
          option (google.api.http) = {
            get: "/v1/things/{a_quite_long_field_name_that_is_used_in_paths=shelves/*/books/*}/and/some/more"
          };
        }
        rpc Up(stream ${name}) returns (${name}) { option (google.api.http) = { post: "/v1/up" body: "*" }; }
        rpc Both(stream ${name}) returns (stream ${name}) { option (google.api.http) = { get: "/v1/both" }; }
        rpc Either(stream Short) returns (stream Short) { option (google.api.http) = { get: "/v1/either" }; }
        rpc Down(${name}) returns (stream Short) { option (google.api.http) = { get: "/v1/down" }; }
        rpc S(stream Short) returns (Short) { option (google.api.http) = { post: "/v1/s" body: "*" }; }
        rpc MediumStream(stream MediumSizedNameOfAMessage) returns (Short) {
          option (google.api.http) = { post: "/v1/m" body: "*" };
        }
      }
      message ${name} { string a_quite_long_field_name_that_is_used_in_paths = 1; ${name} again_with_a_long_name = 2; }
      message MediumSizedNameOfAMessage { string a = 1; }
      message Short { string a = 1; }`,
    ],
    [
      "names in JSON of their own",
      `${head}
      service S { rpc Get(Req) returns (Inner) {
        option (google.api.http) = { get: "/v1/{id}/{page}/{inner_message_with_a_long_name.x=b/*}:go" };
      } rpc Put(Req) returns (Inner) { option (google.api.http) = { put: "/v1/{on}" body: "other" }; } }
      message Req {
        string user_identifier = 1 [json_name = "aQuiteLongJsonNameThatDoesNotFitBesideTheContractName"];
        Inner inner_message_with_a_long_name = 2 [json_name = "theSameWithAnotherNameInJson"];
        Inner other = 3 [json_name = "in"];
        int32 page = 4; bool on = 5; string id = 6 [json_name = "ID"];
        repeated string a_list_of_texts_with_a_name_that_is_far_too_long_for_a_single_line = 7;
      }
      message Inner { string x = 1 [json_name = "@x"]; repeated int32 numbers = 2; }`,
    ],
    [
      "names of globals and parameters",
      `${head}
      service client { rpc options(Promise) returns (AsyncIterable) {
        option (google.api.http) = { get: "/v1/{request}/it's" };
      } }
      message Promise { string request = 1; Iterable baseUrl = 2; }
      message AsyncIterable { string constructor = 1; }
      message Iterable { string __proto__ = 1; string toString = 2; }
      service call { rpc options(Iterable) returns (C) { option (google.api.http) = { get: "/v1/z" }; } }
      message C { string a = 1; }
      service NoInfer { rpc constructor(stream Promise) returns (stream AsyncIterable) {
        option (google.api.http) = { post: "/v1/x" body: "*" };
      } rpc toString(stream Promise) returns (NoInferRoutes) {
        option (google.api.http) = { post: "/v1/y" body: "*" };
      } }
      message NoInferRoutes {}`,
    ],
  ])("%s: as prettier prints it", async (_, text) => {
    const { files, diagnostics } = await emit({ "a.proto": text }, all);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    const own = [...files].filter(([path]) => /\.(http|rest)\.ts$|\.yaml$/.test(path));
    expect(own.length).toBeGreaterThan(2);
    for (const [path, content] of own) {
      expect(await format(content, { parser: path.endsWith(".yaml") ? "yaml" : "typescript" })).toBe(content);
    }
    const load = emittedModules(files);
    for (const [path] of own) if (path.endsWith(".ts")) expect(Object.keys(await load(path))).not.toEqual([]);
  });

  test("names of every length around the width of a line", async () => {
    const methods = Array.from({ length: 60 }, (_, i) => {
      const long = `M${"x".repeat(i + 10)}`;
      return `rpc ${long}(Short) returns (Short) { option (google.api.http) = { get: "/v1/${long}/{a}" }; }`;
    });
    const fields = Array.from({ length: 60 }, (_, i) => `Short f${"y".repeat(i + 5)} = ${i + 2};`);
    const text = `${head} service Svc { ${methods.join("\n")} } message Short { string a = 1; ${fields.join(" ")} }`;
    const { files } = await emit({ "a.proto": text }, all);
    for (const path of ["a.http.ts", "a.rest.ts"]) {
      const content = files.get(path) ?? "";
      expect(await format(content, { parser: "typescript" })).toBe(content);
    }
  });

  test("M62: services and messages without fields, with names of every length", async () => {
    const lengths = Array.from({ length: 70 }, (_, i) => "x".repeat(i + 1));
    const services = lengths.map(
      (x) => `service S${x} { rpc A(M) returns (M) { option (google.api.http) = { get: "/v1/${x}" }; } }`,
    );
    const nested = lengths.map((x, i) => `message N${x} {} N${x} n${i} = ${i + 1};`);
    const { files } = await emit({ "a.proto": `${head} ${services.join(" ")} message M { ${nested.join(" ")} }` }, all);
    for (const path of ["a.http.ts", "a.rest.ts", "a.rpc.ts"]) {
      const content = files.get(path) ?? "";
      expect(await format(content, { parser: "typescript" }), path).toBe(content);
    }
  });

  test("M1: a comment behind a declaration follows the one before it, in every output", async () => {
    const text = `${head}
      // Before S.
      service S { // Behind S.

        // Before A.
        rpc A(M) returns (M) { // Behind A.
          option (google.api.http).get = "/v1/{id}";
        }
        rpc B(M) returns (M) { option (google.api.http).get = "/v1/b/{id}"; } // Behind B.
      }
      // Before M.
      message M { // Behind M.

        // Before id.
        string id = 1; // Behind id.
      }`;
    const { files } = await emit({ "a.proto": text }, all);
    const paragraphs = (path: string): string => (files.get(path) ?? "").replace(/\n *(?:\* ?)?(?=\n|[^\n])/g, "\n");
    for (const name of ["M", "id"]) expect(paragraphs("a.pb.ts")).toContain(`Before ${name}.\n\nBehind ${name}.`);
    for (const path of ["a.rpc.ts", "a.rest.ts", "openapi/a.v1.yaml"]) {
      for (const name of ["S", "A"]) expect(paragraphs(path), path).toContain(`Before ${name}.\n\nBehind ${name}.`);
    }
  });

  test("services without routes give no files", async () => {
    const text = `${head} service S { rpc A(M) returns (M); } message M {}`;
    const { files } = await emit({ "a.proto": text }, all);
    expect([...files.keys()]).toEqual(["a.pb.ts", "a.rpc.ts"]);
  });

  test("a service that only streams in both directions has a client of WebSockets alone", async () => {
    const text = `${head} service S { rpc A(stream M) returns (stream M) {
      option (google.api.http) = { post: "/a" body: "*" };
    } } message M {}`;
    const { files } = await emit({ "a.proto": text }, all);
    expect([...files.keys()]).toEqual(["a.pb.ts", "a.rpc.ts", "a.http.ts", "a.rest.ts", "openapi/a.v1.yaml"]);
    expect(files.get("a.rest.ts")).not.toContain("createRestClient(");
    expect(files.get("a.rest.ts")).toContain("createRestSocketClient(");
  });

  test("M28: only a bundle that needs WebSockets has them, and it needs no module of Node", async () => {
    const text = `${head}
      service S { rpc A(M) returns (M) { option (google.api.http).get = "/a"; } }
      service T { rpc A(stream M) returns (stream M) { option (google.api.http).get = "/b"; } }
      message M {}`;
    const { files } = await emit({ "a.proto": text }, all);
    const bundleOf = (name: string): Promise<string> =>
      bundleFiles(files, `import { create${name}RestClient } from "emitted/a.rest.js"; create${name}RestClient("");`);
    expect(await bundleOf("S")).not.toMatch(/WebSocket|bufferedAmount/);
    expect(await bundleOf("T")).toContain("no global WebSocket");
  });

  test("E4010: verbs do not tell WebSockets apart, but from other methods", async () => {
    const text = `${head}
service S {
  rpc A(M) returns (M) { option (google.api.http).get = "/v1/{id}"; }
  rpc B(stream M) returns (stream M) {
    option (google.api.http) = { get: "/v1/{id}" additional_bindings { post: "/v1/{other}" body: "*" } };
  }
  rpc C(stream M) returns (stream M) { option (google.api.http).delete = "/v1/{other}"; }
}
message M { string id = 1; string other = 2; }`;
    const { diagnostics } = await emit({ "a.proto": text }, all);
    expect(summaries(diagnostics)).toEqual([
      "E4010 7:74 WEBSOCKET /v1/{other} of a.v1.S.C takes the same requests as a route of a.v1.S.B",
    ]);
  });

  test("E4010: two methods of a service for the same requests", async () => {
    const text = `${head}
service S {
  rpc A(M) returns (M) { option (google.api.http).get = "/v1/{id}"; }
  rpc B(M) returns (M) { option (google.api.http).get = "/v1/{other}"; }
  rpc C(M) returns (M) { option (google.api.http).delete = "/v1/{other}"; }
}
service T { rpc A(M) returns (M) { option (google.api.http).get = "/v1/{id}"; } }
message M { string id = 1; string other = 2; }`;
    const { diagnostics } = await emit({ "a.proto": text }, all);
    expect(summaries(diagnostics)).toEqual([
      "E4010 4:57 GET /v1/{other} of a.v1.S.B takes the same requests as a route of a.v1.S.A",
    ]);
    expect(diagnostics[0]?.related[0]?.origin.line).toBe(3);
  });

  test("the same contracts in another order give the same bytes", async () => {
    const sources = {
      "a.proto": `${head} service S { rpc A(M) returns (M) { option (google.api.http).get = "/a"; } } message M {}`,
      "b.proto": `${head} service T { rpc A(N) returns (N) { option (google.api.http).get = "/b"; } } message N {}`,
    };
    const reversed = Object.fromEntries(Object.entries(sources).reverse());
    expect((await emit(reversed, all)).files).toEqual((await emit(sources, all)).files);
  });
});
