import {
  constants,
  type ClientHttp2Stream,
  type Http2Session,
  type Http2Stream,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from "node:http2";
import {
  ResetCode,
  type HttpEvents,
  type HttpFields,
  type HttpHeaders,
  type HttpServerStream,
  type HttpStream,
  type ResponseRest,
} from "../../grpc/index.js";

/** A stream of node:http2 behind the interface of the protocols, either side's. */
class NodeStream<S extends Http2Stream> implements HttpStream {
  readonly peer: string;
  protected readonly stream: S;
  protected events: HttpEvents | undefined;
  /** True once the other side has sent everything. */
  protected ended = false;
  protected trailers: HttpFields | undefined;
  readonly #session: Http2Session | undefined;
  #error: Error | undefined;

  constructor(stream: S, peer: string) {
    this.stream = stream;
    this.peer = peer;
    this.#session = stream.session;
  }

  write(bytes: Uint8Array): boolean {
    const { stream } = this;
    if (stream.destroyed || stream.write(bytes)) return true;
    // a listener only where it is waited for: each costs every stream its share
    stream.once("drain", () => this.events?.onDrain());
    return false;
  }

  end(bytes?: Uint8Array): void {
    if (!this.stream.destroyed) this.stream.end(bytes);
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  reset(code: number): void {
    this.stream.close(code);
  }

  protected attach(events: HttpEvents): void {
    this.events = events;
    const { stream } = this;
    stream.on("data", (bytes: Buffer) => this.received(bytes));
    stream.on("end", () => {
      // node says so of a stream that was reset, too; what that means `close` tells
      if ((stream.rstCode ?? ResetCode.NO_ERROR) !== ResetCode.NO_ERROR) return;
      this.ended = true;
      // here and not before: a reader that is slow gets what came before them first
      if (this.trailers !== undefined) events.onTrailers(this.trailers);
      events.onEnd();
    });
    stream.on("error", (error: Error) => (this.#error = error));
    stream.on("close", () => this.closed(events));
  }

  protected received(bytes: Uint8Array): void {
    this.events?.onData(bytes);
  }

  protected closed(events: HttpEvents): void {
    const { rstCode = ResetCode.NO_ERROR } = this.stream;
    let cause = this.#error;
    // a code that the other side gave is no error of the connection
    if (cause !== undefined && codeOf(cause) === "ERR_HTTP2_STREAM_ERROR") cause = undefined;
    // node calls it cancelled when the connection goes, whoever lets it go
    if (cause === undefined && rstCode === ResetCode.CANCEL && this.#session?.destroyed === true) {
      cause = new Error("the connection was closed");
    }
    events.onClose(rstCode, cause);
  }
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}

/** What a stream that we open needs beside itself. */
export interface ClientStreamInit {
  readonly events: HttpEvents;
  /** It was opened with `waitForTrailers`. */
  readonly several: boolean;
  readonly onClosed: () => void;
  /** We break it off. */
  readonly onReset: () => void;
  /** True for a stream that the server said it will not look at, by its number. */
  readonly refused: (id: number) => boolean;
}

/** A stream that we opened. */
export class NodeClientStream extends NodeStream<ClientHttp2Stream> {
  #begun = false;
  #early: Uint8Array[] | undefined;

  readonly #init: ClientStreamInit;

  constructor(stream: ClientHttp2Stream, peer: string, init: ClientStreamInit) {
    super(stream, peer);
    this.#init = init;
    const { events, several } = init;
    stream.on("response", (_headers: unknown, flags: number, raw: HttpFields) => {
      this.#begun = true;
      events.onHeaders(raw, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
      for (const bytes of this.#early?.splice(0) ?? []) events.onData(bytes);
    });
    stream.on("trailers", (_headers: unknown, _flags: number, raw: HttpFields) => (this.trailers = raw));
    // the end of the requests is said apart from them, so that a reset never looks like one
    if (several) stream.on("wantTrailers", () => stream.sendTrailers({}));
    this.attach(events);
  }

  override reset(code: number): void {
    if (this.stream.closed) return;
    super.reset(code);
    this.#init.onReset();
  }

  protected override closed(events: HttpEvents): void {
    const { onClosed, refused } = this.#init;
    onClosed();
    const { id } = this.stream;
    if (id !== undefined && refused(id)) events.onClose(ResetCode.REFUSED_STREAM, undefined);
    else super.closed(events);
  }

  /** The headers are told of a tick later than they came. */
  protected override received(bytes: Uint8Array): void {
    if (this.#begun) super.received(bytes);
    else (this.#early ??= []).push(bytes);
  }
}

/** How long a client has to end its requests by itself after the response was sent. */
const stopAfterMs = 100;

// gRPC has no use for the date that node would send with every response
const respondOptions: Readonly<Record<ResponseRest, ServerStreamResponseOptions & { readonly sendDate: boolean }>> = {
  nothing: { endStream: true, sendDate: false },
  data: { sendDate: false },
  "data and trailers": { waitForTrailers: true, sendDate: false },
};

/** Where a stream came from. */
export interface StreamOrigin {
  readonly peer: string;
  readonly certificate: HttpServerStream["certificate"];
}

/** A stream that came in. */
export class NodeServerStream extends NodeStream<ServerHttp2Stream> implements HttpServerStream {
  readonly headers: HttpFields;
  readonly certificate: HttpServerStream["certificate"];

  constructor(stream: ServerHttp2Stream, headers: HttpFields, { peer, certificate }: StreamOrigin) {
    super(stream, peer);
    this.headers = headers;
    this.certificate = certificate;
  }

  listen(events: HttpEvents): void {
    this.attach(events);
  }

  respond(headers: HttpHeaders, rest: ResponseRest): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed) return;
    stream.respond(headers, respondOptions[rest]);
    if (rest === "nothing") this.#stopClient();
  }

  override end(bytes?: Uint8Array): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed) return;
    stream.end(bytes);
    if (!this.ended) stream.once("finish", () => this.#stopClient());
  }

  endWith(trailers: HttpHeaders): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed) return;
    stream.on("wantTrailers", () => {
      stream.sendTrailers(trailers);
      // node sends them with the next turn
      if (!this.ended) setImmediate(() => this.#stopClient());
    });
    stream.end();
  }

  /**
   * A client that still sends hears that nobody listens any more. Not at once: mostly its end is on its way, and
   * Go's net/http drops a response that a reset follows before it was read.
   */
  #stopClient(): void {
    const { stream } = this;
    if (this.ended || stream.destroyed) return;
    const timer = setTimeout(() => stream.close(ResetCode.NO_ERROR), stopAfterMs);
    stream.once("close", () => clearTimeout(timer));
    // what still comes is dropped, and its end is seen
    stream.resume();
  }
}
