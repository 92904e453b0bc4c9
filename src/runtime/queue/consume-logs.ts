import { jsonLogger, parseTrace, type Clock, type Logger, type LogLevel } from "../context/index.js";
import { tried, unreserved } from "../context/logger.js";
import { toRedactedJson, type JsonValue, type MessageType } from "../wire/index.js";
import type { PlainEvent } from "./delivery.js";
import type { Observe, Observed } from "./observe.js";
import type { BrokerDelivery } from "./types.js";

/**
 * One line for each delivery when it is over: topic, group, message id, outcome, milliseconds since it was received,
 * attempt, trace id; and one for each pause.
 *
 * @example await consumeUserCreated(broker, handler, { logging: { logger: pino() } });
 */
export interface ConsumeLogging {
  /** One JSON line on stdout by default. */
  readonly logger?: Logger | undefined;
  /**
   * The severity of an outcome: by default errors for dead letters, warnings for what is tried again or could not be
   * settled, the rest is information.
   */
  readonly level?: ((outcome: PlainEvent["kind"]) => LogLevel) | undefined;
  /** More fields for every line. Those that the line has itself, and `time`, `level` and `message`, stay as they are. */
  readonly fields?: ((delivery: BrokerDelivery) => Readonly<Record<string, unknown>>) | undefined;
  /**
   * The message, too, as JSON without what the contract keeps out of logs; of one with more than
   * 4,096 characters only their number. Off by default: it is the users' data. What cannot be decoded is never shown.
   */
  readonly payloads?: boolean | undefined;
}

const stdout = jsonLogger();

export function createConsumeLog(
  { logger = stdout, level = levelOf, fields, payloads = false }: ConsumeLogging,
  settings: { readonly address: string; readonly group: string; readonly clock: Clock },
): Observe {
  const { address: topic, group, clock } = settings;
  return (event, about) => {
    if (event.kind === "received" || event.kind === "attempt") return;
    const line: Record<string, unknown> = { topic, group, outcome: event.kind };
    if (about !== undefined) describe(line, about, clock);
    describeEvent(line, event);
    if (payloads && about !== undefined) {
      const shown = shownOf(about);
      if (shown !== undefined) line["payload"] = shown;
    }
    // what the user adds may fail: the line is worth more than that
    if (fields !== undefined && about !== undefined) {
      Object.assign(
        line,
        tried(() => unreserved(fields(about.source), line), {}),
      );
    }
    logger[tried(() => level(event.kind), levelOf(event.kind))](line, messages[event.kind]);
  };
}

const stderr = jsonLogger((line) => process.stderr.write(line));

/** The lines of a consumer whose program asks for none: what is lost to its handlers, and when it stands still. */
export function createAlarm(settings: {
  readonly address: string;
  readonly group: string;
  readonly clock: Clock;
}): Observe {
  const log = createConsumeLog({ logger: stderr }, settings);
  return (event, about) => {
    if (event.kind === "dead" || event.kind === "paused") log(event, about);
  };
}

const messages: Readonly<Record<PlainEvent["kind"], string>> = {
  received: "message received",
  attempt: "message tried",
  handled: "message handled",
  skipped: "message skipped",
  retried: "message to be tried again",
  dead: "message dead-lettered",
  overdue: "handler overdue",
  released: "message given back",
  unmarked: "message not marked as handled",
  unsettled: "message not settled",
  paused: "consumer paused",
  resumed: "consumer resumed",
};

function levelOf(kind: PlainEvent["kind"]): LogLevel {
  switch (kind) {
    case "dead":
      return "error";
    case "retried":
    case "overdue":
    case "unmarked":
    case "unsettled":
    case "paused":
      return "warn";
    default:
      return "info";
  }
}

function describe(line: Record<string, unknown>, { source, receivedAt }: Observed, clock: Clock): void {
  line["id"] = source.id;
  line["ms"] = Math.max(0, clock.now() - receivedAt);
  line["attempt"] = source.attempt;
  const trace = parseTrace({ traceparent: source.headers["traceparent"] });
  if (trace !== undefined) line["traceId"] = trace.traceId;
}

function describeEvent(line: Record<string, unknown>, event: PlainEvent): void {
  // those of this delivery: some may have been made in this process
  if ("attempts" in event) line["attempt"] = event.attempts;
  if ("attempt" in event) line["attempt"] = event.attempt;
  if ("nextAttempt" in event) line["nextAttempt"] = event.nextAttempt;
  if ("delayMs" in event) line["delayMs"] = event.delayMs;
  if ("forMs" in event) line["forMs"] = event.forMs;
  if ("reason" in event) line["reason"] = event.reason;
  if (!("error" in event) || event.error === undefined) return;
  line["error"] = event.error.message;
  line["err"] = event.error;
}

const maxPayloadLength = 4_096;

/** The message without what the contract keeps out of logs. */
function shownOf(about: Observed): JsonValue | undefined {
  try {
    const found = about.readAgain?.();
    if (found === undefined) return undefined;
    const { type, message } = found;
    // sound: the type decoded the message; those of protos have `redact` where their contract hides something
    const json = toRedactedJson(type as MessageType<unknown, never>, message as never);
    const { length } = JSON.stringify(json);
    return length > maxPayloadLength ? `[${length} characters]` : json;
  } catch {
    // what cannot be decoded is not shown
    return undefined;
  }
}
