import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { configSchema, optionNames, options, resolveConfig, type WirespanConfig } from "../../../src/config/index.js";
import { place } from "../../../src/diagnostics/index.js";
import { createProject } from "../../support/project.js";

interface Told {
  readonly code: string;
  readonly at: string;
  readonly message: string;
  readonly help: string | undefined;
}

async function resolveIn(
  files: Readonly<Record<string, string>>,
  { cwd = ".", file, overrides = {} }: { cwd?: string; file?: string | false; overrides?: WirespanConfig } = {},
) {
  const project = createProject(files);
  project.write(".git/HEAD", "");
  const result = await resolveConfig({ cwd: join(project.root, cwd), file, overrides });
  const told = result.diagnostics.map(({ code, origin, message, help }): Told => ({
    code,
    at: place(origin),
    message,
    help,
  }));
  return { ...result, project, told };
}

describe("finding", () => {
  test("without a configuration every option has its default", async () => {
    const { config, root, project } = await resolveIn({});
    expect(root).toBe(project.root);
    expect(config).toEqual({
      inputs: [],
      complete: true,
      include: [],
      out: "src/gen",
      only: undefined,
      importExtension: "js",
      runtimeImport: "@wirespan/runtime",
      int64: "bigint",
      timestamp: "message",
      enums: "const",
      reflection: false,
      formatter: "none",
      protocol: undefined,
      policies: { values: new Map(), scopes: [] },
      lenient: false,
      strict: false,
      allowRemoteRefs: false,
      cacheDir: undefined,
    });
  });

  test.each([
    ["wirespan.config.yaml", "out: emitted\nonly: [messages, rpc]\n"],
    ["wirespan.config.json", '{ "$schema": "x", "out": "emitted", "only": ["messages", "rpc"] }'],
    ["package.json", '{ "name": "p", "wirespan": { "out": "emitted", "only": ["messages", "rpc"] } }'],
    ["wirespan.config.mjs", 'export default { out: "emitted", only: ["messages", "rpc"] };\n'],
    ["wirespan.config.ts", 'const out: string = "emitted";\nexport default { out, only: ["messages", "rpc"] };\n'],
    [
      "wirespan.config.mts",
      'import { defineConfig } from "wirespan";\nexport default defineConfig({ out: "emitted", only: ["messages", "rpc"] });\n',
    ],
  ])("%s", async (name, text) => {
    const { config, told, file, project } = await resolveIn({ [name]: text });
    expect(told).toEqual([]);
    expect(file).toBe(join(project.root, name));
    expect(config).toMatchObject({ out: "emitted", only: ["messages", "rpc"] });
  });

  test("upward from the working directory, not past the repository", async () => {
    const files = { "wirespan.config.yaml": "out: up\n", "a/b/x.proto": "", "c/.git/HEAD": "" };
    expect((await resolveIn(files, { cwd: "a/b" })).config?.out).toBe("up");
    expect((await resolveIn(files, { cwd: "c" })).config?.out).toBe("src/gen");
  });

  test("paths of the file are relative to the file, those of flags to the working directory", async () => {
    const files = {
      "wirespan.config.yaml": "inputs: [protos]\ninclude: [protos]\nout: gen\n",
      "protos/x": "",
      "app/x": "",
    };
    const { config, root, project } = await resolveIn(files, {
      cwd: "app",
      overrides: { out: "out", inputs: ["*.proto"] },
    });
    expect(root).toBe(project.root);
    expect(config).toMatchObject({ inputs: ["app/*.proto"], include: ["protos"], out: "app/out", complete: false });
  });

  test("a second file beside the first is a warning", async () => {
    const { told, config } = await resolveIn({
      "wirespan.config.json": '{"out":"a"}',
      "wirespan.config.yaml": "out: b",
    });
    expect(config?.out).toBe("a");
    expect(told).toMatchObject([{ code: "E5005" }]);
  });
});

