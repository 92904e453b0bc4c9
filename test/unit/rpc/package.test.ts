import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brokers } from "../../../src/model/index.js";

const runtime = new URL("../../../src/runtime/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", runtime), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string } | string>>;
};
const specifiers = Object.keys(manifest.exports).map((key) => key.slice(2));

function modulesOf(folder: string): readonly string[] {
  return readdirSync(new URL(`${folder}/`, runtime))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name.slice(0, -3)}`)
    .sort();
}

test.each(["transports", "brokers", "services"])(
  "every module of %s is exported, what lies below it is not",
  (folder) => {
    expect(specifiers.filter((name) => name.startsWith(`${folder}/`)).sort()).toEqual(modulesOf(folder));
  },
);

test("no export is a pattern: its star would match slashes, and internals with it", () => {
  expect(specifiers.filter((name) => name.includes("*"))).toEqual([]);
  for (const name of specifiers.filter((name) => name !== "package.json")) {
    const target = modulesOf(name.split("/")[0] ?? "").includes(name) ? name : `${name}/index`;
    expect(manifest.exports[`./${name}`]).toEqual({
      types: `./dist/${target}.d.ts`,
      default: `./dist/${target}.js`,
    });
  }
});

test("every broker with an adapter is exported", () => {
  const adapters = brokers.filter(({ adapter }) => adapter).map(({ id }) => `brokers/${id}`);
  // a second one for the same broker
  expect([...adapters, "brokers/kafkajs"].sort()).toEqual(modulesOf("brokers"));
});
