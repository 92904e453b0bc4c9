import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { judgeProtos } from "../../../src/load/judge.js";
import { editionNumber, noLimits, readLimits } from "../../../src/link/proto/limits.js";
import { wellKnownTypes } from "../../../src/link/proto/well-known.js";
import { parseProto } from "../../../src/load/proto/index.js";
import { builtInEnums, builtInLimits, builtInMessages, type MessageSyntax } from "../../../src/model/index.js";
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

test("every proto that ships with wirespan parses and links, by protobufjs's judgement too", async () => {
  const files = Object.fromEntries(protos(schemas).map((path) => [path, readFileSync(join(schemas, path), "utf8")]));
  expect(Object.keys(files).length).toBeGreaterThan(25);
  const { model, diagnostics } = modelOf(files);
  const documents = Object.entries(files).flatMap(([path, text]) => {
    const document = parseProto({ path, file: path, text, hash: "", bundled: false }, () => {});
    return document === undefined ? [] : [[path, document] as const];
  });
  await judgeProtos(new Map(documents), (found) => diagnostics.push(found));
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
      const [type = "", key = "", number = ""] = field.split(" ");
      return `${type.split(".").at(-1)} ${key} ${number}`;
    });
    const expected = declared.map(
      ({ type, label, name, number }) =>
        `${type.split(".").at(-1)}${label === "repeated" ? "*" : ""} ${name} ${number}`,
    );
    expect(written, name).toEqual(expected);
  }
  for (const name of builtInMessages.keys()) {
    for (const field of messages.get(name)?.fields ?? []) {
      const written = builtInLimits.get(`${name}.${field.name}`);
      const { targets, support } = readLimits(field.options);
      const limits = {
        targets: written?.targets?.split(" ") ?? [],
        support: {
          ...noLimits.support,
          introduced: editionNumber(written?.introduced),
          removed: editionNumber(written?.removed),
          removalError: written?.removalError ?? "",
        },
      };
      expect(limits, field.name).toEqual({ targets, support });
    }
  }
  for (const [name, values] of builtInEnums) expect(values, name).toBe(enums.get(name));
  const options = [...messages.keys()].filter((name) => /\.\w+Options$/.test(name));
  expect([...builtInMessages.keys()]).toEqual(expect.arrayContaining(options));
});

test("wellKnownTypes has every message and enum of the files that it names", () => {
  const declared = [...new Set(wellKnownTypes.values())].flatMap((path) => {
    const text = readFileSync(join(schemas, path), "utf8");
    const document = parseProto({ path, file: path, text, hash: "", bundled: true }, () => {});
    const own = [...(document?.messages ?? []), ...(document?.enums ?? [])];
    return own.map(({ name }) => [`google.protobuf.${name}`, path] as const);
  });
  expect(new Map(declared)).toEqual(wellKnownTypes);
});
