import { sleep, systemClock, type Clock, type Random } from "../context/index.js";
import { QueueError, toError } from "../queue/errors.js";
import { checkClose, closeCodes, mayReconnect, mayRetryStatus } from "./close-codes.js";
import { frameCodec } from "./frames.js";
import { globalSocket } from "./global-socket.js";
import { createSession, iterate, type SocketEnd } from "./session.js";
import type { DuplexSocket, SocketFactory } from "./socket.js";
import { clientTarget, type TargetOptions } from "./target.js";
import type { AnyFields, CloseInfo, Connection, ConnectionOptions, Frames, SocketInfo } from "./types.js";

/** A connection as the side sees it that opened it. */
export interface ClientConnection<Out, In> extends Connection<Out, In> {
  /** True while a socket is open. */
  readonly connected: boolean;
}

/** What can be sent while a socket has just opened, before all that waits. */
export interface Opening<Out> {
  /** False for the first socket. */
  readonly reconnected: boolean;
  send: Connection<Out, never>["send"];
}

/** How a lost connection is opened again: after a random time up to `initialMs`, doubled each time up to `maxMs`. */
export interface ReconnectOptions {
  /** 500 by default. */
  readonly initialMs?: number | undefined;
  /** 30,000 by default. */
  readonly maxMs?: number | undefined;
  /** Attempts in a row; without an end by default. */
  readonly maxAttempts?: number | undefined;
}

/**
 * How to connect.
 *
 * @example await connectChat("wss://chat.example.com", { room: "lobby" }, { onOpen: ({ send }) => send({ case: "join", value: { name } }) });
 */
