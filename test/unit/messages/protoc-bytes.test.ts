import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../support/compile.js";
import { createProject } from "../../support/project.js";
import { provideProtoc } from "../../support/protoc.js";
import { type Fields, hex, load } from "./support.js";

/** A value as protoc's text format has it, and as our messages do. */
type Edge = readonly [text: string, value: unknown];

const text = (value: unknown): Edge => [String(value), value];
const int32: readonly Edge[] = [0, 1, -1, 127, 128, 16_384, 2_147_483_647, -2_147_483_648].map(text);
const uint32: readonly Edge[] = [0, 1, 127, 128, 2_097_151, 2_097_152, 268_435_456, 4_294_967_295].map(text);
const int64: readonly Edge[] = [0n, 1n, -1n, 2n ** 31n, 2n ** 35n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)].map(text);
const uint64: readonly Edge[] = [0n, 1n, 2n ** 32n, 2n ** 49n, 2n ** 56n, 2n ** 63n, 2n ** 64n - 1n].map(text);
const special: readonly Edge[] = [
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["-0.0", -0],
];

const edges: Readonly<Record<string, readonly Edge[]>> = {
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  bool: [text(false), text(true)],
  double: [...[0, 1.5, -1e308, 5e-324, Number.MAX_SAFE_INTEGER].map(text), ...special],
  float: [...[0, 1.5, -0.25, 2 ** 100].map(text), ["0.1", Math.fround(0.1)], ...special],
  string: [
    ["", ""],
    ["a", "a"],
    ["é€😀\u0000", "é€😀\u0000"],
    ["x".repeat(127), "x".repeat(127)],
    ["ü".repeat(200), "ü".repeat(200)],
    ["y".repeat(70_000), "y".repeat(70_000)],
  ].map(([t = "", v]) => [JSON.stringify(t).replaceAll("\\u0000", "\\000"), v]),
  bytes: [
    ['""', new Uint8Array(0)],
    ['"\\000\\377\\001"', new Uint8Array([0, 255, 1])],
    [`"${"z".repeat(300)}"`, new Uint8Array(300).fill(122)],
  ],
  color: [
    ["RED", 0],
    ["BLUE", 300],
    ["DARK", -5],
  ],
  sub: [
    ["{}", {}],
    ["{ n: 150 sub { n: -1 } }", { n: 150, sub: { n: -1 } }],
  ],
};
const types = Object.keys(edges);
const keys = types.filter((type) => !["double", "float", "bytes", "color", "sub"].includes(type));
const packable = types.filter((type) => !["string", "bytes", "sub"].includes(type));

interface Dialect {
  readonly name: string;
  readonly head: string;
  /** Before a field with presence, without presence, in an expanded list, in a packed list. */
  readonly label: readonly [explicit: string, implicit: string];
  readonly option: readonly [implicit: string, expanded: string, packed: string];
}

const dialects: readonly Dialect[] = [
  {
    name: "proto3",
    head: 'syntax = "proto3";',
    label: ["optional ", ""],
    option: ["", " [packed = false]", ""],
  },
  {
    name: "proto2",
    head: 'syntax = "proto2";',
    // proto2 has fields with presence only
    label: ["optional ", "optional "],
    option: ["", "", " [packed = true]"],
  },
  ...["2023", "2024"].map((edition) => ({
    name: `edition ${edition}`,
    head: `edition = "${edition}";`,
    label: ["", ""] as const,
    option: [
      " [features.field_presence = IMPLICIT]",
      " [features.repeated_field_encoding = EXPANDED]",
      " [features.repeated_field_encoding = PACKED]",
    ] as const,
  })),
];

