import type { ServerHttp2Session } from "node:http2";
import type { Clock, Random } from "../../context/index.js";
import type { PeerCertificate } from "../../rpc/index.js";
import { createKeepAlive, keepAliveRules, type KeepAliveOptions, type KeepAliveRules } from "./keep-alive.js";
import { guardPings } from "./ping-guard.js";
import { checkPositive } from "./settings.js";

/** A connection of a client, as a server sees it. */
export interface Connection {
  readonly peer: string;
  readonly certificate: PeerCertificate | undefined;
  /** That are open. */
  streams: number;
}

/** How a server keeps its connections. */
export interface ServerConnectionRules {
  readonly keepAlive: KeepAliveRules;
  readonly minPingIntervalMs: number;
  readonly maxConnectionAgeMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the rules are made of; see the options of the server. */
export interface ServerConnectionOptions {
  readonly keepAlive?: KeepAliveOptions | undefined;
  readonly minPingIntervalMs?: number | undefined;
  readonly maxConnectionAgeMs?: number | undefined;
}

/** @throws {RangeError} for a time that is not at least 1 ms. */
export function connectionRules(options: ServerConnectionOptions, clock: Clock): ServerConnectionRules {
  const { minPingIntervalMs = 10_000, maxConnectionAgeMs = Infinity } = options;
  checkPositive({ minPingIntervalMs, maxConnectionAgeMs });
  const keepAlive = keepAliveRules(options.keepAlive, { intervalMs: 2 * 3_600_000, whileIdle: true });
  return { keepAlive, minPingIntervalMs, maxConnectionAgeMs, clock, random: Math.random };
}

/** Looks after a connection until it is closed: pings it, bounds its pings, ends it when it is old. */
export function tendConnection(
  session: ServerHttp2Session,
  connection: Connection,
  rules: ServerConnectionRules,
): void {
  const { keepAlive, minPingIntervalMs, maxConnectionAgeMs, clock, random } = rules;
  const busy = (): boolean => connection.streams > 0;
  createKeepAlive({ session, rules: keepAlive, clock, busy, onSilence: (error) => session.destroy(error) });
  guardPings(session, minPingIntervalMs, clock);
  if (maxConnectionAgeMs === Infinity) return;
  const age = maxConnectionAgeMs * (0.9 + 0.2 * random());
  session.once(
    "close",
    clock.after(age, () => void sayGoodbye(session)),
  );
}

/**
 * Ends a connection when its calls are done. The goodbye names the last call that will be answered: those that were on
 * their way meanwhile nobody has looked at, and clients may send them again. A warning before the goodbye would gain
 * nothing: after the first word of it nghttp2 takes no streams, whatever number it said.
 */
export function sayGoodbye(session: ServerHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) return resolve();
    session.once("close", () => resolve());
    session.close();
  });
}
