import {
  acceptedEncodings,
  addMetadata,
  deflate,
  failure,
  fieldOf,
  inflate,
  isKnownEncoding,
  ResetCode,
  statusOfConnection,
  statusOfReset,
  statusOfUnsent,
  tooLarge,
  type HttpEvents,
  type HttpFields,
  type HttpHeaders,
  type HttpSession,
  type HttpSessions,
  type HttpStream,
  type ResolvedLimits,
  type StartCall,
} from "../grpc/index.js";
import {
  answerOf,
  ByteCollector,
  Code,
  createMetadata,
  failedReply,
  isFirstAttempt,
  isPast,
  okReply,
  RpcError,
  sendRequests,
  statusOfError,
  type Call,
  type Codec,
  type Lifetime,
  type Metadata,
  type MethodInfo,
  type Reply,
  type RequestSink,
  type RpcStatus,
} from "../rpc/index.js";
import { decodeError } from "./errors.js";
import { splitFields } from "./fields.js";
import { longestTarget, writeGet } from "./get.js";
import { formatTimeout, protocolVersion, unaryNames } from "./names.js";
import { wrongType } from "./stream-client.js";

/** What all calls of a method have in common. */
interface UnaryPlan {
  readonly method: MethodInfo;
  readonly limits: ResolvedLimits;
  readonly codec: Codec;
  /** Of every request, and of those with a body. */
  readonly common: HttpHeaders;
  readonly post: HttpHeaders;
  readonly get: boolean;
  readonly sessions: HttpSessions;
}

/** What a client needs beside a method to make its calls. */
export interface UnaryPlanInit {
  readonly sessions: HttpSessions;
  readonly codec: Codec;
  readonly userAgent: string | undefined;
  /** Methods without side effects are called with GET. */
  readonly get: boolean;
}

/** How calls of a method are made whose request and response are whole bodies. */
export function planUnary(method: MethodInfo, limits: ResolvedLimits, init: UnaryPlanInit): StartCall {
  const { sessions, codec, userAgent, get } = init;
  const common = {
    // browsers say that themselves, and read what they asked for
    ...(acceptedEncodings === "identity" ? {} : { "accept-encoding": "gzip" }),
    ...(userAgent === undefined ? {} : { "user-agent": userAgent }),
  };
  const plan: UnaryPlan = {
    method,
    limits,
    codec,
    common,
    post: {
      ":method": "POST",
      ":path": method.path,
      "content-type": `application/${codec.id}`,
      "connect-protocol-version": protocolVersion,
      ...common,
    },
    get: get && method.idempotency === "no_side_effects",
    sessions,
  };
  return (call, lifetime, give) => {
    void new UnaryClientCall(call, lifetime, plan).start().then((reply) => give(answerOf(reply)));
  };
}

/** One attempt of a call. */
class UnaryClientCall<I, O> implements HttpEvents, RequestSink {
  readonly #call: Call<I, O, {}>;
  readonly #lifetime: Lifetime;
  readonly #plan: UnaryPlan;
  #resolve: (reply: Reply<O>) => void = () => {};
  #forget: () => void = () => {};
  #headers: HttpHeaders;
  #body: Uint8Array | undefined;
  #stream: HttpStream | undefined;
  #sentTwice = false;
  #fields: HttpFields = [];
  #header: Metadata = createMetadata();
  #trailer: Metadata = createMetadata();
  readonly #received = new ByteCollector();
  #closed = false;
  #over = false;

  constructor(call: Call<I, O, {}>, lifetime: Lifetime, plan: UnaryPlan) {
    this.#call = call;
    this.#lifetime = lifetime;
    this.#plan = plan;
    this.#headers = plan.post;
  }

