import type { ChannelParameterInfo } from "../queue/types.js";
import type { UnionMember } from "../queue/union.js";
import type { PayloadType } from "../wire/index.js";

/** One of the messages that travel in a direction. */
export interface FrameMember extends UnionMember {
  /** A property of the payload, by its JSON name, whose value is this message's alone. */
  readonly tag?: readonly [property: string, value: string | number | boolean];
}

/**
 * What travels in one direction. Of several messages a value is `{ case, value }`, of one the payload itself; no
 * members: nothing is sent that way.
 */
export interface Frames<T, Init = T> {
  readonly members: readonly FrameMember[];
  /** What programs read and write; never set. */
  readonly types?: { readonly whole: T; readonly init: Init };
}

/** How the text of a query parameter or a header becomes a value. */
export type FieldKind = "string" | "number" | "boolean" | "list" | "numbers" | "json";

/** Query parameters or headers of the upgrade request as an object. */
export interface Fields<T, Init = T> {
  readonly type: PayloadType<T, Init>;
  /** By name, as it stands in the contract. */
  readonly kinds: Readonly<Record<string, FieldKind>>;
}

/** Query parameters or headers of any contract. */
export type AnyFields = Fields<unknown, never> | undefined;

/** What readers get of fields; undefined where the contract names none. */
export type FieldValues<F> = F extends Fields<infer T, never> ? T : undefined;

/** What the contract says about a channel over WebSocket. Emitted as data. */
export interface SocketInfo<
  ToServer extends Frames<unknown, unknown>,
  ToClient extends Frames<unknown, unknown>,
  Params = {},
  Query extends AnyFields = undefined,
  Headers extends AnyFields = undefined,
> {
  /** Channel id of the contract. */
  readonly id: string;
  /** Path of the URL; may hold `{parameters}`, each within one segment. */
  readonly address: string;
  readonly parameters?: readonly ChannelParameterInfo[];
  readonly toServer: ToServer;
  readonly toClient: ToClient;
  readonly query?: Query;
  readonly headers?: Headers;
  /** Messages travel with their name and headers around them. */
  readonly envelope?: true;
  /** Type of the address parameters; never set. */
  readonly params?: Params;
}

/** A message with what came along in its envelope. */
export interface Frame<T> {
  readonly message: T;
  /** Lower-case names; empty without an envelope. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Settings of one message. */
export interface SendOptions {
  /** Travel in the envelope; an error where the contract has none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How a connection ended. */
export interface CloseInfo {
  /** The close code of RFC 6455: 1000 normal, 1001 going away, 1006 lost without a word. */
  readonly code: number;
  readonly reason: string;
  /** Why this side gave up, where it was not asked to close. */
  readonly error?: Error | undefined;
}

/**
 * One side of a duplex channel. To iterate over it gives what the other side sends and ends with the connection, with
 * its error where there is one. Messages wait while nobody takes them: a few here, then the other side is made to.
 *
 * @example
 * for await (const message of connection) await connection.send({ text: `you said ${message.text}` });
 */
export interface Connection<Out, In> extends AsyncIterable<In> {
  /**
   * Sends a message. Resolves once it was handed to the socket, which is later while the other side is slow: await it
   * and no more is sent than is taken. WebSocket acknowledges nothing; who must know has to be answered.
   *
   * @throws {QueueError} `invalid` when it does not fit the contract, `full` when too many wait, `timeout` when it
   * waited too long, `disconnected` or `closed` when the connection ended.
   */
  send(message: Out, options?: SendOptions): Promise<void>;
  /** The same messages with their headers. */
  frames(): AsyncIterable<Frame<In>>;
  /** Ends the connection, what was sent before goes first; 1000 by default. */
  close(code?: number, reason?: string): Promise<CloseInfo>;
  /** Resolves when the connection is over for good. */
  readonly closed: Promise<CloseInfo>;
  /** The subprotocol that was agreed upon; empty: none. */
  readonly protocol: string;
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;
}

/** What a connection did; for logs and metrics. */
export type ConnectionEvent = {
  /** Channel id. */
  readonly channel: string;
  readonly side: "client" | "server";
} & (
  | { readonly kind: "opened"; readonly attempt: number }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string; readonly error: Error | undefined }
  /** Message name and bytes. */
  | { readonly kind: "sent" | "received"; readonly name: string; readonly bytes: number }
  /** What came did not fit the contract. */
  | { readonly kind: "invalid"; readonly error: Error }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | {
      readonly kind: "reconnecting";
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: Error | undefined;
    }
);

/** Pings and how long to wait for a sign of life after one. */
export interface HeartbeatOptions {
  /** Milliseconds between pings; 30,000 by default. */
  readonly intervalMs?: number | undefined;
  /** Milliseconds after a ping in which something must come; 10,000 by default. The connection is cut otherwise. */
  readonly timeoutMs?: number | undefined;
}

/** What clients and servers of a channel have in common. */
export interface ConnectionOptions {
  /**
   * False: none. By default pings every 30 seconds where the socket can (browsers cannot: there the server's pings
   * are answered by the browser).
   */
  readonly heartbeat?: HeartbeatOptions | false | undefined;
  /** Messages that wait for their reader before the other side is held up; 64 by default. */
  readonly receiveBuffer?: number | undefined;
  /** Messages that may wait to be sent; one more is an error `full`. 1,024 by default. */
  readonly sendBuffer?: number | undefined;
  /** Bytes handed to the socket and not yet gone, from which on `send` waits; 1 MiB by default. */
  readonly highWaterBytes?: number | undefined;
  /** Milliseconds that one message may wait to be sent; 30,000 by default. */
  readonly sendWithinMs?: number | undefined;
  /**
   * What happens to a message that does not fit the contract: `close` (by default) ends the connection with 1007
   * (not decodable), 1003 (binary for text or the reverse) or 1008 (against the contract); `skip` goes on without it.
   * Either is told to `onEvent`.
   */
  readonly onInvalid?: "close" | "skip" | undefined;
  /** Told of everything; must not throw. */
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined;
}
