import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPipeline, type PipelineResult, type PipelineSettings } from "../../src/pipeline.js";
import { compile, root } from "../support/compile.js";
import { corpus, haveCorpus } from "../support/corpus.js";
import { pipelineSettings } from "../support/pipeline.js";

let scratch: string;
beforeAll(async () => {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  scratch = await mkdtemp(join(root, "node_modules/.cache/corpus-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function generate(changes: Partial<PipelineSettings>): Promise<PipelineResult> {
  return createPipeline(pipelineSettings(corpus, changes)).run();
}

/** Writes what was generated and type-checks it with the strictest flags. */
async function typeErrors({ outputs }: PipelineResult): Promise<string> {
  const folder = await mkdtemp(join(scratch, "out-"));
  for (const { path, content } of outputs) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return compile(folder, [`${folder}/**/*.ts`]);
}

describe.skipIf(!haveCorpus("generating from other projects' contracts"))("contracts nobody here wrote", () => {
  const include = (dir: string): string[] => [dir, "openapi/_include", "openapi/_include_bsr"];

  test.each([
    ["gnostic library", "openapi/gnostic/library", "openapi/gnostic/library"],
    ["temporal API", "openapi/real/temporal", "openapi/real/temporal"],
  ])("%s: no diagnostics, output clean under tsc", { timeout: 60_000 }, async (_name, dir, input) => {
    const result = await generate({ inputs: [input], include: include(dir) });
    expect(result.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(result.outputs.some(({ generator }) => generator === "messages")).toBe(true);
    expect(result.outputs.some(({ generator }) => generator === "openapi")).toBe(true);
    expect(await typeErrors(result)).toBe("");
  });

  test("M1: messages and RPC of a contract whose HTTP bindings are wrong", { timeout: 60_000 }, async () => {
    const settings = { inputs: ["openapi/gnostic/noannotations"], include: include("openapi/gnostic/noannotations") };
    expect((await generate(settings)).diagnostics.map(({ code }) => code)).toContain("E2051");
    const result = await generate({ ...settings, only: ["messages", "rpc"] });
    expect(result.diagnostics).toEqual([]);
    expect(await typeErrors(result)).toBe("");
  });

  test.each([
    ["streetlights over Kafka", "asyncapi--spec--streetlights-kafka-asyncapi"],
    ["streetlights over MQTT", "asyncapi--spec--streetlights-mqtt-asyncapi"],
    ["RPC client over AMQP", "asyncapi--spec--rpc-client-asyncapi"],
    ["RPC server over AMQP", "asyncapi--spec--rpc-server-asyncapi"],
  ])("%s: no errors, output clean under tsc", { timeout: 60_000 }, async (_name, folder) => {
    const result = await generate({ inputs: [`asyncapi/${folder}/*.yml`] });
    expect(result.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(result.outputs.map(({ generator }) => generator)).toContain("events");
    expect(await typeErrors(result)).toBe("");
  });
});
