import type { DuplexSocket } from "./socket.js";

/** A request to open a channel, before it is accepted. */
export interface UpgradeRequest {
  /** The request target as it came: `/rooms/lobby?name=x`. */
  readonly url: string;
  /** As it came, without the query: `/rooms/lobby`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name; several values of one are joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the client offers, in its order. */
  readonly subprotocols: readonly string[];
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Over TLS. */
  readonly secure: boolean;
}

/** What becomes of a request. */
export type UpgradeAnswer =
  | { readonly accept: true; readonly subprotocol: string | undefined; readonly open: (socket: DuplexSocket) => void }
  | {
      readonly accept: false;
      readonly status: number;
      /** The body of the response: plain text, unless the headers say otherwise. */
      readonly reason: string;
      /** By lower-case name. */
      readonly headers?: Readonly<Record<string, string>> | undefined;
    };

/** What a channel asks of the server that listens for it. */
export interface ChannelRoute {
  /** Channel id. */
  readonly id: string;
  /** Undefined: the path is not this channel's. */
  answer(request: UpgradeRequest): Promise<UpgradeAnswer> | undefined;
  /** Ends all connections: 1001, cut after that time. */
  drain(withinMs: number): Promise<void>;
}

/**
 * Where channels are served: one of `createChannelServer` (`@wirespan/runtime/channels/ws`), or another library's
 * server behind this interface.
 */
export interface ChannelServer {
  /** Adds a channel; returns what removes it. */
  add(route: ChannelRoute): () => void;
}

/**
 * Refuses a client in `verify`, with an HTTP status of its own; returning false is 401.
 *
 * @example verify: ({ headers }) => { if (!known(headers.authorization)) throw new UpgradeRefusal(403, "unknown token"); }
 */
export class UpgradeRefusal extends Error {
  readonly status: number;

  /** @param reason Sent to the client. */
  constructor(status: number, reason: string) {
    super(reason);
    this.name = "UpgradeRefusal";
    this.status = Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500;
  }
}

/** True for refusals, also those of another copy of this package. */
export function isUpgradeRefusal(error: unknown): error is UpgradeRefusal {
  return error instanceof Error && error.name === "UpgradeRefusal" && "status" in error;
}

/**
 * True for a page that may connect: of those origins, by default of the very host that is asked. Clients that are no
 * browsers send no origin and are let in.
 */
export function isAllowedOrigin({ headers }: UpgradeRequest, origins: readonly string[] | "*" | undefined): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins === "*") return true;
  if (origins !== undefined) return origins.includes(origin);
  return URL.canParse(origin) && new URL(origin).host === host;
}
