import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { brokers } from "../../../src/model/brokers.js";
import { brokerTable, type BrokerId, type Cell, type Row } from "../../brokers/suite/table.js";

const page = await readFile(new URL("../../../docs/brokers/README.md", import.meta.url), "utf8");
// sound: the table's own keys
const ids = Object.keys(brokerTable) as BrokerId[];

test("M31: the page of brokers shows the table that the tests hold brokers to", () => {
  const lines = page.split("\n").filter((line) => line.startsWith("|"));
  const cellsOf = (line: string): string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [head = "", , ...rest] = lines;
  expect(cellsOf(head).slice(1)).toEqual(ids.map((id) => `\`${id}\``));
  const shown = rest.map(cellsOf).map(([name = "", ...cells]) => [/\(`(\w+)`\)$/.exec(name)?.[1], ...cells]);
  const word: Readonly<Record<Cell, string>> = { yes: "yes", local: "local", no: "–" };
  // sound: the same keys in every row of the table
  const rows = Object.keys(brokerTable.memory) as Row[];
  expect(shown).toEqual(rows.map((row) => [row, ...ids.map((id) => word[brokerTable[id][row]])]));
});

test("M31: the generator refuses exactly what the table does not have", () => {
  expect(brokers.map(({ id }) => id)).toEqual(ids);
  for (const { id, capabilities } of brokers) {
    for (const [name, has] of Object.entries(capabilities)) {
      // sound: the generator's rows are rows of the table
      expect([id, name, has]).toEqual([id, name, brokerTable[id as BrokerId][name as Row] !== "no"]);
    }
  }
});
