import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { figure, missingFigure, printReport, report } from "../../../bench/lib/figures.js";
import { interleave } from "../../../bench/lib/interleave.js";
import { median, round, spread } from "../../../bench/lib/stats.js";

describe("statistics", () => {
  test("the median does not mind outliers or order", () => {
    expect(median([3, 1, 1000])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow("nothing");
    const values = [2, 1];
    median(values);
    expect(values).toEqual([2, 1]);
  });

  test("the spread is the median distance from the median", () => {
    expect(spread([1, 2, 3, 4, 100])).toBe(1);
    expect(spread([5])).toBe(0);
    expect(round(1.23456)).toBe(1.235);
  });
});

describe("figures", () => {
  test("a bar limits the ratio where there is a peer, else the value", () => {
    const peer = { name: "peer", value: 2 };
    expect(figure({ id: "a", value: 1.9, unit: "s", peer, bar: { most: 1 } })).toMatchObject({
      ratio: 0.95,
      holds: true,
    });
    expect(figure({ id: "a", value: 2.1, unit: "s", peer, bar: { most: 1 } }).holds).toBe(false);
    expect(figure({ id: "a", value: 4, unit: "ops", peer, bar: { least: 2 } }).holds).toBe(true);
    expect(figure({ id: "a", value: 0.2, unit: "s", bar: { most: 0.15 } }).holds).toBe(false);
    // medians of pairs need not have the ratio of the medians
    expect(figure({ id: "a", value: 1.9, unit: "s", peer, ratio: 1.1, bar: { most: 1 } })).toMatchObject({
      ratio: 1.1,
      holds: false,
    });
    expect(figure({ id: "a", value: 1, unit: "s" })).toMatchObject({ bar: null, ratio: null, holds: true });
  });

  test("what is no number, is missing or is empty does not hold", () => {
    expect(figure({ id: "a", value: 1, unit: "s", peer: { name: "p", value: 0 }, bar: { least: 1 } }).holds).toBe(
      false,
    );
    expect(figure({ id: "a", value: Number.NaN, unit: "s" }).holds).toBe(false);
    expect(missingFigure("a", "why").holds).toBe(false);
    const machine = { node: "20", cpu: "x", cores: 2, platform: "linux-x64" };
    expect(report({ suite: "s", machine, rounds: 1, figures: [] }).holds).toBe(false);
    const bad = report({ suite: "s", machine, rounds: 1, figures: [missingFigure("a", "why")] });
    expect(bad.holds).toBe(false);
    expect(printReport(bad)).toContain("DOES NOT HOLD");
  });
});

test("entries run in turns, each round from another one, the first round uncounted", async () => {
  const order: string[] = [];
  const entry = (id: string): { id: string; run: () => number } => ({ id, run: () => order.push(id) });
  const samples = await interleave([entry("a"), entry("b"), entry("c")], 2);
  expect(order.join("")).toBe("cababcbca");
  expect(samples.get("a")).toEqual([4, 9]);
  expect(samples.get("c")).toEqual([6, 8]);
});

describe("the runner", () => {
  const run = (...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../../../bench/run.js", import.meta.url)), ...args], {
      encoding: "utf8",
    });

  test("a suite without entries fails", () => {
    expect(run("gateway")).toMatchObject({ status: 1, stderr: "bench gateway: no entries yet\n" });
  });

  test("an unknown suite and an unknown flag are wrong usage", () => {
    expect(run("toString").status).toBe(2);
    expect(run("generate", "--fast").status).toBe(2);
    expect(run().stderr).toContain("usage: npm run bench");
  });
});
