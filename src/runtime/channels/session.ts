import { ambient, traceHeaders, type Clock } from "../context/index.js";
import { QueueError, toError } from "../queue/errors.js";
import { closeCodes, closeReason, codeOfFault } from "./close-codes.js";
import type { EncodedFrame, FrameCodec } from "./frames.js";
import { startHeartbeat } from "./heartbeat.js";
import { createInbox, type Inbox } from "./inbox.js";
import { createOutbox, type Outbox } from "./outbox.js";
import type { DuplexSocket } from "./socket.js";
import type { CloseInfo, ConnectionEvent, ConnectionOptions, Frame, SendOptions } from "./types.js";

/** An event without what all events of a connection have. */
export type Occurrence = ConnectionEvent extends infer E
  ? E extends { readonly kind: string }
    ? Omit<E, "channel" | "side">
    : never
  : never;

/** What one connection works with, over all of its sockets. */
export interface SessionSetup<Out, In> {
  readonly channel: string;
  readonly out: FrameCodec<unknown, Out>;
  readonly in: FrameCodec<In, never>;
  readonly envelope: boolean;
  readonly options: ConnectionOptions;
  readonly clock: Clock;
  readonly tell: (occurrence: Occurrence) => void;
}

/** The queues of a connection and the sockets that it has one after another. */
export interface Session<Out, In> {
  readonly inbox: Inbox<Frame<In>>;
  readonly outbox: Outbox;
  /** Encodes and sends, through the outbox or past it. */
  send(message: Out, options: SendOptions, through?: Outbox): Promise<void>;
  /** Has a socket bring messages; resolves when it has ended. */
  run(socket: DuplexSocket, onOpen: () => void): Promise<SocketEnd>;
  /** Takes no more: what comes from now on is dropped, so that the other side's close is seen. */
  stop(): void;
  /** An outbox of a socket alone. */
  direct(socket: DuplexSocket): Outbox;
  readonly tell: (occurrence: Occurrence) => void;
  /** Nothing comes or goes any more: readers end, with the error unless the end was wanted. */
  end(how: CloseInfo, wanted: boolean): void;
  /** The socket of the moment. */
  readonly socket: DuplexSocket | undefined;
}

/** How a socket ended. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
  readonly opened: boolean;
  /** This side's reason to end it, or why it could not be opened. */
  readonly error: Error | undefined;
  /** The answer to a refused upgrade. */
  readonly status: number | undefined;
}

export function createSession<Out, In>(setup: SessionSetup<Out, In>): Session<Out, In> {
  const { channel, out, in: incoming, envelope, options, clock, tell } = setup;
  const { receiveBuffer = 64, sendBuffer = 1_024, highWaterBytes = 2 ** 20, sendWithinMs = 30_000 } = options;
  const outboxOptions = { clock, limit: sendBuffer, highWaterBytes, withinMs: sendWithinMs };
  let socket: DuplexSocket | undefined;
  let heartbeat = startHeartbeat(clock, false, undefined, () => {});
  /** Why this side ends the socket. */
  let fault: Error | undefined;
  let stopped = false;

  const inbox = createInbox<Frame<In>>({
    limit: receiveBuffer,
    onFull: () => hold(true),
    onRoom: () => hold(false),
    onOverflow: (error) => giveUp(error, closeCodes.tryAgainLater),
  });
  const outbox = createOutbox(outboxOptions);

  function hold(is: boolean): void {
    if (socket?.pause === undefined) return;
    heartbeat.deaf(is);
    if (is) socket.pause();
    else socket.resume?.();
  }

  function giveUp(error: Error, code: number): void {
    fault ??= error;
    socket?.close(code, closeReason(error.message));
  }

  function receive(data: string | Uint8Array): void {
    if (fault !== undefined || stopped) return;
    try {
      const { message, headers, name } = incoming.decode(data);
      tell({ kind: "received", name, bytes: data.length });
      inbox.push({ message, headers }, data.length);
    } catch (thrown) {
      const error = toError(thrown);
      tell({ kind: "invalid", error });
      if (options.onInvalid !== "skip") giveUp(error, codeOfFault(error));
    }
  }

  function encode(message: Out, { headers }: SendOptions): EncodedFrame {
    if (!envelope) {
      if (headers === undefined || Object.keys(headers).length === 0) return out.encode(message, {});
      throw new QueueError("usage", `channel ${channel}: headers need an envelope, which the contract does not have`);
    }
    const { trace } = ambient();
    return out.encode(message, trace === undefined ? (headers ?? {}) : { ...traceHeaders(trace), ...headers });
  }

  return {
    inbox,
    outbox,
    tell,
    end({ error }, wanted) {
      outbox.fail(error ?? new QueueError("closed", `channel ${channel}: the connection is closed`));
      inbox.end(wanted ? undefined : error);
    },
    get socket() {
      return socket;
    },
    stop() {
      stopped = true;
      if (inbox.full) hold(false);
    },
    direct(over) {
      const direct = createOutbox(outboxOptions);
      direct.attach(over);
      return direct;
    },
    async send(message, sendOptions, through = outbox) {
      const { data, name } = encode(message, sendOptions);
      await through.send(data);
      tell({ kind: "sent", name, bytes: data.length });
    },
    run: (next, onOpen) =>
      new Promise((resolve) => {
        let opened = false;
        let failure: Error | undefined;
        let status: number | undefined;
        socket = next;
        fault = undefined;
        next.listen({
          open() {
            opened = true;
            heartbeat = startHeartbeat(clock, options.heartbeat ?? {}, next.ping?.bind(next), () => {
              fault ??= new QueueError("disconnected", `channel ${channel}: no sign of life from the other side`);
              if (next.terminate === undefined) next.close(closeCodes.goingAway, "no sign of life");
              else next.terminate();
            });
            if (inbox.full && !stopped) hold(true);
            onOpen();
          },
          message(data) {
            heartbeat.heard();
            receive(data);
          },
          pong: () => heartbeat.heard(),
          failed(error, code) {
            failure ??= error;
            status ??= code;
          },
          close(code, reason) {
            heartbeat.stop();
            outbox.detach();
            if (socket === next) socket = undefined;
            resolve({ code, reason, opened, error: fault ?? failure, status });
          },
        });
      }),
  };
}

/** What is sent by the other side as an iterable; the one of messages, and the one with headers. */
export function iterate<T, R>(inbox: Inbox<T>, pick: (item: T) => R): AsyncIterator<R, undefined> {
  return {
    async next() {
      const { done, value } = await inbox.next();
      return done === true ? { done, value: undefined } : { done: false, value: pick(value) };
    },
    // whoever stops reading may go on later
    return: () => Promise.resolve({ done: true, value: undefined }),
  };
}
