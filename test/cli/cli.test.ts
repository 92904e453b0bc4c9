import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { cli, type CliResult } from "../support/cli.js";
import { createProject, helloProto } from "../support/project.js";

const contracts = { "contracts/hello/v1/hello.proto": helloProto };
const broken = helloProto.replace("GreetRequest) returns", "GretRequest) returns");

describe("generate", () => {
  test("writes once, then nothing", async () => {
    const project = createProject(contracts);
    const first = await cli(project.root, ["contracts", "--out", "gen", "--only", "messages"]);
    expect(first).toMatchObject({ code: 0, stdout: "" });
    expect(first.stderr).toMatch(/^✓ 1 file written \d+ ms\n$/);
    expect(project.list("gen")).toEqual([".wirespan.json", "hello/v1/hello.pb.ts"]);
    const second = await cli(project.root, ["generate", "contracts", "--out", "gen", "--only", "messages"]);
    expect(second.stderr).toMatch(/^✓ 1 file unchanged /);
  });

  test("finds the configuration upward and shows places relative to the working directory", async () => {
    const project = createProject({
      "wirespan.config.yaml": "inputs: [contracts]\nout: gen\n",
      "contracts/hello/v1/hello.proto": broken,
      "app/x": "",
    });
    const { code, stderr } = await cli(join(project.root, "app"), []);
    expect(code).toBe(1);
    expect(stderr).toContain("--> ../contracts/hello/v1/hello.proto:7:13\n");
    expect(stderr).toContain("7 |   rpc Greet(GretRequest) returns");
    expect(stderr).toContain("did you mean GreetRequest?");
    expect(project.list()).not.toContain("gen/hello/v1/hello.pb.ts");
  });

  test("flags may stand before the command and win over the configuration", async () => {
    const project = createProject({ ...contracts, "wirespan.config.yaml": "inputs: [contracts]\nout: gen\n" });
    const { code } = await cli(project.root, ["--out", "other", "--only", "messages", "generate"]);
    expect(code).toBe(0);
    expect(project.list("other")).toEqual([".wirespan.json", "hello/v1/hello.pb.ts"]);
  });

  test("--dry-run lists on stdout and writes nothing", async () => {
    const project = createProject(contracts);
    const { code, stdout } = await cli(project.root, ["contracts", "--only", "messages", "--dry-run"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "create    hello/v1/hello.pb.ts\n" });
    expect(project.list()).toEqual(["contracts/hello/v1/hello.proto"]);
  });

  test("--verbose and --profile tell more, --quiet nothing", async () => {
    const project = createProject(contracts);
    const loud = await cli(project.root, ["contracts", "--only", "messages", "--verbose", "--profile"]);
    expect(loud.stderr).toContain("  create    hello/v1/hello.pb.ts\n");
    expect(loud.stderr).toMatch(/parsed 1, linked 1, rendered 1, reused 0\n/);
    expect(loud.stderr).toMatch(/ {2}load +\d/);
    expect((await cli(project.root, ["contracts", "--quiet"])).stderr).toBe("");
  });

  test("a hand-edited output is not lost, --force writes over it", async () => {
    const project = createProject(contracts);
    const argv = ["contracts", "--out", "gen", "--only", "messages"];
    await cli(project.root, argv);
    project.write("gen/hello/v1/hello.pb.ts", "// mine\n");
    const refused = await cli(project.root, argv);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("error E6002: gen/hello/v1/hello.pb.ts was"),
    });
    expect(refused.stderr).toContain("write over it with --force");
    expect(project.read("gen/hello/v1/hello.pb.ts")).toBe("// mine\n");
    expect((await cli(project.root, [...argv, "--force"])).code).toBe(0);
    expect(project.read("gen/hello/v1/hello.pb.ts")).not.toBe("// mine\n");
  });

  test("an edited output whose contract is gone: --force deletes it, and the help says so", async () => {
    const project = createProject({ ...contracts, "contracts/old.proto": 'syntax = "proto3";\nmessage Old {}\n' });
    const argv = ["contracts", "--out", "gen", "--include", "contracts", "--only", "messages"];
    await cli(project.root, argv);
    project.write("gen/old.pb.ts", "// mine\n");
    project.remove("contracts/old.proto");
    const refused = await cli(project.root, argv);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      "E6002: gen/old.pb.ts was edited by hand since wirespan wrote it, and nothing calls",
    );
    expect(refused.stderr).toContain("help: keep the edit elsewhere and delete the file; --force deletes it");
    await cli(project.root, [...argv, "--force"]);
    expect(project.list("gen")).not.toContain("old.pb.ts");
  });

  test("files that stand in the way are named as seen from the working directory", async () => {
    const project = createProject({ ...contracts, "gen/hello/v1/hello.pb.ts": "// mine\n", "app/x": "" });
    const argv = ["../contracts", "--include", "../contracts", "--out", "../gen", "--only", "messages"];
    const { stderr } = await cli(join(project.root, "app"), argv);
    expect(stderr).toContain("error E6003: ../gen/hello/v1/hello.pb.ts exists");
    project.write("gen/.wirespan.json", "{");
    const broken = await cli(project.root, ["contracts", "--include", "contracts", "--out", "gen"]);
    expect(broken.stderr).toContain("the ownership file gen/.wirespan.json: ");
    expect(broken.stderr + stderr).not.toContain(project.root);
  });

  test("--fail-on warn", async () => {
    const project = createProject({
      ...contracts,
      "wirespan.config.yaml": "inputs: [contracts]\n",
      "wirespan.config.yml": "",
    });
    expect((await cli(project.root, [])).code).toBe(0);
    expect((await cli(project.root, ["--fail-on", "warn"])).code).toBe(1);
  });

  test("cancelled: 130 and nothing written", async () => {
    const project = createProject(contracts);
    const { code, stderr } = await cli(project.root, ["contracts"], { signal: AbortSignal.abort() });
    expect({ code, stderr }).toEqual({ code: 130, stderr: "interrupted, nothing written\n" });
    expect(project.list()).toEqual(["contracts/hello/v1/hello.proto"]);
  });
});

