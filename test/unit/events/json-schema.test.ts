import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { judgeGroups, run } from "../../conformance/json-schema/index.js";
import { groupsOf, remotes, type Group } from "../../conformance/json-schema/suite.js";

// all of it: npm run conformance -- json-schema
test(
  "M74: emitted validators agree with JSON-Schema-Test-Suite, draft 7, the declared exceptions aside",
  { timeout: 120_000 },
  async () => {
    const result = await run((name) => !name.startsWith("optional/format/idn-hostname"));
    for (const { failed, known } of Object.values(result)) expect(failed).toEqual(expect.arrayContaining([...known]));
    expect(
      Object.values(result).flatMap(({ failed, known }) => failed.filter((name) => !known.includes(name))),
    ).toEqual([]);
    expect(result["draft 7"]?.passed).toBeGreaterThanOrEqual(914);
    expect(result["AsyncAPI's schema object"]?.passed).toBeGreaterThanOrEqual(890);
  },
);

test(
  "M74: what JSON Schema leaves open is refused at its place or said, never passed over",
  { timeout: 120_000 },
  async () => {
    const groups = [...groupsOf(""), ...groupsOf("optional/")];
    const wrong = (await judgeGroups(groups, "draft7")).filter(({ agrees }) => !agrees);
    expect(wrong.length).toBeGreaterThan(0);
    for (const { said } of wrong) {
      expect(said).not.toEqual([]);
      expect(said[0]?.origin).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
    }
  },
);

test(
  "M74: emitted validators agree with ajv on every value of a file with every schema of it",
  { timeout: 120_000 },
  async () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, ownProperties: true, logger: false });
    for (const [url, schema] of Object.entries(remotes())) {
      if (!url.startsWith("http://json-schema.org/")) ajv.addSchema(schema as object, url);
    }
    // what no reference resolves, and formats, on which ajv has an opinion of its own
    const left = /^(refRemote|ref|format|id|infinite)/;
    const chosen = groupsOf("").filter(({ name }) => !left.test(name));
    const byFile = new Map<string, Group[]>();
    for (const group of chosen) {
      const file = group.name.slice(0, group.name.indexOf(":"));
      byFile.set(file, [...(byFile.get(file) ?? []), group]);
    }
    const crossed: Group[] = [];
    for (const groups of byFile.values()) {
      const all = [
        ...new Map(groups.flatMap(({ tests }) => tests).map(({ data }) => [JSON.stringify(data), data])).values(),
      ];
      // ajv reads 1e308 with parseInt for multipleOf, and leaves `__proto__` unchecked
      const values = all.filter((value) =>
        typeof value === "number" ? Math.abs(value) < 1e21 : !JSON.stringify(value).includes("__proto__"),
      );
      for (const { name, schema } of groups) {
        const valid = ajv.compile(schema as object | boolean);
        const tests = values.map((data, i) => ({ description: `${i}`, data, valid: valid(data) }));
        crossed.push({ name, schema, tests });
      }
    }
    const cases = await judgeGroups(crossed, "draft7");
    expect(cases.filter(({ agrees }) => !agrees).map(({ name }) => name)).toEqual([]);
    expect(cases.length).toBeGreaterThan(3_000);
  },
);
