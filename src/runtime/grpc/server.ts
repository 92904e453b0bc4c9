import { withAmbient } from "../context/index.js";
import {
  Code,
  createCall,
  createJsonCodec,
  decodeRequest,
  isUnaryInput,
  isUnaryOutput,
  lifetimeOf,
  protoCodec,
  RpcError,
  serveCall,
  statusOfError,
  type Codec,
  type FailureListener,
  type Lifetime,
  type Metadata,
  type ReplySink,
  type RpcStatus,
} from "../rpc/index.js";
import type { TypeRegistry } from "../wire/index.js";
import { encodeText } from "./bytes.js";
import { acceptedEncodings, inflateRequest } from "./compression.js";
import { EnvelopeReader, EnvelopeWriter } from "./envelope.js";
import { addMetadata } from "./headers.js";
import {
  deaf,
  fieldOf,
  ResetCode,
  type HttpEvents,
  type HttpHeaders,
  type HttpProtocol,
  type HttpServerStream,
  type ResponseRest,
} from "./http.js";
import { SingleInbox, StreamInbox, type Inbox } from "./messages.js";
import type { MethodTable, ServedMethod } from "./methods.js";
import { grpcNames, readRequest, type Request, type RequestNames } from "./request.js";
import { trailersOf } from "./status.js";
import { afterTurns } from "./turns.js";
import { awaitReader, forgetReader } from "./unread.js";

/** What the protocols that put messages into envelopes do differently from each other. */
export interface ServerDialect extends RequestNames {
  readonly codec: Codec;
  /** Headers of a response whose messages go as they are, and of one with gzip. */
  readonly headers: HttpHeaders;
  readonly gzipHeaders: HttpHeaders;
  /** How a call failed, as headers of a response that has nothing else; undefined where there is no such thing. */
  readonly failed: ((status: RpcStatus) => HttpHeaders) | undefined;
  /** What a response has behind its headers. */
  readonly rest: ResponseRest;
  /** Ends a response that has begun, after its last messages. */
  end(stream: HttpServerStream, last: Uint8Array | undefined, status: RpcStatus): void;
}

function createDialect(codec: Codec): ServerDialect {
  const headers = { ":status": "200", "content-type": `application/grpc+${codec.id}` };
  return {
    codec,
    ...grpcNames,
    headers,
    gzipHeaders: { ...headers, "grpc-encoding": "gzip", "grpc-accept-encoding": acceptedEncodings },
    failed: failedHeaders,
    rest: "data and trailers",
    end(stream, last, status) {
      if (last !== undefined) stream.write(last);
      stream.endWith(trailersOf(status));
    },
  };
}

/** The status of a call as headers, with the encodings that would have been read. */
function failedHeaders(status: RpcStatus): HttpHeaders {
  const list = status.code === Code.UNIMPLEMENTED ? { "grpc-accept-encoding": acceptedEncodings } : {};
  return { ...list, ...trailersOf(status) };
}

/** gRPC for a server: answers calls of the methods of a table. */
export function createGrpcProtocol(
  methods: MethodTable,
  onFailure: FailureListener,
  registry?: TypeRegistry,
): HttpProtocol {
  const proto = createDialect(protoCodec);
  const json = createDialect(createJsonCodec(registry));
  return {
    types: ["application/grpc", "application/grpc+proto", "application/grpc+json"],
    accepts: (contentType) => /^application\/grpc(\+proto|\+json)?(;|$)/.test(contentType),
    serve(stream, contentType) {
      serveEnvelopes(stream, methods, contentType.startsWith("application/grpc+json") ? json : proto, onFailure);
    },
  };
}

/** Answers a request whose messages come in envelopes. */
export function serveEnvelopes(
  stream: HttpServerStream,
  methods: MethodTable,
  dialect: ServerDialect,
  onFailure: FailureListener,
): void {
  if (fieldOf(stream.headers, ":method") !== "POST") return refuse(stream, 405, { allow: "POST" });
  const call = new ServerCall(stream, dialect);
  try {
    const request = readRequest(stream.headers, methods, dialect);
    stream.listen(call);
    call.answer(request, onFailure);
  } catch (error) {
    stream.listen(call);
    call.refuse(statusOfError(error));
  }
}

/** Answers what is no call with a status of HTTP, and a sentence. */
export function refuse(stream: HttpServerStream, httpStatus: number, headers: HttpHeaders = {}, text = ""): void {
  stream.listen(deaf);
  const all = { ":status": String(httpStatus), ...headers };
  if (text === "") return stream.respond(all, "nothing");
  stream.respond({ ...all, "content-type": "text/plain" }, "data");
  stream.end(encodeText(`${text}\n`));
}

/** One call that came in. */
class ServerCall implements HttpEvents, ReplySink {
  readonly #stream: HttpServerStream;
  readonly #dialect: ServerDialect;
  #reader: EnvelopeReader | undefined;
  #writer: EnvelopeWriter | undefined;
  #inbox: Inbox<unknown> | undefined;
  #lifetime: Lifetime | undefined;
  #headers: HttpHeaders;
  #metadata: Metadata | undefined;
  #streaming = false;
  /** One message is the whole response. */
  #single = false;
  #responded = false;
  #full = false;
  #over = false;

  constructor(stream: HttpServerStream, dialect: ServerDialect) {
    this.#stream = stream;
    this.#dialect = dialect;
    this.#headers = dialect.headers;
  }

