import { headersOfError } from "./dead-error.js";
import { copyHeaders, deadHeaders, messageHeaders } from "./headers.js";
import type { Job } from "./job.js";
import type { ConsumerSettings } from "./settings.js";
import type { OutgoingMessage } from "./types.js";
import type { Verdict } from "./verdict.js";

/**
 * How much a dead letter tells of its error: all; nothing that may be long; the reason's name and where the message
 * comes from, for a broker that takes hardly more than the original.
 */
export type DeadLetterDetail = "full" | "brief" | "least";

/** From the most on. */
export const deadLetterDetails: readonly DeadLetterDetail[] = ["full", "brief", "least"];

type Dead = Verdict & { readonly kind: "dead" };

const maxStackBytes = 4_096;
const maxReasonLength = 1_024;
const briefReasonLength = 200;

/** It may have died before, of something else; and a dead letter does not expire: somebody has to look at it. */
const outdated = new Set<string>([...Object.values(deadHeaders), messageHeaders.expiresAt]);
/** What is of use on the way to another attempt only. */
const ofAttempts = new Set<string>([messageHeaders.attempt, messageHeaders.firstFailureAt]);

/** The original bytes and headers, and why, where and when it failed. */
export function deadLetterOf<T, Params>(
  job: Job<T, Params>,
  verdict: Dead,
  address: string,
  settings: Pick<ConsumerSettings, "group" | "clock">,
  detail: DeadLetterDetail = "full",
): OutgoingMessage {
  const { source } = job;
  const headers = copyHeaders();
  for (const name of Object.keys(source.headers)) {
    if (outdated.has(name) || (detail === "least" && ofAttempts.has(name))) continue;
    headers[name] = String(source.headers[name]);
  }
  if (detail === "least") headers[deadHeaders.reason] = verdict.reason;
  else describeFailure(headers, job, verdict, settings, detail === "full");
  headers[deadHeaders.address] = source.address;
  headers[deadHeaders.group] = settings.group;
  return { address, id: source.id, key: source.key, headers, contentType: source.contentType, body: source.body };
}

function describeFailure<T, Params>(
  headers: Record<string, string>,
  { source, firstFailureAt }: Job<T, Params>,
  { error, reason, attempts }: Dead,
  { clock }: Pick<ConsumerSettings, "clock">,
  full: boolean,
): void {
  const now = new Date(clock.now()).toISOString();
  headers[deadHeaders.reason] = `${reason}: ${error.message}`.slice(0, full ? maxReasonLength : briefReasonLength);
  if (full) {
    headers[deadHeaders.class] = classOf(error);
    Object.assign(headers, headersOfError(error));
    headers[deadHeaders.stack] = cutBytes(String(error.stack ?? ""), maxStackBytes);
  }
  headers[deadHeaders.attempts] = String(attempts);
  headers[deadHeaders.firstAt] = firstFailureAt ?? now;
  headers[deadHeaders.lastAt] = now;
  headers[deadHeaders.position] = source.position;
  headers[deadHeaders.messageId] = source.id;
  if (source.key !== undefined) headers[deadHeaders.key] = source.key;
}

function classOf(error: Error): string {
  return String(error.name === "Error" ? error.constructor.name : error.name).slice(0, 200);
}

function cutBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  // a cut character at the end becomes U+FFFD, whose three bytes may be over the limit
  return bytes.length <= limit ? text : bytes.subarray(0, limit - 3).toString();
}
