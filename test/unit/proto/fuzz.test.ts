import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { corpus, haveCorpus, protosBelow } from "../../support/corpus.js";
import { root } from "../../support/compile.js";
import { modelOf } from "../../support/model.js";
import { createRandom } from "../messages/support.js";

/** `npm run conformance -- fuzz` runs many times as many inputs, from another seed. */
const factor = Number(process.env["WIRESPAN_FUZZ"] ?? 1);
const firstSeed = Number(process.env["WIRESPAN_FUZZ_SEED"] ?? 1);

/** What no file of this size may take, on a machine that does much else. */
const longestMs = 5000;
const longest = 60_000;

type Random = ReturnType<typeof createRandom>;

const fixtures = join(root, "fixtures");
const seeds = [
  ...readdirSync(fixtures).flatMap((name) => below(join(fixtures, name))),
  ...(haveCorpus("fuzzing the test protos of protobuf") ? below(join(corpus, "protobuf")) : []),
].filter((text) => text.length < longest);

function below(folder: string): string[] {
  return protosBelow(folder).map((path) => readFileSync(join(folder, path), "utf8"));
}

const tokens = /[A-Za-z_][\w.]*|\d[\w.]*|"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|[^\s\w]/g;

const words =
  "{ } [ ] ( ) < > ; = , . - /* */ // \" ' \\ 0 -1 536870912 2147483648 9223372036854775808 1e400 0x 089 inf nan max to " +
  "message enum oneof group extend extensions reserved map<string, stream returns option import syntax optional " +
  "required repeated export local __proto__ constructor toString .. a.b.c google.protobuf.Any features default";
const poison: readonly string[] = [
  ...words.split(" "),
  'edition = "2024";',
  '"\\xff"',
  '"\\u{110000}"',
  '"\\U00110000"',
  "'\u2028'",
  "\u202e",
  "\ufeff",
  "\0",
  "é",
];

/** A proto with one to five of its tokens replaced, dropped, doubled, swapped or followed by one that does not fit. */
function mutate(text: string, other: string, random: Random): string {
  let result = text;
  for (let i = random.int(5); i >= 0; i--) {
    const all = [...result.matchAll(tokens)];
    if (all.length === 0) return result;
    const { 0: token, index } = random.pick(all);
    const [before, after] = [result.slice(0, index), result.slice(index + token.length)];
    switch (random.int(6)) {
      case 0:
        result = before + random.pick(poison) + after;
        break;
      case 1:
        result = before + after;
        break;
      case 2:
        result = `${before}${token} ${token}${after}`;
        break;
      case 3:
        result = before + random.pick(all)[0] + after;
        break;
      case 4:
        result = `${before}${token} ${random.pick(poison)} ${after}`;
        break;
      default:
        result = before + other.slice(random.int(other.length + 1)).slice(0, random.int(2000));
    }
  }
  return result;
}

/** Parses and links; what is wrong with the text is a diagnostic, and every one of them has a place in it. */
function check(text: string): number {
  const start = performance.now();
  let found: readonly Diagnostic[];
  try {
    found = modelOf({ "a.proto": text }, { allowMissing: true, once: true }).diagnostics;
  } catch (error) {
    throw new Error(`thrown for ${JSON.stringify(text)}`, { cause: error });
  }
  const took = performance.now() - start;
  if (took > longestMs) throw new Error(`${Math.round(took)} ms for ${JSON.stringify(text.slice(0, 2000))}`);
  const lines = text.split("\n").length;
  for (const { code, origin } of found) {
    if (origin === undefined || origin.line < 1 || origin.column < 1 || origin.line > lines + 1) {
      throw new Error(`${code} has no place in ${JSON.stringify(text)}`);
    }
  }
  return found.length;
}

describe("M3: fuzz, protos", () => {
  it("answers mutated protos with diagnostics", { timeout: 60_000 * factor }, () => {
    const random = createRandom(firstSeed);
    let refused = 0;
    const rounds = 300 * factor;
    for (let round = 0; round < rounds; round++) {
      if (check(mutate(random.pick(seeds), random.pick(seeds), random)) > 0) refused++;
    }
    expect(refused).toBeGreaterThan(rounds / 3);
    expect((Object.prototype as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it.each([
    ["messages in messages", "message A {".repeat(20_000)],
    ["messages in messages that end", "message A {".repeat(5_000) + "}".repeat(5_000)],
    ["braces", "{".repeat(100_000)],
    ["aggregates in aggregates", `option (a) = ${"{ a: ".repeat(20_000)}`],
    ["lists in lists", `option (a) = { a: ${"[".repeat(20_000)}`],
    ["parts of a name", `message A { ${"a.".repeat(100_000)}B c = 1; }`],
    ["parts of an option", `option ${"(a).".repeat(50_000)}b = 1;`],
    ["a comment that does not end", `/* ${"*".repeat(100_000)}`],
    ["a string that does not end", `option a = "${"\\".repeat(100_001)}`],
    ["digits", `message A { string a = ${"9".repeat(100_000)}; }`],
    ["errors", "message 1;\n".repeat(20_000)],
    ["fields of one number", `message A { ${"string a = 1;".repeat(5_000)} }`],
    [
      "fields of one JSON name",
      `message A { ${Array.from({ length: 3_000 }, (_, i) => `string a${"_".repeat(i % 50)}b = ${i + 1};`).join("")} }`,
    ],
    [
      "reserved ranges",
      `message A { ${Array.from({ length: 10_000 }, (_, i) => `reserved ${i + 1} to ${i + 9};`).join("")} }`,
    ],
    ["imports of itself", 'import "a.proto";'.repeat(5_000)],
  ])("answers %s without end with diagnostics", (_, text) => {
    expect(check(`syntax = "proto3"; ${text}`)).toBeGreaterThan(0);
  });

  it("follows chains of types, imports and pieces of strings of any length", () => {
    const chain = Array.from({ length: 3_000 }, (_, i) => `message M${i} { M${i + 1} next = 1; }`).join("\n");
    expect(check(`syntax = "proto3"; ${chain} message M3000 {}`)).toBe(0);
    expect(check(`syntax = "proto3"; option java_package = ${'"a" '.repeat(50_000)};`)).toBe(0);
    const files = Array.from({ length: 2_000 }, (_, i) => [
      `f${i}.proto`,
      `syntax = "proto3"; ${i === 0 ? "" : `import public "f${i - 1}.proto";`} message F${i} {}`,
    ]);
    const { diagnostics } = modelOf(Object.fromEntries(files) as Record<string, string>);
    expect(diagnostics).toEqual([]);
  });
});