  answer(request: Request, onFailure: FailureListener): void {
    const { served, metadata, deadline, gzip } = request;
    const { method, limits, implementation } = served;
    const { codec, gzipHeaders } = this.#dialect;
    if (gzip) this.#headers = gzipHeaders;
    this.#writer = new EnvelopeWriter(this, {
      limit: limits.maxSendBytes,
      gzip,
      threshold: limits.compressionThreshold,
    });
    this.#single = isUnaryOutput(method.kind);
    const inbox = this.#createInbox(served);
    this.#inbox = inbox;
    this.#reader = new EnvelopeReader({
      limit: limits.maxReceiveBytes,
      compressed: request.compressed,
      onMessage: (bytes, packed) => inbox.receive(bytes, packed),
    });
    const { peer, certificate: peerCertificate } = this.#stream;
    const requests = inbox.messages;
    const call = createCall<unknown, unknown>({ method, requests, metadata, deadline, peer, peerCertificate });
    const lifetime = lifetimeOf(call);
    this.#lifetime = lifetime;
    lifetime.onAbort((reason) => inbox.fail(() => reason, true));
    // what the server was started in is nothing that calls should see
    withAmbient({}, () => serveCall(implementation, call, this, onFailure, codec));
  }

  /** Answers a call that is not even begun. */
  refuse(status: RpcStatus): void {
    this.status(status);
  }

  // the reply, as serveCall gives it

  header(metadata: Metadata): void {
    this.#metadata = metadata;
  }

  message(bytes: Uint8Array): void {
    this.#writer?.message(bytes, this.#single);
  }

  room(): Promise<void> | undefined {
    return this.#writer?.room();
  }

  status(status: RpcStatus): void {
    if (this.#over) return;
    this.#over = true;
    awaitReader(this.#stream, this.#lifetime?.deadline);
    const last = this.#writer?.take();
    const { failed } = this.#dialect;
    const untold = !this.#responded && last === undefined && this.#metadata === undefined;
    if (untold && status.code !== Code.OK && failed !== undefined) {
      this.#stream.respond({ ...this.#headers, ...failed(status) }, "nothing");
      return;
    }
    if (status.code !== Code.OK && this.#full) {
      // who does not read would not see the trailers either, and the stream would stay for as long as it likes
      this.#stream.reset(ResetCode.CANCEL);
      return;
    }
    this.#respond();
    this.#dialect.end(this.#stream, last, status);
  }

  /** For the writer. */
  write(bytes: Uint8Array): boolean {
    if (this.#over) return true;
    this.#respond();
    this.#full = !this.#stream.write(bytes);
    return !this.#full;
  }

  // events of the stream

  onHeaders(): void {}

  onData(bytes: Uint8Array): void {
    if (this.#over || this.#reader === undefined) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#lifetime?.abort(RpcError.from(error));
    }
  }

  onTrailers(): void {}

  onEnd(): void {
    if (this.#streaming) afterTurns(3, () => this.#ended());
    else this.#ended();
  }

  onDrain(): void {
    this.#full = false;
    this.#writer?.drained();
  }

  onClose(): void {
    forgetReader(this.#stream);
    if (!this.#over) {
      this.#over = true;
      this.#lifetime?.abort(new RpcError(Code.CANCELLED, "the caller cancelled the call"));
    }
    this.#writer?.drained();
  }

  #createInbox({ method, limits }: ServedMethod): Inbox<unknown> {
    const decode = (bytes: Uint8Array, packed: boolean): unknown => {
      const message = packed ? this.#inflate(bytes, limits.maxReceiveBytes) : bytes;
      return decodeRequest(method, message, this.#dialect.codec);
    };
    if (isUnaryInput(method.kind)) return new SingleInbox<unknown>({ decode });
    this.#streaming = true;
    return new StreamInbox<unknown>({
      decode,
      hold: (held) => (held ? this.#stream.pause() : this.#stream.resume()),
      // what a handler does not want to hear is read and forgotten, until it has answered
      onLeave: () => {},
    });
  }

  /** A message that cannot be inflated ends the call, whatever the handler makes of it. */
  #inflate(bytes: Uint8Array, limit: number): Uint8Array {
    try {
      return inflateRequest(bytes, limit, this.#dialect.malformed);
    } catch (error) {
      this.#lifetime?.abort(RpcError.from(error));
      throw error;
    }
  }

  #respond(): void {
    if (this.#responded) return;
    this.#responded = true;
    const metadata = this.#metadata;
    const { rest } = this.#dialect;
    if (metadata === undefined || metadata.size === 0) return this.#stream.respond(this.#headers, rest);
    const headers: Record<string, string | string[]> = { ...this.#headers };
    addMetadata(headers, metadata);
    this.#stream.respond(headers, rest);
  }

  #ended(): void {
    if (this.#over) return;
    if (this.#reader?.atBoundary === false) {
      this.#lifetime?.abort(new RpcError(Code.INTERNAL, "the request ended within a message"));
    } else {
      this.#inbox?.end();
    }
  }
}

/** Gives a request to the protocol that it is of. */
export function dispatch(stream: HttpServerStream, protocols: readonly HttpProtocol[]): void {
  const { headers } = stream;
  const type = (fieldOf(headers, "content-type") ?? "").toLowerCase();
  for (const protocol of protocols) {
    if (protocol.accepts(type, headers)) return protocol.serve(stream, type);
  }
  const types = protocols.flatMap((protocol) => protocol.types).join(", ");
  refuse(stream, 415, { "accept-post": types }, `This server takes ${types}.`);
}
