import { diagnostic } from "../../diagnostics/index.js";
import type { Method, OptionMessage, Origin } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import { parsePathTemplate } from "./path-template.js";
import { singleField } from "./policy-fields.js";

type Draft = Omit<Method, "routes" | "policy">;

/** What an HTTP client sees of a method that succeeded. */
export interface HttpPolicy {
  readonly status: number | undefined;
  readonly location: string | undefined;
}

/** A contract that is silent about it. */
export const noHttp: HttpPolicy = { status: undefined, location: undefined };

/** `http` of a method's policy, checked. */
export function readHttp(context: LinkContext, method: Draft, value: OptionMessage, fallback: Origin): HttpPolicy {
  const { options, report } = context;
  let status: number | undefined;
  const givenStatus = value.get("success_status");
  if (typeof givenStatus === "number") {
    if (givenStatus >= 200 && givenStatus <= 299) status = givenStatus;
    else {
      const at = options.originOf(value, "success_status") ?? fallback;
      report(diagnostic("E2061", at, { name: "http.success_status", wanted: "a number from 200 to 299" }));
    }
  }
  const location = value.get("location");
  if (typeof location !== "string") return { status, location: undefined };
  const origin = options.originOf(value, "location") ?? fallback;
  const good = checkLocation(context, location, method, origin);
  return { status, location: good ? location : undefined };
}

/** A path whose variables are single, plain fields of the response. */
function checkLocation({ report, messages }: LinkContext, location: string, method: Draft, origin: Origin): boolean {
  const parsed = parsePathTemplate(location);
  if ("problem" in parsed || /[*=]/.test(location)) {
    const problem = "problem" in parsed ? parsed.problem : "a location has literals and {fields} only";
    report(diagnostic("E2050", origin, { template: location, problem }));
    return false;
  }
  for (const { field } of parsed.template.variables) {
    const type = singleField(messages, method.output, field)?.type;
    if (type?.kind === "scalar" || type?.kind === "enum") continue;
    report(diagnostic("E2062", origin, { name: field.join("."), on: method.output }));
    return false;
  }
  return true;
}
