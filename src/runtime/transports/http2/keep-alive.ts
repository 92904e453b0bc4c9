import type { Http2Session } from "node:http2";
import type { Clock } from "../../context/index.js";
import { checkPositive } from "./settings.js";

/**
 * When a connection is asked whether anybody is still there.
 *
 * @example { intervalMs: 30_000, timeoutMs: 5_000, whileIdle: true }
 */
export interface KeepAliveOptions {
  /** Milliseconds in which nothing came in before a ping is sent; Infinity for never. */
  readonly intervalMs?: number | undefined;
  /** Milliseconds for its answer, after which the connection is given up; 20,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Also while no call is under way. */
  readonly whileIdle?: boolean | undefined;
}

/** {@link KeepAliveOptions} with the defaults of one side. */
export interface KeepAliveRules {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly whileIdle: boolean;
}

/** @throws {RangeError} for a time that is not at least 1 ms. */
export function keepAliveRules(
  options: KeepAliveOptions | undefined,
  defaults: { readonly intervalMs: number; readonly whileIdle: boolean },
): KeepAliveRules {
  const { intervalMs = defaults.intervalMs, timeoutMs = 20_000, whileIdle = defaults.whileIdle } = options ?? {};
  checkPositive({ "keepAlive.intervalMs": intervalMs, "keepAlive.timeoutMs": timeoutMs });
  return { intervalMs, timeoutMs, whileIdle };
}

/** What the pings of a connection need to know of it. */
export interface KeepAliveInit {
  readonly session: Http2Session;
  readonly rules: KeepAliveRules;
  readonly clock: Clock;
  /** True while calls are under way. */
  readonly busy: () => boolean;
  /** A ping was not answered. */
  readonly onSilence: (error: Error) => void;
}

/** The pings of one connection; they end with it. */
export interface KeepAlive {
  /** A call begins where none was under way. */
  wake(): void;
}

/**
 * Pings a connection on which nothing comes in, and gives it up when no answer comes. What came in is looked at every
 * `intervalMs`, so that it costs a call nothing: the silence is noticed within twice that time. A connection that lay
 * idle for as long is asked together with the next call on it.
 */
export function createKeepAlive({ session, rules, clock, busy, onSilence }: KeepAliveInit): KeepAlive {
  const { intervalMs, timeoutMs, whileIdle } = rules;
  let asleep = false;
  let seen = -1;
  let cancel = (): void => {};

  const watch = (): void => {
    seen = session.socket.bytesRead;
    cancel = clock.after(intervalMs, look);
  };
  const look = (): void => {
    if (session.destroyed) return;
    if (!whileIdle && !busy()) asleep = true;
    else if (session.socket.bytesRead !== seen) watch();
    else ping();
  };
  const ping = (): void => {
    cancel = clock.after(timeoutMs, () => {
      onSilence(new Error(`the other side did not answer a ping within ${timeoutMs} ms`));
    });
    session.ping((error) => {
      if (error !== null) return;
      cancel();
      watch();
    });
  };

  session.once("close", () => cancel());
  if (intervalMs !== Infinity) watch();
  return {
    wake() {
      if (!asleep) return;
      asleep = false;
      ping();
    },
  };
}