  start(): Promise<Reply<O>> {
    const reply = new Promise<Reply<O>>((resolve) => (this.#resolve = resolve));
    this.#forget = this.#lifetime.onAbort((reason) => this.#fail(statusOfError(reason)));
    sendRequests(this.#call, this.#lifetime, this, this.#plan.codec);
    return reply;
  }

  // the request, as sendRequests gives it

  message(bytes: Uint8Array): void {
    const { limits, get, codec, method, common } = this.#plan;
    if (bytes.length > limits.maxSendBytes) throw tooLarge("sent", bytes.length, limits.maxSendBytes);
    const packed = limits.compression === "gzip" ? deflate(bytes, limits.compressionThreshold) : undefined;
    const body = packed ?? bytes;
    const target = get ? writeGet(method.path, codec.id, body, packed !== undefined) : "";
    if (get && target.length <= longestTarget) {
      this.#headers = { ":method": "GET", ":path": target, ...common };
      return;
    }
    this.#body = body;
    if (packed !== undefined) this.#headers = { ...this.#headers, [unaryNames.encoding]: "gzip" };
  }

  room(): undefined {
    return undefined;
  }

  end(): void {
    this.#acquire();
  }

  // events of the stream

  onHeaders(fields: HttpFields, ended: boolean): void {
    if (this.#over) return;
    this.#fields = fields;
    try {
      const { header, trailer } = splitFields(fields);
      this.#header = header;
      this.#trailer = trailer;
      if (fieldOf(fields, ":status") === "200") this.#check(fields);
      if (ended) this.onEnd();
    } catch (error) {
      this.#fail(statusOfError(error));
    }
  }

  onData(bytes: Uint8Array): void {
    if (this.#over) return;
    const { maxReceiveBytes } = this.#plan.limits;
    if (this.#received.size + bytes.length <= maxReceiveBytes) this.#received.push(bytes);
    else this.#fail(statusOfError(tooLarge("received", `more than ${maxReceiveBytes}`, maxReceiveBytes)));
  }

  onTrailers(): void {}

  onEnd(): void {
    this.#closed = true;
    if (this.#over) return;
    const httpStatus = fieldOf(this.#fields, ":status");
    try {
      if (httpStatus !== "200") return this.#fail(this.#readError(httpStatus));
      const message = this.#decode(this.#readBody());
      this.#finish({ code: Code.OK, message: "", details: [], trailer: this.#trailer }, () =>
        okReply(message, { header: this.#header, trailer: this.#trailer }),
      );
    } catch (error) {
      this.#fail(statusOfError(error));
    }
  }

  onDrain(): void {}

  onClose(code: number, cause: Error | undefined): void {
    this.#closed = true;
    const refused = code === ResetCode.REFUSED_STREAM && this.#fields.length === 0;
    if (this.#over || (refused && isFirstAttempt(this.#call) && this.#sendAgain())) return;
    const { deadline, clock } = this.#lifetime;
    const expired = code === ResetCode.CANCEL && isPast(deadline, clock);
    this.#fail(expired ? failure(Code.DEADLINE_EXCEEDED, "the deadline is over") : statusOfReset(code, cause));
  }

  #acquire(): void {
    const failed = (error: unknown): void => this.#fail(statusOfConnection(error));
    try {
      const session = this.#plan.sessions.acquire();
      if ("open" in session) return this.#send(session);
      session.then((later) => {
        if (this.#over) later.release?.();
        else this.#send(later);
      }, failed);
    } catch (error) {
      failed(error);
    }
  }

  #send(session: HttpSession): void {
    try {
      const stream = session.open(this.#headers, this.#ownHeaders(), this, false);
      this.#stream = stream;
      stream.end(this.#body);
    } catch (error) {
      if (!this.#sendAgain()) this.#fail(statusOfUnsent(error));
    }
  }

  /** The server has not looked at the request, or never saw it: once more, on another connection. */
  #sendAgain(): boolean {
    if (this.#sentTwice || this.#fields.length > 0) return false;
    this.#sentTwice = true;
    this.#closed = false;
    this.#acquire();
    return true;
  }

  /** Timeout and metadata of this call; undefined without either. */
  #ownHeaders(): HttpHeaders | undefined {
    const { metadata } = this.#call.context;
    const { deadline, clock } = this.#lifetime;
    if (deadline === undefined && metadata.size === 0) return undefined;
    const headers: Record<string, string | string[]> = {};
    if (deadline !== undefined) headers[unaryNames.timeout] = formatTimeout(deadline - clock.now());
    addMetadata(headers, metadata);
    return headers;
  }

  /** @throws {RpcError} for a response that cannot be the message. */
  #check(fields: HttpFields): void {
    const wrong = wrongType(fields, "application/", this.#plan.codec.id);
    if (wrong !== undefined) throw new RpcError(wrong.code, wrong.message);
    const encoding = fieldOf(fields, unaryNames.encoding) ?? "identity";
    if (isKnownEncoding(encoding)) return;
    throw new RpcError(Code.INTERNAL, `the server compresses with ${JSON.stringify(encoding.slice(0, 100))}`);
  }

  #readBody(): Uint8Array {
    const body = this.#received.take();
    const compressed = fieldOf(this.#fields, unaryNames.encoding) === "gzip";
    return compressed && body.length > 0 ? inflate(body, this.#plan.limits.maxReceiveBytes) : body;
  }

  #readError(httpStatus: string | undefined): RpcStatus {
    const isJson = /^application\/json\s*(;|$)/i.test(fieldOf(this.#fields, "content-type") ?? "");
    let body: Uint8Array | undefined;
    try {
      body = isJson ? this.#readBody() : undefined;
    } catch {
      // the HTTP status says enough
    }
    return decodeError(body, httpStatus, this.#trailer);
  }

  #decode(bytes: Uint8Array): O {
    const { codec, method } = this.#plan;
    try {
      // sound because the method's types come from the same contract as the call's
      return codec.decode(method.output, bytes) as O;
    } catch (cause) {
      throw new RpcError(Code.INTERNAL, `the response is not a valid ${method.output.typeName}`, { cause });
    }
  }

  #fail(status: RpcStatus): void {
    this.#finish(status, () => failedReply(status, { header: this.#header }));
  }

  #finish(status: RpcStatus, reply: () => Reply<O>): void {
    if (this.#over) return;
    this.#over = true;
    this.#received.take();
    this.#forget();
    this.#resolve(reply());
    if (!this.#closed) this.#stream?.reset(ResetCode.CANCEL);
    this.#lifetime.end(status);
  }
}
