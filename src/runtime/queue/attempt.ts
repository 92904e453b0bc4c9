import { ambientOf, withAmbient, type Ambient, type Clock, type TraceContext } from "../context/index.js";
import type { Delivery } from "./delivery.js";
import { QueueError } from "./errors.js";
import { messageHeaders, numberHeader } from "./headers.js";
import type { Envelope } from "./parts.js";
import type { ConsumerSettings } from "./settings.js";
import type { BrokerDelivery } from "./types.js";

/** One run of a handler, as far as those see it who may end it. */
export interface JobAttempt {
  /** Tells the handler that nobody waits for it any more. */
  abort(reason: Error): void;
}

/** The life of a run. Its signal is made when somebody asks for it: most handlers never do. */
export class AttemptLife implements JobAttempt {
  /** Why it was aborted. */
  reason: Error | undefined = undefined;
  #controller: AbortController | undefined = undefined;

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
  readonly position: string;
  readonly redelivered: boolean;
  readonly deadline: number | undefined;
  readonly trace: TraceContext;
  readonly #life: AttemptLife;
  readonly #source: BrokerDelivery;

  constructor(
    source: BrokerDelivery,
    { message, params, envelope }: Readable<T, Params>,
    attempt: number,
    group: string,
    trace: TraceContext,
    life: AttemptLife,
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
    this.position = source.position;
    this.redelivered = source.redelivered;
    this.deadline = numberHeader(source.headers, messageHeaders.deadline, 0);
    this.trace = trace;
    this.#life = life;
    this.#source = source;
  }

  get signal(): AbortSignal {
    return this.#life.signal;
  }

  extend(): Promise<void> {
    return this.#source.extend();
  }
}

/**
 * Runs a handler in a position of a trace, with the consumer's time limit. Ends when the handler does, also where that
 * is late: only so are there never more handlers than allowed. Rejects when it failed or was late; `onLate` says what
 * was.
 */
export function runLimited<R>(
  life: AttemptLife,
  trace: TraceContext,
  { clock, timeoutMs }: Pick<ConsumerSettings, "clock" | "timeoutMs">,
  onLate: (timeoutMs: number) => string,
  run: () => Promise<R>,
): Promise<R> {
  if (timeoutMs === undefined) return withAmbient(ambientOf({ trace }, life), run);
  return runTimed(life, ambientOf({ trace, deadline: clock.now() + timeoutMs }, life), clock, timeoutMs, onLate, run);
}

async function runTimed<R>(
  life: AttemptLife,
  context: Ambient,
  clock: Clock,
  timeoutMs: number,
  onLate: (timeoutMs: number) => string,
  run: () => Promise<R>,
): Promise<R> {
  let late: QueueError | undefined;
  const cancel = clock.after(timeoutMs, () => {
    late = new QueueError("timeout", onLate(timeoutMs));
    life.abort(late);
  });
  try {
    const result = await withAmbient(context, run);
    if (late !== undefined) throw late;
    return result;
  } catch (error) {
    throw late ?? error;
  } finally {
    cancel();
  }
}
