import { format } from "prettier";
import ts from "typescript59";
import { describe, expect, it } from "vitest";
import { docComment, propertyName } from "../../../src/generators/shared/print.js";
import { emitEvents } from "../events/support.js";
import { load } from "./support.js";

async function expectPretty(text: string): Promise<void> {
  expect(await format(text, { parser: "typescript" })).toBe(text);
}

describe("propertyName", () => {
  const names = ["é", "ünï", "日本", "имя", "a\u0301", "a\u200c", "ª", "ⅷ", "a·", "𝒳", "a𝒳", "ꟊ", "𞤀", "゛", "℘"];
  const quoted = ["a-b", "a b", "1", "01", "1e3", "", "a\u2028", 'a"', "\ud800", "\u088f", "\ua7cb", "a\u1acf"];

  it.each([...names, ...quoted])("prints %j as prettier does", async (name) => {
    await expectPretty(`interface A {\n  ${propertyName(name)}: string;\n}\n`);
  });

  it("takes the quotes off every letter that prettier takes them off and TypeScript reads without", async () => {
    const unreadable: string[] = [];
    const quoted: string[] = [];
    for (let code = 0x80; code <= 0xffff; code++) {
      const letter = String.fromCharCode(code);
      // and one letter that no identifier may have, though prettier takes it for one
      if (!/[\p{L}\p{M}\p{N}\p{Pc}]/u.test(letter) || letter === "\u2e2f") continue;
      const later = `a${letter}`;
      if (propertyName(letter) !== letter) quoted.push(letter);
      else if (!ts.isIdentifierStart(code, ts.ScriptTarget.ESNext)) unreadable.push(letter);
      if (propertyName(later) !== later) quoted.push(later);
      else if (!ts.isIdentifierPart(code, ts.ScriptTarget.ESNext)) unreadable.push(later);
    }
    expect(unreadable).toEqual([]);
    const text = `x = {\n${quoted.map((name) => `  ${propertyName(name)}: 1,\n`).join("")}};\n`;
    expect((await format(text, { parser: "typescript" })) === text).toBe(true);
  });
});

describe("emitted files", () => {
  it("are as prettier prints them with names of other alphabets", async () => {
    const { text } = await emitEvents(`asyncapi: 3.0.0
info: { title: T, version: "1" }
channels:
  user: { address: user, messages: { m: { $ref: "#/components/messages/M" } } }
operations:
  send: { action: send, channel: { $ref: "#/channels/user" } }
components:
  messages:
    M:
      payload:
        type: object
        required: [é, 名前]
        properties:
          é: { type: string }
          名前: { type: object, properties: { ünï: { type: integer }, a-b: { enum: [日本, x] } } }
          𝒳: { type: array, items: { type: string } }
`);
    expect(text).toContain("\n  é: string;\n");
    await expectPretty(text);
  });

  it("are as prettier prints them whatever the length of names", async () => {
    const declarations = Array.from({ length: 64 }, (_, i) => {
      const x = "x".repeat(i);
      return `
message M${x}Z {
  optional bytes raw = 1 [default = "${x}"];
  map<int64, string> a${x} = 2;
  map<int32, M${x}Z> b${x} = 3;
  map<bool, E${x}> c${x} = 4;
}
enum E${x} { E${x}_ZERO_${i} = 0; }`;
    });
    const { files } = await load({ "t.proto": `syntax = "proto2";\npackage acme.v1;${declarations.join("")}` });
    await expectPretty(files.get("t.pb.ts") ?? "");
  });
});

describe("docComment", () => {
  const proto = `syntax = "proto3";
package t;
// Has a list:
//  - first
//    - nested
//
//       code
message M {
  /*
   * Also here:
   *   - nested
   */
  string x = 1;
}`;

  it("keeps the indentation that a comment's author gave its lines", async () => {
    const { files } = await load({ "t.proto": proto });
    const text = files.get("t.pb.ts") ?? "";
    expect(text).toContain("/**\n * Has a list:\n *  - first\n *    - nested\n *\n *       code\n */\n");
    expect(text).toContain("  /**\n   * Also here:\n   *   - nested\n   */\n");
  });

  it("ends no comment early and keeps one line on one line", () => {
    expect(docComment("a */ b")).toBe("/** a *\\/ b */\n");
    expect(docComment("\n\n  a\r\n\r\n")).toBe("/**   a */\n");
    expect(docComment("")).toBe("");
  });
});
