import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { builtInEnums, builtInMessages } from "../../../src/link/proto/descriptor-table.js";
import { parseProto } from "../../../src/load/proto/index.js";
import type { MessageSyntax } from "../../../src/model/index.js";
import { root } from "../../support/compile.js";
import { modelOf, summaries } from "../../support/model.js";

const schemas = join(root, "schemas");

function protos(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return protos(path);
    return entry.name.endsWith(".proto") ? [relative(schemas, path).replaceAll("\\", "/")] : [];
  });
}

test("every proto that ships with wirespan parses and links, by protobufjs's judgement too", () => {
  const files = Object.fromEntries(protos(schemas).map((path) => [path, readFileSync(join(schemas, path), "utf8")]));
  expect(Object.keys(files).length).toBeGreaterThan(25);
  const { model, diagnostics } = modelOf(files);
  expect(summaries(diagnostics)).toEqual([]);
  expect(model.extensions.get("wirespan.options.v1.method")).toMatchObject({ number: 51712 });
  expect(model.extensions.get("google.api.http")?.number).toBe(72295728);
});

test("licences stay with the texts", () => {
  for (const path of protos(schemas).filter((path) => !path.startsWith("wirespan/"))) {
    expect(readFileSync(join(schemas, path), "utf8").slice(0, 2000), path).toMatch(/Copyright/);
  }
});

test("the built-in options are those of descriptor.proto", () => {
  const path = "google/protobuf/descriptor.proto";
  const text = readFileSync(join(schemas, path), "utf8");
  const document = parseProto({ path, file: path, text, hash: "", bundled: true }, () => {});
  const messages = new Map<string, MessageSyntax>();
  const enums = new Map<string, string>();
  const visit = (scope: string, list: readonly MessageSyntax[]): void => {
    for (const message of list) {
      const name = `${scope}.${message.name}`;
      messages.set(name, message);
      for (const { name: inner, values } of message.enums) {
        enums.set(`${name}.${inner}`, values.map((value) => `${value.name}=${value.number}`).join(" "));
      }
      visit(name, message.messages);
    }
  };
  visit("google.protobuf", document?.messages ?? []);
  for (const { name, values } of document?.enums ?? []) {
    enums.set(`google.protobuf.${name}`, values.map((value) => `${value.name}=${value.number}`).join(" "));
  }
  for (const [name, fields] of builtInMessages) {
    const declared = (messages.get(name)?.fields ?? []).filter((field) => field.name !== "uninterpreted_option");
    const written = fields.split(", ").map((field) => {
      const [type = "", key = ""] = field.split(" ");
      return `${type.split(".").at(-1)} ${key}`;
    });
    const expected = declared.map(
      (field) => `${field.type.split(".").at(-1)}${field.label === "repeated" ? "*" : ""} ${field.name}`,
    );
    expect(written, name).toEqual(expected);
  }
  for (const [name, values] of builtInEnums) expect(values, name).toBe(enums.get(name));
  const options = [...messages.keys()].filter((name) => /\.\w+Options$/.test(name));
  expect([...builtInMessages.keys()]).toEqual(expect.arrayContaining(options));
});
