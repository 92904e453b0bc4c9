import { describe, expect, test } from "vitest";
import {
  boolField,
  enumField,
  fieldInfo,
  messageField,
  repeatedField,
  textField,
} from "../../../src/runtime/gateway/fields.js";
import { resolveRoute } from "../../../src/runtime/gateway/template.js";
import { pathParts } from "../../../src/runtime/rest/path.js";
import { parsePathTemplate } from "../../../src/link/proto/path-template.js";

const templates = [
  "/",
  "/v1/books",
  "/v1/books:move",
  "/v1/books:move:twice",
  "/v1/{name}",
  "/v1/{name=**}:move",
  "/v1/{parent=shelves/*}/books/{book_id}",
  "/v1/{book.shelf_name=shelves/*/**}/pages/{page_no}:turn",
  "/v1/*/a%2Fb/~!$&'()+,;=@/**",
  "/v1/**/tail",
  "/v1/üñí/{__proto__}",
];

describe("path templates of emitted routes", () => {
  test.each(templates)("M44: %s means at run time what the compiler read", (path) => {
    const parsed = parsePathTemplate(path);
    if (!("template" in parsed)) throw new Error(parsed.problem);
    const { segments, variables, customVerb = "" } = parsed.template;
    const route = resolveRoute({ method: "M", verb: "GET", path });
    expect(route.segments).toEqual(
      segments.map((segment) => (segment.kind === "literal" ? segment.value : segment.kind === "one" ? "*" : "**")),
    );
    expect(route.customVerb).toBe(customVerb);
    expect(route.variables.map(({ field, start, end }) => ({ field, start, end }))).toEqual(variables);
    const parts = pathParts(path).filter((part) => typeof part !== "string");
    expect(parts.map(({ json }) => json)).toEqual(route.variables.map(({ json }) => json));
    expect(parts.map(({ pattern }) => pattern)).toEqual(
      variables.map(({ start, end }) => route.segments.slice(start, end)),
    );
  });

  test("M44: texts of a client's path, `**` outside of variables left out", () => {
    const texts = (path: string): string =>
      pathParts(path)
        .map((part) => (typeof part === "string" ? part : "<>"))
        .join("");
    expect(texts("/v1/{name=a/*}/b:move")).toBe("/v1/<>/b:move");
    expect(texts("/v1/**/tail")).toBe("/v1/tail");
    expect(texts("/")).toBe("/");
  });

  test("M44: what a template does not say comes from the route", () => {
    const variable = { field: ["user", "is_on"], json: ["user", "ON"], kind: "bool" } as const;
    const { variables, body } = resolveRoute({
      method: "M",
      verb: "PUT",
      path: "/{user.is_on}/{page_no}",
      variables: [variable],
      body: "new_user",
    });
    expect(variables).toEqual([
      { ...variable, start: 0, end: 1 },
      { field: ["page_no"], json: ["pageNo"], kind: "text", start: 1, end: 2 },
    ]);
    expect(body).toEqual({ name: "new_user", json: "newUser" });
  });
});

test("M44: fields of requests", () => {
  const fields = (): readonly string[] => ["a"];
  const plain = { repeated: false, fields: undefined };
  expect(fieldInfo("page_size")).toEqual({ name: "page_size", json: "pageSize", kind: "text", ...plain });
  expect(textField("user_id", { json: "uid" })).toEqual({ name: "user_id", json: "uid", kind: "text", ...plain });
  expect(boolField("__proto__").json).toBe("Proto");
  expect(messageField("a_b", fields)).toMatchObject({ json: "aB", kind: "message", fields });
  expect(repeatedField(enumField("states"))).toMatchObject({ name: "states", kind: "enum", repeated: true });
  expect(repeatedField("ids")).toMatchObject({ name: "ids", kind: "text", repeated: true });
});
