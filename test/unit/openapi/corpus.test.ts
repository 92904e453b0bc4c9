import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { openapiDocument } from "../../../src/generators/openapi/document.js";
import { documents } from "../../../src/generators/openapi/index.js";
import { printYaml } from "../../../src/generators/openapi/yaml.js";
import { planRoutes, routeKey } from "../../../src/generators/shared/routes.js";
import { corpus, haveCorpus } from "../../support/corpus.js";
import { modelFromDisk } from "../../support/model.js";

interface Case {
  readonly id: string;
  readonly dir: string;
  readonly protos: readonly string[];
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
}

const root = join(corpus, "openapi");

/** Contracts that bind a path or body to a field that is not there: the linker refuses them, so there is no document. */
const refused: Readonly<Record<string, readonly string[]>> = {
  "gnostic/allofwrap": ["E2051"],
  "gnostic/noannotations": ["E2051"],
  "gnostic/openapiv3annotations": ["E2051"],
  "grpc-gateway/a_bit_of_everything": ["E2058", "E2052"],
  "grpc-gateway/generated_input": ["E2058", "E2052"],
  "grpc-gateway/stream": ["E2058", "E2052"],
  "connect-openapi/standard/googleapi": ["E2051"],
};

/** Cases whose contract binds two methods to the same requests: the document shows the first. */
const doubles: readonly string[] = [];

function casesOf(): readonly Case[] {
  if (!haveCorpus("OpenAPI documents of other projects' contracts")) return [];
  const all = JSON.parse(readFileSync(join(root, "index.json"), "utf8")) as readonly Case[];
  return all.filter(({ protos }) => protos.length > 0);
}

const cases = casesOf();

describe.runIf(cases.length > 0)("M49: documents of other projects' contracts", () => {
  test.each(cases)("$id is valid, with unique ids and a summary each", async ({ id, dir, protos }) => {
    const roots = [join(root, dir), join(root, "_include"), join(root, "_include_bsr")];
    const missing = protos.filter((proto) => !roots.some((each) => existsSync(join(each, proto))));
    expect(missing).toEqual([]);
    const { model, diagnostics } = modelFromDisk(roots, protos);
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code);
    expect([...new Set(errors)]).toEqual(refused[id] ?? []);
    if (errors.length > 0) return;
    const made = documents(model);
    const keys = made.flatMap(({ services }) =>
      services.flatMap((service) => planRoutes(model, service).map((plan) => routeKey(plan))),
    );
    expect(new Set(keys).size < keys.length).toBe(doubles.includes(id));
    let operations = 0;
    for (const document of made) {
      const data = openapiDocument(document);
      const yaml = printYaml(data);
      const specification = parse(yaml) as { paths: Record<string, Record<string, Operation>> };
      expect(specification).toEqual(JSON.parse(JSON.stringify(data)));
      const result = await new Validator().validate(structuredClone(specification));
      expect(result).toEqual({ valid: true });
      const all = Object.values(specification.paths).flatMap((item) => Object.values(item));
      const described = all.filter((each) => each.operationId !== undefined);
      expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(described.length);
      expect(described.filter(({ summary }) => summary === "")).toEqual([]);
      operations += described.length;
    }
    expect(operations).toBeGreaterThanOrEqual(made.length);
  });
});
