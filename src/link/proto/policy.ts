import { diagnostic } from "../../diagnostics/index.js";
import type { Field, Message, Method, MethodPolicy, MethodRetry, OptionMessage, Origin } from "../../model/index.js";
import { noPolicy } from "../../model/index.js";
import { forRoutes, type LinkContext } from "./context.js";
import { parsePathTemplate } from "./path-template.js";
import { isMessage } from "./routes.js";

const optionName = "[wirespan.options.v1.method]";

/** Delays vary by a fifth around their value; the worst case counts. */
const jitter = 1.2;

type Draft = Omit<Method, "routes" | "policy">;

/** `option (wirespan.options.v1.method)`, checked. */
export function readPolicy(context: LinkContext, method: Draft): MethodPolicy {
  const value = method.options.get(optionName);
  if (!isMessage(value)) return noPolicy;
  const origin = context.options.originOf(method.options, optionName) ?? method.origin;
  const timeoutMs = readDuration(context, value, "timeout", origin);
  const retryValue = value.get("retry");
  const retryOrigin = context.options.originOf(value, "retry") ?? origin;
  const retry = isMessage(retryValue) ? readRetry(context, method, retryValue, retryOrigin) : undefined;
  if (retry !== undefined && timeoutMs !== undefined) {
    const delaysMs = Math.round(worstDelays(retry) * jitter);
    if (delaysMs >= timeoutMs) context.report(diagnostic("E2064", retryOrigin, { delaysMs, timeoutMs }));
  }
  const http = value.get("http");
  const { status, location } = isMessage(http) ? readHttp(forRoutes(context), method, http, origin) : noHttp;
  return { timeoutMs, retry, httpStatus: status, httpLocation: location, origin };
}

function readRetry(context: LinkContext, method: Draft, value: OptionMessage, origin: Origin): MethodRetry | undefined {
  const { report } = context;
  if (method.idempotency === "unknown") {
    report(diagnostic("E2063", origin, { method: method.name }));
    return undefined;
  }
  const number = (key: string, fallback: number, fits: (n: number) => boolean, wanted: string): number => {
    const found = value.get(key);
    if (typeof found !== "number" && key !== "max_attempts") return fallback;
    const n = typeof found === "number" ? found : 0;
    if (fits(n)) return n;
    report(diagnostic("E2061", context.options.originOf(value, key) ?? origin, { name: `retry.${key}`, wanted }));
    return fallback;
  };
  const maxAttempts = number(
    "max_attempts",
    2,
    (n) => n >= 2 && n <= 5,
    "a number from 2 to 5, the first attempt included",
  );
  const backoffMultiplier = number("backoff_multiplier", 2, (n) => n >= 1 && n <= 100, "a number from 1 to 100");
  const initialBackoffMs = readDuration(context, value, "initial_backoff", origin) ?? 100;
  const maxBackoffMs = readDuration(context, value, "max_backoff", origin) ?? Math.max(1000, initialBackoffMs);
  if (maxBackoffMs < initialBackoffMs) {
    const at = context.options.originOf(value, "max_backoff") ?? origin;
    report(diagnostic("E2061", at, { name: "retry.max_backoff", wanted: "at least initial_backoff" }));
  }
  return { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs, codes: readCodes(context, value, origin) };
}

function readCodes({ options, report }: LinkContext, value: OptionMessage, origin: Origin): readonly string[] {
  const listed = value.get("codes");
  if (!Array.isArray(listed)) return ["UNAVAILABLE"];
  const codes: string[] = [];
  for (const [i, code] of listed.entries()) {
    const at = options.originOf(value, "codes", i) ?? origin;
    if (typeof code !== "string" || code === "OK") {
      report(diagnostic("E2061", at, { name: "retry.codes", wanted: "codes of failures" }));
    } else if (codes.includes(code)) {
      report(diagnostic("E2061", at, { name: "retry.codes", wanted: "each code once" }));
    } else {
      codes.push(code);
    }
  }
  return codes;
}

function worstDelays({ maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs }: MethodRetry): number {
  let sum = 0;
  for (let retry = 0; retry < maxAttempts - 1; retry++) {
    sum += Math.min(initialBackoffMs * backoffMultiplier ** retry, maxBackoffMs);
  }
  return sum;
}

/** Milliseconds of a `google.protobuf.Duration`; a policy's are positive and whole milliseconds at least. */
function readDuration(
  { options, report }: LinkContext,
  value: OptionMessage,
  key: string,
  fallback: Origin,
): number | undefined {
  const duration = value.get(key);
  if (!isMessage(duration)) return undefined;
  const seconds = duration.get("seconds") ?? 0n;
  const nanos = duration.get("nanos") ?? 0;
  const ms = Number(seconds) * 1000 + Number(nanos) / 1e6;
  if (ms >= 1 && ms <= 2 ** 31 - 1) return Math.round(ms);
  const wanted = "a duration from 1 millisecond to 24 days";
  report(diagnostic("E2061", options.originOf(value, key) ?? fallback, { name: key, wanted }));
  return undefined;
}

interface HttpPolicy {
  readonly status: number | undefined;
  readonly location: string | undefined;
}

const noHttp: HttpPolicy = { status: undefined, location: undefined };

function readHttp(context: LinkContext, method: Draft, value: OptionMessage, fallback: Origin): HttpPolicy {
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
    let message: Message | undefined = messages.get(method.output);
    for (const [i, part] of field.entries()) {
      const found: Field | undefined = message?.fields.find(({ name }) => name === part);
      const last = i === field.length - 1;
      const type = found?.type;
      const fits =
        found !== undefined &&
        !found.repeated &&
        (last ? type?.kind === "scalar" || type?.kind === "enum" : type?.kind === "message");
      if (!fits) {
        const params = { name: field.join("."), on: method.output };
        report(diagnostic("E2062", origin, params));
        return false;
      }
      message = type?.kind === "message" ? messages.get(type.typeName) : undefined;
    }
  }
  return true;
}
