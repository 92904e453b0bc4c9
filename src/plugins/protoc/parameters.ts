import { checkConfig, optionNames, options, type OptionName, type WirespanConfig } from "../../config/index.js";
import { diagnostic, nearestOrShorter, type Report } from "../../diagnostics/index.js";

/** Options that are the business of protoc and buf, and those about AsyncAPI documents, which these do not read. */
const elsewhere: ReadonlySet<OptionName> = new Set([
  "inputs",
  "include",
  "out",
  "formatter",
  "protocol",
  "lenient",
  "strict",
  "allowRemoteRefs",
]);

/** The options of the configuration that plugin mode takes as parameters. */
export const parameterNames: readonly OptionName[] = optionNames.filter((name) => !elsewhere.has(name));

/**
 * Reads `name=value,name=value`. Names are those of the configuration, `import_extension` and `import-extension` for
 * `importExtension`. A list goes on over commas, `only=messages,rpc`, with `+`, or when it is named again. Empty parts
 * are passed over: scripts put parameters together from what may be empty. What is wrong is reported.
 *
 * @example const config = parseParameters("only=messages,rpc,import_extension=ts", report);
 */
export function parseParameters(text: string, report: Report): WirespanConfig {
  const values = new Map<OptionName, unknown>();
  let list: string[] | undefined;
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const written = equals < 0 ? part : part.slice(0, equals);
    const name = parameterNames.find((known) => known === toCamel(written));
    if (name === undefined) {
      // the list before goes on
      if (equals < 0 && list !== undefined) list.push(...part.split("+"));
      else report(diagnostic("E1043", undefined, { name: written, known: parameterNames, nearest: closest(written) }));
      continue;
    }
    list = undefined;
    const { kind } = options[name].type;
    const value = equals < 0 ? "" : part.slice(equals + 1);
    if (kind === "strings" || kind === "choices") {
      const before: unknown = values.get(name);
      list = Array.isArray(before) ? before : [];
      list.push(...value.split("+"));
      values.set(name, list);
    } else {
      if (values.has(name)) report(diagnostic("E1044", undefined, { name }));
      values.set(name, kind === "boolean" ? toBoolean(value) : value);
    }
  }
  const only: unknown = values.get("only");
  if (Array.isArray(only) && only.includes("events")) report(diagnostic("E1045", undefined, undefined));
  const raw = [...values].map(([name, value]) => ({
    name,
    value,
    origin: undefined,
    valueOrigin: undefined,
    itemOrigins: [],
  }));
  return checkConfig(raw, report, (name) => name);
}

function toCamel(name: string): string {
  return name.replace(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function closest(name: string): string | undefined {
  return nearestOrShorter(toCamel(name), parameterNames);
}

/** A flag needs no value. */
function toBoolean(value: string): unknown {
  if (value === "" || value === "true") return true;
  return value === "false" ? false : value;
}
