import type { PeerCertificateSource } from "../rpc/index.js";

// What gRPC and its relatives need of HTTP, and all they know of it: connections on which streams are opened or come
// in. One implementation is made of node:http2; another may do its own framing.

/** Header fields to send, by lower-case name. Several values of one name stand in a list. */
export type HttpHeaders = Readonly<Record<string, string | string[]>>;

/** Header fields that came in: names, in lower case, and values in turns, pseudo-headers first, in their order. */
export type HttpFields = readonly string[];

/** The value of a field; the first of several. */
export function fieldOf(fields: HttpFields, name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** Why a stream was reset: the error codes of HTTP/2. */
export const ResetCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  /** The peer has not looked at the request: it may be sent again. */
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

/** What the user of a stream is told, in this order. None of them may throw. */
export interface HttpEvents {
  /** Client: the response begins. `ended`: it is over with that, nothing but `onClose` follows. */
  onHeaders(fields: HttpFields, ended: boolean): void;
  /** Bytes came in. The memory is the receiver's. */
  onData(bytes: Uint8Array): void;
  /** The other side ended with these; they came after all data, `onEnd` follows. */
  onTrailers(fields: HttpFields): void;
  /** The other side has sent everything. */
  onEnd(): void;
  /** There is room again after `write` had said there is none. */
  onDrain(): void;
  /**
   * The stream is over: always told, once, last. `code` tells why (a {@link ResetCode}), `cause` what happened to
   * the connection, where something did.
   */
  onClose(code: number, cause: Error | undefined): void;
}

/** Hears of nothing: for a request that is answered already. */
export const deaf: HttpEvents = {
  onHeaders: () => {},
  onData: () => {},
  onTrailers: () => {},
  onEnd: () => {},
  onDrain: () => {},
  onClose: () => {},
};

/** One exchange of request and response. After the end of a stream all functions do nothing. */
export interface HttpStream {
  /** Address of the other side, `127.0.0.1:50051`. */
  readonly peer: string;
  /** Sends data; the memory is the stream's from now on. False when nothing more is welcome before `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** Ends this side, with its last data. */
  end(bytes?: Uint8Array): void;
  /** No data is told of until `resume`; the other side is held back once its window is used up. */
  pause(): void;
  resume(): void;
  /** Ends both sides at once; what was not sent is not sent any more. */
  reset(code: number): void;
}

/** What follows the headers of a response. */
export type ResponseRest = "nothing" | "data" | "data and trailers";

/** A stream that a client opened, as the server sees it. */
export interface HttpServerStream extends HttpStream {
  readonly headers: HttpFields;
  /** What the client has shown and was verified; undefined without TLS, or where none was asked for. */
  readonly certificate: PeerCertificateSource;
  /** Says who is told of what comes; called at once, before any data is told of. */
  listen(events: HttpEvents): void;
  /** Sends the headers; where nothing follows, the response is over with them. Called once. */
  respond(headers: HttpHeaders, rest: ResponseRest): void;
  /** Ends the response. Once all is sent a client that still sends is told to stop. */
  end(bytes?: Uint8Array): void;
  /** The same for a response with trailers. */
  endWith(trailers: HttpHeaders): void;
}

/** A connection to a server. */
export interface HttpSession {
  /**
   * Opens a stream. `headers` are the same object for all calls of a method, so that what is made of them can be
   * kept; `more` belong to this call. Authority and scheme are the session's. `several`: data is sent over a time,
   * and a reset must never look like its end.
   *
   * @throws {Error} when the connection takes no new streams, so that the call may go to another. {@link RpcError} when
   * the request cannot be sent at all.
   */
  open(headers: HttpHeaders, more: HttpHeaders | undefined, events: HttpEvents, several: boolean): HttpStream;
  /** Called instead of `open` when the call that acquired the connection does without: another may have its place. */
  release?(): void;
}

/** Where the connections of a client come from: one that is kept, several in turn, … */
export interface HttpSessions {
  /** A connection for one call, at once where there is one. Rejects or throws when none can be had. */
  acquire(): HttpSession | Promise<HttpSession>;
  /** Says goodbye on all connections, once no call is under way, and opens no more. */
  close(): void;
}

/** What answers requests of one protocol: gRPC, and what else shares the server with it. */
export interface HttpProtocol {
  /** The content types it takes, for those who sent another. */
  readonly types: readonly string[];
  /** True when a request is its own, by its content type (lower case, with parameters) and other headers. */
  accepts(contentType: string, headers: HttpFields): boolean;
  /** Answers it; `listen` of the stream is called before this returns. */
  serve(stream: HttpServerStream, contentType: string): void;
}
