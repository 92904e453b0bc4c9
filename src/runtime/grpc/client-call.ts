import {
  Answer,
  Code,
  createMetadata,
  Ending,
  errorOfStatus,
  failedAnswer,
  isFirstAttempt,
  isPast,
  isRpcError,
  isUnaryInput,
  isUnaryOutput,
  markUnseen,
  RpcError,
  sendRequests,
  statusOfError,
  type Call,
  type Codec,
  type Give,
  type Lifetime,
  type Metadata,
  type MethodInfo,
  type RequestSink,
  type RpcStatus,
} from "../rpc/index.js";
import { concat } from "./bytes.js";
import { inflate } from "./compression.js";
import { EnvelopeWriter } from "./envelope.js";
import { addMetadata } from "./headers.js";
import {
  ResetCode,
  type HttpEvents,
  type HttpFields,
  type HttpHeaders,
  type HttpSession,
  type HttpSessions,
  type HttpStream,
} from "./http.js";
import { type ResolvedLimits } from "./limits.js";
import { SingleInbox, StreamInbox, type Inbox } from "./messages.js";
import { reasonOf } from "./reasons.js";
import { failure, statusOfReset } from "./status.js";

/** Starts calls of one method; made when it is called first. Never throws. */
export type StartCall = <I, O>(call: Call<I, O, {}>, lifetime: Lifetime, give: Give<O>) => void;

/** What a dialect needs to read a response. */
export interface ResponseInit {
  readonly limit: number;
  readonly onMessage: (bytes: Uint8Array, packed: boolean) => void;
}

/** Reads one response as it comes in. */
export interface ResponseReader {
  /** What came before the messages; undefined when the response has none and tells only how the call failed. */
  readonly header: Metadata | undefined;
  /** @throws {RpcError} for what is no message. */
  push(bytes: Uint8Array): void;
  /** How the call ended: the other side has sent everything, with trailers of HTTP or without. */
  end(trailers: HttpFields | undefined): RpcStatus;
}

/** What the protocols that put messages into envelopes do differently from each other. */
export interface ClientDialect {
  readonly codec: Codec;
  /** Headers that all calls of a method have, beside `:method` and `:path`. */
  headers(limits: ResolvedLimits): HttpHeaders;
  /**
   * True where how a call went is said in the body, so that headers come in any case: a reply begins with its first
   * message then, and a call that fails before it may be made again.
   */
  readonly endsInBody: boolean;
  readonly timeout: string;
  formatTimeout(leftMs: number): string;
  /** Begins to read a response, or says at once what is wrong with it. @throws {RpcError} likewise. */
  read(fields: HttpFields, init: ResponseInit): ResponseReader | RpcStatus;
  /** The status of a response that is nothing but headers. */
  failed(fields: HttpFields): RpcStatus;
}

/** What all calls of a method have in common. */
interface MethodPlan {
  readonly headers: HttpHeaders;
  readonly limits: ResolvedLimits;
  readonly dialect: ClientDialect;
}

/** How calls of a method are made whose messages go in envelopes. */
export function planCalls(
  method: MethodInfo,
  limits: ResolvedLimits,
  sessions: HttpSessions,
  dialect: ClientDialect,
): StartCall {
  const headers = { ":method": "POST", ":path": method.path, ...dialect.headers(limits) };
  const plan = { headers, limits, dialect };
  return (call, lifetime, give) => {
    new ClientCall(call, lifetime, plan, sessions, give).start();
  };
}

/** One attempt of a call on a stream of HTTP. */
class ClientCall<I, O> implements HttpEvents, RequestSink {
  readonly #call: Call<I, O, {}>;
  readonly #lifetime: Lifetime;
  readonly #plan: MethodPlan;
  readonly #sessions: HttpSessions;
  readonly #inbox: Inbox<O>;
  readonly #writer: EnvelopeWriter;
  readonly #ending = new Ending();
  readonly #give: Give<O>;
  #forget: () => void = () => {};
  #session: HttpSession | undefined;
  #stream: HttpStream | undefined;
  #reader: ResponseReader | undefined;
  #header: Metadata | undefined;
  /** The only request, for as long as it may have to be sent again. */
  #request: Uint8Array | undefined;
  #sentTwice = false;
  #halfClosed = false;
  #begun = false;
  #over = false;
  /** The other side has ended: the stream needs no reset. */
  #received = false;

