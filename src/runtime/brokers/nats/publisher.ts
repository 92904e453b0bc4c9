import { createInbox, type Msg, type MsgHdrs } from "@nats-io/transport-node";
import type { Clock } from "../../context/index.js";
import { deadHeaders, QueueError, toError, type OutgoingMessage, type PublishResult } from "../../queue/index.js";
import { createPlaces } from "../shared/places.js";
import { dedupeId, toHeaders, type Extras } from "./headers.js";
import type { NatsLink } from "./link.js";

/** A message and where it goes. */
export interface Letter {
  readonly message: OutgoingMessage;
  readonly subject: string;
  /** Several addresses are in its stream. */
  readonly shared: boolean;
  readonly extras?: Extras | undefined;
  /** Called when no stream takes the subject: true when there is one now. */
  readonly restore?: (() => Promise<boolean>) | undefined;
}

/** Publishes to streams: a window of unconfirmed messages, each with its own result. */
export interface StreamPublisher {
  publish(letters: readonly Letter[]): Promise<PublishResult[]>;
  close(): void;
}

interface Pending {
  readonly letter: Letter;
  readonly headers: MsgHdrs;
  readonly dedupe: boolean;
  readonly until: number;
  restored: boolean;
  settle(result: PublishResult): void;
}

/** Messages without a confirm at one time; further ones wait, one batch alone may be larger. */
const maxInFlight = 2_048;

/**
 * Bytes that a message must leave of what the server takes, for the headers of its retries and of its dead letter: one
 * that could neither wait nor die would go round for ever. A sixteenth where the server takes little.
 */
const spareBytes = 8_192;

/** The server's codes for what has no room. */
const fullCodes: ReadonlySet<number> = new Set([10_023, 10_047, 10_077, 10_109, 10_110]);

export function createPublisher(link: NatsLink, clock: Clock, timeoutMs: number): StreamPublisher {
  const prefix = createInbox();
  const pending = new Map<string, Pending>();
  const places = createPlaces(() => maxInFlight);
  let sequence = 0;
  let closed = false;
  let cancelTimer: (() => void) | undefined;

  link.connection.subscribe(`${prefix}.*`, {
    callback: (error, reply) => {
      if (error === null) confirm(reply);
    },
  });

  // a message may have been lost with the connection, or only its confirm: the server knows its id
  const forget = link.onUp(() => {
    for (const [token, entry] of pending) {
      if (entry.dedupe) transmit(token, entry);
      else finish(token, failure("disconnected", entry, "the connection was lost before the confirm"));
    }
  });

  function transmit(token: string, { letter, headers }: Pending): void {
    try {
      link.connection.publish(letter.subject, letter.message.body, { headers, reply: `${prefix}.${token}` });
    } catch (error) {
      finish(token, { ok: false, error: publishError(letter, error) });
    }
  }

  function finish(token: string, result: PublishResult): void {
    const entry = pending.get(token);
    if (entry === undefined) return;
    pending.delete(token);
    places.leave(1);
    entry.settle(result);
  }

  function confirm(reply: Msg): void {
    const token = reply.subject.slice(prefix.length + 1);
    const entry = pending.get(token);
    if (entry === undefined) return;
    if (reply.headers?.code === 503) return void unrouted(token, entry);
    finish(token, outcomeOf(entry, reply));
  }

  /** Nobody answered for the subject: its stream was deleted, or there never was one. */
  async function unrouted(token: string, entry: Pending): Promise<void> {
    const { restore, subject } = entry.letter;
    const again = !entry.restored && restore !== undefined && (await restore().catch(() => false));
    if (!pending.has(token)) return;
    entry.restored = true;
    if (again) return transmit(token, entry);
    finish(token, failure("unroutable", entry, `no stream takes ${subject}`));
  }

  /** All have the same time, so the first in the map is the first to be late. */
  function arm(): void {
    if (cancelTimer !== undefined) return;
    const [first] = pending.values();
    if (first === undefined) return;
    cancelTimer = clock.after(Math.max(0, first.until - clock.now()), () => {
      cancelTimer = undefined;
      const now = clock.now();
      for (const [token, entry] of pending) {
        if (entry.until > now) break;
        const code = link.state === "up" ? "timeout" : "disconnected";
        finish(token, failure(code, entry, `no confirm within ${timeoutMs} ms`));
      }
      arm();
    });
  }

  function send(letter: Letter): Promise<PublishResult> | PublishResult {
    const id = letter.extras?.dedupe ?? dedupeId(letter.message, letter.shared);
    let headers: MsgHdrs;
    try {
      headers = toHeaders(letter.message, { ...letter.extras, dedupe: id });
      checkSize(letter, headers, link.connection.info?.max_payload);
    } catch (error) {
      places.leave(1);
      return { ok: false, error: toError(error) };
    }
    return new Promise((settle) => {
      const token = (++sequence).toString(36);
      const until = clock.now() + timeoutMs;
      const entry: Pending = { letter, headers, dedupe: id !== undefined, until, restored: false, settle };
      pending.set(token, entry);
      transmit(token, entry);
      arm();
    });
  }

  async function sendAll(letters: readonly Letter[]): Promise<PublishResult[]> {
    try {
      if (closed) throw new QueueError("closed", "the broker was closed");
      if (link.state !== "up") await link.ready(timeoutMs);
    } catch (error) {
      places.leave(letters.length);
      return letters.map(() => ({ ok: false, error: toError(error) }));
    }
    return Promise.all(letters.map(send));
  }

  return {
    publish: (letters) => new Promise((resolve) => places.enter(letters.length, () => resolve(sendAll(letters)))),
    close() {
      closed = true;
      forget();
      cancelTimer?.();
      for (const [token, entry] of pending) finish(token, failure("closed", entry, "the broker was closed"));
    },
  };
}

