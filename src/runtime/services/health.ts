import type { IncomingMessage, ServerResponse } from "node:http";
import { sleep, systemClock, type Clock, type Random } from "../context/index.js";
import { Code, isRpcError, RpcError, type ServiceInfo, type ServiceRegistry, type Transport } from "../rpc/index.js";
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  type HealthCheckResponseInit,
} from "./grpc/health/v1/health.pb.js";
import { createHealthClient, registerHealth, type HealthHandler } from "./grpc/health/v1/health.rpc.js";

/** The status of a server as a whole stands under the empty name. */
const whole = "";

const maxListed = 100;

/**
 * What a server says of itself and its services: `grpc.health.v1` for load balancers and orchestrators.
 *
 * @example
 * const health = createHealth([UserService]);
 * health.register(server);
 * database.on("lost", () => health.set(UserService, false));
 */
export interface Health {
  /** Sets the status of a service, of the server as a whole where none is given. Without effect once it drains. */
  set(service: ServiceInfo | string | undefined, serving: boolean): void;
  /** The status of a service, of the server as a whole where none is given; undefined for an unknown service. */
  isServing(service?: ServiceInfo | string): boolean | undefined;
  /**
   * Sets everything to not serving, for good, and ends the calls of those who watch: the first thing a shutdown does.
   */
  drain(): void;
  /** Serves `grpc.health.v1.Health`. */
  register(registry: ServiceRegistry): void;
}

/** The health of a server and its services; all serve until something else is said. */
export function createHealth(services: readonly ServiceInfo[] = []): Health {
  const statuses = new Map<string, boolean>([[whole, true]]);
  for (const { typeName } of services) statuses.set(typeName, true);
  const changed = new Set<() => void>();
  let draining = false;

  function tell(): void {
    const listeners = [...changed];
    changed.clear();
    for (const listener of listeners) listener();
  }

  const responseOf = (serving: boolean | undefined): HealthCheckResponseInit => ({ status: statusOf(serving) });

  const handler: HealthHandler = {
    check({ service }) {
      const serving = statuses.get(service);
      if (serving === undefined) throw new RpcError(Code.NOT_FOUND, "the server does not know this service");
      return responseOf(serving);
    },
    list() {
      if (statuses.size > maxListed) {
        throw new RpcError(Code.RESOURCE_EXHAUSTED, `there are more than ${maxListed} services`);
      }
      return { statuses: Object.fromEntries([...statuses].map(([name, serving]) => [name, responseOf(serving)])) };
    },
    async *watch({ service }, { signal }) {
      let told: ServingStatus | undefined;
      while (!signal.aborted) {
        const status = statusOf(statuses.get(service));
        if (status !== told) yield { status };
        told = status;
        if (draining) return;
        // what changed while the message went out is told at once
        if (statusOf(statuses.get(service)) === told && !draining) await nextChange(changed, signal);
      }
    },
  };

  return {
    set(service, serving) {
      if (draining) return;
      statuses.set(nameOf(service), serving);
      tell();
    },
    isServing: (service) => statuses.get(nameOf(service)),
    drain() {
      draining = true;
      for (const name of statuses.keys()) statuses.set(name, false);
      tell();
    },
    register: (registry) => registerHealth(registry, handler),
  };
}

function nameOf(service: ServiceInfo | string | undefined): string {
  return typeof service === "object" ? service.typeName : (service ?? whole);
}

function statusOf(serving: boolean | undefined): ServingStatus {
  if (serving === undefined) return ServingStatus.SERVICE_UNKNOWN;
  return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}

/** Resolves at the next change, or when the call is over. */
function nextChange(changed: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      changed.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    changed.add(done);
    signal.addEventListener("abort", done, { once: true });
  });
}

type HttpListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Answers `GET /healthz` with 200 or 503 and passes everything else on: for orchestrators that ask over HTTP.
 * `/healthz?service=acme.v1.Users` asks for one service, 404 for one that is not known.
 *
 * @example http.createServer(withHealthz(health, toNodeListener(gateway))).listen(8080);
 */
export function withHealthz(health: Health, next: HttpListener): HttpListener {
  return (request, response) => {
    const { method, url = "" } = request;
    const [path, query = ""] = url.split("?", 2);
    if (path !== "/healthz" || (method !== "GET" && method !== "HEAD")) return next(request, response);
    const serving = health.isServing(new URLSearchParams(query).get("service") ?? undefined);
    const status = serving === undefined ? 404 : serving ? 200 : 503;
    response.writeHead(status, { "content-type": "text/plain", "cache-control": "no-store" });
    response.end(serving === undefined ? "unknown\n" : serving ? "serving\n" : "not serving\n");
  };
}

/**
 * Asks a server for its health, or that of a service by its full name. False for a service it does not know; true for
 * a server that has no health service, for then nobody says otherwise.
 *
 * @throws {RpcError} when the server cannot be asked. The default timeout is 5 seconds.
 * @example if (!(await checkHealth(transport, "acme.v1.Users", { timeoutMs: 500 }))) await useTheOther();
 */
export async function checkHealth(
  transport: Transport,
  service: string = whole,
  { timeoutMs = 5_000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  try {
    const { status } = await createHealthClient(transport).check({ service }, { timeoutMs, signal });
    return status === ServingStatus.SERVING;
  } catch (error) {
    if (isRpcError(error) && error.code === Code.NOT_FOUND) return false;
    if (isRpcError(error) && error.code === Code.UNIMPLEMENTED) return true;
    throw error;
  }
}

/** Settings of {@link watchHealth}. */
export interface WatchHealthOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const firstPauseMs = 1_000;
const longestPauseMs = 120_000;

/**
 * The health of a server, or of a service by its full name, whenever it changes; false while it cannot be asked, true
 * for a server that has no health service. Asks again after 1 second, then after ever longer times up to 2 minutes.
 * Leaving the loop ends the watch.
 *
 * @example for await (const serving of watchHealth(transport)) pool.use(transport, serving);
 */
export async function* watchHealth(
  transport: Transport,
  service: string = whole,
  { signal, clock = systemClock, random = Math.random }: WatchHealthOptions = {},
): AsyncGenerator<boolean, void, undefined> {
  const client = createHealthClient(transport);
  let told: boolean | undefined;
  let pauseMs = firstPauseMs;
  for (;;) {
    if (signal?.aborted) return;
    let without = false;
    try {
      for await (const { status } of client.watch({ service }, { signal })) {
        pauseMs = firstPauseMs;
        const serving = status === ServingStatus.SERVING;
        if (serving !== told) yield (told = serving);
      }
    } catch (error) {
      without = isRpcError(error) && error.code === Code.UNIMPLEMENTED;
    }
    if (signal?.aborted) return;
    if (without !== told) yield (told = without);
    // such a server will not learn it while it runs
    if (without) return;
    const wait = pauseMs * (0.8 + 0.4 * random());
    pauseMs = Math.min(pauseMs * 1.6, longestPauseMs);
    await sleep(clock, wait, signal).catch(() => {});
  }
}
