import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasErrors, type Diagnostic } from "../../../src/diagnostics/index.js";
import { root } from "../../support/compile.js";
import { modelOf, summaries } from "../../support/model.js";
import { inputs } from "./inputs/index.js";
import { sides } from "./sides.js";
import { ours, readVerdicts, verdictsFile, type Judged } from "./verdicts.js";

/** `UPDATE=1` writes what we say anew, and the difference is to be read; the judges' words stay. */
const verdicts = readVerdicts();
const update = process.env["UPDATE"] !== undefined;

function shorten(line: string): string {
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}

function say(diagnostics: readonly Diagnostic[]): string[] {
  return summaries(diagnostics).map((line, i) => {
    const found = diagnostics[i];
    const file = found?.origin?.file === "a.proto" ? "" : `${found?.origin?.file} `;
    return shorten(`${file}${line}${found?.help === undefined ? "" : ` | ${found.help}`}`);
  });
}

if (update) {
  const content = Object.entries(inputs).map(([group, list]) => {
    const judged = list.map(({ title, files }): [string, Judged] => {
      const judges = verdicts[group]?.[title]?.judges ?? "refused";
      return [title, { judges, says: say(modelOf(files, { allowMissing: true }).diagnostics) }];
    });
    return [group, Object.fromEntries(judged)];
  });
  const { format } = await import("prettier");
  const text = JSON.stringify(Object.fromEntries(content));
  writeFileSync(verdictsFile, await format(text, { parser: "json", printWidth: 120 }));
}

const expected = update ? readVerdicts() : verdicts;

describe.each(Object.entries(inputs))("M3: what protoc and buf agree about, we agree about: %s", (group, list) => {
  test.each(list.map((input) => [input.title, input] as const))("%s", (title, { files }) => {
    const wanted = expected[group]?.[title];
    expect(wanted, "verdicts.json knows it").toBeDefined();
    const { diagnostics } = modelOf(files, { allowMissing: true });
    expect(say(diagnostics)).toEqual(wanted?.says);
    const refused = hasErrors(diagnostics);
    if (wanted?.judges === "accepted") expect(refused, "both accept it").toBe(ours.has(title));
    if (wanted?.judges === "refused") expect(refused, "both refuse it").toBe(!ours.has(title));
    for (const { origin } of diagnostics) {
      expect(Object.keys(files)).toContain(origin?.file);
      expect(origin?.line).toBeGreaterThan(0);
      expect(origin?.column).toBeGreaterThan(0);
    }
  });
});

test("titles are unique and verdicts.json has no others", () => {
  const titles = Object.values(inputs).flatMap((list) => list.map(({ title }) => title));
  expect(titles.length).toBeGreaterThan(1_000);
  expect(new Set(titles).size).toBe(titles.length);
  for (const [group, list] of Object.entries(inputs)) {
    expect(Object.keys(expected[group] ?? {}).sort()).toEqual(list.map(({ title }) => title).sort());
  }
});

test("M3: docs/protos.md tells of every difference between protoc and buf, and with whom we are", () => {
  const page = readFileSync(join(root, "docs/protos.md"), "utf8").replace(/\s+/g, " ");
  for (const { about } of sides) expect(page).toContain(about);
  const shown = new Set<string>();
  for (const [group, list] of Object.entries(inputs)) {
    for (const { title, files } of list) {
      const judges = expected[group]?.[title]?.judges;
      if (judges === "accepted" || judges === "refused") continue;
      const verdict = hasErrors(modelOf(files, { allowMissing: true }).diagnostics) ? "refused" : "accepted";
      const accepts = judges === "protoc accepts" ? "protoc" : "buf";
      const other = accepts === "protoc" ? "buf" : "protoc";
      const ally = verdict === "accepted" ? accepts : other;
      const found = sides.filter((side) => side.titles.test(title) && side.with === ally && side.verdict === verdict);
      expect(
        found.map(({ about }) => about),
        `${title}: ${verdict} with ${ally}`,
      ).toHaveLength(1);
      shown.add(found[0]?.about ?? "");
    }
  }
  expect([...shown].sort()).toEqual(sides.map(({ about }) => about).sort());
});
