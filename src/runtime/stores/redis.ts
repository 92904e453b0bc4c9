import { systemClock, type Clock } from "../context/index.js";

/**
 * Sends one command to Redis, for stores and for buckets of rate limits, and resolves to its reply: strings, numbers, null, lists of those. Any client can be put
 * behind it; it connects, reconnects and fails as the client does.
 *
 * @example
 * import { createClient } from "redis";
 * const client = await createClient({ url: "redis://127.0.0.1:6379" }).connect();
 * const redis: RedisCommand = (command) => client.sendCommand([...command]);
 *
 * @example const redis: RedisCommand = ([name = "", ...args]) => ioredis.call(name, ...args);
 */
export type RedisCommand = (command: readonly string[]) => Promise<unknown>;

/** Where the keys of a store lie. */
export interface RedisStoreOptions {
  readonly redis: RedisCommand;
  /** What keys begin with, so that several programs may share a server. */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds that a command may take; 1,000 by default. Clients keep commands while they have no connection, and
   * nobody shall wait for that.
   */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** The same commands, which fail when they take too long. What Redis does with one that has failed so is not known. */
export function limited({ redis, timeoutMs = 1_000, clock = systemClock }: RedisStoreOptions): RedisCommand {
  return (command) =>
    new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`Redis has not answered ${command[0]} within ${timeoutMs} ms`));
      const cancel = clock.after(timeoutMs, late);
      redis(command).then(resolve, reject).finally(cancel);
    });
}

/** Milliseconds as Redis takes them: whole, and at least one. */
export function redisMs(ms: number): string {
  return String(Math.max(1, Math.ceil(ms)));
}

/** A reply that is text; undefined for none. @throws {TypeError} for a reply of another kind. */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined;
  if (typeof reply !== "string") throw new TypeError("Redis gave no text where a text was asked for");
  return reply;
}