describe("faults", () => {
  test("an unknown key has its place and the nearest name", async () => {
    const { told, config } = await resolveIn({ "wirespan.config.yaml": "out: gen\nincludes: [a]\n" });
    expect(config).toBeUndefined();
    expect(told).toEqual([
      {
        code: "E5001",
        at: "wirespan.config.yaml:2:1",
        message: 'unknown configuration key "includes"',
        help: 'did you mean "include"?',
      },
    ]);
  });

  test("all faults of a file are told, each at its value", async () => {
    const text = '{\n\t"out": 3,\n\t"only": ["messages", "rcp"],\n\t"formatter": "pretier",\n\t"strict": "yes"\n}\n';
    const { told } = await resolveIn({ "wirespan.config.json": text });
    expect(told.map(({ code, at, help }) => [code, at, help])).toEqual([
      ["E5002", "wirespan.config.json:2:9", undefined],
      ["E5002", "wirespan.config.json:3:23", 'did you mean "rpc"?'],
      ["E5002", "wirespan.config.json:4:15", 'did you mean "prettier"?'],
      ["E5002", "wirespan.config.json:5:12", undefined],
    ]);
    expect(told[0]?.message).toBe('"out" takes a text such as "src/gen", not 3');
  });

  test("what is given may be nothing at all", async () => {
    const { told } = await resolveIn({
      "wirespan.config.js": "export default { out: undefined, inputs: [undefined] };",
    });
    expect(told.map(({ message }) => message)).toEqual([
      '"inputs" takes a list of texts such as ["contracts"], not undefined',
    ]);
  });

  test("keys of package.json are found where they stand", async () => {
    const text = '{\n  "name": "p",\n  "wirespan": {\n    "ouput": "x"\n  }\n}\n';
    expect((await resolveIn({ "package.json": text })).told).toMatchObject([{ code: "E5001", at: "package.json:4:5" }]);
  });

  test("keys of code are found where the text spells them", async () => {
    const text = "export default {\n  otu: 'x',\n};\n";
    const { told } = await resolveIn({ "wirespan.config.ts": text });
    expect(told).toMatchObject([{ code: "E5001", at: "wirespan.config.ts:2:3", help: 'did you mean "out"?' }]);
  });

  test.each([
    ["wirespan.config.yaml", "out: [a\nb: c\n", "wirespan.config.yaml:2:1"],
    ["wirespan.config.json", '{ "out": }', undefined],
    ["wirespan.config.ts", "export default {\n  out: ,\n};\n", "wirespan.config.ts:2:"],
    ["wirespan.config.mjs", "export default {\n  out: ,\n};\n", "wirespan.config.mjs:2:"],
  ])("syntax errors: %s", async (name, text, at) => {
    const { told, config } = await resolveIn({ [name]: text });
    expect(config).toBeUndefined();
    expect(told.length).toBeGreaterThan(0);
    if (at !== undefined) expect(told[0]).toMatchObject({ code: "E5003", at: expect.stringContaining(at) });
  });

  test("a module that throws, one without a default export, one that is no object", async () => {
    const thrown = await resolveIn({ "wirespan.config.mjs": "throw new Error('no database');\n" });
    expect(thrown.told).toMatchObject([{ code: "E5003", message: expect.stringContaining("no database") }]);
    expect((await resolveIn({ "wirespan.config.mjs": "export const out = 1;\n" })).told).toMatchObject([
      { code: "E5004" },
    ]);
    expect((await resolveIn({ "wirespan.config.yaml": "- a\n" })).told).toMatchObject([{ code: "E5004" }]);
  });

  test("a file that was asked for and is not there", async () => {
    expect((await resolveIn({}, { file: "no.yaml" })).told).toMatchObject([{ code: "E5003" }]);
  });

  test.each(["output", "ouput", "outDir"])("%s is a longer word for out", async (name) => {
    const { told } = await resolveIn({ "wirespan.config.json": `{ "${name}": "x" }` });
    expect(told).toMatchObject([{ code: "E5001", help: 'did you mean "out"?' }]);
  });

  test("an include folder that is not there, or is a file, at its place", async () => {
    const text = "include:\n  - protos\n  - nodir\n  - protos/a.proto\n";
    const { told, config, dependencies, project } = await resolveIn({
      "wirespan.config.yaml": text,
      "protos/a.proto": "",
    });
    expect(config).toBeUndefined();
    expect(told.map(({ code, at, message }) => [code, at, message])).toEqual([
      ["E5012", "wirespan.config.yaml:3:5", 'the include folder "nodir" is not there'],
      ["E5012", "wirespan.config.yaml:4:5", 'the include folder "protos/a.proto" is a file'],
    ]);
    expect(dependencies).toContain(join(project.root, "nodir"));
    // a flag's counts instead of the file's
    const over = await resolveIn(
      { "wirespan.config.yaml": text, "app/here/x": "" },
      { cwd: "app", overrides: { include: ["here"] } },
    );
    expect(over.config?.include).toEqual(["app/here"]);
  });

  test("a protocol that nobody here speaks", async () => {
    const { told } = await resolveIn({ "wirespan.config.yaml": "protocol: kafak\n" });
    expect(told).toMatchObject([{ code: "E5002", at: "wirespan.config.yaml:1:11", help: 'did you mean "kafka"?' }]);
    expect(told[0]?.message).toContain('"amqp", "kafka"');
    expect((await resolveIn({ "wirespan.config.yaml": "protocol: AMQPS\n" })).config?.protocol).toBe("AMQPS");
  });

  test.each([
    ["wirespan.config.json", "null", "wirespan.config.json:1:1", "not null"],
    ["wirespan.config.yaml", "# nothing\n~\n", "wirespan.config.yaml:2:1", "not null"],
    ["package.json", '{ "wirespan": null }', "package.json:1:15", "not null"],
    ["package.json", '{\n  "name": "p",\n  "wirespan": {,}\n}\n', "package.json:3:", "cannot load the configuration"],
    ["package.json", '{ "name": ', "package.json:1:10", "Unexpected end of JSON input"],
    ["package.json", "name: p\nwirespan: {}\n", "package.json:1:1", "Unexpected token"],
  ])("%s that is none: %j", async (name, text, at, words) => {
    const { told, config } = await resolveIn({ [name]: text });
    expect(config).toBeUndefined();
    expect(told).toMatchObject([{ at: expect.stringContaining(at), message: expect.stringContaining(words) }]);
  });

  test("a broken package.json is no matter where there is a configuration", async () => {
    const { told, config } = await resolveIn({ "package.json": "{", "wirespan.config.yaml": "out: x\n" });
    expect({ told, out: config?.out }).toEqual({ told: [], out: "x" });
  });

  test("a configuration that is a folder", async () => {
    const { told } = await resolveIn({ "wirespan.config.ts/x": "" });
    expect(told).toMatchObject([
      { code: "E5003", message: "cannot load the configuration wirespan.config.ts: it is a folder" },
    ]);
  });

  test("hostile keys stay data", async () => {
    const { told } = await resolveIn({ "wirespan.config.yaml": "__proto__: {out: x}\nconstructor: 1\ntoString: 2\n" });
    expect(told.map(({ code }) => code)).toEqual(["E5001", "E5001", "E5001"]);
    expect(told.every(({ help }) => help?.startsWith("the keys are inputs, include, out"))).toBe(true);
  });

  test("an alias bomb is a wrong value", async () => {
    const rows = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++)
      rows.push(
        `${"abcdefghi"[i]}: &${"abcdefghi"[i]} [${Array(9)
          .fill(`*${"abcdefghi"[i - 1]}`)
          .join(",")}]`,
      );
    rows.push("inputs: *i");
    const { told } = await resolveIn({ "wirespan.config.yaml": rows.join("\n") });
    expect(told).toContainEqual(expect.objectContaining({ code: "E5002" }));
  });
});

