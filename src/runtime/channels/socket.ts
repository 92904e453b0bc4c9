/** What a socket tells the one who uses it. */
export interface SocketListener {
  open(): void;
  /** Text frames as text, binary ones as bytes. */
  message(data: string | Uint8Array): void;
  pong(): void;
  /** Once, also when it never opened; 1006 when it ended without a close frame. */
  close(code: number, reason: string): void;
  /** Before `close`, where the cause is known; the status where the server refused the upgrade. */
  failed(error: Error, status?: number): void;
}

/**
 * A WebSocket, as far as channels need one: browsers' and Node's own and the one of `ws` are put behind it. What is
 * optional is what browsers do not have.
 */
export interface DuplexSocket {
  /** Bytes handed over and not yet gone. */
  readonly bufferedAmount: number;
  readonly protocol: string;
  /** Called once, before anything happens. */
  listen(listener: SocketListener): void;
  /** `written` is called, where the socket knows, when it has gone. */
  send(data: string | Uint8Array, written?: () => void): void;
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate?(): void;
  ping?(): void;
  /** No more messages until `resume`; those that were read already still come. */
  pause?(): void;
  resume?(): void;
}

/** What is asked of a socket. */
export interface SocketRequest {
  readonly url: string;
  readonly subprotocols: readonly string[];
  /** Of the upgrade request; browsers cannot send any. */
  readonly headers: Readonly<Record<string, string>>;
  /** Longest message that is taken. */
  readonly maxMessageBytes: number;
}

/** Opens a socket. */
export type SocketFactory = (request: SocketRequest) => DuplexSocket;
