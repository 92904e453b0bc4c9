import {
  decodeBase64,
  encodeBase64,
  encodeText,
  type HttpEvents,
  type HttpFields,
  type HttpHeaders,
  type HttpServerStream,
  type ResponseRest,
} from "../grpc/index.js";

/** A request of `application/grpc-web-text`: what travels in base64 is seen as the bytes that it stands for. */
export class TextStream implements HttpServerStream {
  readonly headers: HttpFields;
  readonly peer: string;
  readonly certificate: HttpServerStream["certificate"];
  readonly #stream: HttpServerStream;
  #rest = "";

  constructor(stream: HttpServerStream) {
    this.#stream = stream;
    this.headers = stream.headers;
    this.peer = stream.peer;
    this.certificate = stream.certificate;
  }

  listen(events: HttpEvents): void {
    this.#stream.listen({
      onHeaders: () => {},
      onData: (bytes) => {
        for (const part of this.#decode(bytes)) events.onData(part);
      },
      onTrailers: (fields) => events.onTrailers(fields),
      onEnd: () => {
        if (this.#rest !== "") events.onData(decodeBase64(this.#rest));
        events.onEnd();
      },
      onDrain: () => events.onDrain(),
      onClose: (code, cause) => events.onClose(code, cause),
    });
  }

  respond(headers: HttpHeaders, rest: ResponseRest): void {
    this.#stream.respond(headers, rest);
  }

  /** Each write is base64 of its own, padded, as the protocol has it. */
  write(bytes: Uint8Array): boolean {
    return this.#stream.write(encodeText(encodeBase64(bytes)));
  }

  end(bytes?: Uint8Array): void {
    this.#stream.end(bytes === undefined ? undefined : encodeText(encodeBase64(bytes)));
  }

  endWith(trailers: HttpHeaders): void {
    this.#stream.endWith(trailers);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  reset(code: number): void {
    this.#stream.reset(code);
  }

  /** The bytes of what is whole: groups of four; padding may come wherever the sender has flushed. */
  #decode(bytes: Uint8Array): Uint8Array[] {
    const text = this.#rest + latin1(bytes);
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    return (text.slice(0, whole).match(/[^=]+=*/g) ?? []).map(decodeBase64);
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