describe("importExtension auto", () => {
  const extension = async (files: Readonly<Record<string, string>>) => (await resolveIn(files)).config?.importExtension;

  test("asks the nearest tsconfig.json of the output folder", async () => {
    expect(await extension({ "tsconfig.json": '{ "compilerOptions": { "module": "nodenext" } }' })).toBe("js");
    expect(await extension({ "tsconfig.json": '{ "compilerOptions": { "moduleResolution": "bundler" } }' })).toBe("js");
    expect(await extension({ "tsconfig.json": '{ "compilerOptions": { "allowImportingTsExtensions": true } }' })).toBe(
      "ts",
    );
    expect(
      await extension({
        "src/tsconfig.json": '{ "compilerOptions": { "rewriteRelativeImportExtensions": true } }',
        "tsconfig.json": "{}",
      }),
    ).toBe("ts");
  });

  test("reads comments, trailing commas and extends, and survives cycles", async () => {
    const base =
      '{\n // why: "//" in a string\n "compilerOptions": { "allowImportingTsExtensions": true, "baseUrl": "http://x", },\n}';
    expect(await extension({ "tsconfig.json": '{ "extends": "./base" }', "base.json": base })).toBe("ts");
    expect(
      await extension({
        "tsconfig.json": '{ "extends": ["./tsconfig.json", "pkg/base.json"] }',
        "node_modules/pkg/base.json": base,
      }),
    ).toBe("ts");
    expect(await extension({ "tsconfig.json": "{ not json" })).toBe("js");
  });

  test("a wish of the configuration wins", async () => {
    const files = {
      "tsconfig.json": '{ "compilerOptions": { "allowImportingTsExtensions": true } }',
      "wirespan.config.yaml": "importExtension: none\n",
    };
    expect(await extension(files)).toBe("none");
  });
});

