import {
  ambientWith,
  childTrace,
  parseTrace,
  passiveTracer,
  systemClock,
  withAmbient,
  type Span,
  type TraceContext,
} from "../context/index.js";
import { isQueueError, toError } from "../queue/errors.js";
import { checkClose, closeCodes } from "./close-codes.js";
import { drainAll, type Drained } from "./drain.js";
import { readFields } from "./fields.js";
import { frameCodec } from "./frames.js";
import { joinPath, matchPath } from "./path.js";
import type { ConnectionHandler, ServedChannel, ServeOptions, ServerConnection, TypedUpgrade } from "./server-types.js";
import { createSession, iterate } from "./session.js";
import type { DuplexSocket } from "./socket.js";
import type { AnyFields, CloseInfo, FieldValues, Frames, SocketInfo } from "./types.js";
import {
  isAllowedOrigin,
  isUpgradeRefusal,
  type ChannelServer,
  type UpgradeAnswer,
  type UpgradeRequest,
} from "./upgrade.js";

/** Milliseconds that `verify` may take before the client is refused. */
const verifyWithinMs = 10_000;

/** Serves a channel on a server. */
export function serveChannel<
  ToServer,
  ToServerInit,
  ToClient,
  ToClientInit,
  Params,
  Query extends AnyFields,
  Headers extends AnyFields,
