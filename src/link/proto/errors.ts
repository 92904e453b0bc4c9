import { diagnostic } from "../../diagnostics/index.js";
import {
  enumsOf,
  type DeclaredError,
  type Enum,
  type EnumValue,
  type ErrorDomain,
  type OptionMessage,
  type ProtoFile,
} from "../../model/index.js";
import type { LinkContext } from "./context.js";
import { isMessage } from "./routes.js";

const enumOption = "[wirespan.options.v1.enum]";
const valueOption = "[wirespan.options.v1.enum_value]";

type Draft = Omit<Enum, "errors">;

/** `option (wirespan.options.v1.enum).errors` and the errors of the values, checked. */
export function readErrors(context: LinkContext, draft: Draft, packageName: string): ErrorDomain | undefined {
  const { options, report } = context;
  const domainOption = inner(draft.options, enumOption, "errors");
  if (domainOption === undefined) {
    for (const { name, options: valueOptions, origin } of draft.values) {
      const error = inner(valueOptions, valueOption, "error");
      if (error === undefined) continue;
      const at = options.originOf(valueOptions, valueOption) ?? origin;
      report(diagnostic("E2066", at, { name, on: draft.name }));
    }
    return undefined;
  }
  const given = domainOption.get("domain");
  const domain = typeof given === "string" && given !== "" ? given : packageName;
  const problem = domainProblem(domain);
  if (problem !== undefined) {
    const at = options.originOf(domainOption, "domain") ?? options.originOf(draft.options, enumOption) ?? draft.origin;
    report(diagnostic("E2067", at, { what: "domain", text: domain, problem }));
  }
  const prefix = sharedPrefix(draft);
  const errors = draft.values.flatMap((value) => readError(context, value, prefix) ?? []);
  return { domain, errors };
}

/** A message within the message of an extension. */
function inner(from: OptionMessage, extension: string, field: string): OptionMessage | undefined {
  const outer = from.get(extension);
  const found = isMessage(outer) ? outer.get(field) : undefined;
  return isMessage(found) ? found : undefined;
}

/** The value's name is the reason that `google.rpc.ErrorInfo` carries, which demands this. */
const reasonPattern = /^[A-Z][A-Z0-9_]{0,61}[A-Z0-9]$/;
const keyPattern = /^[a-z][A-Za-z0-9_-]{0,63}$/;

function readError({ options, report }: LinkContext, value: EnumValue, prefix: string): DeclaredError | undefined {
  const { name: reason, number, origin, comments, deprecated } = value;
  const error = inner(value.options, valueOption, "error");
  if (error === undefined && number === 0) return undefined;
  const at = options.originOf(value.options, valueOption) ?? origin;
  const code = error?.get("code");
  if (error === undefined || typeof code !== "string") {
    report(diagnostic("E2065", at, { name: reason, problem: "has no code" }));
    return undefined;
  }
  if (code === "OK") {
    const codeAt = options.originOf(error, "code") ?? at;
    report(diagnostic("E2065", codeAt, { name: reason, problem: "OK is the code of calls that do not fail" }));
    return undefined;
  }
  if (!reasonPattern.test(reason)) {
    const problem = "must be 2 to 63 of A-Z, 0-9 and _, with a letter first and no _ last";
    report(diagnostic("E2067", origin, { what: "reason", text: reason, problem }));
    return undefined;
  }
  const name = reason.slice(prefix.length);
  const given = error.get("message");
  const message = typeof given === "string" && given !== "" ? given : name.toLowerCase().replace(/_+/g, " ").trim();
  const torn = message.replace(/\{[^{}]*\}/g, "").match(/[{}]/)?.[0];
  if (torn !== undefined) {
    const problem = torn === "{" ? "has a { without its }" : "has a } without its {";
    report(diagnostic("E2067", options.originOf(error, "message") ?? at, { what: "message", text: message, problem }));
    return undefined;
  }
  const keys = [...new Set([...message.matchAll(/\{([^{}]*)\}/g)].map(([, key = ""]) => key))];
  const wrong = keys.find((key) => !keyPattern.test(key));
  if (wrong !== undefined) {
    const problem = "must begin with a-z and have up to 64 of a-z, A-Z, 0-9, - and _";
    report(diagnostic("E2067", options.originOf(error, "message") ?? at, { what: "key", text: wrong, problem }));
    return undefined;
  }
  return { reason, name, code, message, keys, origin, comments, deprecated };
}

function domainProblem(domain: string): string | undefined {
  if (domain === "") return "is empty, for the file has no package: write errors = { domain: … }";
  return /^[!-~]{1,255}$/.test(domain) ? undefined : "must be 1 to 255 visible ASCII characters without spaces";
}

/** `USER_ERROR_`, where the names of all values begin with that of the enum `UserError` and go on with a letter. */
function sharedPrefix({ name, values }: Draft): string {
  const letters = name.replaceAll("_", "").toUpperCase();
  const prefixes = new Set(
    values.map((value) => {
      let matched = 0;
      for (let i = 0; i < value.name.length; i++) {
        const letter = value.name[i] ?? "";
        if (matched === letters.length) {
          return letter === "_" && /^[A-Z]/.test(value.name.slice(i + 1)) ? value.name.slice(0, i + 1) : "";
        }
        if (letter === "_") continue;
        if (letter !== letters[matched]) return "";
        matched++;
      }
      return "";
    }),
  );
  const [first = ""] = prefixes;
  return prefixes.size === 1 ? first : "";
}

/** Checks across enums: errors of one file need different names, and all errors different reasons in their domain. */
export function checkErrors({ report }: LinkContext, files: readonly ProtoFile[]): void {
  const identities = new Map<string, DeclaredError>();
  for (const file of files) {
    const names = new Map<string, DeclaredError>();
    for (const { errors: domain } of enumsOf(file)) {
      for (const error of domain?.errors ?? []) {
        clash(identities, `${domain?.domain} ${error.reason}`, error, "reason and domain");
        // names that differ in underscores alone would be told apart by nobody
        clash(names, error.name.replaceAll("_", ""), error, "name in programs");
      }
    }
  }

  function clash(known: Map<string, DeclaredError>, key: string, error: DeclaredError, what: string): void {
    const other = known.get(key);
    if (other === undefined) {
      known.set(key, error);
      return;
    }
    const related = [{ message: `${other.reason} is declared here`, origin: other.origin }];
    report(diagnostic("E2068", error.origin, { name: error.reason, other: other.reason, what }, related));
  }
}
