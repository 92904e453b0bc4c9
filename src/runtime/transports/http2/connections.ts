import type { ConnectionOptions as TlsConnectionOptions } from "node:tls";
import { systemClock, type Clock, type Random } from "../../context/index.js";
import { reasonOf, type HttpSession, type HttpSessions } from "../../grpc/index.js";
import { checkOneOf, Code, RpcError } from "../../rpc/index.js";
import { AddressPool } from "./address-pool.js";
import type { Address } from "./address.js";
import { checkPositive, checkWhole } from "./settings.js";
import type { ConnectionRules } from "./connection.js";
import { keepAliveRules, type KeepAliveOptions } from "./keep-alive.js";
import { followAddresses } from "./resolver.js";
import { parseTarget, type LoadBalancing, type TargetInput } from "./target.js";
import { createTlsSource, type Certificates } from "./tls.js";

/** Settings of TLS of a client: `ca`, `cert` and `key` as values or files, and what else `tls.connect` takes. */
export type ClientTls = Omit<TlsConnectionOptions, keyof Certificates | "host" | "port" | "path" | "socket"> &
  Certificates;

/**
 * Connections of a client.
 *
 * @example
 * const options: ConnectionOptions = {
 *   target: "dns:///users.internal:50051",
 *   loadBalancing: "round_robin",
 *   tls: { ca: "/etc/certs/ca.pem", cert: "/etc/certs/client.pem", key: "/etc/certs/client.key" },
 *   keepAlive: { intervalMs: 30_000, timeoutMs: 5_000 },
 * };
 */
export interface ConnectionOptions {
  /** `localhost:50051`, `https://…`, `unix:…`, `dns:///name:port`, a list of addresses, or what gives them. */
  readonly target: TargetInput;
  /** TLS, also for targets without a scheme; `{}` trusts what Node trusts. */
  readonly tls?: ClientTls | undefined;
  /**
   * `pick_first`, the default: all calls go to one address, to the next one when it cannot be reached. `round_robin`:
   * each call goes to the next address that can be reached, and a name is looked up for all its addresses.
   */
  readonly loadBalancing?: LoadBalancing | undefined;
  /** Connections to each address, at most; 1 by default. Another is opened when a call finds all in use. */
  readonly pool?: number | undefined;
  /**
   * Milliseconds that a call waits for a connection with room for it, 10,000 by default, after which it fails:
   * `RESOURCE_EXHAUSTED` where there are connections, all full, `UNAVAILABLE` where there are none.
   */
  readonly acquireTimeoutMs?: number | undefined;
  /** Calls that wait at the same time, 10,000 by default; one more fails with `RESOURCE_EXHAUSTED`. */
  readonly maxWaitingCalls?: number | undefined;
  /** Milliseconds until a connection that does not come about is given up, TLS included; 20,000 by default. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds until a connection without calls is closed; 30 minutes by default. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Pings, so that a connection that went silent is given up: `intervalMs` 300,000 by default, the least that servers
   * of gRPC allow unless told otherwise, and only while calls are under way.
   */
  readonly keepAlive?: KeepAliveOptions | undefined;
  /** Milliseconds between two look-ups of the addresses; 30,000 by default. */
  readonly refreshMs?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests. */
  readonly random?: Random | undefined;
}

/** The connections of a client to all addresses of its target. */
export interface Connections extends HttpSessions {
  /** Reads certificates from their files again, for new connections. */
  reloadTls(): void;
}

interface Waiter {
  readonly resolve: (session: HttpSession) => void;
  readonly reject: (error: RpcError) => void;
  readonly cancelTimer: () => void;
}

/** Half of the numbers that streams may have; a connection that comes here has done enough. */
const maxStreamsEver = 2 ** 29;

/**
 * How near the next attempt must be for a call to wait for it rather than to fail for the last one: who calls right
 * after a server came back finds it, and when it is away for longer calls fail at once.
 */
const patienceMs = 1_000;

