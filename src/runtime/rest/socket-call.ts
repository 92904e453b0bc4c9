import { closeCodes } from "../channels/close-codes.js";
import { rawFrames } from "../channels/raw-frames.js";
import { type SocketEnd, createSession } from "../channels/session.js";
import type { DuplexSocket, SocketFactory, SocketRequest } from "../channels/socket.js";
import { systemClock } from "../context/index.js";
import { RestCode, RestError, errorOfStatus } from "./error.js";

/** A call over a WebSocket of its own. */
export interface SocketCall {
  /** The frames of the server. Iterating throws why the call failed, where no frame says it. */
  readonly received: AsyncIterable<string>;
  /** Waits while the server is slow. Rejects once the call is over. */
  send(text: string): Promise<void>;
  /** Ends it, unless it is over. */
  fail(error: unknown): void;
}

/** Milliseconds in which the server has to answer a close frame. */
const closeWithinMs = 5_000;

/** Opens the socket of a call, which ends when the signal aborts. @throws {RestError} when none can be had here. */
export function openSocketCall(
  name: string,
  open: SocketFactory,
  request: SocketRequest,
  signal: AbortSignal,
): SocketCall {
  const session = createSession<string, string | Uint8Array>({
    channel: name,
    out: rawFrames,
    in: rawFrames,
    envelope: false,
    // how long a message may wait is the matter of the deadline
    options: { sendWithinMs: Infinity },
    clock: systemClock,
    tell: () => {},
  });
  const socket = openedBy(name, open, request);
  const closed = session
    .run(socket, () => session.outbox.attach(socket))
    .then((end) => session.end({ ...end, error: errorOfEnd(name, end) }, false));

  function fail(error: unknown): void {
    session.end({ code: closeCodes.normal, reason: "", error: asError(error) }, false);
    session.stop();
    socket.close(closeCodes.normal, "");
    const cancel = systemClock.after(closeWithinMs, () => socket.terminate?.());
    void closed.then(cancel);
  }

  signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  return { received: { [Symbol.asyncIterator]: receive }, send: (text) => session.send(text, {}), fail };

  async function* receive(): AsyncGenerator<string, void, undefined> {
    for (;;) {
      const { done, value } = await session.inbox.next();
      // what came before the call was cancelled is not wanted any more
      signal.throwIfAborted();
      if (done === true) return;
      const { message } = value;
      if (typeof message !== "string")
        throw new RestError(RestCode.INTERNAL, `${name}: the server sent a binary frame`);
      yield message;
    }
  }
}

function openedBy(name: string, open: SocketFactory, request: SocketRequest): DuplexSocket {
  try {
    return open(request);
  } catch (cause) {
    throw new RestError(RestCode.FAILED_PRECONDITION, `${name}: ${asError(cause).message}`, { cause });
  }
}

/** Codes of gRPC, in the range of close codes that belongs to applications. */
const failureCodes = 4000;

const codes: ReadonlyMap<number, number> = new Map([
  [closeCodes.goingAway, RestCode.UNAVAILABLE],
  [closeCodes.abnormal, RestCode.UNAVAILABLE],
  [closeCodes.tryAgainLater, RestCode.UNAVAILABLE],
  [closeCodes.tooBig, RestCode.RESOURCE_EXHAUSTED],
]);

/** Why a call failed whose server has not said it in a frame; undefined when all is well. */
function errorOfEnd(name: string, { opened, code, reason, error, status }: SocketEnd): RestError | undefined {
  if (status !== undefined) return errorOfStatus(undefined, status);
  const cause = error === undefined ? {} : { cause: error };
  if (!opened) return new RestError(RestCode.UNAVAILABLE, `${name}: the server cannot be reached`, cause);
  // this side has given up
  if (error !== undefined && code !== closeCodes.tooBig)
    return new RestError(
      isFull(error) ? RestCode.RESOURCE_EXHAUSTED : RestCode.UNAVAILABLE,
      `${name}: ${error.message}`,
      cause,
    );
  if (code === closeCodes.normal) return undefined;
  const known =
    code > failureCodes && code <= failureCodes + RestCode.UNAUTHENTICATED ? code - failureCodes : undefined;
  const text = `${name}: the server closed with ${code}${reason === "" ? "" : `, ${reason}`}`;
  return new RestError(known ?? codes.get(code) ?? RestCode.INTERNAL, text, { status: 101 });
}

/** More came than a socket that cannot stop reading may hold. */
function isFull(error: Error): boolean {
  return "code" in error && error.code === "full";
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
