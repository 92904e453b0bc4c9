import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePathTemplate } from "../../../src/link/proto/path-template.js";
import type { Route } from "../../../src/model/index.js";
import { corpus, haveCorpus } from "../../support/corpus.js";
import { modelOf, summaries } from "../../support/model.js";

function routesOf(option: string): { routes: readonly Route[]; diagnostics: string[] } {
  const text = `syntax = "proto3";
package a;
import "google/api/annotations.proto";
message Part { string id = 1; }
message Req { string id = 1; string name = 2; Part part = 3; repeated string tags = 4; }
service S { rpc Get(Req) returns (Req) { ${option} } }`;
  const { model, diagnostics } = modelOf({ "a.proto": text });
  return { routes: model.services.get("a.S")?.methods[0]?.routes ?? [], diagnostics: summaries(diagnostics) };
}

const shown = ({ verb, path, body, responseBody }: Route): string =>
  [verb, path.source, body ?? "-", responseBody ?? "-"].join(" ");

describe("google.api.http", () => {
  test("all additional bindings come, written twice or as a list", () => {
    const twice = routesOf(`option (google.api.http) = {
      get: "/v1/{id}"
      additional_bindings { post: "/v1/{name=things/*}:find" body: "*" }
      additional_bindings { put: "/v1/x" body: "part" response_body: "part" }
    };`);
    const list = routesOf(`option (google.api.http) = {
      get: "/v1/{id}"
      additional_bindings: [
        { post: "/v1/{name=things/*}:find", body: "*" },
        { put: "/v1/x", body: "part", response_body: "part" }
      ]
    };`);
    const dotted = routesOf(`option (google.api.http).get = "/v1/{id}";
      option (google.api.http).additional_bindings = { post: "/v1/{name=things/*}:find" body: "*" };
      option (google.api.http).additional_bindings = { put: "/v1/x" body: "part" response_body: "part" };`);
    for (const { routes, diagnostics } of [twice, list, dotted]) {
      expect(diagnostics).toEqual([]);
      expect(routes.map(shown)).toEqual([
        "GET /v1/{id} - -",
        "POST /v1/{name=things/*}:find * -",
        "PUT /v1/x part part",
      ]);
    }
  });

  test("custom kinds, any verb, nested fields", () => {
    const { routes, diagnostics } = routesOf(`option (google.api.http) = {
      custom { kind: "head" path: "/v1/{part.id}" } additional_bindings { custom { kind: "*" path: "/v1/any" } }
    };`);
    expect(diagnostics).toEqual([]);
    expect(routes.map(shown)).toEqual(["HEAD /v1/{part.id} - -", "* /v1/any - -"]);
    expect(routes[0]?.path.variables).toEqual([{ field: ["part", "id"], start: 1, end: 2 }]);
  });

  test("a body of GET or DELETE is a warning, segments after ** are as good as any", () => {
    const { routes, diagnostics } = routesOf('option (google.api.http) = { get: "/v1/{name=**}/x" body: "*" };');
    expect(routes).toHaveLength(1);
    expect(diagnostics.map((line) => line.slice(0, 5))).toEqual(["E2057"]);
  });

  test("a route stands where its path is written", () => {
    const { routes } = routesOf('option (google.api.http) = {\n  get: "/v1/{id}"\n};');
    expect(routes[0]?.origin).toEqual({ file: "a.proto", line: 7, column: 8, length: 10 });
  });
});

describe("path templates", () => {
  test("are segments and variables over them", () => {
    const parsed = parsePathTemplate("/v1/{name=shelves/*/books/**}/x/{id}:move");
    expect(parsed).toMatchObject({
      template: {
        segments: [
          { kind: "literal", value: "v1" },
          { kind: "literal", value: "shelves" },
          { kind: "one" },
          { kind: "literal", value: "books" },
          { kind: "rest" },
          { kind: "literal", value: "x" },
          { kind: "one" },
        ],
        variables: [
          { field: ["name"], start: 1, end: 5 },
          { field: ["id"], start: 6, end: 7 },
        ],
        customVerb: "move",
      },
    });
  });

  test("the root is a template", () => {
    expect(parsePathTemplate("/")).toMatchObject({ template: { segments: [], variables: [] } });
  });

  test.each([
    ["", 0],
    ["v1", 0],
    ["/v1/", 3],
    ["//", 1],
    ["/{}", 2],
    ["/{a", 1],
    ["/{a=}", 4],
    ["/{a=b/}", 6],
    ["/{a=**/**}", 7],
    ["/a{b}", 2],
    ["/{a}b", 4],
    ["/a*", 2],
    ["/*a", 2],
    ["/v1:", 4],
    ["/v1:x/y", 5],
    ["/v 1", 2],
    ["/a#b", 2],
    ["/%zz", 1],
    [`/${"a".repeat(3000)}`, 0],
  ])("%j is none, at %i", (template, offset) => {
    expect(parsePathTemplate(template)).toEqual({ problem: expect.any(String), offset });
  });
});

describe.skipIf(!haveCorpus("the transcoding vectors"))("vectors of other implementations", () => {
  interface Vector {
    readonly id: string;
    readonly template?: string;
    readonly bindings?: readonly { readonly method: string; readonly template: string; readonly body?: string }[];
    readonly expect: {
      readonly template_error?: boolean;
      readonly segments?: readonly string[];
      readonly variables?: Readonly<Record<string, readonly [number, number]>>;
      readonly verb?: string;
    };
  }
  const read = (): { readonly vectors: readonly Vector[]; readonly types: string } => ({
    vectors: (JSON.parse(readFileSync(join(corpus, "transcoding.json"), "utf8")) as { vectors: readonly Vector[] })
      .vectors,
    types: readFileSync(join(corpus, "transcoding.proto"), "utf8"),
  });

  test("every template is accepted or refused as they say", () => {
    const { vectors, types } = read();
    let checked = 0;
    for (const vector of vectors) {
      const bindings =
        vector.bindings ?? (vector.template === undefined ? [] : [{ method: "GET", template: vector.template }]);
      for (const { method, template, body } of bindings as NonNullable<Vector["bindings"]>) {
        const pattern =
          method === "*"
            ? `custom { kind: "*" path: ${JSON.stringify(template)} }`
            : `${method.toLowerCase()}: ${JSON.stringify(template)}`;
        const rule = body === undefined ? pattern : `${pattern} body: ${JSON.stringify(body)}`;
        const text = `${types.replace('import "google/api/httpbody.proto";', 'import "google/api/httpbody.proto";\nimport "google/api/annotations.proto";')}
service S { rpc A(Req) returns (Res) { option (google.api.http) = { ${rule} }; } }`;
        const { model, diagnostics } = modelOf({ "transcoding.proto": text });
        const where = `${vector.id} ${template}`;
        expect(diagnostics.length > 0, where).toBe(vector.expect.template_error === true);
        checked++;
        if (vector.expect.segments === undefined) continue;
        const path = model.services.get("tc.v1.S")?.methods[0]?.routes[0]?.path;
        const segments = path?.segments.map((s) => (s.kind === "literal" ? s.value : s.kind === "one" ? "*" : "**"));
        expect(segments, where).toEqual(vector.expect.segments);
        expect(path?.customVerb ?? "", where).toBe(vector.expect.verb);
        const variables = path?.variables.map(({ field, start, end }) => [field.join("."), [start, end]] as const);
        expect(Object.fromEntries(variables ?? []), where).toEqual(vector.expect.variables);
      }
    }
    expect(checked).toBeGreaterThan(80);
  });
});
