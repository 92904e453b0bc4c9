import { round } from "./stats.js";

/**
 * One line of a report. `value` is ours; with a peer, `ratio` is value / peer. What the bar limits is the ratio, or
 * the value where there is no peer: `most` from above, `least` from below. A figure without a bar is for information.
 * Where slices were paired, `ratio` is given: the median of their ratios, which is not the ratio of the medians.
 */
export function figure({ id, value, unit, spread = 0, peer, bar, note = "", ratio = peer && value / peer.value }) {
  const limited = ratio ?? value;
  const holds =
    bar === undefined ? true : "most" in bar ? limited <= bar.most : "least" in bar ? limited >= bar.least : false;
  return {
    id,
    value: round(value),
    unit,
    spread: round(spread),
    peer: peer === undefined ? null : { name: peer.name, value: round(peer.value) },
    ratio: ratio === undefined ? null : round(ratio),
    bar: bar ?? null,
    // a figure that is no number proves nothing
    holds: holds && Number.isFinite(limited),
    note,
  };
}

/** A figure that could not be taken: it does not hold. */
export function missingFigure(id, reason) {
  return { id, value: null, unit: "", spread: 0, peer: null, ratio: null, bar: null, holds: false, note: reason };
}

/** A suite's result; a suite without figures does not hold. */
export function report({ suite, machine, rounds, figures }) {
  return { suite, machine, rounds, figures, holds: figures.length > 0 && figures.every(({ holds }) => holds) };
}

/** The report as a table for people. */
export function printReport({ suite, machine, rounds, figures, holds }) {
  const rows = figures.map((found) => [
    found.id,
    found.value === null ? "–" : `${found.value} ${found.unit}`,
    found.spread === 0 ? "" : `± ${found.spread}`,
    found.peer === null ? "" : `${found.peer.name} ${found.peer.value}`,
    found.ratio === null ? "" : `${found.ratio}×`,
    printBar(found.bar),
    found.bar === null && found.holds ? "" : found.holds ? "holds" : "DOES NOT HOLD",
    found.note,
  ]);
  const table = [["figure", "ours", "", "peer", "ratio", "bar", "", ""], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  const head = `${suite}: ${rounds} rounds, medians of process CPU time, ${machine.cpu} (${machine.cores} cores), Node ${machine.node}`;
  return [head, ...lines, holds ? "every bar holds" : "not every bar holds", ""].join("\n");
}

function printBar(bar) {
  if (bar === null) return "";
  return "most" in bar ? `≤ ${bar.most}` : `≥ ${bar.least}`;
}
