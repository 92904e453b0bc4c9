import { withAmbient } from "../context/index.js";
import {
  addMetadata,
  awaitReader,
  deflate,
  fieldOf,
  forgetReader,
  inflateRequest,
  SingleInbox,
  tooLarge,
  type HttpEvents,
  type HttpServerStream,
  type Request,
  type ResolvedLimits,
} from "../grpc/index.js";
import {
  ByteCollector,
  Code,
  createCall,
  createMetadata,
  decodeRequest,
  httpStatusOf,
  lifetimeOf,
  RpcError,
  serveCall,
  type Codec,
  type FailureListener,
  type Lifetime,
  type Metadata,
  type ReplySink,
  type RpcStatus,
} from "../rpc/index.js";
import { encodeError } from "./errors.js";
import { addTrailers } from "./fields.js";

/** One call whose request and response are whole bodies. */
export class UnaryServerCall implements HttpEvents, ReplySink {
  readonly #stream: HttpServerStream;
  #limits: ResolvedLimits | undefined;
  #inbox: SingleInbox<unknown> | undefined;
  #lifetime: Lifetime | undefined;
  readonly #body = new ByteCollector();
  /** What the caller says the body has. */
  #announced: number | undefined;
  #codec = "proto";
  #compressed = false;
  #gzip = false;
  #header: Metadata | undefined;
  #message: Uint8Array | undefined;
  #over = false;

  constructor(stream: HttpServerStream) {
    this.#stream = stream;
    stream.listen(this);
  }

  /** Answers it. `given` is a message that is there already, in the query of a GET. */
  answer(request: Request, codec: Codec, onFailure: FailureListener, given?: Uint8Array): void {
    const { served, metadata, deadline, compressed, gzip } = request;
    const { method, implementation, limits } = served;
    this.#limits = limits;
    this.#codec = codec.id;
    this.#compressed = compressed;
    this.#gzip = gzip;
    const inbox = new SingleInbox<unknown>({ decode: (bytes) => decodeRequest(method, bytes, codec) });
    this.#inbox = inbox;
    const { peer, certificate: peerCertificate, headers } = this.#stream;
    const requests = inbox.messages;
    const call = createCall<unknown, unknown>({ method, requests, metadata, deadline, peer, peerCertificate });
    const lifetime = lifetimeOf(call);
    this.#lifetime = lifetime;
    lifetime.onAbort((reason) => inbox.fail(() => reason));
    const announced = Number(fieldOf(headers, "content-length") ?? Number.NaN);
    if (announced >= 0) this.#announced = announced;
    if (announced > limits.maxReceiveBytes) lifetime.abort(tooLarge("received", announced, limits.maxReceiveBytes));
    if (given !== undefined) this.#receive(given);
    // what the server was started in is nothing that calls should see
    withAmbient({}, () => serveCall(implementation, call, this, onFailure, codec));
  }

  /** Answers a call that is not even begun; with another HTTP status than its code has. */
  refuse(status: RpcStatus, httpStatus = httpStatusOf(status.code)): void {
    if (this.#over) return;
    this.#over = true;
    this.#respond(httpStatus, "application/json", encodeError(status), status.trailer);
  }

  // the reply, as serveCall gives it

  header(metadata: Metadata): void {
    this.#header = metadata;
  }

  message(bytes: Uint8Array): void {
    const limit = this.#limits?.maxSendBytes ?? Infinity;
    if (bytes.length > limit) throw tooLarge("sent", bytes.length, limit);
    this.#message = bytes;
  }

  room(): undefined {
    return undefined;
  }

  status(status: RpcStatus): void {
    if (this.#over) return;
    if (status.code !== Code.OK || this.#message === undefined) return this.refuse(status);
    this.#over = true;
    this.#respond(200, `application/${this.#codec}`, this.#message, status.trailer);
  }

  // events of the stream

  onHeaders(): void {}

  onData(bytes: Uint8Array): void {
    if (this.#over || this.#limits === undefined) return;
    const { maxReceiveBytes } = this.#limits;
    if (this.#body.size + bytes.length <= maxReceiveBytes) return this.#body.push(bytes, this.#announced);
    this.#body.take();
    this.#lifetime?.abort(tooLarge("received", `more than ${maxReceiveBytes}`, maxReceiveBytes));
  }

  onTrailers(): void {}

  onEnd(): void {
    const body = this.#body.take();
    if (!this.#over) this.#receive(body);
  }

  onDrain(): void {}

  onClose(): void {
    forgetReader(this.#stream);
    if (this.#over) return;
    this.#over = true;
    this.#lifetime?.abort(new RpcError(Code.CANCELLED, "the caller cancelled the call"));
  }

  #receive(bytes: Uint8Array): void {
    const limit = this.#limits?.maxReceiveBytes ?? 0;
    try {
      // an empty message has no compressed form
      const packed = this.#compressed && bytes.length > 0;
      const message = packed ? inflateRequest(bytes, limit, Code.INVALID_ARGUMENT) : bytes;
      if (message.length > limit) throw tooLarge("received", message.length, limit);
      const inbox = this.#inbox;
      // what came with the query of a GET is all: its body says nothing
      this.#inbox = undefined;
      inbox?.receive(message, false);
      inbox?.end();
    } catch (error) {
      this.#lifetime?.abort(RpcError.from(error));
    }
  }

  #respond(httpStatus: number, contentType: string, body: Uint8Array, trailer: Metadata): void {
    const headers: Record<string, string | string[]> = {};
    addMetadata(headers, this.#header ?? createMetadata());
    addTrailers(headers, trailer);
    const packed = this.#gzip && this.#limits ? deflate(body, this.#limits.compressionThreshold) : undefined;
    const sent = packed ?? body;
    headers[":status"] = String(httpStatus);
    headers["content-type"] = contentType;
    headers["content-length"] = String(sent.length);
    if (packed !== undefined) headers["content-encoding"] = "gzip";
    // caches tell who takes gzip from who does not
    if (this.#limits?.compression === "gzip") headers["vary"] = "accept-encoding";
    if (httpStatus === 405) headers["allow"] = "POST";
    awaitReader(this.#stream, this.#lifetime?.deadline);
    this.#stream.respond(headers, "data");
    this.#stream.end(sent);
  }
}
