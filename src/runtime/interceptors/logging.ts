import { ambient } from "../context/index.js";
import {
  Code,
  codeName,
  createLayer,
  isFaultOfPeer,
  type CallContext,
  type Interceptor,
  type RpcStatus,
} from "../rpc/index.js";
import { isFailure } from "./faults.js";
import { createPayloadLog, type PayloadOptions } from "./payloads.js";

/** Severities, as pino and most others name them. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a logger must have; pino's do. */
export type Logger = {
  readonly [L in LogLevel]: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

/** Settings of {@link logging}. */
export interface LoggingOptions {
  /** One JSON line per call on stdout by default. */
  readonly logger?: Logger | undefined;
  /** The severity of an outcome: by default faults of the server are errors, the rest is information. */
  readonly level?: ((status: RpcStatus, context: CallContext) => LogLevel) | undefined;
  /** More fields for every line. Those that the line has itself, and `time`, `level` and `message`, stay as they are. */
  readonly fields?: ((context: CallContext) => Readonly<Record<string, unknown>>) | undefined;
  /**
   * Messages too, as JSON without what the contract keeps out of logs (`debug_redact`). None by default, for they are
   * the users' data, and cost more than the rest of the line.
   *
   * @example logging({ payloads: { maxLength: 1_000 } })
   */
  readonly payloads?: boolean | PayloadOptions | undefined;
}

/**
 * One line per call when it is over, on either side and for all four kinds: method, code, duration, trace id, attempt.
 *
 * @example chain().use(logging({ logger: pino() }))
 */
export function logging(options: LoggingOptions = {}): Interceptor {
  const { payloads = false } = options;
  if (payloads !== false) return logPayloads(options, payloads === true ? {} : payloads);
  return createLayer((call) => ({ call, onEnd: createLine(call.context, options) }));
}

/** The same with the messages, which this layer has to look at. */
function logPayloads(options: LoggingOptions, payloads: PayloadOptions): Interceptor {
  return async (call, next) => {
    const log = createPayloadLog(call.method, payloads);
    const write = createLine(call.context, options, log.fields);
    const reply = await next(call.change({ requests: call.requests.map((message) => log.request(message)) }));
    void reply.done.then((status) => {
      const ended = performance.now();
      // a single message may be read when the end is known already: whoever reads it has his turn first
      setTimeout(() => write(status, ended), 0);
    });
    return { ...reply, messages: reply.messages.map((message) => log.response(message)) };
  };
}

/** What writes the line of a call that begins here and now. */
function createLine(
  context: CallContext,
  { logger = stdout, level = levelOf, fields }: LoggingOptions,
  more?: () => Readonly<Record<string, unknown>>,
): (status: RpcStatus, ended?: number) => void {
  const { method } = context;
  const severityOf = (status: RpcStatus): LogLevel => tried(() => level(status, context), levelOf(status));
  const started = performance.now();
  // the trace of a layer further in is not there yet; the one around the call is
  const { trace } = ambient();
  return (status, ended = performance.now()) => {
    try {
      // one object of one shape: spreading parts into it would cost more than all the rest of the line
      const line: Record<string, unknown> = {
        side: context.side,
        method: method.path.slice(1),
        kind: method.kind,
        code: codeName(status.code),
        ms: Math.round((ended - started) * 1e3) / 1e3,
      };
      if (context.peer !== "") line["peer"] = context.peer;
      if (trace !== undefined) line["traceId"] = trace.traceId;
      line["attempt"] = attemptOf(context);
      if (status.code !== Code.OK) line["error"] = status.message;
      addCause(line, status);
      if (more !== undefined) Object.assign(line, more());
      // what the user adds may fail: the line is worth more than that
      if (fields !== undefined)
        Object.assign(
          line,
          tried(() => without(fields(context), { ...line, ...ofLoggers }), {}),
        );
      const message = status.code === Code.OK ? "call" : "call failed";
      logger[severityOf(status)](line, message);
    } catch {
      // a logger that fails must not fail the process
    }
  };
}

/** Names that loggers give meaning to; a second value would hide the first or stand beside it. */
const ofLoggers = { time: undefined, level: undefined, message: undefined };

/** The fields whose names are not taken. */
function without(
  fields: Readonly<Record<string, unknown>> = {},
  taken: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(taken, name)));
}

/** What that gives; the other where it throws. */
function tried<T>(give: () => T, otherwise: T): T {
  try {
    return give();
  } catch {
    return otherwise;
  }
}

/** What was thrown. Over callers that send nonsense or leave, its stack would tell of nothing but ourselves. */
function addCause(line: Record<string, unknown>, status: RpcStatus): void {
  if (!("cause" in status)) return;
  const { cause } = status;
  if (status.code !== Code.CANCELLED && !isFaultOfPeer(status)) line["err"] = cause;
  else line["reason"] = cause instanceof Error ? cause.message : tried(() => String(cause), unprintable);
}

function attemptOf(context: CallContext): number {
  const previous = Number(context.metadata.get("grpc-previous-rpc-attempts") ?? 0);
  return Number.isSafeInteger(previous) && previous >= 0 ? previous + 1 : 1;
}

function levelOf(status: RpcStatus): LogLevel {
  return isFailure("server", status.code) && !isFaultOfPeer(status) ? "error" : "info";
}

const stdout = jsonLogger();

/**
 * A logger that writes JSON lines with time and level, of errors type, message, stack and cause. Whatever it is given,
 * there is a line: what contains itself, or cannot be read, is said to be so in its place.
 */
export function jsonLogger(write: (line: string) => void = (line) => process.stdout.write(line)): Logger {
  const at =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      write(`${jsonOf({ time: new Date().toISOString(), level, message, ...without(fields, ofLoggers) })}\n`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const unprintable = "[unprintable]";

function jsonOf(record: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(record, plainly());
  } catch {
    // a getter or a toJSON that throws: only the field that has it is lost
    const parts = Object.entries(record).map(([name, value]) => {
      const json = tried(() => JSON.stringify(value, plainly()), undefined);
      return [name, json === undefined ? unprintable : (JSON.parse(json) as unknown)];
    });
    return JSON.stringify(Object.fromEntries(parts));
  }
}

/** Errors and bigints as JSON can hold them, and whatever contains itself. */
function plainly(): (this: unknown, key: string, value: unknown) => unknown {
  /** What the value at hand is within, with what stands for it in the JSON. */
  const around: { readonly value: object; readonly shown: object }[] = [];
  return function (_key, value) {
    if (typeof value === "bigint") return value.toString();
    if (typeof value !== "object" || value === null) return value;
    while (around.length > 0 && around.at(-1)?.shown !== this) around.pop();
    if (around.some((outer) => outer.value === value)) return "[circular]";
    const shown = value instanceof Error ? plainError(value) : value;
    around.push({ value, shown });
    return shown;
  };
}

function plainError(error: Error): object {
  const { name: type, message, stack, cause } = error;
  return { type, message, stack, ...(cause === undefined ? {} : { cause }) };
}