describe("F7: policies", () => {
  const yaml = `out: gen
policies:
  timeout: PT5S
  retry: { maxAttempts: 3, initialBackoff: PT0.05S, codes: [UNAVAILABLE, ABORTED] }
  limit:
    rate: 2.5
    key: { claim: sub }
  breaker: { kind: classic, open: PT1M }
  auth: { scopes: [users.read] }
  scopes: { users.read: See users. }
`;

  test("every value with its place", async () => {
    const { config, told } = await resolveIn({ "wirespan.config.yaml": yaml });
    expect(told).toEqual([]);
    const values = [...(config?.policies.values ?? [])];
    expect(values.map(([path, { value, origin }]) => [path, value, `${origin.line}:${origin.column}`])).toEqual([
      ["timeoutMs", 5_000, "3:3"],
      ["retry.maxAttempts", 3, "4:12"],
      ["retry.initialBackoffMs", 50, "4:28"],
      ["retry.codes", ["UNAVAILABLE", "ABORTED"], "4:53"],
      ["limit.rate", 2.5, "6:5"],
      ["limit.key", { claim: "sub" }, "7:5"],
      ["breaker.kind", "classic", "8:14"],
      ["breaker.openMs", 60_000, "8:29"],
      ["auth.scopes", ["users.read"], "9:11"],
    ]);
    expect(config?.policies.scopes).toMatchObject([
      { name: "users.read", description: "See users.", level: "configuration", origin: { line: 10, column: 13 } },
    ]);
  });

  test("the values of a module, and of a program that gives them in place of the file's", async () => {
    const module = 'export default { policies: { timeout: "PT5S", limit: { rate: 1 } } };\n';
    const { config } = await resolveIn({ "wirespan.config.mjs": module });
    expect(config?.policies.values.get("timeoutMs")).toMatchObject({ value: 5_000, origin: { line: 1, column: 30 } });
    const given = await resolveIn({ "wirespan.config.yaml": yaml }, { overrides: { policies: { timeout: "PT1S" } } });
    expect([...(given.config?.policies.values ?? [])].map(([path, { value }]) => [path, value])).toEqual([
      ["timeoutMs", 1_000],
    ]);
  });

  test.each([
    [
      "timeout: 5",
      '2:3 "policies.timeout" takes an ISO 8601 duration such as "PT0.5S", a duration of whole milliseconds',
    ],
    ["timeout: PT0S", '2:3 "policies.timeout" takes an ISO 8601 duration'],
    ["retry: { maxAttempts: 9 }", '2:12 "policies.retry.maxAttempts" takes a whole number from 2 to 5'],
    ["retry: { attempts: 3 }", '2:12 unknown configuration key "policies.retry.attempts"'],
    ["retry: { codes: [OK] }", '2:12 "policies.retry.codes" takes codes of failures, each once, not "OK"'],
    [
      "retry: { codes: [ABORTED, UNAVALABLE] }",
      '2:12 "policies.retry.codes" takes codes of failures, each once, not "UNAVALABLE"',
    ],
    [
      "retry: { codes: [ABORTED, ABORTED] }",
      '2:12 "policies.retry.codes" takes codes of failures, each once, not "ABORTED" twice',
    ],
    ["retry: {}", '2:3 "policies.retry" takes a mapping with "maxAttempts", '],
    ["retry: 3", '2:3 "policies.retry" takes a mapping'],
    ["limit: { rate: -1 }", '2:12 "policies.limit.rate" takes a number above 0'],
    ["limit: { key: { claims: a } }", '2:12 "policies.limit.key" takes "method", "peer" or { claim: "sub" }'],
    ["hedge: { nonFatalCodes: [] }", '2:12 "policies.hedge.nonFatalCodes" takes codes of failures'],
    ["auth: { public: maybe }", '2:11 "policies.auth.public" takes true or false'],
    ["idempotencyKey: id", '2:3 unknown configuration key "policies.idempotencyKey"'],
    ["timeuot: PT1S", '2:3 unknown configuration key "policies.timeuot"'],
    ["scopes: [a]", '2:3 "policies.scopes" takes a mapping of names to descriptions'],
    ["scopes: { 'a b': x }", '2:13 "policies.scopes" takes names such as users.read'],
    ["scopes: { a: 1 }", '2:13 "policies.scopes.a" takes a description'],
  ])("wrong: %s", async (text, message) => {
    const { config, told } = await resolveIn({ "wirespan.config.yaml": `policies:\n  ${text}\n` });
    expect(config).toBeUndefined();
    expect(told.map(({ at, message: said }) => `${at} ${said}`)).toEqual([
      expect.stringContaining(`wirespan.config.yaml:${message}`),
    ]);
  });

  test("a code that is none has the nearest one", async () => {
    const { told } = await resolveIn({ "wirespan.config.yaml": "policies:\n  retry: { codes: [unavalable] }\n" });
    expect(told).toMatchObject([{ help: 'did you mean "UNAVAILABLE"?' }]);
  });

  test("no mapping at all", async () => {
    const { told } = await resolveIn({ "wirespan.config.yaml": "policies: strict\n" });
    expect(told).toMatchObject([{ code: "E5002", message: expect.stringContaining("a mapping such as") }]);
  });
});

test("the JSON Schema is up to date and knows every option", async () => {
  const schema = configSchema();
  expect(Object.keys(schema["properties"] ?? {})).toEqual(["$schema", ...optionNames]);
  const text = await format(JSON.stringify(schema, undefined, 2), { parser: "json", printWidth: 120 });
  await expect(text).toMatchFileSnapshot("../../../schemas/config.schema.json");
});

test("docs/config.md lists every option as the table has it", async () => {
  const rows = optionNames.map((name) => {
    const { default: value, doc, flag } = options[name];
    const shown = value === undefined ? "" : `\`${JSON.stringify(value)}\``;
    return `| \`${name}\` | ${shown} | ${doc} | ${flag === undefined ? "" : `\`${flag}\``} |`;
  });
  const docs = readFileSync(new URL("../../../docs/config.md", import.meta.url), "utf8");
  const flat = docs.replace(/ +/g, " ");
  for (const row of rows) expect(flat).toContain(row.replace(/ +/g, " "));
});
