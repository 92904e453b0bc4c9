import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { glob } from "tinyglobby";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The table of docs/architecture.md: what files below a folder of src may import from src. */
const stage = ["model", "diagnostics"];
const shell = (
  "pipeline.ts emit.ts config model diagnostics write analyse scaffold operate generators/index.ts " +
  "generators/generator.ts watch session.ts index.ts version.ts short-run.ts"
).split(" ");
const rules: readonly (readonly [folder: string, may: readonly string[]])[] = [
  ["runtime/wire", []],
  ["runtime/wkt", ["runtime/wire"]],
  ["runtime/errors", ["runtime/wire", "runtime/wkt"]],
  ["runtime/context", []],
  ["runtime/policy", []],
  ["runtime/resilience", ["runtime/context", "runtime/stores"]],
  ["runtime/rpc", ["runtime/wire", "runtime/context", "runtime/policy"]],
  ["runtime/stores", ["runtime/wire", "runtime/context"]],
  ["runtime/validate", ["runtime/wire", "runtime/context"]],
  [
    "runtime/interceptors",
    [
      "runtime/rpc",
      "runtime/context",
      "runtime/wire",
      "runtime/errors",
      "runtime/policy",
      "runtime/resilience",
      "runtime/stores",
      "runtime/validate",
    ],
  ],
  ["runtime/grpc", ["runtime/rpc", "runtime/context", "runtime/wire"]],
  ["runtime/connect", ["runtime/grpc", "runtime/rpc", "runtime/context", "runtime/wire"]],
  ["runtime/transports", ["runtime/connect", "runtime/grpc", "runtime/rpc", "runtime/context", "runtime/wire"]],
  ["runtime/services", ["runtime/rpc", "runtime/context", "runtime/wire", "runtime/wkt"]],
  ["runtime/testing", ["runtime/rpc", "runtime/context", "runtime/wire", "runtime/wkt", "runtime/transports/memory"]],
  ["runtime/gateway", ["runtime/rpc", "runtime/context", "runtime/wire", "runtime/errors", "runtime/channels"]],
  ["runtime/rest", ["runtime/wire", "runtime/context", "runtime/channels"]],
  ["runtime/pattern", []],
  [
    "runtime/queue",
    [
      "runtime/wire",
      "runtime/context",
      "runtime/policy",
      "runtime/stores",
      "runtime/resilience",
      "runtime/pattern",
      "runtime/validate",
    ],
  ],
  ["runtime/brokers", ["runtime/queue", "runtime/context"]],
  ["runtime/brokers/nats-core", ["runtime/queue", "runtime/context", "runtime/brokers/nats"]],
  ["runtime/channels", ["runtime/queue", "runtime/wire", "runtime/context", "runtime/pattern"]],
  ["model", []],
  ["diagnostics", ["model"]],
  ["config", [...stage, "runtime/policy"]],
  ["load", stage],
  ["load/descriptor", [...stage, "load/proto", "runtime/wire"]],
  ["link", [...stage, "runtime/policy"]],
  ["plan", stage],
  ["render", stage],
  ["write", stage],
  ["analyse", [...stage, "runtime/policy"]],
  ["scaffold", stage],
  ["generators/shared", [...stage, "plan", "runtime/pattern"]],
  ["generators/index.ts", ["generators"]],
  ["generators/generator.ts", [...stage, "plan"]],
  ["generators", [...stage, "plan", "generators/shared", "generators/generator.ts"]],
  [
    "generators/messages/rules",
    [...stage, "plan", "generators/shared", "generators/generator.ts", "generators/messages", "runtime/validate"],
  ],
  ["emit.ts", [...stage, "generators/generator.ts", "plan", "render"]],
  ["pipeline.ts", [...stage, "emit.ts", "generators", "load", "link", "plan", "render", "write"]],
  ["emit-descriptors.ts", [...stage, "emit.ts", "generators", "load/descriptor", "link", "plan", "render"]],
  ["operate", [...stage, "pipeline.ts"]],
  ["version.ts", []],
  ["short-run.ts", []],
  ["session.ts", shell],
  ["watch", shell],
  ["plugins", shell],
  ["plugins/protoc", [...shell, "emit-descriptors.ts", "load/descriptor"]],
  ["cli", shell],
  ["index.ts", shell],
];

