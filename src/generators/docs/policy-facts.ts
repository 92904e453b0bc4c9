import type { MethodPolicy } from "../../model/index.js";
import type { FactView } from "./field-view.js";
import { formatDuration } from "./format.js";
import { concat, escapeHtml, markup, type Html } from "./html.js";

/** What the contract fixes about a method's behaviour, for those who call it. */
export function policyFacts(policy: MethodPolicy): readonly FactView[] {
  const { timeoutMs, idempotencyKey } = policy;
  const facts: readonly (readonly [label: string, value: Html | undefined])[] = [
    ["Timeout", timeoutMs === undefined ? undefined : escapeHtml(formatDuration(timeoutMs))],
    ["Auth", authText(policy)],
    ["Retry", retryText(policy)],
    ["Hedge", hedgeText(policy)],
    ["Limit", limitText(policy)],
    ["Idempotency key", idempotencyKey === undefined ? undefined : code(idempotencyKey)],
    ["Cache", cacheText(policy)],
    ["Breaker", breakerText(policy)],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [{ label: escapeHtml(label), value }]));
}

function code(text: string): Html {
  return markup`<code>${escapeHtml(text)}</code>`;
}

function codes(texts: readonly string[]): Html {
  return concat(texts.map(code), markup` `);
}

function authText({ auth }: MethodPolicy): Html | undefined {
  if (auth?.public === true) return escapeHtml("none: anybody may call");
  if (auth?.scopes !== undefined) return markup`scopes ${codes(auth.scopes)}`;
  return auth?.public === false ? escapeHtml("credentials") : undefined;
}

function retryText({ retry }: MethodPolicy): Html | undefined {
  if (retry === undefined) return undefined;
  const { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs, attemptTimeoutMs } = retry;
  const backoff = `${formatDuration(initialBackoffMs)} × ${backoffMultiplier}, at most ${formatDuration(maxBackoffMs)}`;
  const each = attemptTimeoutMs === undefined ? "" : ` of ${formatDuration(attemptTimeoutMs)} each`;
  return markup`up to ${maxAttempts} attempts${escapeHtml(each)}, backoff ${escapeHtml(backoff)}, on ${codes(retry.codes)}`;
}

function hedgeText({ hedge }: MethodPolicy): Html | undefined {
  if (hedge === undefined) return undefined;
  const delay = escapeHtml(formatDuration(hedge.delayMs));
  return markup`up to ${hedge.maxAttempts} copies, one every ${delay} or at once on ${codes(hedge.nonFatalCodes)}`;
}

function limitText({ limit }: MethodPolicy): Html | undefined {
  if (limit === undefined) return undefined;
  const { rate, burst, key, concurrency, maxQueue } = limit;
  const parts: Html[] = [];
  if (rate !== undefined) {
    const whose =
      typeof key === "object" ? markup`, by claim ${code(key.claim)}` : escapeHtml(key === "peer" ? ", by peer" : "");
    parts.push(markup`${rate} calls a second, ${burst ?? Math.ceil(rate)} at once${whose}`);
  }
  if (concurrency !== undefined) {
    const waiting = escapeHtml(maxQueue === undefined || maxQueue === 0 ? "" : `, ${maxQueue} waiting`);
    parts.push(markup`${concurrency} under way${waiting}`);
  }
  return concat(parts, markup`; `);
}

function cacheText({ cache }: MethodPolicy): Html | undefined {
  if (cache === undefined) return undefined;
  const { keyFields, invalidatedBy } = cache;
  const by = keyFields === undefined ? escapeHtml("") : markup`, by ${codes(keyFields)}`;
  const until = invalidatedBy === undefined ? escapeHtml("") : markup`, until ${codes(invalidatedBy)}`;
  return markup`${escapeHtml(formatDuration(cache.ttlMs))}${by}${until}`;
}

function breakerText({ breaker }: MethodPolicy): Html | undefined {
  if (breaker === undefined) return undefined;
  const { kind, windowMs, minCalls, failureRatio, openMs, maxProbes, variant } = breaker;
  const settings = [
    variant,
    failureRatio === undefined ? undefined : `from ${Math.round(failureRatio * 1000) / 10} % failures`,
    windowMs === undefined ? undefined : `in ${formatDuration(windowMs)}`,
    minCalls === undefined ? undefined : `${minCalls} calls at least`,
    openMs === undefined ? undefined : `open for ${formatDuration(openMs)}`,
    maxProbes === undefined ? undefined : `${maxProbes} probes`,
  ];
  return escapeHtml([kind, ...settings.filter((text) => text !== undefined)].join(", "));
}
