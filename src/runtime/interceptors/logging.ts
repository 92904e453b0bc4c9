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
  /** More fields for every line. */
  readonly fields?: ((context: CallContext) => Readonly<Record<string, unknown>>) | undefined;
}

/**
 * One line per call when it is over, on either side and for all four kinds: method, code, duration, trace id, attempt.
 *
 * @example chain().use(logging({ logger: pino() }))
 */
export function logging({ logger = jsonLogger(), level = levelOf, fields }: LoggingOptions = {}): Interceptor {
  return createLayer((call) => {
    const { context, method } = call;
    const started = performance.now();
    // the trace of a layer further in is not there yet; the one around the call is
    const { trace } = ambient();
    const onEnd = (status: RpcStatus): void => {
      try {
        const line = {
          side: context.side,
          method: method.path.slice(1),
          kind: method.kind,
          code: codeName(status.code),
          ms: Math.round((performance.now() - started) * 1e3) / 1e3,
          ...(context.peer === "" ? {} : { peer: context.peer }),
          ...(trace === undefined ? {} : { traceId: trace.traceId }),
          attempt: attemptOf(context),
          ...(status.code === Code.OK ? {} : { error: status.message }),
          ...causeOf(status),
          ...fields?.(context),
        };
        logger[level(status, context)](line, status.code === Code.OK ? "call" : "call failed");
      } catch {
        // a logger that fails must not fail the process
      }
    };
    return { call, onEnd };
  });
}

/** What was thrown. Over callers that send nonsense or leave, its stack would tell of nothing but ourselves. */
function causeOf(status: RpcStatus): Readonly<Record<string, unknown>> {
  if (!("cause" in status)) return {};
  const { cause } = status;
  if (status.code !== Code.CANCELLED && !isFaultOfPeer(status)) return { err: cause };
  return { reason: cause instanceof Error ? cause.message : String(cause) };
}

function attemptOf(context: CallContext): number {
  const previous = Number(context.metadata.get("grpc-previous-rpc-attempts") ?? 0);
  return Number.isSafeInteger(previous) && previous >= 0 ? previous + 1 : 1;
}

const faults: ReadonlySet<Code> = new Set([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.UNIMPLEMENTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);

function levelOf(status: RpcStatus): LogLevel {
  return faults.has(status.code) && !isFaultOfPeer(status) ? "error" : "info";
}

/** A logger that writes JSON lines with time and level. */
export function jsonLogger(write: (line: string) => void = (line) => process.stdout.write(line)): Logger {
  const at =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, plain)}\n`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Errors and bigints as JSON can hold them. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  return { type: value.name, message: value.message, stack: value.stack };
}
