import type { Method, MethodPolicy, Options } from "../../model/index.js";
import type { PolicyGroup } from "../../runtime/policy/index.js";
import { callPolicy, effectivePolicy, type PolicyStatement } from "../policy/index.js";
import { forRoutes, type LinkContext } from "./context.js";
import { checkKeyFields } from "./policy-fields.js";
import { noHttp, readHttp } from "./policy-http.js";
import { policyOptions, readStatement } from "./policy-statement.js";
import { isMessage } from "./routes.js";

type Draft = Omit<Method, "routes" | "policy">;

/** The policy of a method: `option (wirespan.options.v1.method)` over what more general places say, checked. */
export function readPolicy(
  context: LinkContext,
  service: string,
  method: Draft,
  general: readonly PolicyStatement[],
): MethodPolicy {
  const { options } = method;
  const own = readStatement(context, options, "method", method.origin);
  const owner = { name: method.name, service, without: readWithout(options) };
  const effective = effectivePolicy(general, own, owner, method, context.report);
  checkKeyFields(context, effective.entries, method);
  const value = options.get(policyOptions.method);
  const http = isMessage(value) ? value.get("http") : undefined;
  const origin = isMessage(value)
    ? (context.options.originOf(options, policyOptions.method) ?? method.origin)
    : undefined;
  const { status, location } = isMessage(http)
    ? readHttp(forRoutes(context), method, http, origin ?? method.origin)
    : noHttp;
  const policy = callPolicy(effective);
  const sources = new Map(policy.sources);
  const placed = (path: string, key: string): void => {
    const at = isMessage(http) ? context.options.originOf(http, key) : undefined;
    sources.set(path, { level: "method", origin: at ?? origin ?? method.origin });
  };
  if (status !== undefined) placed("httpStatus", "success_status");
  if (location !== undefined) placed("httpLocation", "location");
  return { ...policy, sources, httpStatus: status, httpLocation: location, origin };
}

const defaults: Readonly<Record<string, PolicyGroup>> = {
  TIMEOUT: "timeoutMs",
  RETRY: "retry",
  LIMIT: "limit",
  CACHE: "cache",
  HEDGE: "hedge",
  BREAKER: "breaker",
};

function readWithout(options: Options): ReadonlySet<PolicyGroup> {
  const value = options.get(policyOptions.method);
  const listed = isMessage(value) ? value.get("without") : undefined;
  if (!Array.isArray(listed)) return new Set();
  return new Set(listed.flatMap((name) => (typeof name === "string" ? (defaults[name] ?? []) : [])));
}
