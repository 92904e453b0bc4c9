import { afterAll, expect, it, vi } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { fuzzContracts } from "./fuzz-contracts.js";
import { mutateBytes, mutateJson, randomBytes } from "./fuzz-input.js";
import { createRandom, type AnyType } from "./support.js";

/** `npm run conformance -- fuzz` runs many times as many inputs, from another seed. */
const factor = Number(process.env["WIRESPAN_FUZZ"] ?? 1);
const firstSeed = Number(process.env["WIRESPAN_FUZZ_SEED"] ?? 1);

const { files, model } = await emit(fuzzContracts, [messages]);

afterAll(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The emitted types by full name, over a runtime of their own that looks for Buffer now. */
async function loadTypes(): Promise<ReadonlyMap<string, AnyType>> {
  vi.resetModules();
  const load = emittedModules(files);
  const exported = (await Promise.all([...files.keys()].map(load))).flatMap((module) => Object.values(module));
  const types = exported.filter(
    (value): value is AnyType =>
      typeof value === "object" && value !== null && "kind" in value && value.kind === "message",
  );
  return new Map(types.map((type) => [type.typeName, type]));
}

/** What an input comes to: a text, or the code of the error. */
function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && error.name === "WireError" && "code" in error)
      return `refused: ${String(error.code)}`;
    throw error;
  }
}

it(
  "M3: without Buffer emitted code gives the same bytes, the same JSON or the same error",
  { timeout: 30_000 * factor },
  async () => {
    const node = await loadTypes();
    vi.stubGlobal("Buffer", undefined);
    const plain = await loadTypes();
    vi.unstubAllGlobals();
    const names = [...node.keys()];
    const large = names.filter((name) => (model.messages.get(name)?.fields.length ?? 0) >= 10);
    const random = createRandom(firstSeed + 3);
    const count = { accepted: 0, refused: 0 };
    // both are asked, each with its own runtime; the one without must not find Buffer later either
    const compare = (name: string, input: string, ask: (type: AnyType) => string): string => {
      const wanted = outcome(() => ask(node.get(name) as AnyType));
      vi.stubGlobal("Buffer", undefined);
      const found = outcome(() => ask(plain.get(name) as AnyType));
      vi.unstubAllGlobals();
      if (found !== wanted) throw new Error(`${found}\nwithout Buffer, with it\n${wanted}\nfor ${name} ${input}`);
      count[wanted.startsWith("refused: ") ? "refused" : "accepted"]++;
      return wanted;
    };
    for (let round = 0; round < 300 * factor; round++) {
      const name = random.pick(random.int(2) === 0 ? names : large);
      const valid = randomBytes(model, name, random);
      const bytes =
        round % 3 === 0 ? valid : mutateBytes(valid, randomBytes(model, random.pick(names), random), random);
      const shown = bytes.join(" ");
      compare(name, shown, (type) => type.encode(type.decode(bytes)).join(" "));
      const text = compare(name, shown, (type) => type.toJsonString(type.decode(bytes)));
      if (text.startsWith("refused: ")) continue;
      const changed = round % 2 === 0 ? text : mutateJson(text, random);
      compare(name, changed, (type) => {
        const message = type.fromJsonString(changed);
        return `${type.encode(message).join(" ")} ${JSON.stringify(type.toJson(message))}`;
      });
    }
    expect(count.accepted).toBeGreaterThan(150 * factor);
    expect(count.refused).toBeGreaterThan(50 * factor);
  },
);
