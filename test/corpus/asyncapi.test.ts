import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { events } from "../../src/generators/events/index.js";
import { messages } from "../../src/generators/messages/index.js";
import type { EventsFile, Model } from "../../src/model/index.js";
import { cli } from "../support/cli.js";
import { compile, root } from "../support/compile.js";
import { emitFromModel } from "../support/emit.js";
import { emittedModules } from "../support/load-emitted.js";
import { modelOf } from "../support/model.js";
import { roundTrips } from "../support/round-trips.js";
import { corpus, errorsOf, linkCorpus, readCorpus, type CorpusEntry } from "../unit/asyncapi/support.js";

const entries = readCorpus();
const valid = entries.filter((entry) => entry.valid);
const invalid = entries.filter((entry) => !entry.valid);

interface Output {
  readonly entry: CorpusEntry;
  readonly file: EventsFile;
  /** Of the events file. */
  readonly path: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** The output of a document as it is, under a folder of its own. */
async function generate(entry: CorpusEntry, folder: string, protocol?: string): Promise<Output> {
  const linked = linkCorpus(entry, { protocol });
  expect(errorsOf(linked)).toEqual([]);
  if (linked.file === undefined) throw new Error(`${entry.dir} gave no model`);
  const model: Model = { ...modelOf({}).model, events: [linked.file] };
  const { files, diagnostics } = await emitFromModel(model, [messages, events]);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const texts = new Map([...files].map(([path, text]) => [join(folder, path), text]));
  return { entry, file: linked.file, path: [...texts.keys()][0] ?? "", texts };
}

const asIs: Output[] = [];
const overAmqp: Output[] = [];
for (const [i, entry] of valid.entries()) {
  const output = await generate(entry, `${i}`);
  asIs.push(output);
  if (output.file.protocols.length === 0) overAmqp.push(await generate(entry, `${i}-amqp`, "amqp"));
}
const outputs = [...asIs, ...overAmqp];
const withBroker = outputs.filter(({ file }) => !file.modelsOnly && file.channels.length > 0);

/** Nearly all objects fit both of its alternatives, so a value that fits one of them is not easily guessed. */
const byHand = new Map<string, unknown>([["test/testMessages", { key: 1, key2: "a" }]]);

/** Messages that nobody can send: a property that is required and one of those that must not be there. */
const impossible: ReadonlyMap<string, readonly string[]> = new Map([
  ["asyncapi--modelina--processors-AsyncAPIInputProcessor-operation_with_reply", ["setParam/setParame"]],
]);

let scratch: string;
beforeAll(async () => {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  scratch = await mkdtemp(join(root, "node_modules/.cache/asyncapi-corpus-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe.skipIf(entries.length === 0)("AsyncAPI documents nobody here wrote", () => {
  test("M17: every valid one generates, and compiles under the strictest flags", { timeout: 60_000 }, async () => {
    expect(asIs.length).toBe(59);
    for (const { texts } of outputs) {
      for (const [path, text] of texts) {
        await mkdir(dirname(join(scratch, path)), { recursive: true });
        await writeFile(join(scratch, path), text);
      }
    }
    expect(await compile(scratch, [`${scratch}/**/*.ts`])).toBe("");
  });

  test("M17: no any, no switched-off check, no cast through unknown", () => {
    for (const { texts } of outputs) {
      for (const text of texts.values()) {
        const code = text.replace(/\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"/g, "").replaceAll("shape.any()", "");
        expect(code).not.toMatch(/\bany\b|as unknown|@ts-/);
      }
    }
  });

  test("models alone where the protocol has no broker or is not named, all else where it has one", () => {
    for (const { file, texts } of outputs) {
      const text = [...texts.values()].join("\n");
      expect(/export function publish/.test(text)).toBe(
        !file.modelsOnly && file.channels.some(({ onBroker }) => onBroker),
      );
      for (const { schemas } of [file]) if (schemas.length > 0) expect(text).toMatch(/export (interface|type) /);
    }
    expect(asIs.filter(({ file }) => file.modelsOnly).length).toBeGreaterThan(20);
    expect(withBroker.length).toBeGreaterThan(40);
  });

  const all = new Map(withBroker.flatMap(({ texts }) => [...texts]));
  const load = emittedModules(all);
  test.each(withBroker.map((output) => [`${output.entry.dir} ${output.file.protocols.join(", ")}`, output] as const))(
    "%s: what is published is what is consumed",
    async (_, { entry, file, path }) => {
      const { travelled, guessless } = await roundTrips(file, await load(path), byHand);
      const sendable = file.channels.flatMap(({ onBroker, messages }) => (onBroker ? messages : [])).length;
      expect(travelled + guessless.length).toBe(sendable);
      expect(guessless).toEqual(impossible.get(entry.dir) ?? []);
    },
  );

  test.each(invalid.map((entry) => [entry.dir, entry] as const))(
    "%s: exit 1 with place and pointer",
    async (_, entry) => {
      const cwd = join(corpus, entry.dir);
      const result = await cli(cwd, ["generate", entry.entry, "--out", join(scratch, "none"), "--dry-run"]);
      expect(result.code).toBe(1);
      const places = result.stderr.split("\n").filter((line) => line.startsWith("  --> "));
      expect(places.length).toBeGreaterThan(0);
      for (const place of places) expect(place).toMatch(/^ {2}--> \S+:\d+:\d+ #(\/\S*)*/);
      expect(result.stderr).not.toMatch(/^ +at \S+ \(|node:internal/m);
    },
  );
});
