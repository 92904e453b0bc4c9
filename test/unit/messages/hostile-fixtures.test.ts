import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary, toJson, type DescMessage } from "@bufbuild/protobuf";
import { afterAll, describe, expect, it } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { createRegistry, type Extension } from "../../../src/runtime/wire/index.js";
import { root } from "../../support/compile.js";
import { protosBelow } from "../../support/corpus.js";
import { buildImage, convertToJson, haveBuf } from "../../support/descriptor-set/image.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { randomBytes } from "./fuzz-input.js";
import { createRandom, hex, type AnyType } from "./support.js";

const fixtures = join(root, "fixtures");
const hostile = readdirSync(fixtures).filter((name) => name.startsWith("hostile-"));
const scratch = mkdtempSync(join(tmpdir(), "wirespan-hostile-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

/** That they compile and are what prettier prints is the business of the golden tests. */
describe.each(hostile)("M3, M62: %s", async (name) => {
  const input = join(fixtures, name, "input");
  const paths = protosBelow(input);
  const sources = Object.fromEntries(paths.map((path) => [path, readFileSync(join(input, path), "utf8")]));
  const { files, diagnostics, model } = await emit(sources, [messages]);
  it("links", () => {
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(files.size).toBeGreaterThan(0);
  });

  it("lets no text of the contract out of its comment or string", () => {
    for (const content of files.values()) {
      expect(content).not.toMatch(/[\u2028\u2029\u202a-\u202e\u2066-\u2069\0\r]/);
      // what is left without comments and strings is code, and code has no such words
      const code = content.replace(/(?:^|\n)\/\/.*|\/\*\*?[^]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "");
      expect(code).not.toMatch(/pwned|alert|<\/script>|`|\bany\b|@ts-|as unknown/);
    }
  });

  describe.skipIf(!haveBuf("the round trips of hostile names"))("against protobuf-es", async () => {
    const module = join(scratch, name);
    cpSync(input, module, { recursive: true });
    // the generator brings these along, buf does not
    cpSync(join(root, "schemas/google/api"), join(module, "google/api"), { recursive: true });
    const { registry } = await buildImage(module);
    const load = emittedModules(files);
    const exported = (await Promise.all([...files.keys()].map(load))).flatMap((module) => Object.values(module));
    const types = exported.filter((value): value is AnyType => kindOf(value) === "message");
    const extensions = exported.filter(
      (value): value is Extension<never, unknown, never> => kindOf(value) === "extension",
    );
    const own = createRegistry(...types, ...extensions);

    it("has a codec for every message", () => {
      const wanted = [...model.messages.values()].filter(({ file }) => paths.includes(file));
      expect(types.map(({ typeName }) => typeName).sort()).toEqual(wanted.map(({ typeName }) => typeName).sort());
    });

    it("says the same in binary and in JSON", () => {
      const random = createRandom(7);
      for (const type of types) {
        const schema = registry.getMessage(type.typeName);
        if (schema === undefined) throw new Error(`no ${type.typeName}`);
        // starting buf takes its time
        const rounds = hasRoomForAll(schema) ? 25 : 1;
        for (let round = 0; round < rounds; round++) {
          const bytes = randomBytes(model, type.typeName, random);
          const input = `${type.typeName} ${hex(bytes)}`;
          const message = type.decode(bytes);
          const json = jsonOf(schema, bytes);
          expect(jsonOf(schema, type.encode(message)), input).toEqual(json);
          expect(type.toJson(message, { registry: own }), input).toEqual(json);
          expect(JSON.parse(type.toJsonString(message, { registry: own })), input).toEqual(json);
          const read = type.fromJsonString(JSON.stringify(json), { registry: own });
          expect(jsonOf(schema, type.encode(read)), input).toEqual(json);
          if (hasRoomForAll(schema))
            expect(canonical(schema, type.encode(message)), input).toBe(canonical(schema, bytes));
        }
      }
    });

    /** Two fields with one lowerCamel name share a property in protobuf-es. */
    function hasRoomForAll({ fields, oneofs }: DescMessage): boolean {
      const names = [...fields.filter(({ oneof }) => oneof === undefined), ...oneofs].map(({ localName }) => localName);
      return new Set(names).size === names.length;
    }

    function jsonOf(schema: DescMessage, bytes: Uint8Array): unknown {
      if (hasRoomForAll(schema)) return toJson(schema, fromBinary(schema, bytes), { registry });
      return convertToJson(module, schema.typeName, bytes);
    }

    function canonical(schema: DescMessage, bytes: Uint8Array): string {
      return hex(toBinary(schema, fromBinary(schema, bytes)));
    }
  });
});

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}