/** How long calls wait, once one address is ready, for the others to become so, that the first does not get them all. */
const gatherMs = 250;

/**
 * Connections as calls need them: opened by the first, shared, opened again when they were lost.
 *
 * @throws {TypeError} for what is no target, {@link RangeError} for a number out of range, or an error of TLS.
 */
export function createConnections(options: ConnectionOptions): Connections {
  const { loadBalancing = "pick_first", pool: max = 1, acquireTimeoutMs = 10_000 } = options;
  const { maxWaitingCalls = 10_000, idleTimeoutMs = 30 * 60_000, refreshMs = 30_000, keepAlive } = options;
  const { clock = systemClock, random = Math.random, connectTimeoutMs = 20_000 } = options;
  checkOneOf("loadBalancing", loadBalancing, ["pick_first", "round_robin"]);
  checkWhole({ pool: max, maxWaitingCalls });
  checkPositive({ acquireTimeoutMs, idleTimeoutMs, connectTimeoutMs, refreshMs });
  const target = parseTarget(options.target, options.tls !== undefined, loadBalancing);
  const certificates = target.secure ? createTlsSource<ClientTls>(options.tls ?? {}, { clock }) : undefined;
  const rules: ConnectionRules = {
    clock,
    connectTimeoutMs,
    idleTimeoutMs,
    maxStreamsEver,
    keepAlive: keepAliveRules(keepAlive, { intervalMs: 300_000, whileIdle: false }),
    tls: () => certificates && { ...certificates.current, secureContext: certificates.context },
  };
  const spread = loadBalancing === "round_robin";
  const waiting = new Set<Waiter>();
  let pools: AddressPool[] = [];
  /** `pick_first`: where calls go as long as it is ready. `round_robin`: how many calls went somewhere. */
  let chosen: AddressPool | undefined;
  let turn = 0;
  let unresolved: unknown;
  let gathering: "before" | "now" | "over" = "before";
  let usedAt = -Infinity;
  let closed = false;
  let held: NodeJS.Timeout | undefined;

  const setAddresses = (addresses: readonly Address[]): void => {
    const known = new Map(pools.map((pool) => [pool.address.name, pool]));
    pools = addresses.map((address) => {
      const pool = known.get(address.name);
      known.delete(address.name);
      return pool ?? new AddressPool({ address, max, rules, random, onRoom: admit, onChange: changed, onLost: lost });
    });
    for (const pool of known.values()) pool.close();
    if (chosen !== undefined && known.has(chosen.address.name)) chosen = undefined;
  };

  const pick = (): HttpSession | undefined => {
    if (!spread) return chosen?.reserve();
    if (gathering !== "over") return undefined;
    for (let i = 0; i < pools.length; i++) {
      const session = pools[turn++ % pools.length]?.reserve();
      if (session !== undefined) return session;
    }
    return undefined;
  };

  /** Timers of ours let a process end; a call that waits does not. */
  const hold = (): void => {
    if (waiting.size > 0) {
      held ??= setInterval(() => {}, 2 ** 30);
    } else if (held !== undefined) {
      clearInterval(held);
      held = undefined;
    }
  };

  /** Lets calls that wait go where there is room now. */
  const admit = (): void => {
    for (const waiter of waiting) {
      const session = pick();
      if (session === undefined) return;
      waiting.delete(waiter);
      waiter.cancelTimer();
      waiter.resolve(session);
    }
    hold();
  };

  const refuse = (error: () => RpcError): void => {
    for (const waiter of waiting) {
      waiter.cancelTimer();
      waiter.reject(error());
    }
    waiting.clear();
    hold();
  };

  /** Opens the connections that calls need now. */
  const connect = (): void => {
    if (spread) {
      for (const pool of pools) if (pool.state === "idle") pool.connect();
      return;
    }
    if (chosen?.state === "ready") return;
    chosen = pools.find(({ state }) => state === "ready");
    if (chosen !== undefined || pools.some(({ state }) => state === "connecting")) return;
    pools.find(({ state }) => state === "idle")?.connect();
  };

  const gather = (): void => {
    if (!spread || gathering === "over") return;
    if (pools.length > 0 && pools.every(({ state }) => state === "ready" || state === "failing")) {
      gathering = "over";
    } else if (gathering === "before" && pools.some(({ state }) => state === "ready")) {
      gathering = "now";
      clock.after(gatherMs, () => {
        gathering = "over";
        admit();
      });
    }
  };

  /** True when all addresses failed, and what is asked of each. */
  const unreached = (and: (pool: AddressPool) => boolean): boolean =>
    pools.length > 0 && pools.every((pool) => pool.state === "failing" && and(pool));

  const lost = (): void => {
    feed?.refresh();
    if (unreached(() => true)) refuse(unreachable);
  };

  /** Something is different with the addresses or their connections. */
  const changed = (): void => {
    if (closed) return;
    if (!pools.some(({ state }) => state === "ready" || state === "connecting")) gathering = "before";
    // what nobody has used for long is not kept up
    const inUse = waiting.size > 0 || (spread && clock.now() - usedAt < idleTimeoutMs);
    if (inUse) connect();
    gather();
    admit();
  };

  const unreachable = (): RpcError => {
    const cause = pools.find(({ failure }) => failure !== undefined)?.failure ?? unresolved;
    const reason = cause instanceof Error ? reasonOf(cause) : "there is no address";
    return new RpcError(Code.UNAVAILABLE, `no connection to ${target.name}: ${reason}`, { cause });
  };

  const expired = (): RpcError => {
    if (!pools.some(({ state }) => state === "ready")) {
      return new RpcError(Code.UNAVAILABLE, `no connection to ${target.name} within ${acquireTimeoutMs} ms`);
    }
    const text = `all connections to ${target.name} were full for ${acquireTimeoutMs} ms`;
    return new RpcError(Code.RESOURCE_EXHAUSTED, text);
  };

  const wait = (): Promise<HttpSession> => {
    if (waiting.size >= maxWaitingCalls) {
      const text = `${waiting.size} calls wait for a connection to ${target.name} already`;
      throw new RpcError(Code.RESOURCE_EXHAUSTED, text);
    }
    return new Promise((resolve, reject) => {
      const cancelTimer = clock.after(acquireTimeoutMs, () => {
        waiting.delete(waiter);
        hold();
        reject(expired());
      });
      const waiter: Waiter = { resolve, reject, cancelTimer };
      waiting.add(waiter);
      hold();
      if (pools.length === 0) feed?.refresh();
      changed();
      const soon = clock.now() + patienceMs;
      if (unreached(({ retryAt }) => retryAt > soon)) refuse(unreachable);
    });
  };

  const feed =
    target.resolver &&
    followAddresses({
      resolver: target.resolver,
      refreshMs,
      clock,
      onAddresses(found) {
        let addresses: Address[];
        try {
          addresses = found.map((text) => target.parse(text));
        } catch (error) {
          return failed(error);
        }
        unresolved = undefined;
        setAddresses(addresses);
        if (addresses.length === 0) refuse(unreachable);
        else changed();
      },
      onFailure: (error) => failed(error),
    });
  const failed = (error: unknown): void => {
    unresolved = error;
    if (pools.length === 0) refuse(unreachable);
  };
  setAddresses(target.addresses);

  return {
    acquire() {
      if (closed) throw new RpcError(Code.UNAVAILABLE, "the transport is closed");
      if (spread) usedAt = clock.now();
      return (waiting.size === 0 ? pick() : undefined) ?? wait();
    },
    close() {
      closed = true;
      feed?.close();
      certificates?.close();
      refuse(() => new RpcError(Code.UNAVAILABLE, "the transport is closed"));
      for (const pool of pools) pool.close();
    },
    reloadTls: () => certificates?.reload(),
  };
}
