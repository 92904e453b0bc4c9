import { expect, test } from "vitest";
import { enumOf } from "../../../src/model/index.js";
import { modelOf, summaries } from "../../support/model.js";

function domainOf(body: string, head = "package acme.v1;"): unknown {
  const text = `syntax = "proto3"; ${head} import "wirespan/options.proto"; enum UserError { ${body} }`;
  const { model, diagnostics } = modelOf({ "a.proto": text });
  expect(summaries(diagnostics)).toEqual([]);
  return enumOf(model, head === "" ? "UserError" : "acme.v1.UserError").errors;
}

const mark = "option (wirespan.options.v1.enum).errors = {};";
const error = (fields: string): string => `[(wirespan.options.v1.enum_value).error = { ${fields} }]`;

test("M20: an enum that says nothing declares no errors", () => {
  expect(domainOf("NONE = 0; GONE = 1;")).toBeUndefined();
});

test("M20: the domain is the package unless it is given", () => {
  expect(domainOf(`${mark} NONE = 0;`)).toEqual({ domain: "acme.v1", errors: [] });
  const named = 'option (wirespan.options.v1.enum).errors = { domain: "users.acme.example" };';
  expect(domainOf(`${named} NONE = 0;`, "")).toEqual({ domain: "users.acme.example", errors: [] });
});

test("M20: code, message and its keys; the message is the name in words unless it is given", () => {
  expect(
    domainOf(`${mark}
  USER_ERROR_NONE = 0;
  // Nobody has it.
  USER_ERROR_USER_NOT_FOUND = 1 ${error('code: NOT_FOUND message: "no {id} in {realm}, {id}"')};
  USER_ERROR_EMAIL_TAKEN = 2 ${error("code: ALREADY_EXISTS")};`),
  ).toMatchObject({
    errors: [
      {
        reason: "USER_ERROR_USER_NOT_FOUND",
        name: "USER_NOT_FOUND",
        code: "NOT_FOUND",
        message: "no {id} in {realm}, {id}",
        keys: ["id", "realm"],
        comments: { leading: "Nobody has it." },
      },
      { reason: "USER_ERROR_EMAIL_TAKEN", name: "EMAIL_TAKEN", message: "email taken", keys: [] },
    ],
  });
});

test("M20: one value without the enum's name in front keeps it in all names", () => {
  expect(domainOf(`${mark} NONE = 0; USER_ERROR_GONE = 1 ${error("code: NOT_FOUND")};`)).toMatchObject({
    errors: [{ reason: "USER_ERROR_GONE", name: "USER_ERROR_GONE" }],
  });
});

test("M20: so does one that comes first", () => {
  expect(domainOf(`${mark} USER_ERROR_NONE = 0; GONE = 1 ${error("code: NOT_FOUND")};`)).toMatchObject({
    errors: [{ reason: "GONE", name: "GONE" }],
  });
});

test("M20: two files may use one reason in domains of their own, not in the same", () => {
  const file = (name: string, domain: string): string => `syntax = "proto3"; package ${name};
import "wirespan/options.proto";
enum E { option (wirespan.options.v1.enum).errors = { domain: "${domain}" }; NONE = 0;
  GONE = 1 ${error("code: NOT_FOUND")};
}`;
  expect(modelOf({ "a.proto": file("a", "a"), "b.proto": file("b", "b") }).diagnostics).toEqual([]);
  const [clash, ...rest] = modelOf({ "a.proto": file("a", "x"), "b.proto": file("b", "x") }).diagnostics;
  expect(rest).toEqual([]);
  expect(clash).toMatchObject({
    code: "E2068",
    message: "GONE and GONE have the same reason and domain",
    origin: { file: "b.proto", line: 4 },
    related: [{ origin: { file: "a.proto", line: 4 } }],
  });
});
