import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { corpus, haveCorpus, protosBelow } from "../../support/corpus.js";
import { modelFromDisk } from "../../support/model.js";

const located = ({ code, origin, message }: Diagnostic): string =>
  `${code} ${origin?.file}:${origin?.line}:${origin?.column} ${message}`;

/** Rules that google/api/http.proto forbids and the tools these contracts were written for let pass. */
const faulty: Readonly<Record<string, readonly string[]>> = {
  "gnostic/allofwrap": ["E2051"],
  "gnostic/noannotations": ["E2051"],
  "gnostic/openapiv3annotations": ["E2051"],
  "grpc-gateway/a_bit_of_everything": ["E2052", "E2058"],
  "grpc-gateway/generated_input": ["E2052", "E2058"],
  "grpc-gateway/stream": ["E2052", "E2058"],
  "connect-openapi/standard/googleapi": ["E2051"],
};

describe.skipIf(!haveCorpus("the protos of other projects"))("protos of other projects link without a word", () => {
  test("the test protos of protobuf: proto2, proto3, editions 2023 to 2026", () => {
    const root = join(corpus, "protobuf");
    const paths = protosBelow(root);
    expect(paths.length).toBeGreaterThan(130);
    const { model, diagnostics } = modelFromDisk([root], paths, { allowMissing: true });
    expect(diagnostics.map(located)).toEqual([]);
    expect(model.messages.size).toBeGreaterThan(800);
  });

  test("protovalidate and its conformance protos", () => {
    const root = join(corpus, "protovalidate");
    // the migrate folder holds several versions of the same messages
    const paths = protosBelow(root).filter((path) => !path.startsWith("tests/migrate/"));
    const { diagnostics } = modelFromDisk([root], paths);
    expect(diagnostics.map(located)).toEqual([]);
  });

  test("every OpenAPI case", () => {
    const base = join(corpus, "openapi");
    const cases = JSON.parse(readFileSync(join(base, "index.json"), "utf8")) as {
      readonly id: string;
      readonly dir: string;
      readonly protos: readonly string[];
    }[];
    for (const { id, dir, protos: paths } of cases) {
      const roots = [join(base, dir), join(base, "_include"), join(base, "_include_bsr")];
      const { diagnostics } = modelFromDisk(roots, paths);
      const known = faulty[id];
      if (known === undefined) expect(diagnostics.map(located), id).toEqual([]);
      else expect([...new Set(diagnostics.map(({ code }) => code))].sort(), id).toEqual(known);
    }
    expect(cases.length).toBeGreaterThan(50);
  });
});