describe("check", () => {
  test("0 when up to date, 3 with a unified diff when not", async () => {
    const project = createProject(contracts);
    const flags = ["contracts", "--out", "gen", "--only", "messages"];
    const missing = await cli(project.root, ["check", ...flags]);
    expect(missing.code).toBe(3);
    expect(missing.stdout).toContain("--- /dev/null\n+++ b/gen/hello/v1/hello.pb.ts\n@@ -0,0 +1,");
    expect(project.list()).toEqual(["contracts/hello/v1/hello.proto"]);

    await cli(project.root, flags);
    expect(await cli(project.root, ["check", ...flags])).toMatchObject({ code: 0, stdout: "" });
    expect((await cli(project.root, ["generate", "--check", ...flags])).code).toBe(0);

    const edited = project.read("gen/hello/v1/hello.pb.ts").replace(/\n/, "\n// mine\n");
    project.write("gen/hello/v1/hello.pb.ts", edited);
    const drift = await cli(project.root, ["check", ...flags]);
    expect(drift.code).toBe(3);
    expect(drift.stdout).toContain("\n-// mine\n");
    expect(drift.stderr).toContain("1 file is not what the contracts say");
    expect(project.read("gen/hello/v1/hello.pb.ts")).toBe(edited);
  });

  test("a long diff is cut after 50 lines", async () => {
    const fields = Array.from({ length: 100 }, (_, i) => `  string f${i} = ${i + 1};`).join("\n");
    const project = createProject({ "a.proto": `syntax = "proto3";\nmessage A {\n${fields}\n}\n` });
    const { stdout } = await cli(project.root, ["check", "a.proto"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toMatch(/^… \d+ more lines of diff$/);
  });
});

describe("explain", () => {
  test("a method: path, types, and where each value comes from", async () => {
    const project = createProject(contracts);
    const { code, stdout } = await cli(project.root, ["explain", "HelloService.Greet"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^method hello\.v1\.HelloService\.Greet {2}contracts\/hello\/v1\/hello\.proto:7:7$/m);
    expect(stdout).toMatch(/^ {2}path +\/hello\.v1\.HelloService\/Greet +contracts\/hello\/v1\/hello\.proto:7:7$/m);
    expect(stdout).toMatch(/^ {2}timeout +none of its own.* +default$/m);
  });

  const shop = `syntax = "proto3";
package shop.v1;
import "wirespan/options.proto";
option (wirespan.options.v1.file).breaker.ramp.min_calls = 20;
service Shop {
  option (wirespan.options.v1.service) = {
    retry: { max_attempts: 3 }
    scopes: { name: "shop.read" }
  };
  rpc Find(Query) returns (Query) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (wirespan.options.v1.method) = {
      timeout: { seconds: 2 }
      auth: { scopes: "shop.read" }
    };
  }
  rpc Buy(Query) returns (Query);
}
message Query { string id = 1; }
`;

  test("M10: a method's chains in order, and who says each value of its policy", async () => {
    const project = createProject({
      "wirespan.config.yaml": "policies:\n  limit: { rate: 50 }\n",
      "shop/v1/shop.proto": shop,
    });
    const { code, stdout, stderr } = await cli(project.root, ["explain", "Shop.Find"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const facts = stdout
      .split("\n")
      .slice(1)
      .map((line) => line.trim().replace(/ {2,}/g, " | "));
    expect(facts.slice(facts.findIndex((fact) => fact.startsWith("timeout")))).toEqual([
      "timeout | 2 s | method shop/v1/shop.proto:13:16",
      "retry max attempts | 3 | service shop/v1/shop.proto:7:28",
      "retry initial backoff | 100 ms | built in",
      "retry backoff multiplier | ×2 | built in",
      "retry max backoff | 1 s | built in",
      "retry codes | UNAVAILABLE | built in",
      "hedge | none | default",
      "limit rate | 50 a second | configuration wirespan.config.yaml:2:12",
      "limit burst | 50 | built in",
      "limit key | method | built in",
      "auth scopes | shop.read | method shop/v1/shop.proto:14:23",
      "idempotency key | none: it is without side effects | default",
      "cache | none | default",
      "breaker kind | ramp | file shop/v1/shop.proto:4:8",
      "breaker min calls | 20 | file shop/v1/shop.proto:4:60",
      "server chain | recovery → (tracing) → (metrics) → (logging) → deadline → rateLimit → (concurrency) → (shedding) → " +
        "auth → (claimLimit) → (validation) → (idempotency) → (cache) → (handlerRecovery) | built in",
      "client chain | (deadline) → (tracing) → (metrics) → (logging) → (headers) → (validation) → (cache) → (shadow) → " +
        "(split) → breaker → retry → (hedge) → (rateLimit) → (concurrency) → (attemptSpan) → (attemptTimeout) → auth | built in",
      "",
    ]);
    const other = await cli(project.root, ["explain", "Shop.Buy"]);
    expect(other.stdout).toMatch(
      /^ {2}retry +none: not for a method of this kind +service shop\/v1\/shop\.proto:7:12$/m,
    );
  });

  test("F7: the same as data, with the level of each value", async () => {
    const project = createProject({ "shop/v1/shop.proto": shop });
    const { stdout } = await cli(project.root, ["explain", "Shop.Find", "--report", "json"]);
    const { explanations } = JSON.parse(stdout) as { explanations: { facts: { label: string }[] }[] };
    const fact = (label: string): object | undefined => explanations[0]?.facts.find((one) => one.label === label);
    expect(fact("retry max attempts")).toMatchObject({ value: "3", level: "service", origin: { line: 7 } });
    expect(fact("retry codes")).toEqual({ label: "retry codes", value: "UNAVAILABLE", level: "built in" });
  });

  test("F7: a policy that contradicts itself has its place, also in the configuration", async () => {
    const wrong = shop.replace(
      "rpc Buy(Query) returns (Query);",
      "rpc Buy(Query) returns (Query) { option (wirespan.options.v1.method).retry.max_attempts = 2; }",
    );
    const project = createProject({
      "shop/v1/shop.proto": wrong.replace('auth: { scopes: "shop.read" }', 'auth: { scopes: "shop.raed" }'),
    });
    const contract = await cli(project.root, []);
    expect(contract.code).toBe(1);
    expect(contract.stderr).toMatch(
      /E2063[^\n]*Buy is retried, but not declared idempotent\n[^\n]*shop\/v1\/shop\.proto:17:/,
    );
    expect(contract.stderr).toMatch(/E2082[^\n]*knows no scope "shop\.raed"\n[^\n]*shop\/v1\/shop\.proto:14:23/);
    expect(contract.stderr).toContain('did you mean "shop.read"?');
    expect(project.list()).toEqual(["shop/v1/shop.proto"]);

    project.write("shop/v1/shop.proto", shop);
    project.write("wirespan.config.yaml", "policies:\n  limit: { rate: -50 }\n");
    const configuration = await cli(project.root, []);
    expect(configuration.code).toBe(2);
    expect(configuration.stderr).toMatch(/E5002[^\n]*"policies\.limit\.rate" takes a number above 0/);
    expect(configuration.stderr).toContain("wirespan.config.yaml:2:12");
  });

  test("an operation", async () => {
    const project = createProject({
      "a.events.yaml":
        'asyncapi: 3.0.0\ninfo: { title: T, version: "1" }\nchannels:\n  greeted: { address: greeted }\n' +
        'operations:\n  count: { action: receive, channel: { $ref: "#/channels/greeted" } }\n',
    });
    const { code, stdout } = await cli(project.root, ["explain", "count", "--protocol", "amqp"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^operation count {2}a\.events\.yaml:6:3$/m);
    expect(stdout).toMatch(/^ {2}group +count +a\.events\.yaml:6:3$/m);
  });

  test("a diagnostic code needs no contracts", async () => {
    const project = createProject();
    expect(await cli(project.root, ["explain", "e5001"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("error E5001\n\nThe configuration has a key"),
    });
  });

  test("names and codes that do not exist", async () => {
    const project = createProject(contracts);
    const method = await cli(project.root, ["explain", "HelloService.Greeet"]);
    expect(method).toMatchObject({ code: 2, stdout: "" });
    expect(method.stderr).toContain("did you mean HelloService.Greet?");
    expect((await cli(project.root, ["explain", "E9999"])).code).toBe(2);
  });
});

describe("init, docs", () => {
  test("the starter generates without a finding, and is never overwritten", async () => {
    const project = createProject();
    const first = await cli(project.root, ["init"]);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("npx wirespan");
    const generated = await cli(project.root, ["generate"]);
    expect(generated).toMatchObject({ code: 0, stderr: expect.stringMatching(/^✓ \d+ files written/) });
    expect(project.list("src/gen")).toContain("hello/v1/hello.pb.ts");

    project.write("wirespan.config.ts", "export default {};\n");
    const second = await cli(project.root, ["init"]);
    expect(second.stdout).toContain("kept    wirespan.config.ts\n");
    expect(project.read("wirespan.config.ts")).toBe("export default {};\n");
  });

  test("docs writes one page beside the outputs and prints its path", async () => {
    const project = createProject(contracts);
    await cli(project.root, ["contracts"]);
    const before = project.list("src/gen");
    const { code, stdout } = await cli(project.root, ["docs", "contracts"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "src/gen/docs/index.html\n" });
    expect(project.list("src/gen")).toEqual([...before, "docs/index.html"].sort());
  });
});

describe("usage", () => {
  test.each([
    [["--otu", "x"], "E5006", "did you mean --out?"],
    [["genrate"], "E5007", "did you mean wirespan generate?"],
    [["--report", "jsn"], "E5008", "did you mean json?"],
    [["--formatter", "pretty"], "E5002", "--formatter takes"],
    [["--only", "messages,rcp"], "E5002", 'did you mean "rpc"?'],
    [["--output", "x"], "E5006", "did you mean --out?"],
    [["--include", "nodir"], "E5012", 'the include folder "nodir" is not there'],
    [["--protocol", "xmpp"], "E5002", '--protocol takes "memory", "amqp", "kafka"'],
    [["--protocol", "kafak"], "E5002", 'did you mean "kafka"?'],
    [["--out"], "E5009", "--out needs a value"],
    [["--out", "--check"], "E5009", "--out needs a value"],
    [["--out="], "E5009", "--out needs a value"],
    [["explain"], "E5010", "<name> is missing"],
    [["init", "a", "b"], "E5010", "too many arguments"],
    [["--watch", "--check"], "E5010", "--watch excludes --check"],
    [["--config", "no.json"], "E5003", "no.json"],
  ])("%j", async (argv, code, words) => {
    const project = createProject(contracts);
    const result = await cli(project.root, argv);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr).toContain(`error ${code}`);
    expect(result.stderr).toContain(words);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(project.list()).toEqual(["contracts/hello/v1/hello.proto"]);
  });

  test("help and version go to stdout", async () => {
    const { root } = createProject();
    expect(await cli(root, ["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("explain"),
      stderr: "",
    });
    expect(await cli(root, ["watch", "--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("--poll") });
    expect(await cli(root, ["-V"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("bad input: located, nothing written, nothing lost, no stack", () => {
  const events = (payload: string): string =>
    `asyncapi: 3.0.0\ninfo: { title: T, version: "1" }\nchannels:\n  a:\n    address: a\n    messages:\n      m:\n        payload:\n          $ref: ${payload}\n`;
  const cases: readonly [string, Readonly<Record<string, string>>, RegExp, number][] = [
    ["unknown type", { "c/a.proto": 'syntax = "proto3";\nmessage A { Usr u = 1; }\n' }, /c\/a\.proto:2:13/, 1],
    ["missing import", { "c/a.proto": 'syntax = "proto3";\nimport "no.proto";\n' }, /E1022[^]*c\/a\.proto:2:/, 1],
    [
      "duplicate field number",
      { "c/a.proto": 'syntax = "proto3";\nmessage A { string a = 1; string b = 1; }\n' },
      /c\/a\.proto:2:\d+/,
      1,
    ],
    ["duplicate name", { "c/a.proto": 'syntax = "proto3";\nmessage A {}\nmessage A {}\n' }, /c\/a\.proto:3:9/, 1],
    ["syntax error", { "c/a.proto": 'syntax = "proto3";\nmessage A { string = 1; }\n' }, /c\/a\.proto:2:\d+/, 1],
    [
      "wrong option value",
      { "c/a.proto": 'syntax = "proto3";\nmessage A { string a = 1 [deprecated = "yes"]; }\n' },
      /c\/a\.proto:2:\d+/,
      1,
    ],
    ["broken $ref", { "c/asyncapi.yaml": events('"#/components/schemas/No"') }, /c\/asyncapi\.yaml:9:\d+/, 1],
    [
      "remote $ref without permission",
      { "c/asyncapi.yaml": events("https://example.invalid/a.json") },
      /E1024[^]*c\/asyncapi\.yaml:9:\d+/,
      1,
    ],
    ["M19 a .thrift file", { "c/a.thrift": "struct A {}\n" }, /E1025[^]*Thrift[^]*\.proto/, 2],
    ["no contracts at all", { "c/readme.md": "" }, /E1030/, 2],
    ["not a contract", { "c/a.txt": "" }, /E1026/, 2],
    ["not UTF-8", { "c/a.proto": "\uDC00" }, /./, 1],
    [
      "unknown configuration key",
      { "c/a.proto": "", "wirespan.config.yaml": "inputz: [c]\n" },
      /E5001[^]*wirespan\.config\.yaml:1:1[^]*"inputs"/,
      2,
    ],
  ];

  test.each(cases)("%s", async (name, files, told, code) => {
    const project = createProject({ "gen/mine.ts": "// mine\n", ...files });
    if (name === "not UTF-8") {
      const { writeFileSync } = await import("node:fs");
      writeFileSync(join(project.root, "c/a.proto"), Buffer.from([0x73, 0xff, 0xfe]));
    }
    const before = project.list();
    const inputs = Object.keys(files).filter((path) => /\.(thrift|txt)$/.test(path));
    const result = await cli(project.root, [...(inputs.length > 0 ? inputs : ["c"]), "--out", "gen"]);
    expect(result.stderr).toMatch(told);
    expect(result.code).toBe(code);
    expect(result.stderr).not.toMatch(/^\s+at |internal error/m);
    expect(project.list()).toEqual(before);
  });

  test("a file that is not there", async () => {
    const project = createProject();
    expect(await cli(project.root, ["no/such.proto"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no/such.proto"),
    });
  });

  test("an unreadable file, and an unreadable import at the place that asks for it", async () => {
    const project = createProject({
      "a.proto": 'syntax = "proto3";\nimport "secret.proto";\n',
      "secret.proto": 'syntax = "proto3";\n',
    });
    chmodSync(project.root, 0o755);
    chmodSync(join(project.root, "secret.proto"), 0);
    // root may read everything
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      const asked = await cli(project.root, ["secret.proto", "--out", "gen"]);
      expect(asked).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/E1020: .*secret\.proto: permission denied/),
      });
      const imported = await cli(project.root, ["a.proto", "--out", "gen"]);
      expect(imported.stderr).toMatch(/E1020: .*permission denied\n {2}--> a\.proto:2:8/);
    } finally {
      if (root) process.seteuid?.(0);
    }
    expect(project.list()).toEqual(["a.proto", "secret.proto"]);
  });

  test("an output path outside of --out", async () => {
    const project = createProject({ "work/x": "", "outside/a.proto": 'syntax = "proto3";\nmessage A {}\n' });
    const result = await cli(join(project.root, "work"), ["../outside/a.proto", "--out", "gen", "--include", "."]);
    expect(result.stderr).toContain("error E6001");
    expect(result.code).toBe(1);
    expect(project.list()).toEqual(["outside/a.proto", "work/x"]);
  });

  test("an output folder that is a file", async () => {
    const project = createProject({ ...contracts, gen: "mine" });
    const result = await cli(project.root, ["contracts", "--out", "gen"]);
    expect(result.stderr).toContain("error E6006");
    expect(result.code).toBe(2);
    expect(project.read("gen")).toBe("mine");
  });

  test("several errors of several files in one run", async () => {
    const project = createProject({
      "a.proto": 'syntax = "proto3";\nmessage A { No n = 1; }\nmessage B { Nope n = 1; }\n',
      "b.proto": 'syntax = "proto3";\nmessage C { Never n = 1; }\n',
    });
    const { stderr } = await cli(project.root, []);
    expect(stderr.match(/^error /gm)).toHaveLength(3);
    expect(stderr).toMatch(/\n3 errors/);
  });
});

describe("reports", () => {
  test("--report json is one document that its schema describes", async () => {
    const project = createProject({ ...contracts, "bad.proto": 'syntax = "proto3";\nmessage A { No n = 1; }\n' });
    const schema: unknown = JSON.parse(
      readFileSync(new URL("../../schemas/report.schema.json", import.meta.url), "utf8"),
    );
    const validate = new Ajv({ strictTypes: false }).compile(schema as object);
    const lines: readonly (readonly string[])[] = [
      ["contracts", "--out", "gen"],
      ["bad.proto"],
      ["contracts", "--out", "gen", "--dry-run"],
      ["check", "contracts"],
      ["explain", "Greet"],
      ["explain", "E5001"],
      ["docs", "contracts"],
      ["init", "new"],
      ["--otu"],
      ["explain", "No.Such"],
    ];
    for (const argv of lines) {
      const { stdout, code } = await cli(project.root, [...argv, "--report", "json"]);
      const document: unknown = JSON.parse(stdout);
      expect(validate(document), `${argv.join(" ")}: ${JSON.stringify(validate.errors)}`).toBe(true);
      expect(document).toMatchObject({ version: 1, exitCode: code, ok: code === 0 });
    }
    const { stdout } = await cli(project.root, ["bad.proto", "--report", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      command: "generate",
      ok: false,
      diagnostics: [{ file: "bad.proto", line: 2, column: 13, severity: "error" }],
    });
  });

  test("written is true only when something was", async () => {
    const project = createProject(contracts);
    const written = async (...argv: string[]): Promise<unknown> => {
      const { stdout } = await cli(project.root, ["contracts", "--out", "gen", "--report", "json", ...argv]);
      return (JSON.parse(stdout) as { written: unknown }).written;
    };
    expect(await written("--dry-run")).toBe(false);
    expect(await written()).toBe(true);
    expect(await written()).toBe(false);
    project.remove("gen/hello/v1/hello.pb.ts");
    expect(await written()).toBe(true);
  });

  test("--report github annotates lines", async () => {
    const project = createProject({ "bad.proto": 'syntax = "proto3";\nmessage A { No n = 1; }\n' });
    const { stdout } = await cli(project.root, ["bad.proto", "--report", "github"]);
    expect(stdout).toMatch(/^::error file=bad\.proto,line=2,col=13,endColumn=15,title=E2\d{3}::/);
  });

  test("colours: a terminal has them, NO_COLOR, --no-color and pipes do not", async () => {
    const { root } = createProject({ "bad.proto": 'syntax = "proto3";\nmessage A { No n = 1; }\n' });
    const colored = async (argv: readonly string[], tty: boolean, env: Readonly<Record<string, string>> = {}) =>
      (await cli(root, ["bad.proto", ...argv], { tty, env })).stderr.includes("\x1b[");
    expect(await colored([], true)).toBe(true);
    expect(await colored([], false)).toBe(false);
    expect(await colored([], false, { FORCE_COLOR: "1" })).toBe(true);
    expect(await colored([], true, { NO_COLOR: "1" })).toBe(false);
    expect(await colored(["--no-color"], true)).toBe(false);
  });
});

test("M1: a contract that is not UTF-8 is told with the place of its first wrong byte", async () => {
  const { root } = createProject({ "a.proto": 'syntax = "proto3";\nimport "b.proto";\n' });
  const write = (path: string, text: string, ...bytes: readonly number[]): void =>
    writeFileSync(join(root, path), Buffer.concat([Buffer.from(text), Buffer.from(bytes)]));
  write("b.proto", '\ufeffsyntax = "proto3";\n// \ufffd is written like this\n// \u00e4\u{1f600} ', 0xff, 0x0a);
  const imported = await cli(root, ["generate", "a.proto"]);
  expect(imported).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("b.proto is not valid UTF-8: a byte 0xff"),
  });
  expect(imported.stderr).toMatch(/--> b\.proto:3:8\n[^]*a\.proto:2:8/);
  write("c.proto", "\n ", 0xe4, 0xbd);
  expect((await cli(root, ["generate", "c.proto"])).stderr).toMatch(/a byte 0xe4 .*\n +--> c\.proto:2:2\n/);
});

test("M1: faults of HTTP bindings stop only what shows them", async () => {
  const { root } = createProject({
    "a.proto": `syntax = "proto3";
package a.v1;
import "google/api/annotations.proto";
import "wirespan/options.proto";
message M { string id = 1; repeated string tags = 2; }
service S {
  rpc A(M) returns (M) { option (google.api.http).get = "/v1/{missing}"; }
  rpc B(M) returns (M) { option (google.api.http).get = "/v1/{tags}"; }
  rpc C(M) returns (M) { option (google.api.http).get = "no/path"; }
  rpc D(M) returns (M) { option (google.api.http).body = "*"; }
  rpc E(M) returns (M) { option (google.api.http) = { get: "/v1/e" body: "missing" }; }
  rpc F(M) returns (M) { option (wirespan.options.v1.method) = { http: { location: "/v1/{missing}" } }; }
}
`,
  });
  const only = (list: string): Promise<CliResult> => cli(root, ["generate", "--only", list]);
  expect(await only("messages,rpc,events")).toMatchObject({
    code: 0,
    stderr: expect.not.stringMatching(/error|warning/),
  });
  for (const id of ["http", "rest", "openapi", "docs"]) {
    const { code, stderr } = await only(id);
    const codes = new Set(stderr.match(/E\d{4}/g));
    expect([code, ...[...codes].sort()], id).toEqual([1, "E2050", "E2051", "E2052", "E2055", "E2057", "E2062"]);
  }
});
