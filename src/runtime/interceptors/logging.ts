import { ambient, jsonLogger, type Logger, type LogLevel } from "../context/index.js";
import { tried, unreserved } from "../context/logger.js";
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

const stdout = jsonLogger();

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
          tried(() => unreserved(fields(context), line), {}),
        );
      const message = status.code === Code.OK ? "call" : "call failed";
      logger[severityOf(status)](line, message);
    } catch {
      // a logger that fails must not fail the process
    }
  };
}

/** What was thrown. Over callers that send nonsense or leave, its stack would tell of nothing but ourselves. */
function addCause(line: Record<string, unknown>, status: RpcStatus): void {
  if (!("cause" in status)) return;
  const { cause } = status;
  if (status.code !== Code.CANCELLED && !isFaultOfPeer(status)) line["err"] = cause;
  else line["reason"] = cause instanceof Error ? cause.message : tried(() => String(cause), "[unprintable]");
}

function attemptOf(context: CallContext): number {
  const previous = Number(context.metadata.get("grpc-previous-rpc-attempts") ?? 0);
  return Number.isSafeInteger(previous) && previous >= 0 ? previous + 1 : 1;
}

function levelOf(status: RpcStatus): LogLevel {
  return isFailure("server", status.code) && !isFaultOfPeer(status) ? "error" : "info";
}
