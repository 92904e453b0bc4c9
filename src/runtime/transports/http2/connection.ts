import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure, type ConnectionOptions as TlsConnectionOptions } from "node:tls";
import type { Clock } from "../../context/index.js";
import { ResetCode, type HttpEvents, type HttpHeaders, type HttpSession, type HttpStream } from "../../grpc/index.js";
import { Code, RpcError } from "../../rpc/index.js";
import type { Address } from "./address.js";
import { createKeepAlive, type KeepAlive, type KeepAliveRules } from "./keep-alive.js";
import { tooManyPings } from "./ping-guard.js";
import { ResetBudget } from "./reset-budget.js";
import { commonSettings, connectionWindow, maxHeaderListPairs, maxSendHeaderBlockLength } from "./settings.js";
import { NodeClientStream } from "./stream.js";

/** What connections to one target have in common. */
export interface ConnectionRules {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** A connection that has opened so many takes no more. */
  readonly maxStreamsEver: number;
  /** Changed when a server finds that there are too many pings. */
  keepAlive: KeepAliveRules;
  /** The settings of TLS as they are now; undefined for plain text. */
  tls(): TlsConnectionOptions | undefined;
}

/** Who owns a connection is told, in this order: that it is ready, that there may be room, that it is gone. */
export interface ConnectionEvents {
  onReady(): void;
  /** A stream ended, or more are allowed. */
  onRoom(): void;
  /** It takes no more calls. `error`: why, if it was not its time. Once. */
  onGone(error: Error | undefined): void;
}

/** How long after its last call a connection keeps the process alive. */
const holdMs = 20;

/**
 * A connection of node:http2 that calls share. It counts streams from the moment they are promised to a call, so that
 * calls that begin at the same time do not all take the same place.
 */
export class Connection implements HttpSession {
  /** Streams that are open or promised. */
  taken = 0;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #rules: ConnectionRules;
  readonly #events: ConnectionEvents;
  readonly #resets: ResetBudget;
  #keepAlive: KeepAlive | undefined;
  #peer = "";
  #ready = false;
  #gone = false;
  /** Our goodbye waits for its streams: nghttp2 would say it before it sends requests that were just opened. */
  #closing = false;
  #open = 0;
  /** It keeps the process alive. */
  #held = false;
  #lettingGo = false;
  #opened = 0;
  #limit = Infinity;
  #idleSince = 0;
  /** Streams with a higher number the server will not look at. */
  #lastStream = Infinity;
  #cancelTimer: () => void;

