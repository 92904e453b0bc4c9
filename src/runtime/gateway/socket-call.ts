import { closeCodes, closeReason } from "../channels/close-codes.js";
import type { Drained } from "../channels/drain.js";
import type { DuplexSocket } from "../channels/index.js";
import { rawFrames } from "../channels/raw-frames.js";
import { createSession } from "../channels/session.js";
import type { ConnectionOptions } from "../channels/types.js";
import { systemClock } from "../context/index.js";
import { Code, type Messages, RpcError, isRpcError, lifetimeOf, messagesOf } from "../rpc/index.js";
import type { TypeRegistry } from "../wire/index.js";
import type { StartedCall } from "./calls.js";
import { HttpError, invalid, tooLarge } from "./errors.js";
import { errorText, type ReplyContext, resultText } from "./reply.js";

/** A call whose messages travel over a socket. */
export interface SocketCallInit {
  readonly channel: string;
  /** Makes a request message of a frame. @throws {HttpError} when it does not fit the contract. */
  readonly read: (text: string) => unknown;
  readonly start: (requests: Messages<unknown>) => StartedCall;
  /** Hears of messages that cannot be sent. */
  readonly report: (error: unknown) => void;
  readonly reply: ReplyContext;
  readonly registry: TypeRegistry | undefined;
  /** The most bytes of one message. */
  readonly limit: number;
  readonly options: ConnectionOptions;
}

/** A socket while it is open. */
export interface SocketCall extends Drained {
  /** How the call ended; undefined with success. */
  readonly ended: Promise<HttpError | RpcError | undefined>;
}

/** The close code of a call that failed: those of gRPC, in the range that belongs to applications. */
const failureCodes = 4000;
/** Milliseconds in which the client has to answer a close frame. */
const closeWithinMs = 5_000;

/**
 * Serves one call: each text frame is a request message, an empty one ends the requests; each message of the reply is a
 * frame, and a failure the last one. Frames wait in their socket while the call does not take them, messages in the
 * call while the socket does not.
 */
export function serveSocketCall(socket: DuplexSocket, init: SocketCallInit): SocketCall {
  const { channel, read, start, reply, registry, limit } = init;
  const clock = systemClock;
  const session = createSession<string, string | Uint8Array>({
    channel,
    out: rawFrames,
    in: rawFrames,
    envelope: false,
    // how long a message may wait is the matter of deadline and heartbeat
    options: { ...init.options, sendWithinMs: Infinity },
    clock,
    tell: () => {},
  });
  let inputError: HttpError | undefined;
  let goingAway = false;
  const cut = (): void =>
    socket.terminate === undefined ? socket.close(closeCodes.goingAway, "") : socket.terminate();

  const closed = session
    .run(socket, () => session.outbox.attach(socket))
    .then(({ code, reason }) => {
      const error = new RpcError(Code.CANCELLED, "the client has gone");
      lifetime.abort(error);
      session.end({ code, reason, error }, false);
    });
  const { call, pending } = start(messagesOf(readRequests()));
  const lifetime = lifetimeOf(call);
  lifetime.onAbort((reason) => {
    // a call that failed by itself has given its messages before
    if (!lifetime.failed) session.outbox.fail(reason);
  });
  const ended = answer().then(finish);
  return { close, cut, closed, ended };

  async function* readRequests(): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      const { done, value } = await session.inbox.next();
      if (done === true) return;
      const { message } = value;
      // from now on only the end of the socket is of interest
      if (message === "") return session.stop();
      yield readFrame(message);
    }
  }

  function readFrame(frame: string | Uint8Array): unknown {
    try {
      if (typeof frame !== "string") throw invalid("messages are text frames with JSON, not binary ones");
      if (Buffer.byteLength(frame) > limit) throw tooLarge("the message", limit);
      return read(frame);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      inputError = error;
      throw new RpcError(error.code, error.message);
    }
  }

  /** Sends the messages of the reply. */
  async function answer(): Promise<HttpError | RpcError | undefined> {
    try {
      const { messages } = await pending;
      for await (const message of messages) await session.send(resultText(reply, message), {});
      return undefined;
    } catch (error) {
      if (!isRpcError(error)) init.report(error);
      // what was wrong with a request is what the client must hear, whatever became of the call
      return inputError ?? RpcError.from(error);
    }
  }

  function finish(failure: HttpError | RpcError | undefined): HttpError | RpcError | undefined {
    session.stop();
    const cancel = clock.after(closeWithinMs, cut);
    void closed.then(cancel);
    if (failure === undefined) {
      socket.close(closeCodes.normal, "");
    } else {
      // behind all messages: none waits any more
      socket.send(errorText(failure, registry));
      socket.close(goingAway ? closeCodes.goingAway : failureCodes + failure.code, closeReason(failure.message));
    }
    return failure;
  }

  function close(): void {
    goingAway = true;
    lifetime.abort(new RpcError(Code.UNAVAILABLE, "the server is going away"));
  }
}
