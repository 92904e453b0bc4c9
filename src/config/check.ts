import { diagnostic, nearest, nearestOrShorter, type Report } from "../diagnostics/index.js";
import {
  brokerOf,
  canonicalProtocol,
  enumForms,
  int64Forms,
  socketProtocol,
  timestampForms,
  type Origin,
} from "../model/index.js";
import type { PolicyConfig, WirespanConfig } from "./define.js";
import { isGeneratorId, optionNames, options, type OptionName } from "./options.js";
import type { RawOption } from "./read.js";
import { anyOf, show } from "./show.js";

/** A checked configuration, of a file or of an API call. */
type Checked = { -readonly [K in keyof WirespanConfig]: WirespanConfig[K] };

/** What messages call an option: `"out"` in a file, `--out` on the command line. */
type Label = (name: OptionName) => string;

/** Checks every key and value; what is wrong is reported and left out. */
export function checkConfig(
  raw: readonly RawOption[],
  report: Report,
  label: Label = (name) => JSON.stringify(name),
): WirespanConfig {
  const config: Checked = {};
  for (const option of raw) {
    if (option.name === "$schema") continue;
    const name = optionNames.find((known) => known === option.name);
    if (name === undefined) {
      report(
        diagnostic("E5001", option.origin, {
          name: option.name,
          nearest: nearestOrShorter(option.name, optionNames),
          known: optionNames,
        }),
      );
    } else {
      assign(config, name, option, report, label);
    }
  }
  return config;
}

function assign(config: Checked, name: OptionName, option: RawOption, report: Report, label: Label): void {
  const refuse = (value: unknown, origin: Origin | undefined): void => wrong(name, value, origin, report, label);
  switch (name) {
    case "inputs":
    case "include": {
      const value = strings(name, option, refuse);
      if (value !== undefined) config[name] = value;
      return;
    }
    case "only": {
      const value = strings(name, option, refuse);
      if (value !== undefined && value.every((id) => isGeneratorId(id))) config.only = value.filter(isGeneratorId);
      return;
    }
    case "out":
    case "runtimeImport": {
      const value = option.value;
      if (typeof value === "string" && value !== "") config[name] = value;
      else refuse(value, option.valueOrigin);
      return;
    }
    case "protocol": {
      const value = option.value;
      if (typeof value === "string" && isProtocol(value)) config.protocol = value;
      else refuse(value, option.valueOrigin);
      return;
    }
    case "reflection":
    case "lenient":
    case "strict":
    case "allowRemoteRefs": {
      if (typeof option.value === "boolean") config[name] = option.value;
      else refuse(option.value, option.valueOrigin);
      return;
    }
    case "policies": {
      // what is in it is checked where its places are known
      if (isMapping(option.value)) config.policies = option.value;
      else refuse(option.value, option.valueOrigin);
      return;
    }
    case "importExtension": {
      const value = option.value;
      if (value === "auto" || value === "js" || value === "ts" || value === "none") config.importExtension = value;
      else refuse(value, option.valueOrigin);
      return;
    }
    case "int64": {
      const form = int64Forms.find((known) => known === option.value);
      if (form !== undefined) config.int64 = form;
      else refuse(option.value, option.valueOrigin);
      return;
    }
    case "timestamp": {
      const form = timestampForms.find((known) => known === option.value);
      if (form !== undefined) config.timestamp = form;
      else refuse(option.value, option.valueOrigin);
      return;
    }
    case "enums": {
      const form = enumForms.find((known) => known === option.value);
      if (form !== undefined) config.enums = form;
      else refuse(option.value, option.valueOrigin);
      return;
    }
    case "formatter": {
      const value = option.value;
      if (value === "none" || value === "prettier") config.formatter = value;
      else refuse(value, option.valueOrigin);
    }
  }
}

function strings(
  name: OptionName,
  option: RawOption,
  refuse: (value: unknown, origin: Origin | undefined) => void,
): readonly string[] | undefined {
  const { value, valueOrigin, itemOrigins } = option;
  if (!Array.isArray(value)) {
    refuse(value, valueOrigin);
    return undefined;
  }
  const { type } = options[name];
  const found: string[] = [];
  let whole = true;
  value.forEach((item: unknown, i) => {
    const known = type.kind !== "choices" || (typeof item === "string" && type.values.includes(item));
    if (typeof item === "string" && item !== "" && known) {
      found.push(item);
      return;
    }
    whole = false;
    refuse(item, itemOrigins[i] ?? valueOrigin);
  });
  if (type.kind === "choices" && value.length === 0) {
    refuse(value, valueOrigin);
    return undefined;
  }
  return whole ? found : undefined;
}

function isMapping(value: unknown): value is PolicyConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(name: OptionName, value: unknown, origin: Origin | undefined, report: Report, label: Label): void {
  const { type } = options[name];
  const values = "values" in type ? type.values : [];
  report(
    diagnostic("E5002", origin, {
      name: label(name),
      wanted: wantedBy(name),
      found: show(value),
      nearest: typeof value === "string" ? nearest(value, values) : undefined,
    }),
  );
}

/** What an option takes, in words. */
export function wantedBy(name: OptionName): string {
  const { type, example } = options[name];
  switch (type.kind) {
    case "string":
      return `a text such as ${example}`;
    case "boolean":
      return "true or false";
    case "strings":
      return `a list of texts such as ${example}`;
    case "choice":
    case "name":
      return anyOf(type.values);
    case "choices":
      return `a list of ${anyOf(type.values)}`;
    case "policies":
      return `a mapping such as ${example}`;
  }
}

function isProtocol(name: string): boolean {
  return brokerOf(name) !== undefined || canonicalProtocol(name) === socketProtocol;
}
