import { childTrace, parseTrace, withAmbient, type Ambient, type Clock, type TraceContext } from "../context/index.js";
import type { Delivery } from "./delivery.js";
import { isPermanentError, QueueError } from "./errors.js";
import { messageHeaders, numberHeader } from "./headers.js";
import type { Envelope } from "./parts.js";
import type { ConsumerSettings } from "./settings.js";
import type { BrokerDelivery } from "./types.js";

/** One run of a handler, as far as those see it who may end it. */
export interface JobAttempt {
  /** Tells the handler that nobody waits for it any more. */
  abort(reason: Error): void;
}

/** The position that the message's publisher had. */
export function traceOf(headers: Readonly<Record<string, string>>): TraceContext | undefined {
  const traceparent = headers["traceparent"];
  if (traceparent === undefined) return undefined;
  return parseTrace({ traceparent, tracestate: headers["tracestate"], baggage: headers["baggage"] });
}

/**
 * A run of a handler, and what flows from it into everything it does. Its signal and its position in the trace are made
 * when somebody asks for them: most handlers never do.
 */
export class Attempt implements JobAttempt, Ambient {
  /** Milliseconds since the epoch by which it must be done. */
  deadline: number | undefined = undefined;
  /** Why it was aborted. */
  reason: Error | undefined = undefined;
  /** True where a hook around it found that the message was handled before. */
  skipped = false;
  #controller: AbortController | undefined = undefined;
  #trace: TraceContext | undefined;
  readonly #headers: Readonly<Record<string, string>>;

  /** In that position, else in one below the publisher's. */
  constructor(trace: TraceContext | undefined, headers: Readonly<Record<string, string>>) {
    this.#trace = trace;
    this.#headers = headers;
  }

  get trace(): TraceContext {
    return (this.#trace ??= childTrace(traceOf(this.#headers)));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.reason !== undefined) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#controller?.abort(reason);
  }
}

/** What a message turned out to be. */
export interface Readable<T, Params> {
  readonly message: T;
  readonly params: Params;
  readonly envelope: Envelope;
}

/** What a handler gets. A class, because there is one for each message. */
export class HandledDelivery<T, Params> implements Delivery<T, Params> {
  readonly message: T;
  readonly params: Params;
  readonly attempt: number;
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: Readonly<Record<string, string>>;
  readonly correlationId: string | undefined;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly group: string;
  readonly redelivered: boolean;
  readonly deadline: number | undefined;
  readonly #run: Attempt;
  readonly #source: BrokerDelivery;

  constructor(
    source: BrokerDelivery,
    { message, params, envelope }: Readable<T, Params>,
    attempt: number,
    group: string,
    run: Attempt,
  ) {
    this.message = message;
    this.params = params;
    this.attempt = attempt;
    this.id = source.id;
    this.address = source.address;
    this.key = source.key;
    // sound: a handler that wants them typed has the type that was emitted with the channel's headers
    this.headers = envelope.headers as Readonly<Record<string, string>>;
    this.rawHeaders = source.headers;
    this.correlationId = envelope.correlationId;
    this.contentType = source.contentType;
    this.body = source.body;
    this.group = group;
    this.redelivered = source.redelivered;
    this.deadline = numberHeader(source.headers, messageHeaders.deadline, 0);
    this.#run = run;
    this.#source = source;
  }

  get position(): string {
    return this.#source.position;
  }

  get trace(): TraceContext {
    return this.#run.trace;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  extend(): Promise<void> {
    return this.#source.extend();
  }
}

/** One of a batch, whose handler's surroundings are not this message's alone. */
export class BatchedDelivery<T, Params> extends HandledDelivery<T, Params> {
  override get trace(): TraceContext {
    return traceOf(this.rawHeaders) ?? super.trace;
  }
}

/**
 * Runs a handler in its surroundings, with the consumer's time limit. Ends when the handler does, also where that is
 * late: only so are there never more handlers than allowed. What succeeded late has succeeded; what failed late was
 * late. `onLate` is told when the time is over, and says of what.
 */
export function runLimited<R>(
  attempt: Attempt,
  { clock, timeoutMs }: Pick<ConsumerSettings, "clock" | "timeoutMs">,
  onLate: (timeoutMs: number) => string,
  run: () => Promise<R>,
): Promise<R> {
  return timeoutMs === undefined ? withAmbient(attempt, run) : runTimed(attempt, clock, timeoutMs, onLate, run);
}

async function runTimed<R>(
  attempt: Attempt,
  clock: Clock,
  timeoutMs: number,
  onLate: (timeoutMs: number) => string,
  run: () => Promise<R>,
): Promise<R> {
  let late: QueueError | undefined;
  attempt.deadline = clock.now() + timeoutMs;
  const cancel = clock.after(timeoutMs, () => {
    late = new QueueError("timeout", onLate(timeoutMs));
    attempt.abort(late);
  });
  try {
    // what succeeded has happened, however late: running it again would do it twice
    return await withAmbient(attempt, run);
  } catch (error) {
    throw isPermanentError(error) ? error : (late ?? error);
  } finally {
    cancel();
  }
}
