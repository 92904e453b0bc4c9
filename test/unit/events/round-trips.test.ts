import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { emittedModules } from "../../support/load-emitted.js";
import { roundTrips } from "../../support/round-trips.js";
import { emitEvents } from "./support.js";

const fixtures = new URL("../../../fixtures/", import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, fixtures)), "utf8");
const proto = "acme/user/v1/user.proto";

test.each([
  ["events-channels/input/shop.events.yaml", { [proto]: read(`events-channels/input/${proto}`) }, 9],
  ["events-requests/input/quotes.events.yaml", {}, 5],
  ["events-odd-names/input/odd.events.yaml", {}, 6],
] as const)("M17: what is published is what is consumed, every message of %s", async (path, protos, count) => {
  const name = path.split("/").at(-1) ?? "";
  const { files, file } = await emitEvents(read(path), protos, name);
  const load = emittedModules(files);
  const { travelled, guessless } = await roundTrips(file, await load(name.replace(/yaml$/, "ts")), byHand);
  expect(guessless).toEqual([]);
  expect(travelled).toBe(count);
});

/** Order has patterns, sets and messages within; a value of it is written here. */
const order = {
  id: "8f14e45f-ceea-467f-a8f4-3a5c1f1f3d5e",
  customer: { id: "ada" },
  lines: [{ sku: "a" }],
  status: "open",
};
const byHand = new Map<string, unknown>([
  ["orderPlaced/OrderPlaced", order],
  ["ordersFailed/OrderPlaced", order],
]);
