import type { ConsumerPolicy, Operation, Origin } from "../model/index.js";
import { consumerOrder, queueDefaults, type ConsumerStageName } from "../runtime/policy/index.js";
import { bindingFacts } from "./explain-message.js";
import type { Fact } from "./explanation.js";
import { durationText as ms } from "./texts.js";

/** What an operation says beside its channel: bindings, and who may do it. */
export function operationFacts({ bindings, security, origin }: Operation, prefix: string): readonly Fact[] {
  return [
    ...bindingFacts(bindings, origin, prefix),
    ...security.map(({ name, type, scopes }): Fact => {
      const rights = scopes.length === 0 ? "" : ` with ${scopes.join(", ")}`;
      return { label: `${prefix}security`, value: `${name === type ? type : `${name} (${type})`}${rights}`, origin };
    }),
  ];
}

/** Settings of one receive operation; its consumers are the group of its name where none is given. */
export function receiverFacts({ id, policy, origin }: Operation, prefix: string): readonly Fact[] {
  return consumerFacts(policy, { group: id, origin }, prefix);
}

/** Consumer settings with their places; where the contract is silent the runtime's default holds. */
export function consumerFacts(
  policy: ConsumerPolicy,
  silent: { readonly group: string; readonly origin: Origin | undefined },
  prefix = "",
): readonly Fact[] {
  /** `paths`: those whose place is the fact's, the first that is written. */
  const fact = (label: string, value: string | undefined, fallback: string, ...paths: readonly string[]): Fact => {
    const source = paths.map((path) => policy.sources.get(path)).find((found) => found !== undefined);
    if (value === undefined && source === undefined) {
      return { label: `${prefix}${label}`, value: fallback, origin: undefined, level: "built in" };
    }
    const origin = source?.origin ?? policy.origin;
    const shown = { label: `${prefix}${label}`, value: value ?? fallback, origin };
    return source === undefined ? shown : { ...shown, level: source.level };
  };
  const { group, concurrency, buffer, order, timeoutMs, batch, retry, deadLetter, idempotencyKey, expiresMs } = policy;
  // what `runtime/queue/settings.ts` takes where contract and program are silent
  // named after the operation, which is a place of the contract, too
  const named: Fact =
    group === undefined && silent.origin !== undefined
      ? { label: `${prefix}group`, value: silent.group, origin: silent.origin }
      : fact("group", group, silent.group, "group");
  return [
    named,
    fact("concurrency", text(concurrency), "1", "concurrency"),
    fact("buffer", text(buffer), "16, or the concurrency where that is more", "buffer"),
    fact("batch", batch && batchText(batch), "none", "batch.size", "batch.bytes", "batch.lingerMs"),
    fact("order", order, "none", "order"),
    fact("timeout", timeoutMs === undefined ? undefined : ms(timeoutMs), "none", "timeoutMs"),
    ...retryFacts(policy, fact, retry),
    fact("dead letter", deadLetter && (deadLetter.address ?? "the broker's default address"), "none", "deadLetter"),
    fact("idempotency key", idempotencyKey, "the message's id", "idempotencyKey"),
    fact("expires", expiresMs === undefined ? undefined : `after ${ms(expiresMs)}`, "never", "expiresMs"),
    stagesFact(policy, prefix),
  ];
}

type MakeFact = (label: string, value: string | undefined, fallback: string, ...paths: readonly string[]) => Fact;

/** One line where one place says all of it, else one for each part. */
function retryFacts({ sources }: ConsumerPolicy, fact: MakeFact, retry: ConsumerPolicy["retry"]): readonly Fact[] {
  const paths = ["retry.maxAttempts", "retry.quick", "retry.delaysMs"];
  const { retry: builtIn } = queueDefaults;
  const places = new Set(paths.flatMap((path) => sources.get(path)?.level ?? []));
  if (places.size < 2) return [fact("retry", retry && retryText(retry), retryText(builtIn), ...paths)];
  const { maxAttempts, quick, delaysMs } = retry ?? builtIn;
  return [
    fact("retry max attempts", String(maxAttempts), "", "retry.maxAttempts"),
    fact("retry in the process", String(quick), "", "retry.quick"),
    fact("retry delays", delaysMs.map(ms).join(", "), "", "retry.delaysMs"),
  ];
}

/** The order of stages from the outside in; in parentheses what is there only where the program asks for it. */
function stagesFact({ deadLetter, idempotencyKey, timeoutMs }: ConsumerPolicy, prefix: string): Fact {
  const called = new Set<ConsumerStageName>(["recovery", "decode", "validation", "retry", "handler"]);
  if (deadLetter !== undefined) called.add("deadLetter");
  if (idempotencyKey !== undefined) called.add("dedupe");
  if (timeoutMs !== undefined) called.add("timeout");
  const value = consumerOrder.map((name) => (called.has(name) ? name : `(${name})`)).join(" → ");
  return { label: `${prefix}stages`, value, origin: undefined, level: "built in" };
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function batchText({ size, bytes, lingerMs }: NonNullable<ConsumerPolicy["batch"]>): string {
  const limits = [`${size} messages`];
  if (bytes !== undefined) limits.push(`${bytes} bytes`);
  limits.push(ms(lingerMs));
  return `at ${limits.join(" or ")}`;
}

function retryText({ maxAttempts, quick, delaysMs }: NonNullable<ConsumerPolicy["retry"]>): string {
  const quickly = quick > 0 ? `, ${quick} of them in the process` : "";
  const delays = delaysMs.length === 0 ? "" : `, then after ${delaysMs.map(ms).join(", ")}`;
  return `up to ${maxAttempts} attempts${quickly}${delays}`;
}