/** One owner per library. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  protobufjs: ["load/proto"],
  "@asyncapi/": ["load/asyncapi"],
  yaml: ["load/asyncapi", "config"],
  handlebars: ["render"],
  prettier: ["render"],
  "ts-morph": ["scaffold"],
  commander: ["cli"],
  chokidar: ["watch"],
  unplugin: ["plugins"],
  vite: ["plugins"],
  webpack: ["plugins"],
  esbuild: ["plugins"],
  tinyglobby: ["load"],
  jiti: ["config"],
  elkjs: ["generators/docs"],
  "@opentelemetry/": ["runtime/interceptors/otel"],
  "@bufbuild/cel": ["runtime/validate/cel", "generators/messages/rules"],
  "@bufbuild/protobuf": ["runtime/validate/cel"],
  re2js: ["runtime/validate/re2", "generators/messages/rules"],
  "@grpc/grpc-js": ["runtime/transports/grpc-js"],
  amqplib: ["runtime/brokers/rabbitmq"],
  redis: ["runtime/brokers/redis"],
  "@platformatic/kafka": ["runtime/brokers/kafka"],
  kafkajs: ["runtime/brokers/kafkajs"],
  "@nats-io/jetstream": ["runtime/brokers/nats"],
  "@nats-io/transport-node": ["runtime/brokers/nats", "runtime/brokers/nats-core"],
  mqtt: ["runtime/brokers/mqtt"],
  fastify: ["runtime/gateway/fastify"],
  jose: ["runtime/interceptors/jwt"],
  ws: ["runtime/channels/ws"],
};

/** Modules that browsers load too. */
const portable = (
  "runtime/wire runtime/wkt runtime/errors runtime/rest runtime/context runtime/policy runtime/resilience runtime/rpc " +
  "runtime/grpc runtime/connect runtime/transports/fetch runtime/stores runtime/validate runtime/pattern runtime/channels"
).split(" ");

interface Imported {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly lazy: boolean;
}

const files = (
  await glob("src/**/*.ts", { cwd: root, ignore: ["**/dist/**", "**/node_modules/**", "**/*.generated.ts"] })
)
  .map((file) => file.slice("src/".length))
  .sort();
const imports = (await Promise.all(files.map(readImports))).flat();

async function readImports(file: string): Promise<Imported[]> {
  const text = (await readFile(join(root, "src", file), "utf8")).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found: Imported[] = [];
  for (const match of text.matchAll(/^\s*(import|export)(\s+type)?\s[^;'"]*?from\s+["']([^"']+)["']/gm)) {
    found.push({ file, specifier: match[3] ?? "", typeOnly: match[2] !== undefined, lazy: false });
  }
  for (const match of text.matchAll(/^\s*import\s+["']([^"']+)["']/gm)) {
    found.push({ file, specifier: match[1] ?? "", typeOnly: false, lazy: false });
  }
  for (const match of text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)) {
    const typeOnly = /(typeof|:|<|\|)\s*$/.test(text.slice(0, match.index));
    found.push({ file, specifier: match[1] ?? "", typeOnly, lazy: true });
  }
  return found;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`) || path === `${folder}.ts`;
}

/** The rule of the nearest folder. */
function ruleOf(file: string): readonly [string, readonly string[]] | undefined {
  return rules.filter(([folder]) => isBelow(file, folder)).sort(([a], [b]) => b.length - a.length)[0];
}

describe("the import rule", () => {
  test("every source file has a rule", () => {
    expect(files.filter((file) => ruleOf(file) === undefined)).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  test("no import leaves what its folder may import", () => {
    const offences = imports.flatMap(({ file, specifier }) => {
      const rule = ruleOf(file);
      if (rule === undefined || !specifier.startsWith(".")) return [];
      const target = posix.normalize(posix.join(dirname(file), specifier)).replace(/\.js$/, ".ts");
      const [folder, may] = rule;
      const own = folder.startsWith("generators") && folder === "generators" ? dirname(file) : folder;
      return [own, ...may].some((allowed) => isBelow(target, allowed)) ? [] : [`${file} imports ${specifier}`];
    });
    expect(offences).toEqual([]);
  });

  test("every library has one owner", () => {
    const offences = imports.flatMap(({ file, specifier }) => {
      const library = Object.keys(libraries).find(
        (name) => specifier === name || specifier.startsWith(`${name.replace(/\/$/, "")}/`),
      );
      if (library === undefined) return [];
      const owners = libraries[library] ?? [];
      return owners.some((owner) => isBelow(file, owner)) ? [] : [`${file} imports ${specifier}`];
    });
    expect(offences).toEqual([]);
  });

  test("libraries that nobody owns are not imported", () => {
    const known = [...Object.keys(libraries), "node:", "@wirespan/runtime"];
    const offences = imports.filter(
      ({ specifier }) => !specifier.startsWith(".") && !known.some((name) => specifier.startsWith(name)),
    );
    expect(offences.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });

  test("the runtime imports nothing of the generator", () => {
    const offences = imports.filter(
      ({ file, specifier }) =>
        isBelow(file, "runtime") &&
        specifier.startsWith(".") &&
        !isBelow(posix.normalize(posix.join(dirname(file), specifier)), "runtime"),
    );
    expect(offences).toEqual([]);
  });

  test("what browsers load imports no node: module", () => {
    const offences = imports.filter(
      ({ file, specifier }) =>
        specifier.startsWith("node:") &&
        portable.some((folder) => isBelow(file, folder)) &&
        // the part of servers
        !isBelow(file, "runtime/channels/ws"),
    );
    expect(offences).toEqual([]);
  });

  test("expensive libraries are imported lazily", () => {
    const expensive = ["@asyncapi/", "ts-morph", "prettier", "jiti", "elkjs", "chokidar", "jose"];
    const offences = imports.filter(
      ({ specifier, typeOnly, lazy }) => !typeOnly && !lazy && expensive.some((name) => specifier.startsWith(name)),
    );
    expect(offences.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });
});
