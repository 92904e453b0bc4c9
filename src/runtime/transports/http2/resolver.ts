import { lookup } from "node:dns/promises";
import type { Clock } from "../../context/index.js";
import { hostAndPort } from "./address.js";

/** Gives the addresses of a service: `10.0.0.7:50051`, `unix:/run/users.sock`. */
export type ResolveAddresses = () => readonly string[] | Promise<readonly string[]>;

/**
 * Says where a service is.
 *
 * @example
 * const users: Resolver = {
 *   authority: "users.internal:50051",
 *   resolve: () => consul.addressesOf("users"),
 *   watch: (changed) => consul.watch("users", changed),
 * };
 */
export interface Resolver {
  /** What the servers are called, in requests and in their certificates; each its own address by default. */
  readonly authority?: string | undefined;
  /**
   * Asked before the first call, again after a connection was lost or failed, at most once in a second, and, unless
   * there is a `watch`, every `refreshMs`. When it rejects, the addresses known before stay.
   */
  readonly resolve: ResolveAddresses;
  /** Calls the function with all addresses whenever they changed; returns what stops it. */
  watch?(changed: (addresses: readonly string[]) => void): () => void;
}

/**
 * All addresses of a name, as the system knows them: DNS, the hosts file.
 *
 * @example createHttp2Transport({ target: createDnsResolver("users.internal", 50051), loadBalancing: "round_robin" });
 */
export function createDnsResolver(host: string, port: number): Resolver {
  return {
    authority: hostAndPort(host, port),
    async resolve() {
      const found = await lookup(host, { all: true, verbatim: true });
      return found.map(({ address }) => hostAndPort(address, port));
    },
  };
}

/** What a feed of addresses is made of. */
export interface FeedInit {
  readonly resolver: Resolver;
  readonly refreshMs: number;
  readonly clock: Clock;
  readonly onAddresses: (addresses: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Keeps addresses up to date. */
export interface AddressFeed {
  /** Asks again, soon; begins it when called first. */
  refresh(): void;
  close(): void;
}

/** Between two questions. */
const minIntervalMs = 1_000;

/** For an answer. */
const answerTimeoutMs = 20_000;

/** More than that many backends nobody has behind one name; whoever answers with more does not fill our memory. */
const maxAddresses = 1_000;

/** Asks a resolver now, on demand and from time to time. */
export function followAddresses({ resolver, refreshMs, clock, onAddresses, onFailure }: FeedInit): AddressFeed {
  let askedAt = -Infinity;
  let asking: object | undefined;
  let cancelTimer = (): void => {};
  let unwatch: (() => void) | undefined;
  let begun = false;
  let closed = false;

  const found = (addresses: readonly string[]): void => {
    if (!closed) onAddresses([...new Set(addresses)].slice(0, maxAddresses));
  };
  const askIn = (ms: number): void => {
    cancelTimer();
    cancelTimer = clock.after(ms, ask);
  };
  const ask = (): void => {
    if (closed) return;
    askedAt = clock.now();
    const question = {};
    asking = question;
    const settle = (tell: () => void): void => {
      if (closed || asking !== question) return;
      asking = undefined;
      cancelTimer();
      if (resolver.watch === undefined) askIn(refreshMs);
      tell();
    };
    cancelTimer();
    cancelTimer = clock.after(answerTimeoutMs, () =>
      settle(() => onFailure(new Error(`no addresses within ${answerTimeoutMs} ms`))),
    );
    Promise.resolve()
      .then(() => resolver.resolve())
      .then(
        (addresses) => settle(() => found(addresses)),
        (error: unknown) => settle(() => onFailure(error)),
      );
  };

  return {
    refresh() {
      if (closed || asking !== undefined) return;
      if (!begun) {
        begun = true;
        unwatch = resolver.watch?.(found);
      }
      askIn(Math.max(0, askedAt + minIntervalMs - clock.now()));
    },
    close() {
      closed = true;
      cancelTimer();
      unwatch?.();
    },
  };
}
