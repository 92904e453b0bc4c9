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

  test("services without routes give no files", async () => {
    const text = `${head} service S { rpc A(M) returns (M); } message M {}`;
    const { files } = await emit({ "a.proto": text }, all);
    expect([...files.keys()]).toEqual(["a.pb.ts", "a.rpc.ts"]);
  });

  test("a service that only streams in both directions has routes and a document, but no REST client", async () => {
    const text = `${head} service S { rpc A(stream M) returns (stream M) {
      option (google.api.http) = { post: "/a" body: "*" };
    } } message M {}`;
    const { files } = await emit({ "a.proto": text }, all);
    expect([...files.keys()]).toEqual(["a.pb.ts", "a.rpc.ts", "a.http.ts", "openapi/a.v1.yaml"]);
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
