import { describe, expect, test } from "vitest";
import type { EventsFile } from "../../../src/model/index.js";
import { validateAsyncApi } from "../../../src/load/asyncapi/validate.js";
import { type CorpusEntry, errorsOf, linkCorpus, readCorpus } from "./support.js";

const entries = readCorpus();
const valid = entries.filter((entry) => entry.valid);
const invalid = entries.filter((entry) => !entry.valid);

/** Invalid by rules of the specification that only its own validator holds against a document. */
const judged: ReadonlySet<string> = new Set([
  "asyncapi--converter-js--input-2_0_0-streetlights",
  "microcks--microcks--minion-async-user-signedup-asyncapi-3_0-reply",
  "microcks--microcks--util-asyncapi-user-signedup-avro-asyncapi-oneof-3_0",
  "ZenWave360--zenwave-sdk--asyncapi-v2-asyncapi-shoping-cart",
]);

describe.skipIf(entries.length === 0)("documents written by others", () => {
  test.each(valid.map((entry) => [entry.dir, entry] as const))("%s links", (_, entry) => {
    const linked = linkCorpus(entry);
    expect(errorsOf(linked)).toEqual([]);
    expect(linked.file?.channels).toHaveLength(entry.channels);
    expect(linked.file?.operations).toHaveLength(entry.operations);
  });

  test.each(invalid.map((entry) => [entry.dir, entry] as const))("%s has a located error", async (_, entry) => {
    const linked = linkCorpus(entry);
    const errors = [...errorsOf(linked)];
    expect(errors.length > 0).toBe(!judged.has(entry.dir));
    if (errors.length === 0 && linked.document !== undefined) {
      const { document, documents } = linked;
      errors.push(...(await validateAsyncApi({ document, documents, cacheDir: undefined })));
    }
    expect(errors.length).toBeGreaterThan(0);
    for (const { origin } of errors) {
      expect(origin?.file).not.toBe("");
      expect(origin?.line).toBeGreaterThan(0);
    }
  });

  test.each(invalid.map((entry) => [entry.dir, entry] as const))("%s is usable with --lenient", (_, entry) => {
    const linked = linkCorpus(entry, { lenient: true });
    expect(errorsOf(linked).filter(({ code }) => code !== "E1024")).toEqual([]);
    expect(linked.file).toBeDefined();
  });

  test("a document and what the official converter made of it mean the same", () => {
    const before = facts("asyncapi--converter-js--input-2_6_0-for-3_0_0");
    const after = facts("asyncapi--converter-js--output-3_1_0-from-3_0_0");
    expect(before).toEqual(after);
    expect(before.operations.map(({ action }) => action)).toEqual(["receive", "receive", "send", "send", "send"]);
  });

  test("2.3 and 2.5 of one document mean the same", () => {
    const [before, after] = ["2_3_0", "2_5_0"].map((version) =>
      facts(`asyncapi--converter-js--input-${version}-streetlights`),
    );
    expect(before).toEqual(after);
  });

  function facts(dir: string): ReturnType<typeof factsOf> {
    const entry = entries.find((one) => one.dir === dir);
    return factsOf(linkCorpus(entry as CorpusEntry).file);
  }
});

function factsOf(file: EventsFile | undefined): {
  readonly channels: readonly object[];
  readonly operations: readonly { readonly action: string }[];
  readonly protocols: readonly string[] | undefined;
} {
  return {
    channels: (file?.channels ?? []).map(({ id, address, parameters, messages }) => ({
      id,
      address,
      parameters: parameters.map(({ name, description }) => [name, description]),
      payloads: messages.length,
    })),
    operations: (file?.operations ?? []).map(({ id, action, channel, messages }) => ({
      id,
      action,
      channel,
      messages: messages.length,
    })),
    protocols: file?.protocols,
  };
}
