import type { Clock, Tracer } from "../context/index.js";
import type { Connection, ConnectionOptions } from "./types.js";
import type { UpgradeRequest } from "./upgrade.js";

/** A request with what the contract says about it. */
export interface TypedUpgrade<Params, Query, Headers> extends UpgradeRequest {
  /** Values of the address parameters. */
  readonly params: Params;
  /** Query parameters of the contract; undefined where it names none. */
  readonly typedQuery: Query;
  /** Headers of the contract; undefined where it names none. */
  readonly typedHeaders: Headers;
}

/** A connection as the server sees it. */
export interface ServerConnection<Out, In, Params = {}, Query = undefined, Headers = undefined> extends Connection<
  Out,
  In
> {
  /** Values of the address parameters. */
  readonly params: Params;
  /** Query parameters of the contract. */
  readonly query: Query;
  /** Headers of the contract. */
  readonly headers: Headers;
  readonly request: UpgradeRequest;
  /** What `verify` returned. */
  readonly identity: unknown;
  /** Aborts when the connection is over. */
  readonly signal: AbortSignal;
  /** Aborts when the server is ending: whoever does not read, and so does not see the messages end, returns then. */
  readonly draining: AbortSignal;
}

/**
 * Serves one connection: iterate over it to read. When the handler returns the connection is closed (1000); one that
 * throws closes it with 1011, the client is not told why.
 *
 * @example
 * serveChat(server, async (connection) => {
 *   for await (const message of connection) await room(connection.params.room).send(message);
 * });
 */
export type ConnectionHandler<Out, In, Params = {}, Query = undefined, Headers = undefined> = (
  connection: ServerConnection<Out, In, Params, Query, Headers>,
) => Promise<void> | void;

/**
 * How to serve a channel.
 *
 * @example serveChat(server, handler, { verify: ({ headers }) => users.byToken(headers.authorization) ?? false });
 */
export interface ServeOptions<Params = {}, Query = undefined, Headers = undefined> extends ConnectionOptions {
  /** In front of the contract's path: `/ws`. */
  readonly basePath?: string | undefined;
  /**
   * Decides who may connect, before the upgrade: returns who it is, the connection's `identity`; false is 401, an
   * `UpgradeRefusal` what it says, any other error 500.
   */
  readonly verify?: ((request: TypedUpgrade<Params, Query, Headers>) => unknown) | undefined;
  /** Subprotocols in order of preference. With a list a client must offer one of them. */
  readonly subprotocols?: readonly string[] | undefined;
  /**
   * Origins of pages that may connect, or `*`. By default those of this very host: browsers let any page connect
   * and send their cookies along. Clients that are no browsers send no origin and are let in.
   */
  readonly origins?: readonly string[] | "*" | undefined;
  /** Connections at one time; 10,000 by default, one more is refused with 503. */
  readonly maxConnections?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly tracer?: Tracer | undefined;
}

/** A channel that is being served. */
export interface ServedChannel<Out, In, Params = {}, Query = undefined, Headers = undefined> {
  /** All that are open. */
  readonly connections: ReadonlySet<ServerConnection<Out, In, Params, Query, Headers>>;
  /**
   * Accepts no more and lets handlers end, each connection closes with 1001; after that time, 5,000 ms by default, also
   * those whose handlers have not ended.
   */
  close(withinMs?: number): Promise<void>;
}
