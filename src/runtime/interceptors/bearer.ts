import { systemClock, withAmbient, type Clock } from "../context/index.js";
import {
  Code,
  createWrapper,
  failedAnswer,
  isRpcError,
  RpcError,
  type Call,
  type Give,
  type Interceptor,
} from "../rpc/index.js";
import { markCredentials } from "./credentials.js";

/** A token with the time until which it is good. */
export interface AccessToken {
  readonly token: string;
  /** Milliseconds since the epoch; by default what the token says of itself, if it is a JWT. */
  readonly expiresAt?: number | undefined;
}

/**
 * A token that is fetched once for all calls until it is about to expire. Not for tokens that differ from caller to
 * caller: those are what a plain function is for.
 *
 * @example bearer({ fetch: async () => ({ token: await exchange(), expiresAt: Date.now() + 3_600_000 }) })
 */
export interface TokenSource {
  /** Gets a fresh one. It runs outside of any call: no deadline, no identity. */
  readonly fetch: () => Promise<string | AccessToken>;
  /** Milliseconds before its end from which on a new one is fetched, while calls go on with the old; 60,000 by default. */
  readonly refreshBeforeMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Sends a bearer token with every attempt of a client. A function is asked each time; a {@link TokenSource} keeps the
 * token until shortly before it expires or a server refuses it, and of many calls that need a new one, one fetches it.
 * In a chain it stands inside of retry, so that each attempt has a token that is still good. A cache outside of it has to
 * be told who asks.
 *
 * @example createUserServiceClient(transport, { chain: chain().use(bearer({ fetch: () => tokens.request() })) });
 */
export function bearer(token: string | (() => string | Promise<string>) | TokenSource): Interceptor {
  const source = typeof token === "object" ? createKeeper(token) : undefined;
  const read = source?.current ?? (typeof token === "function" ? token : () => String(token));
  const layer = createWrapper((next) => {
    const send = <I, O>(call: Call<I, O, {}>, give: Give<O>, value: string): void => {
      let sent;
      try {
        const metadata = call.context.metadata.clone();
        metadata.set("authorization", `Bearer ${value}`);
        sent = call.change({ metadata });
      } catch (error) {
        return give(failedAnswer(error));
      }
      if (source === undefined) return next(sent, give);
      next<I, O>(sent, (answer) => {
        if (answer.failed?.code === Code.UNAUTHENTICATED) source.refused(value);
        give(answer);
      });
    };
    return (call, give) => {
      const fail = (error: unknown): void => give(failedAnswer(error));
      let value: string | Promise<string>;
      try {
        value = read();
      } catch (error) {
        return fail(error);
      }
      // most tokens are there: no call has to wait for a promise then
      if (typeof value === "string") send(call, give, value);
      else Promise.resolve(value).then((token) => send(call, give, token), fail);
    };
  });
  return markCredentials(layer);
}

interface Keeper {
  /** A promise only where the token has to be fetched first. */
  current(): string | Promise<string>;
  /** A server would not have it: the next call gets another, unless this one is new. */
  refused(token: string): void;
}

interface Kept {
  readonly token: string;
  readonly goodUntil: number;
  refused: boolean;
}

/** A token just fetched is used for so long, whatever it or a server says: each call would fetch one otherwise. */
const leastUseMs = 1_000;
const mostPauseMs = 30_000;

function createKeeper({ fetch, refreshBeforeMs = 60_000, clock = systemClock }: TokenSource): Keeper {
  let kept: Kept | undefined;
  let pending: Promise<Kept> | undefined;
  let failures = 0;
  /** When a fetch last ended, either way. */
  let triedAt = 0;

  function refresh(): Promise<Kept> {
    // outside of the call that happens to be the first: its deadline and its caller are not those of the others
    pending ??= withAmbient({}, request).finally(() => (pending = undefined));
    return pending;
  }

  async function request(): Promise<Kept> {
    try {
      const given = await fetch();
      const { token, expiresAt } = typeof given === "string" ? { token: given, expiresAt: undefined } : given;
      const goodUntil = Math.max(expiresAt ?? expiryOf(token) ?? 0, clock.now() + leastUseMs);
      failures = 0;
      return (kept = { token, goodUntil, refused: false });
    } catch (error) {
      failures++;
      throw error;
    } finally {
      triedAt = clock.now();
    }
  }

  async function fetched(): Promise<string> {
    try {
      return (await refresh()).token;
    } catch (cause) {
      if (isRpcError(cause)) throw cause;
      throw new RpcError(Code.UNAVAILABLE, "no token could be fetched", { cause });
    }
  }

  return {
    current() {
      const now = clock.now();
      if (kept !== undefined && kept.goodUntil > now && !(kept.refused && now >= triedAt + leastUseMs)) {
        // what cannot be fetched now may be fetched later: the old one is still good
        const pauseMs = Math.min(mostPauseMs, leastUseMs * 2 ** Math.max(0, failures - 1));
        if (kept.goodUntil - refreshBeforeMs <= now && now >= triedAt + pauseMs) refresh().catch(() => {});
        return kept.token;
      }
      return fetched();
    },
    refused(token) {
      if (kept?.token === token) kept.refused = true;
    },
  };
}

/** When a JWT says that it ends, in milliseconds since the epoch. Nothing is verified: that is the server's part. */
function expiryOf(token: string): number | undefined {
  const [, payload] = token.split(".");
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const end = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    return typeof end === "number" ? end * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