  constructor(call: Call<I, O, {}>, lifetime: Lifetime, plan: MethodPlan, sessions: HttpSessions, give: Give<O>) {
    this.#call = call;
    this.#lifetime = lifetime;
    this.#plan = plan;
    this.#sessions = sessions;
    this.#give = give;
    const { limits } = plan;
    this.#writer = new EnvelopeWriter(this, {
      limit: limits.maxSendBytes,
      gzip: limits.compression === "gzip",
      threshold: limits.compressionThreshold,
    });
    const decode = (bytes: Uint8Array, packed: boolean): O => this.#decode(bytes, packed);
    this.#inbox = isUnaryOutput(call.method.kind)
      ? new SingleInbox<O>({ decode })
      : new StreamInbox<O>({
          decode,
          hold: (held) => (held ? this.#stream?.pause() : this.#stream?.resume()),
          onLeave: () => lifetime.abort(new RpcError(Code.CANCELLED, "the reader left")),
        });
  }

  start(): void {
    this.#forget = this.#lifetime.onAbort((reason) => this.#conclude(statusOfError(reason), true));
    this.#acquire(() => this.#send());
  }

  // requests, as sendRequests gives them

  message(bytes: Uint8Array): void {
    this.#writer.message(bytes, isUnaryInput(this.#call.method.kind));
  }

  room(): Promise<void> | undefined {
    return this.#writer.room();
  }

  end(): void {
    this.#halfClosed = true;
    let last = this.#writer.take();
    if (this.#stream === undefined) {
      // a large request comes in several pieces
      if (last !== undefined) this.write(last);
      last = this.#request;
      if (!this.#open()) return;
    }
    this.#stream?.end(last);
  }

  /** For the writer. The only request of a call waits for its stream. */
  write(bytes: Uint8Array): boolean {
    if (this.#stream !== undefined) return this.#stream.write(bytes);
    this.#request = this.#request === undefined ? bytes : concat([this.#request, bytes]);
    return true;
  }

  // events of the stream

  onHeaders(fields: HttpFields, ended: boolean): void {
    if (this.#over) return;
    this.#request = undefined;
    const { dialect, limits } = this.#plan;
    if (ended) {
      this.#received = true;
      return this.#conclude(dialect.failed(fields), false);
    }
    try {
      const limit = limits.maxReceiveBytes;
      const reader = dialect.read(fields, { limit, onMessage: (bytes, packed) => this.#receive(bytes, packed) });
      if ("code" in reader) return this.#conclude(reader, false);
      this.#reader = reader;
      this.#header = reader.header;
      if (!dialect.endsInBody) this.#start();
    } catch (error) {
      this.#conclude(statusOfError(error), false);
    }
  }

  onData(bytes: Uint8Array): void {
    if (this.#over || this.#reader === undefined) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#conclude(statusOfError(error), false);
    }
  }

  onTrailers(fields: HttpFields): void {
    this.#end(fields);
  }

  onEnd(): void {
    this.#end(undefined);
  }

  onDrain(): void {
    this.#writer.drained();
  }

  onClose(code: number, cause: Error | undefined): void {
    this.#received = true;
    const refused = code === ResetCode.REFUSED_STREAM && this.#reader === undefined;
    if (!this.#over && refused && isFirstAttempt(this.#call) && this.#sendAgain()) return;
    this.#writer.drained();
    if (this.#over) return;
    const { deadline, clock } = this.#lifetime;
    const expired = code === ResetCode.CANCEL && isPast(deadline, clock);
    const status = expired ? failure(Code.DEADLINE_EXCEEDED, "the deadline is over") : statusOfReset(code, cause);
    // a layer that keeps the requests may do what could not be done here
    this.#conclude(refused && !this.#sentTwice ? markUnseen(status, "refused") : status, false);
  }

  #end(trailers: HttpFields | undefined): void {
    this.#received = true;
    if (this.#over) return;
    const none = failure(Code.INTERNAL, "the response ended before its headers");
    this.#conclude(this.#reader?.end(trailers) ?? none, false);
  }

  #send(): void {
    // a method that takes one request opens its stream with it, so that both leave together
    if (!isUnaryInput(this.#call.method.kind) && !this.#open()) return;
    sendRequests(this.#call, this.#lifetime, this, this.#plan.dialect.codec);
  }

  #acquire(use: () => void): void {
    const acquired = (session: HttpSession): void => {
      if (this.#over) return session.release?.();
      this.#session = session;
      use();
    };
    const failed = (error: unknown): void => this.#conclude(statusOfConnection(error), false);
    try {
      const session = this.#sessions.acquire();
      if ("open" in session) return acquired(session);
      session.then(acquired, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Opens the stream. A connection that has just stopped taking calls is replaced once. */
  #open(): boolean {
    const session = this.#session;
    this.#session = undefined;
    try {
      const several = !isUnaryInput(this.#call.method.kind);
      this.#stream = session?.open(this.#plan.headers, this.#ownHeaders(), this, several);
      return true;
    } catch (error) {
      if (this.#sendAgain()) return false;
      this.#conclude(statusOfUnsent(error), false);
      return false;
    }
  }

  /** The server has not looked at the request, or never saw it: once more, on another connection. */
  #sendAgain(): boolean {
    if (this.#sentTwice || this.#reader !== undefined) return false;
    if (!isUnaryInput(this.#call.method.kind)) {
      // requests that were sent already are not kept
      if (this.#stream !== undefined) return false;
      this.#sentTwice = true;
      this.#acquire(() => this.#send());
      return true;
    }
    if (!this.#halfClosed) return false;
    this.#sentTwice = true;
    this.#received = false;
    this.#stream = undefined;
    const request = this.#request;
    this.#acquire(() => {
      if (this.#open()) (this.#stream as HttpStream | undefined)?.end(request);
    });
    return true;
  }

  /** Timeout and metadata of this call; undefined without either. */
  #ownHeaders(): HttpHeaders | undefined {
    const { metadata } = this.#call.context;
    const { deadline, clock } = this.#lifetime;
    if (deadline === undefined && metadata.size === 0) return undefined;
    const headers: Record<string, string | string[]> = {};
    const { dialect, headers: common } = this.#plan;
    if (deadline !== undefined) headers[dialect.timeout] = dialect.formatTimeout(Math.max(1, deadline - clock.now()));
    addMetadata(headers, metadata);
    const agent = headers["user-agent"];
    const ours = common["user-agent"];
    if (agent !== undefined && ours !== undefined) headers["user-agent"] = `${String(agent)} ${String(ours)}`;
    return headers;
  }

  #receive(bytes: Uint8Array, packed: boolean): void {
    if (!this.#begun) this.#start();
    // the only message is what the call is about: how it went depends on it
    const now = packed && isUnaryOutput(this.#call.method.kind);
    this.#inbox.receive(now ? this.#inflate(bytes) : bytes, packed && !now);
  }

  /** The reply begins. */
  #start(): void {
    this.#begun = true;
    const header = this.#header ?? createMetadata();
    this.#give(new Answer(header, this.#inbox.messages, this.#ending));
  }

  /** The call is over, whatever it was that ended it. */
  #conclude(status: RpcStatus, drop: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#session?.release?.();
    this.#session = undefined;
    this.#forget();
    // first, for with the reply the call is over, too, and would take the attempt along
    this.#lifetime.end(status);
    this.#ending.finish(status);
    if (!this.#begun && status.code !== Code.OK) {
      this.#give(failedAnswer(status, { header: this.#header }));
    } else {
      if (status.code === Code.OK) this.#inbox.end();
      else this.#inbox.fail(() => errorOfStatus(status), drop);
      if (!this.#begun) this.#start();
    }
    // a server that ended before us hears that we stop, too
    if (!this.#received) this.#stream?.reset(ResetCode.CANCEL);
    else if (!this.#halfClosed) this.#stream?.reset(ResetCode.NO_ERROR);
  }

  #inflate(bytes: Uint8Array): Uint8Array {
    try {
      return inflate(bytes, this.#plan.limits.maxReceiveBytes);
    } catch (error) {
      this.#lifetime.abort(RpcError.from(error));
      throw error;
    }
  }

  #decode(bytes: Uint8Array, packed: boolean): O {
    const { output } = this.#call.method;
    const message = packed ? this.#inflate(bytes) : bytes;
    try {
      // sound because the method's types come from the same contract as the call's
      return this.#plan.dialect.codec.decode(output, message) as O;
    } catch (cause) {
      const error = new RpcError(Code.INTERNAL, `the response is not a valid ${output.typeName}`, { cause });
      this.#lifetime.abort(error);
      throw error;
    }
  }
}

/** The status of a call for which there is no connection. */
export function statusOfConnection(error: unknown): RpcStatus {
  if (isRpcError(error)) return statusOfError(error);
  return { ...failure(Code.UNAVAILABLE, `no connection: ${reasonOf(error)}`), cause: error };
}

/** The same of one whose connection took no stream for it, which nobody has seen. */
export function statusOfUnsent(error: unknown): RpcStatus {
  const status = statusOfConnection(error);
  return isRpcError(error) ? status : markUnseen(status, "unsent");
}