export interface ConnectBase<Out> extends ConnectionOptions {
  /** Opens sockets; the global WebSocket by default, which Node has from 22 on. `wsSocket` of `channels/ws` elsewhere. */
  readonly socket?: SocketFactory | undefined;
  readonly subprotocols?: readonly string[] | undefined;
  /** Headers of the upgrade request that are not in the contract, `authorization`. Browsers cannot send any. */
  readonly upgradeHeaders?: Readonly<Record<string, string>> | undefined;
  /** Sends the surrounding trace as the query parameter `traceparent`, for browsers; a header carries it elsewhere. */
  readonly traceInQuery?: boolean | undefined;
  /** Longest message that is taken, bytes; 1 MiB by default. Browsers decide for themselves. */
  readonly maxMessageBytes?: number | undefined;
  /** Milliseconds until a socket must be open; 10,000 by default. */
  readonly connectWithinMs?: number | undefined;
  /** False: the connection ends with its first socket. */
  readonly reconnect?: ReconnectOptions | false | undefined;
  /**
   * Runs on every new socket before anything else is sent: the place to subscribe again. One that throws gives the
   * socket up; the next one is tried as after a loss.
   */
  readonly onOpen?: ((opening: Opening<Out>) => Promise<void> | void) | undefined;
  /** Ends the connection, or the attempt to open it. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** How to connect to a channel, with the query parameters and headers of its contract. */
export type ConnectOptions<Out, Query = undefined, Headers = undefined> = ConnectBase<Out> &
  Given<"query", Query> &
  Given<"headers", Headers>;

/** A property that may be left out where all of its own may. */
export type Given<Name extends string, T> = [T] extends [undefined]
  ? { readonly [N in Name]?: undefined }
  : {} extends T
    ? { readonly [N in Name]?: T | undefined }
    : { readonly [N in Name]: T };

/** A socket that stays open that long was worth its opening: attempts are counted anew. */
const stableMs = 5_000;

/**
 * Opens a channel and keeps it open: a socket that is lost is replaced, after a while that grows from attempt to
 * attempt, and what was not handed to the old one goes to the new one. WebSocket acknowledges nothing: what the old
 * one had taken may be lost. A server that closes with 1000, a code that says the client is wrong, or 4000 and above
 * is taken at its word.
 *
 * @throws {QueueError} `usage` for options that contradict the contract, `disconnected`, `refused` or `timeout` when the first socket does not open.
 */
export async function connectChannel<ToServer, ToServerInit, ToClient, ToClientInit, Params>(
  info: SocketInfo<Frames<ToServer, ToServerInit>, Frames<ToClient, ToClientInit>, Params, AnyFields, AnyFields>,
  url: string,
  options: ConnectBase<ToServerInit> & TargetOptions,
): Promise<ClientConnection<ToServerInit, ToClient>> {
  const { clock = systemClock, random = Math.random, socket: open = globalSocket, signal, onOpen } = options;
  const { connectWithinMs = 10_000, maxMessageBytes = 2 ** 20, subprotocols = [], reconnect = {}, onEvent } = options;
  const target = clientTarget(info, url, options);
  const envelope = info.envelope === true;
  const session = createSession<ToServerInit, ToClient>({
    channel: info.id,
    out: frameCodec(info.id, info.toServer, envelope),
    // sound: what comes is only decoded
    in: frameCodec<ToClient, never>(info.id, info.toClient as Frames<ToClient, never>, envelope),
    envelope,
    options,
    clock,
    tell: (occurrence) => onEvent?.({ channel: info.id, side: "client", ...occurrence }),
  });
  const { tell } = session;
  const stop = new AbortController();
  let closing: CloseInfo | undefined;
  let connected = false;
  let cancelCut: () => void = () => {};
  let protocol = "";
  let resolveClosed: (info: CloseInfo) => void = () => {};
  const closed = new Promise<CloseInfo>((resolve) => (resolveClosed = resolve));

  /** One socket from its opening to its end. */
  async function once(
    attempt: number,
    reconnected: boolean,
    onUp: () => void,
  ): Promise<SocketEnd & { lasted: number }> {
    let openedAt = clock.now();
    let socket: DuplexSocket;
    try {
      socket = open({ url: target.url, subprotocols, headers: target.headers, maxMessageBytes });
    } catch (thrown) {
      const error = toError(thrown);
      return { code: closeCodes.abnormal, reason: "", opened: false, error, status: undefined, lasted: 0 };
    }
    let own: Error | undefined;
    const cancel = clock.after(connectWithinMs, () => {
      own = new QueueError(
        "timeout",
        `channel ${info.id}: ${target.shown} did not answer within ${connectWithinMs} ms`,
      );
      cut(socket, closeCodes.normal, "");
    });
    const end = await session.run(socket, () => {
      cancel();
      openedAt = clock.now();
      if (closing !== undefined) return socket.close(closing.code, closing.reason);
      protocol = socket.protocol;
      connected = true;
      tell({ kind: "opened", attempt });
      void welcome(socket, reconnected).then(onUp, (thrown: unknown) => (own ??= toError(thrown)));
    });
    cancel();
    cancelCut();
    connected = false;
    return { ...end, error: own ?? end.error, lasted: end.opened ? clock.now() - openedAt : 0 };
  }

  /** What is to be said first, then what waits. */
  async function welcome(socket: DuplexSocket, reconnected: boolean): Promise<void> {
    if (onOpen !== undefined) {
      const direct = session.direct(socket);
      try {
        await onOpen({ reconnected, send: (message, sendOptions = {}) => session.send(message, sendOptions, direct) });
        await direct.idle();
      } catch (thrown) {
        direct.fail(toError(thrown));
        socket.close(closeCodes.internalError, "");
        throw thrown;
      }
    }
    if (session.socket === socket) session.outbox.attach(socket);
  }

  async function live(onUp: () => void): Promise<CloseInfo> {
    let failures = 0;
    let wasUp = false;
    for (let attempt = 1; ; attempt++) {
      const end = await once(attempt, wasUp, () => {
        wasUp = true;
        onUp();
      });
      tell({ kind: "closed", code: end.code, reason: end.reason, error: end.error });
      if (closing !== undefined) return { ...closing, code: end.opened ? end.code : closing.code };
      const { code, reason, error } = end;
      // the first socket must open; whoever waits for it hears why it did not
      if (!wasUp) return { code, reason, error: notOpened(end) };
      if (end.lasted >= stableMs) failures = 0;
      const hopeless = end.opened ? !mayReconnect(code) : !mayRetryStatus(end.status);
      if (reconnect === false || hopeless || isOwnFault(end)) {
        return code === closeCodes.normal && error === undefined
          ? { code, reason }
          : { code, reason, error: lost(end) };
      }
      const { initialMs = 500, maxMs = 30_000, maxAttempts = Infinity } = reconnect;
      if (failures >= maxAttempts) return { code, reason, error: lost(end) };
      const delayMs = Math.round(random() * Math.min(maxMs, initialMs * 2 ** Math.min(failures, 30)));
      failures++;
      tell({ kind: "reconnecting", attempt: attempt + 1, delayMs, error });
      await sleep(clock, delayMs, stop.signal).catch(() => {});
      if (closing !== undefined) return closing;
    }
  }

  function notOpened({ error, status, code, reason, opened }: SocketEnd): Error {
    if (opened && error !== undefined) return error;
    if (status !== undefined)
      return new QueueError("refused", `channel ${info.id}: ${target.shown} answered ${status}`);
    if (error instanceof QueueError) return error;
    const why = error?.message ?? (reason === "" ? `close code ${code}` : reason);
    return new QueueError("disconnected", `channel ${info.id}: cannot open ${target.shown}: ${why}`, { cause: error });
  }

  function lost({ error, code, reason }: SocketEnd): Error {
    if (error instanceof QueueError) return error;
    const why = reason === "" ? `close code ${code}` : `close code ${code}, ${reason}`;
    return new QueueError("disconnected", `channel ${info.id}: ${target.shown} ended the connection: ${why}`, {
      cause: error,
    });
  }

  /** Ends the connection for good. */
  function finish(how: CloseInfo): void {
    signal?.removeEventListener("abort", onAbort);
    session.end(how, false);
    resolveClosed(how);
  }

  async function close(code: number, reason: string): Promise<CloseInfo> {
    const text = checkClose(code, reason);
    if (closing === undefined) {
      if (connected) await session.outbox.idle();
      closing = { code, reason: text };
      stop.abort();
      session.stop();
      if (session.socket !== undefined) cut(session.socket, code, text);
    }
    return closed;
  }

  /** Closes a socket, and cuts it where the other side does not answer. */
  function cut(socket: DuplexSocket, code: number, reason: string): void {
    socket.close(code, reason);
    cancelCut();
    cancelCut = clock.after(closeWithinMs, () => socket.terminate?.());
  }

  const onAbort = (): void => {
    closing ??= { code: closeCodes.normal, reason: "", error: toError(signal?.reason) };
    stop.abort();
    session.stop();
    if (session.socket !== undefined) cut(session.socket, closeCodes.normal, "");
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) throw toError(signal.reason);

  let onUp: () => void = () => {};
  const up = new Promise<void>((resolve) => (onUp = resolve));
  void live(onUp).then(finish);
  const early = await Promise.race([up, closed]);
  if (early !== undefined) throw early.error ?? new QueueError("disconnected", `channel ${info.id}: closed at once`);

  return {
    send: (message, sendOptions = {}) => session.send(message, sendOptions),
    [Symbol.asyncIterator]: () => iterate(session.inbox, ({ message }) => message),
    frames: () => ({ [Symbol.asyncIterator]: () => iterate(session.inbox, (frame) => frame) }),
    close: (code = closeCodes.normal, reason = "") => close(code, reason),
    closed,
    get protocol() {
      return protocol;
    },
    get bufferedBytes() {
      return session.outbox.waitingBytes + (session.socket?.bufferedAmount ?? 0);
    },
    get connected() {
      return connected;
    },
  };
}

/** Milliseconds in which the other side has to answer a close frame. */
const closeWithinMs = 5_000;

/** A message of the server that does not fit the contract: the next one of its kind would not, either. */
function isOwnFault({ error }: SocketEnd): boolean {
  return error instanceof QueueError && ["undecodable", "invalid", "usage"].includes(error.code);
}