>(
  info: SocketInfo<Frames<ToServer, ToServerInit>, Frames<ToClient, ToClientInit>, Params, Query, Headers>,
  server: ChannelServer,
  handler: ConnectionHandler<ToClientInit, ToServer, Params, FieldValues<Query>, FieldValues<Headers>>,
  options: ServeOptions<Params, FieldValues<Query>, FieldValues<Headers>> = {},
): ServedChannel<ToClientInit, ToServer, Params, FieldValues<Query>, FieldValues<Headers>> {
  type Served = ServerConnection<ToClientInit, ToServer, Params, FieldValues<Query>, FieldValues<Headers>>;
  type Upgrade = TypedUpgrade<Params, FieldValues<Query>, FieldValues<Headers>>;
  const { clock = systemClock, tracer = passiveTracer, basePath = "", verify, origins, onEvent } = options;
  const { maxConnections = 10_000, subprotocols = [] } = options;
  const match = matchPath(joinPath(basePath, info.address), info.parameters);
  const envelope = info.envelope === true;
  // sound: what goes out is only encoded, what comes only decoded
  const out = frameCodec<unknown, ToClientInit>(info.id, info.toClient as Frames<unknown, ToClientInit>, envelope);
  const incoming = frameCodec<ToServer, never>(info.id, info.toServer as Frames<ToServer, never>, envelope);
  const connections = new Set<Served>();
  const running = new Map<Served, Running>();
  let opening = 0;
  let draining = false;

  interface Running extends Drained {
    /** Has the handler end. */
    readonly drain: () => void;
  }

  function refuse(status: number, reason: string): UpgradeAnswer {
    onEvent?.({ channel: info.id, side: "server", kind: "refused", status, reason });
    return { accept: false, status, reason };
  }

  async function answer(request: UpgradeRequest, params: Params): Promise<UpgradeAnswer> {
    if (draining) return refuse(503, "going away");
    if (connections.size + opening >= maxConnections) return refuse(503, "too many connections");
    if (!isAllowedOrigin(request, origins)) return refuse(403, "this origin may not connect");
    const subprotocol = subprotocols.find((name) => request.subprotocols.includes(name));
    if (subprotocols.length > 0 && subprotocol === undefined) {
      return refuse(400, `subprotocol: one of ${subprotocols.join(", ")}`);
    }
    opening++;
    try {
      const upgrade = { ...request, params, ...typedParts(request) };
      const identity = await verified(upgrade);
      if (identity === false) return refuse(401, "not authenticated");
      if (draining) return refuse(503, "going away");
      return { accept: true, subprotocol, open: (socket) => serve(socket, upgrade, identity) };
    } catch (error) {
      if (isUpgradeRefusal(error)) return refuse(error.status, error.message);
      if (isQueueError(error, "invalid")) return refuse(400, error.message);
      onEvent?.({ channel: info.id, side: "server", kind: "invalid", error: toError(error) });
      return refuse(500, "internal error");
    } finally {
      opening--;
    }
  }

  function typedParts(request: UpgradeRequest): Pick<Upgrade, "typedQuery" | "typedHeaders"> {
    const query: AnyFields = info.query;
    const headers: AnyFields = info.headers;
    const header = (name: string): readonly string[] => {
      const value = request.headers[name.toLowerCase()];
      return value === undefined ? [] : [value];
    };
    const read = (fields: AnyFields, all: (name: string) => readonly string[]): unknown =>
      fields === undefined ? undefined : readFields(fields, all);
    // sound: the fields' own types read them
    return {
      typedQuery: read(query, (name) => request.query.getAll(name)) as FieldValues<Query>,
      typedHeaders: read(headers, header) as FieldValues<Headers>,
    };
  }

  /** A check that never ends must not keep a place. */
  function verified(request: Upgrade): Promise<unknown> {
    if (verify === undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(verifyWithinMs, () => reject(new Error(`verify took ${verifyWithinMs} ms`)));
      void (async () => verify(request))().then(resolve, reject).finally(cancel);
    });
  }

  function serve(socket: DuplexSocket, upgrade: Upgrade, identity: unknown): void {
    const session = createSession<ToClientInit, ToServer>({
      channel: info.id,
      out,
      in: incoming,
      envelope,
      options,
      clock,
      tell: (occurrence) => onEvent?.({ channel: info.id, side: "server", ...occurrence }),
    });
    const gone = new AbortController();
    const ending = new AbortController();
    let closing: CloseInfo | undefined;
    let finish: (end: CloseInfo) => void = () => {};
    const closed = new Promise<CloseInfo>((resolve) => (finish = resolve));

    async function close(code: number, reason: string): Promise<CloseInfo> {
      const text = checkClose(code, reason);
      if (closing === undefined) {
        closing = { code, reason: text };
        session.stop();
        await session.outbox.idle();
        socket.close(code, text);
        const cancel = clock.after(closeWithinMs, cut);
        void closed.then(cancel);
      }
      return closed;
    }
    const cut = (): void =>
      socket.terminate === undefined ? socket.close(closeCodes.goingAway, "") : socket.terminate();

    const { params, typedQuery, typedHeaders } = upgrade;
    const connection: Served = {
      params,
      query: typedQuery,
      headers: typedHeaders,
      request: upgrade,
      identity,
      signal: gone.signal,
      draining: ending.signal,
      send: (message, sendOptions = {}) => session.send(message, sendOptions),
      [Symbol.asyncIterator]: () => iterate(session.inbox, ({ message }) => message),
      frames: () => ({ [Symbol.asyncIterator]: () => iterate(session.inbox, (frame) => frame) }),
      close: (code = closeCodes.normal, reason = "") => close(code, reason),
      closed,
      protocol: socket.protocol,
      get bufferedBytes() {
        return session.outbox.waitingBytes + socket.bufferedAmount;
      },
    };
    connections.add(connection);

    void session
      .run(socket, () => session.outbox.attach(socket))
      .then(({ code, reason, error }) => {
        connections.delete(connection);
        session.tell({ kind: "closed", code, reason, error });
        session.end({ code, reason, error }, closing !== undefined);
        gone.abort();
        finish({ code, reason, error });
      });

    const span = tracer.start(`websocket ${info.id}`, { kind: "server", parent: traceOf(upgrade), attributes: {} });
    void handle(connection, span).then(
      () => close(draining ? closeCodes.goingAway : closeCodes.normal, ""),
      (thrown: unknown) => {
        // what comes of an end of the connection is no fault of the handler
        if (!gone.signal.aborted) session.tell({ kind: "invalid", error: toError(thrown) });
        return close(closeCodes.internalError, "");
      },
    );
    running.set(connection, {
      drain() {
        session.stop();
        session.inbox.end();
        ending.abort();
      },
      close: () => void close(closeCodes.goingAway, ""),
      cut,
      closed,
    });
    void closed.then(() => running.delete(connection));
    session.tell({ kind: "opened", attempt: 1 });
  }

  async function handle(connection: Served, span: Span): Promise<void> {
    try {
      await withAmbient(ambientWith({ trace: span.trace, identity: connection.identity }), () => handler(connection));
      span.end();
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  async function drain(withinMs: number): Promise<void> {
    draining = true;
    const all = [...running.values()];
    for (const one of all) one.drain();
    await drainAll(clock, all, withinMs);
  }

  const remove = server.add({
    id: info.id,
    answer(request) {
      const params = match(request.path);
      // sound: the matcher gives every parameter of the address
      return params === undefined ? undefined : answer(request, params as Params);
    },
    drain,
  });
  return {
    connections,
    async close(withinMs = 5_000) {
      remove();
      await drain(withinMs);
    },
  };
}

/** Milliseconds in which the other side has to answer a close frame. */
const closeWithinMs = 5_000;

function traceOf({ headers, query }: UpgradeRequest): TraceContext {
  const found = parseTrace({
    traceparent: headers["traceparent"] ?? query.get("traceparent") ?? undefined,
    tracestate: headers["tracestate"],
    baggage: headers["baggage"],
  });
  return found ?? childTrace(undefined);
}
