const complaint = "complaint: ";

/**
 * The entries of a list of known failures: patterns of case names, where `*` is one part between slashes and `**` any
 * number of them, and complaints, by their beginning, that do not make a case count as failed by surprise.
 */
export function parseKnown(text) {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * Which of the failed cases are known to fail. `failures` has what was wrong with each. An entry that explains none of
 * them is among the result, as if it were the name of a case: so that somebody takes it off the list.
 */
export function explain(failures, known) {
  const used = new Set();
  const patterns = known.filter((entry) => !entry.startsWith(complaint)).map((entry) => [entry, regexpOf(entry)]);
  const beginnings = known.filter((entry) => entry.startsWith(complaint));
  const names = [...failures].filter(([name, complaints]) => {
    const matching = patterns.filter(([, regexp]) => regexp.test(name)).map(([entry]) => entry);
    const said = complaints.map((text) => beginnings.find((entry) => text.startsWith(entry.slice(complaint.length))));
    const bySaying = complaints.length > 0 && said.every((entry) => entry !== undefined);
    for (const entry of bySaying ? [...matching, ...said] : matching) used.add(entry);
    return bySaying || matching.length > 0;
  });
  return [...names.map(([name]) => name), ...known.filter((entry) => !used.has(entry))];
}

function regexpOf(pattern) {
  const parts = pattern.split("/").map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}$`);
}
