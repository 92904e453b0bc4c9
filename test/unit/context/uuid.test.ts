import { expect, test } from "vitest";
import { randomUuid } from "../../../src/runtime/context/index.js";

test("ids are UUIDs of version 4, each another, also beyond those that are made at one time", () => {
  const ids = Array.from({ length: 1_000 }, randomUuid);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(1_000);
  // each place takes many values
  for (const at of [0, 15, 20, 35]) expect(new Set(ids.map((id) => id[at])).size).toBe(16);
});