/** Every kind of field of every type; the later numbers have tags of two and three bytes. */
function protoOf({ head, label, option }: Dialect): string {
  const typeOf = (type: string): string => (type === "color" ? "Color" : type === "sub" ? "Sub" : type);
  let number = 0;
  const next = (): number => ++number;
  const lines = [
    ...types.map((type) => `${label[0]}${typeOf(type)} opt_${type} = ${next()};`),
    ...types
      .filter((type) => type !== "sub")
      .map((type) => `${label[1]}${typeOf(type)} imp_${type} = ${next()}${option[0]};`),
    ...types.map(
      (type) => `repeated ${typeOf(type)} list_${type} = ${next()}${packable.includes(type) ? option[1] : ""};`,
    ),
    ...packable.map((type) => `repeated ${typeOf(type)} packed_${type} = ${2048 + next()}${option[2]};`),
    ...keys.map((type) => `map<${type}, string> key_${type} = ${next()};`),
    ...types.map((type) => `map<string, ${typeOf(type)}> value_${type} = ${next()};`),
    "oneof one {",
    ...types.map((type) => `  ${typeOf(type)} one_${type} = ${262_144 + next()};`),
    "}",
  ];
  return `${head}
package t;
enum Color { RED = 0; BLUE = 300; DARK = -5; }
message Sub { ${label[1]}int32 n = 1${option[0]}; ${label[0]}Sub sub = 2; }
message Case {
${lines.map((line) => `  ${line}`).join("\n")}
}
message Cases { repeated Case cases = 1; }
`;
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Messages with one thing set each, in both forms. */
function casesOf(): { readonly text: string; readonly message: Fields }[] {
  const cases: { text: string; message: Fields }[] = [];
  const set = (name: string, value: unknown, ...lines: string[]): void => {
    cases.push({ text: lines.map((line) => `${name}${line}`).join(" "), message: { [camel(name)]: value } });
  };
  const colon = (type: string): string => (type === "sub" ? " " : ": ");
  for (const type of types) {
    const all = edges[type] ?? [];
    for (const [text, value] of all) {
      set(`opt_${type}`, value, colon(type) + text);
      if (type !== "sub") set(`imp_${type}`, value, colon(type) + text);
      set(`value_${type}`, { k: value }, ` { key: "k" value${colon(type)}${text} }`);
      cases.push({
        text: `one_${type}${colon(type)}${text}`,
        message: { one: { case: camel(`one_${type}`), value: value } },
      });
      if (keys.includes(type)) set(`key_${type}`, { [String(value)]: "v" }, ` { key: ${text} value: "v" }`);
    }
    const values = all.map(([, value]) => value);
    set(`list_${type}`, values, ...all.map(([text]) => colon(type) + text));
    if (packable.includes(type)) {
      set(`packed_${type}`, values, ...all.map(([text]) => colon(type) + text));
      const many = Array.from({ length: 40 }, () => all).flat();
      set(
        `packed_${type}`,
        many.map(([, value]) => value),
        ...many.map(([text]) => colon(type) + text),
      );
    }
  }
  return cases;
}

const protoc = await provideProtoc();

describe.skipIf(protoc === undefined).each(dialects)("bytes of $name", (dialect) => {
  it("M3: are those of protoc for every scalar, list, map, oneof and enum", async () => {
    const proto = protoOf(dialect);
    const project = createProject({ "t.proto": proto });
    const cases = casesOf();
    const input = cases.map(({ text }) => `cases { ${text} }`).join("\n");
    const include = [`-I${project.root}`, `-I${join(root, "schemas")}`];
    const theirs = execFileSync(protoc ?? "", [...include, "--encode=t.Cases", "t.proto"], {
      input,
      maxBuffer: 1 << 26,
      stdio: ["pipe", "pipe", "inherit"],
    });

    const { type } = await load({ "t.proto": proto });
    const Cases = type("Cases");
    const Case = type("Case");
    const decoded = Cases.decode(theirs)["cases"] as Fields[];
    expect(decoded.length).toBe(cases.length);
    cases.forEach(({ text, message }, i) => {
      // one by one, so that a difference has a name
      const one = hex(Case.encode(decoded[i] ?? {}));
      expect(`${text.slice(0, 80)} = ${hex(Case.encode(message))}`).toBe(`${text.slice(0, 80)} = ${one}`);
    });
    expect(hex(Cases.encode({ cases: cases.map(({ message }) => message) })) === hex(theirs)).toBe(true);
    expect(hex(Cases.encode({ cases: decoded })) === hex(theirs)).toBe(true);
    expect(Cases.fromJson(Cases.toJson({ cases: decoded }))).toEqual({ cases: decoded });
  });
});