  constructor(address: Address, rules: ConnectionRules, events: ConnectionEvents) {
    this.#rules = rules;
    this.#events = events;
    this.#resets = new ResetBudget(rules.clock);
    const tls = rules.tls();
    this.#socket = openSocket(address, tls);
    const session = connectHttp2(`${tls === undefined ? "http" : "https"}://${address.authority}`, {
      createConnection: () => this.#socket,
      settings: { ...commonSettings, enablePush: false },
      maxHeaderListPairs,
      maxSendHeaderBlockLength,
      maxSessionMemory: 1_000,
    });
    this.#session = session;
    const { clock, connectTimeoutMs } = rules;
    let failure: Error | undefined;
    this.#cancelTimer = clock.after(connectTimeoutMs, () => {
      this.destroy(new Error(`no answer within ${connectTimeoutMs} ms`));
    });
    session.on("error", (error: Error) => (failure = error));
    // node does not pass on an alert of TLS that comes after the handshake, the answer to our certificate
    this.#socket.on("error", (error: Error) => this.destroy(error));
    session.once("connect", () => {
      if (tls !== undefined && "alpnProtocol" in this.#socket && this.#socket.alpnProtocol !== "h2") {
        this.destroy(new Error("the server does not agree on HTTP/2 (ALPN)"));
      }
    });
    // not when the socket is connected: only who sends settings speaks HTTP/2, and says how many streams it takes
    session.on("remoteSettings", ({ maxConcurrentStreams = Infinity }) => {
      this.#limit = maxConcurrentStreams;
      if (this.#ready) this.#events.onRoom();
      else this.#begin();
    });
    session.on("goaway", (code: number, lastStream: number, debug: Buffer | undefined) => {
      this.#lastStream = lastStream;
      if (code === ResetCode.ENHANCE_YOUR_CALM && debug?.toString("latin1") === tooManyPings) {
        rules.keepAlive = { ...rules.keepAlive, intervalMs: rules.keepAlive.intervalMs * 2 };
      }
      this.#leave(undefined);
    });
    session.once("close", () => this.#leave(failure ?? new Error("the server closed the connection")));
  }

  /** True while new streams are taken, whether or not there is room for one. */
  get usable(): boolean {
    return this.#ready && !this.#gone && !this.#session.closed && !this.#session.destroyed;
  }

  get hasRoom(): boolean {
    return this.taken < this.#limit;
  }

  /** True once a call was made on it. */
  get used(): boolean {
    return this.#opened > 0;
  }

  /** Promises a stream to a call, which then opens it or gives the promise back by `release`. */
  reserve(): void {
    this.taken++;
  }

  release(): void {
    this.taken--;
    this.#events.onRoom();
  }

  open(headers: HttpHeaders, more: HttpHeaders | undefined, events: HttpEvents, several: boolean): HttpStream {
    const all = more === undefined ? headers : { ...headers, ...more };
    let stream;
    try {
      stream = this.#session.request(all, { endStream: false, waitForTrailers: several });
    } catch (error) {
      this.release();
      if (isOfConnection(error)) throw error;
      // no other connection would take these headers either
      throw new RpcError(Code.INTERNAL, "the request cannot be sent", { cause: error });
    }
    if (this.#open++ === 0) this.#wake();
    if (++this.#opened === this.#rules.maxStreamsEver) this.close();
    return new NodeClientStream(stream, this.#peer, {
      events,
      several,
      onClosed: () => this.#closed(),
      onReset: () => {
        if (!this.#resets.spend()) this.close();
      },
      refused: (id) => id > this.#lastStream,
    });
  }

  /** Lets streams that are open end and takes no new ones. */
  close(): void {
    if (!this.#ready) return this.destroy(undefined);
    this.#leave(undefined);
    this.#closing = true;
    if (this.#open === 0) this.#session.close();
  }

  destroy(error: Error | undefined): void {
    this.#leave(error);
    this.#session.destroy(error);
    // node would wait until it has said goodbye, which may be never
    setImmediate(() => this.#socket.destroy());
  }

  #begin(): void {
    const { keepAlive: rules, clock, idleTimeoutMs } = this.#rules;
    const session = this.#session;
    this.#cancelTimer();
    this.#ready = true;
    const { remoteAddress, remotePort } = this.#socket;
    this.#peer = remoteAddress === undefined ? "" : `${remoteAddress}:${remotePort}`;
    session.setLocalWindowSize(connectionWindow);
    // without calls a connection does not keep the process alive
    session.unref();
    this.#idleSince = clock.now();
    this.#cancelTimer = clock.after(idleTimeoutMs, () => this.#checkIdle());
    const onSilence = (error: Error): void => this.destroy(error);
    this.#keepAlive = createKeepAlive({ session, rules, clock, busy: () => this.#open > 0, onSilence });
    this.#events.onReady();
  }

  #closed(): void {
    this.taken--;
    if (--this.#open === 0) {
      this.#idleSince = this.#rules.clock.now();
      this.#letGo();
      if (this.#closing && !this.#session.destroyed) this.#session.close();
    }
    this.#events.onRoom();
  }

  #wake(): void {
    if (!this.#held) this.#session.ref();
    this.#held = true;
    this.#keepAlive?.wake();
  }

  /** Not at once: for calls in turn it would cost more than much else of them. */
  #letGo(): void {
    if (this.#lettingGo) return;
    this.#lettingGo = true;
    setTimeout(() => {
      this.#lettingGo = false;
      if (this.#open > 0) return;
      this.#held = false;
      if (!this.#session.destroyed) this.#session.unref();
    }, holdMs);
  }

  /** One timer that goes round, instead of one for each call. */
  #checkIdle(): void {
    const { clock, idleTimeoutMs } = this.#rules;
    const left = this.taken > 0 ? idleTimeoutMs : this.#idleSince + idleTimeoutMs - clock.now();
    if (left <= 0) return this.close();
    this.#cancelTimer = clock.after(left, () => this.#checkIdle());
  }

  #leave(error: Error | undefined): void {
    this.#cancelTimer();
    if (this.#gone) return;
    this.#gone = true;
    this.#events.onGone(error);
  }
}

/** True for what node says of a connection that takes no streams any more. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_HTTP2_INVALID_SESSION" || error.code === "ERR_HTTP2_GOAWAY_SESSION";
}

function openSocket({ host, port, path, authority }: Address, tls: TlsConnectionOptions | undefined): Socket {
  const to = path === undefined ? { host, port } : { path };
  // node:http2 itself switches Nagle's algorithm off
  if (tls === undefined) return connectPlain(to);
  // a certificate is for the name that the user knows, whatever address that has; an address is no name to send
  const name = new URL(`https://${authority}`).hostname.replace(/^\[|\]$/g, "");
  return connectSecure({ ...to, servername: isIP(name) === 0 ? name : "", ...tls, ALPNProtocols: ["h2"] });
}
