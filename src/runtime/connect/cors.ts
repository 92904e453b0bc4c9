import {
  deaf,
  fieldOf,
  type HttpEvents,
  type HttpFields,
  type HttpHeaders,
  type HttpServerStream,
  type ResponseRest,
} from "../grpc/index.js";

/**
 * Which pages of other origins may call. Without it browsers let none.
 *
 * @example createHttp2Server({ cors: { origins: ["https://app.example.com"], credentials: true } });
 */
export interface CorsOptions {
  /** Origins as browsers send them, `https://app.example.com`, a function that knows them, or `"*"` for any. */
  readonly origins: "*" | readonly string[] | ((origin: string) => boolean);
  /** Cookies and other credentials may come along; not with `"*"`. False by default. */
  readonly credentials?: boolean | undefined;
  /** Seconds for which browsers remember the answer; 7,200 by default, more than that none of them does. */
  readonly maxAgeSeconds?: number | undefined;
}

/** What a server does about pages of other origins. */
export interface Cors {
  /** Answers the question that a browser asks before a call, and says whether it was one. */
  preflight(stream: HttpServerStream): boolean;
  /** The same stream, whose response says that the page may read it. */
  allow(stream: HttpServerStream): HttpServerStream;
}

/** Headers of a response that pages see anyway, or never. */
const notExposed: ReadonlySet<string> = new Set([":status", "content-type", "content-length", "set-cookie", "vary"]);

/** @throws {TypeError} for credentials together with any origin. */
export function createCors({ origins, credentials = false, maxAgeSeconds = 7_200 }: CorsOptions): Cors {
  if (origins === "*" && credentials) {
    throw new TypeError("credentials are for origins that are named: with any, every page could call as its visitor");
  }
  const named = new Set(typeof origins === "function" ? [] : origins);
  const known = (origin: string): boolean => {
    try {
      return typeof origins === "function" ? origins(origin) : named.has(origin);
    } catch {
      // a function of the user's that fails lets nobody in
      return false;
    }
  };

  /** The headers that let an origin in; undefined for one that is not let in, or none. */
  const welcome = (headers: HttpFields): HttpHeaders | undefined => {
    const origin = fieldOf(headers, "origin");
    if (origin === undefined) return undefined;
    if (origins === "*") return { "access-control-allow-origin": "*" };
    // a cache must not give one page what was meant for another
    if (!known(origin)) return { vary: "origin" };
    const cookies = credentials ? { "access-control-allow-credentials": "true" } : {};
    return { "access-control-allow-origin": origin, vary: "origin", ...cookies };
  };

  return {
    preflight(stream) {
      const { headers } = stream;
      const verb = fieldOf(headers, "access-control-request-method");
      if (fieldOf(headers, ":method") !== "OPTIONS" || verb === undefined) return false;
      const asked = fieldOf(headers, "access-control-request-headers");
      stream.listen(deaf);
      stream.respond(
        {
          ":status": "204",
          ...welcome(headers),
          "access-control-allow-methods": "GET, POST",
          // metadata has whatever names the contract's users choose
          ...(asked === undefined ? {} : { "access-control-allow-headers": asked }),
          "access-control-max-age": String(maxAgeSeconds),
        },
        "nothing",
      );
      return true;
    },
    allow(stream) {
      const headers = welcome(stream.headers);
      return headers === undefined ? stream : new AllowedStream(stream, headers);
    },
  };
}

/** A stream whose response carries more headers. */
class AllowedStream implements HttpServerStream {
  readonly #stream: HttpServerStream;
  readonly #more: HttpHeaders;
  readonly headers: HttpFields;
  readonly peer: string;
  readonly certificate: HttpServerStream["certificate"];

  constructor(stream: HttpServerStream, more: HttpHeaders) {
    this.#stream = stream;
    this.#more = more;
    this.headers = stream.headers;
    this.peer = stream.peer;
    this.certificate = stream.certificate;
  }

  listen(events: HttpEvents): void {
    this.#stream.listen(events);
  }

  respond(headers: HttpHeaders, rest: ResponseRest): void {
    const exposed = Object.keys(headers).filter((name) => !notExposed.has(name));
    const expose = exposed.length === 0 ? {} : { "access-control-expose-headers": exposed.join(", ") };
    const vary = [headers["vary"] ?? [], this.#more["vary"] ?? []].flat().join(", ");
    this.#stream.respond({ ...headers, ...this.#more, ...expose, ...(vary === "" ? {} : { vary }) }, rest);
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes);
  }

  end(bytes?: Uint8Array): void {
    this.#stream.end(bytes);
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
}
