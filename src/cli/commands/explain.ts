import { explainName, type Explanation, type Fact } from "../../analyse/index.js";
import { diagnostic, hasErrors, nearest, paint, place, table, textWidth, visible } from "../../diagnostics/index.js";
import type { JsonObject } from "../../model/index.js";
import { exitCodes, type ExitCode } from "../exit-codes.js";
import { wantsColor, type Io } from "../io.js";
import { openProject, sourcesOf } from "../open.js";
import { noSources, type Terminal } from "../output.js";

/** `wirespan explain`: a diagnostic code, a method, a service, a channel or an operation. */
export async function explainCommand(io: Io, terminal: Terminal, query: string): Promise<ExitCode> {
  const color = wantsColor(io, io.stdout, terminal.flags.color);
  if (/^e\d{4}$/i.test(query)) return explainCode(terminal, query.toUpperCase(), color);

  const opened = await openProject(io, terminal.flags);
  const run = await opened.session?.run({ mode: "plan", signal: io.signal });
  const found = [...opened.diagnostics, ...(run?.diagnostics ?? [])];
  if (run?.result.model === undefined || hasErrors(run.result.diagnostics)) {
    terminal.diagnostics(found, sourcesOf(opened, run?.result));
    return finish(terminal, terminal.exitCode(found), []);
  }
  const answer = explainName(run.result.model, query);
  if (answer.found.length === 0) {
    terminal.diagnostics([diagnostic("E5011", undefined, { query, nearest: answer.nearest })], noSources);
    return finish(terminal, exitCodes.usage, []);
  }
  terminal.data(answer.found.map((one) => printExplanation(one, color)).join("\n\n"));
  return finish(terminal, exitCodes.ok, answer.found.map(toJson));
}

function finish(terminal: Terminal, code: ExitCode, explanations: readonly JsonObject[]): ExitCode {
  terminal.document({ ok: code === exitCodes.ok, exitCode: code, explanations });
  return code;
}

function explainCode(terminal: Terminal, code: string, color: boolean): ExitCode {
  const entry = Object.entries(table).find(([known]) => known === code)?.[1];
  if (entry === undefined) {
    const closest = nearest(code, Object.keys(table));
    terminal.diagnostics([diagnostic("E5011", undefined, { query: code, nearest: closest })], noSources);
    return finish(terminal, exitCodes.usage, []);
  }
  terminal.data(`${paint(`${entry.severity} ${code}`, entry.severity, color)}\n\n${entry.explain}`);
  return finish(terminal, exitCodes.ok, [{ kind: "code", name: code, severity: entry.severity, text: entry.explain }]);
}

/** Labels, values and where each value stands, in three columns. */
function printExplanation({ kind, name, description, origin, facts }: Explanation, color: boolean): string {
  const rows = facts.map((fact) => ({ ...fact, label: visible(fact.label), value: visible(fact.value) }));
  const labels = Math.max(...rows.map(({ label }) => textWidth(label)));
  const values = Math.min(60, Math.max(...rows.map(({ value }) => textWidth(value))));
  const lines = rows.map(({ label, value, origin: from, level }) => {
    const where = from === undefined ? "" : place(from);
    const source = [level ?? (from === undefined ? "default" : ""), where].filter((part) => part !== "").join(" ");
    const padding = " ".repeat(Math.max(0, values - textWidth(value)));
    const head = `${label}${" ".repeat(labels - textWidth(label))}`;
    return `  ${paint(head, "faint", color)}  ${value}${padding}  ${paint(visible(source), "faint", color)}`;
  });
  const about = description === "" ? [] : description.split("\n").map((line) => `  ${visible(line)}`.trimEnd());
  return [
    `${paint(`${kind} ${visible(name)}`, "strong", color)}  ${paint(visible(place(origin)), "faint", color)}`,
    ...about,
    ...lines,
  ].join("\n");
}

function toJson({ kind, name, description, origin, facts }: Explanation): JsonObject {
  return { kind, name, description, origin: { ...origin }, facts: facts.map(factToJson) };
}

function factToJson({ label, value, origin, level }: Fact): JsonObject {
  return {
    label,
    value,
    ...(level === undefined ? {} : { level }),
    ...(origin === undefined ? {} : { origin: { ...origin } }),
  };
}