/** @throws {QueueError} `refused` when a message that is new does not leave room for what may become of it. */
function checkSize({ message, extras }: Letter, headers: MsgHdrs, limit: number | undefined): void {
  const { body } = message;
  // nearly all are far from it, and headers are not for free to count
  if (limit === undefined || body.length * 2 < limit) return;
  // a copy that waits for its retry, or a dead letter
  if (extras !== undefined || message.headers[deadHeaders.reason] !== undefined) return;
  let bytes = body.length;
  for (const [name, [value = ""]] of headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  const most = limit - Math.min(spareBytes, Math.floor(limit / 16));
  if (bytes <= most) return;
  const why = `the server takes ${limit}, of which ${limit - most} are for the headers of retries and dead letters`;
  throw new QueueError("refused", `${message.address}: ${bytes} bytes are more than ${most}: ${why}`);
}

function outcomeOf(entry: Pending, reply: Msg): PublishResult {
  let ack: {
    stream?: unknown;
    seq?: unknown;
    duplicate?: unknown;
    error?: { err_code?: unknown; description?: unknown };
  };
  try {
    ack = reply.json();
  } catch (cause) {
    const { address } = entry.letter.message;
    return { ok: false, error: new QueueError("refused", `${address}: the confirm is not JSON`, { cause }) };
  }
  if (ack.error !== undefined) {
    const full = fullCodes.has(Number(ack.error.err_code));
    return failure(full ? "full" : "refused", entry, `JetStream refused it: ${String(ack.error.description)}`);
  }
  const position = `${String(ack.stream)}#${String(ack.seq)}`;
  return ack.duplicate === true ? { ok: true, position, duplicate: true } : { ok: true, position };
}

function failure(
  code: "closed" | "disconnected" | "full" | "refused" | "timeout" | "unroutable",
  { letter }: Pending,
  text: string,
): PublishResult {
  return { ok: false, error: new QueueError(code, `${letter.message.address}: ${text}`) };
}

/** What the library throws before anything is sent: the message is larger than the server takes. */
export function publishError({ message }: Pick<Letter, "message">, cause: unknown): QueueError {
  if (cause instanceof QueueError) return cause;
  return new QueueError("refused", `${message.address}: ${toError(cause).message}`, { cause });
}
