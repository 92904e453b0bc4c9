import type { Socket } from "node:net";
import type { Clock } from "../../context/index.js";
import type { KeepAliveRules } from "../http2/keep-alive.js";
import type { Http1ServerStream } from "./stream.js";

/** How the connections of a server are kept. */
export interface Http1Rules {
  /** Calls under way on one connection. */
  readonly maxConcurrentCalls: number;
  /** Silence within a request after which it is given up: `intervalMs`, and `timeoutMs` more. */
  readonly keepAlive: KeepAliveRules;
  readonly clock: Clock;
}

/** Longest time that systems take for their probes, in milliseconds. */
const longestProbe = 32_767_000;

/**
 * The requests of one connection. A client may send the next before it has the response to the last: more than the
 * server allows wait here, and nothing is read from the connection until they have begun.
 */
export class Http1Requests {
  readonly #socket: Socket;
  readonly #rules: Http1Rules;
  readonly #answer: (stream: Http1ServerStream) => void;
  readonly #underWay = new Set<Http1ServerStream>();
  #waiting: Http1ServerStream[] = [];
  #cancel = (): void => {};

  constructor(socket: Socket, rules: Http1Rules, answer: (stream: Http1ServerStream) => void) {
    this.#socket = socket;
    this.#rules = rules;
    this.#answer = answer;
    const { intervalMs } = rules.keepAlive;
    // node reads on by itself when a request has been taken in
    socket.on("resume", () => {
      if (this.#waiting.length === 0) return;
      socket.pause();
      // a socket that was paused between `resume` and now reads again, and says nothing of a second pause; its parser
      // stops at the event
      socket.emit("pause");
    });
    socket.once("close", () => this.#lost());
    if (intervalMs === Infinity) return;
    // a client that is gone without a word
    socket.setKeepAlive(true, Math.min(Math.max(intervalMs, 1_000), longestProbe));
    this.#watch();
  }

  add(stream: Http1ServerStream): void {
    if (this.#underWay.size < this.#rules.maxConcurrentCalls) return this.#begin(stream);
    this.#waiting.push(stream);
    this.#socket.pause();
  }

  /** The response was sent. */
  done(stream: Http1ServerStream): void {
    this.#underWay.delete(stream);
    const [next] = this.#waiting;
    if (next === undefined || this.#socket.destroyed) return;
    this.#waiting.shift();
    this.#begin(next);
    if (this.#waiting.length === 0) this.#socket.resume();
  }

  #begin(stream: Http1ServerStream): void {
    this.#underWay.add(stream);
    this.#answer(stream);
  }

  #lost(): void {
    this.#cancel();
    this.#waiting = [];
    // node tells only the one whose response is on its way, and of that it knows more
    setImmediate(() => {
      for (const stream of this.#underWay) stream.lost();
      this.#underWay.clear();
    });
  }

  #watch(): void {
    const { clock, keepAlive } = this.#rules;
    const seen = this.#socket.bytesRead;
    const silent = (): boolean => this.#socket.bytesRead === seen && this.#expectsMore();
    const give = (): void => {
      if (silent()) this.#socket.destroy(new Error("the client fell silent within a request"));
      else this.#watch();
    };
    this.#cancel = clock.after(keepAlive.intervalMs, () => {
      if (silent()) this.#cancel = clock.after(keepAlive.timeoutMs, give);
      else this.#watch();
    });
  }

  /** The rest of a request is to come, and nobody here holds it back. */
  #expectsMore(): boolean {
    if (this.#waiting.length > 0) return false;
    for (const stream of this.#underWay) if (stream.expectsMore) return true;
    return false;
  }
}
