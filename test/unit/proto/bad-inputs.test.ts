import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasErrors } from "../../../src/diagnostics/index.js";
import { modelOf, summaries } from "../../support/model.js";
import { linkErrors, syntaxErrors, type BadInput } from "./bad-inputs.js";

/** What each input reports, by title; `UPDATE=1` writes it anew, and the difference is to be read. */
const golden = new URL("bad-inputs.json", import.meta.url);
const expected: Record<string, string[]> = JSON.parse(readFileSync(golden, "utf8"));

function reportOf({ files }: BadInput): string[] {
  const { diagnostics } = modelOf(files);
  return diagnostics.map((found, i) => {
    const line = summaries(diagnostics)[i] ?? "";
    return found.help === undefined ? line : `${line} | ${found.help}`;
  });
}

const all = [...syntaxErrors, ...linkErrors];
if (process.env["UPDATE"] !== undefined) {
  const content = Object.fromEntries(all.map((input) => [input.title, reportOf(input)]));
  const { format } = await import("prettier");
  writeFileSync(golden, await format(JSON.stringify(content), { parser: "json", printWidth: 120 }));
  Object.assign(expected, content);
}

describe.each([
  ["syntax errors", syntaxErrors],
  ["link errors", linkErrors],
] as const)("bad input: %s", (_, inputs) => {
  test.each(inputs.map((input) => [input.title, input] as const))("%s", (title, input) => {
    expect(expected[title], "the golden file knows it").toBeDefined();
    expect(reportOf(input)).toEqual(expected[title]);
    const { diagnostics } = modelOf(input.files);
    expect(hasErrors(diagnostics)).toBe(true);
    for (const { origin } of diagnostics) {
      expect(Object.keys(input.files)).toContain(origin?.file);
      expect(origin?.line).toBeGreaterThan(0);
      expect(origin?.column).toBeGreaterThan(0);
    }
  });
});

test("titles are unique and the golden file has no others", () => {
  const titles = all.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
  expect(Object.keys(expected).sort()).toEqual([...titles].sort());
});
