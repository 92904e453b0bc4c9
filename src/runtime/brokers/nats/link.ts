import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  type Payload,
  type Status,
} from "@nats-io/transport-node";
import { sleep, type Clock, type Random } from "../../context/index.js";
import { QueueError, toError } from "../../queue/index.js";
import { credentialsOf } from "../shared/credentials.js";

/** The one connection of a broker object; the client library brings it back and subscribes again. */
export interface NatsLink {
  readonly connection: NatsConnection;
  readonly state: "up" | "down" | "closed";
  /** `127.0.0.1:4222 (NATS 2.15.2)`, or why there is no connection. Never a password. */
  readonly detail: string;
  /** @throws {QueueError} `disconnected` when there is no connection in time, `closed`. */
  ready(withinMs: number): Promise<void>;
  /** Sends a verdict, once there is a connection again: what the library has in its buffer then is thrown away. */
  send(subject: string, payload: Payload): void;
  /** Called after each reconnect. Returns what removes it. */
  onUp(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface LinkInput {
  readonly servers: string | readonly string[];
  readonly name: string;
  readonly client: Partial<NodeConnectionOptions>;
  readonly connectWithinMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Verdicts kept for the next connection; what would be more is redelivered. */
const maxUnsent = 100_000;

/** @throws {QueueError} `usage`, `refused` for wrong credentials, `disconnected` when no server is there in time. */
export async function openLink(input: LinkInput): Promise<NatsLink> {
  const { clock } = input;
  const options = connectionOptions(input);
  const connection = await connectInTime(input, options);
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  let waiting: (() => void)[] = [];
  let unsent: [subject: string, payload: Payload][] = [];
  let state: NatsLink["state"] = "up";
  let lastError = "";

  function up(): void {
    state = "up";
    lastError = "";
    for (const [subject, payload] of unsent.splice(0)) connection.publish(subject, payload);
    for (const listener of listeners) listener();
    waiting.splice(0).forEach((resolve) => resolve());
  }

  function note(status: Status): void {
    if (state === "closed") return;
    if (status.type === "reconnect") up();
    else if (status.type === "disconnect" || status.type === "staleConnection") state = "down";
    else if (status.type === "error") lastError = status.error.message;
  }

  async function watch(): Promise<void> {
    for await (const status of connection.status()) note(status);
    if (state !== "closed") state = "down";
  }
  void watch();

  return {
    connection,
    get state() {
      return state;
    },
    get detail() {
      const version = connection.info?.version;
      if (state === "up") return `${connection.getServer()} (NATS ${version ?? "of unknown version"})`;
      return `${state}${lastError === "" ? "" : `: ${lastError}`}`;
    },
    ready(withinMs) {
      if (state === "closed") return Promise.reject(new QueueError("closed", "the broker is closed"));
      if (state === "up") return Promise.resolve();
      return new Promise((resolve, reject) => {
        const finish = (): void => {
          cancel();
          if (state === "closed") reject(new QueueError("closed", "the broker was closed"));
          else resolve();
        };
        const cancel = clock.after(withinMs, () => {
          waiting = waiting.filter((other) => other !== finish);
          const why = lastError === "" ? "" : `: ${lastError}`;
          reject(new QueueError("disconnected", `no connection to NATS within ${withinMs} ms${why}`));
        });
        waiting.push(finish);
      });
    },
    send(subject, payload) {
      if (state === "up") connection.publish(subject, payload);
      else if (state === "down" && unsent.length < maxUnsent) unsent.push([subject, payload]);
    },
    onUp(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (state === "closed") return;
      const connected = state === "up";
      state = "closed";
      stop.abort();
      unsent = [];
      waiting.splice(0).forEach((resolve) => resolve());
      // what was published is on its way first; a server that is gone must not be waited for
      if (connected) await Promise.race([connection.flush().catch(() => {}), sleep(clock, 1_000)]);
      await connection.close().catch(() => {});
    },
  };
}

/** User and password of the addresses become options: the library does not read them there. */
function connectionOptions({ servers, name, client }: LinkInput): NodeConnectionOptions {
  const urls = (typeof servers === "string" ? servers.split(",") : servers).map((server) => parseServer(server.trim()));
  const [first] = urls;
  if (first === undefined) throw new QueueError("usage", "NATS: no server given");
  const { user, password: pass } = credentialsOf(first);
  return {
    name,
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === "" ? "4222" : port}`),
    ...(first.protocol === "tls:" ? { tls: {} } : {}),
    ...(user === "" ? {} : pass === "" ? { token: user } : { user, pass }),
    ...client,
    reconnect: true,
    maxReconnectAttempts: -1,
    // an account that is being repaired must not need a restart of all its services
    ignoreAuthErrorAbort: true,
  };
}

function parseServer(server: string): URL {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(server) ? server : `nats://${server}`;
  // not the address itself into the error: it may hold a password
  const help = "the address of NATS must be like nats://localhost:4222 or tls://user@host";
  if (!/^(nats|tls):\/\//i.test(url) || !URL.canParse(url)) throw new QueueError("usage", help);
  const parsed = new URL(url);
  if (parsed.hostname === "") throw new QueueError("usage", help);
  return parsed;
}

async function connectInTime(input: LinkInput, options: NodeConnectionOptions): Promise<NatsConnection> {
  const { clock, random, connectWithinMs } = input;
  const end = clock.now() + connectWithinMs;
  const hosts = [options.servers ?? []].flat().join(", ");
  // nothing else keeps the process alive between attempts
  const held = setInterval(() => {}, 2 ** 31 - 1);
  try {
    for (let delay = 100; ; delay = Math.min(delay * 2, 2_000)) {
      const left = end - clock.now();
      try {
        return await connect({ timeout: Math.max(1, left), ...options });
      } catch (cause) {
        if (isAuthError(cause)) {
          throw new QueueError("refused", `NATS at ${hosts} refused the credentials`, { cause });
        }
        const wait = delay * (0.5 + random());
        if (clock.now() + wait >= end) {
          const why = `no connection to NATS at ${hosts} within ${connectWithinMs} ms: ${toError(cause).message}`;
          throw new QueueError("disconnected", why, { cause });
        }
        await sleep(clock, wait);
      }
    }
  } finally {
    clearInterval(held);
  }
}

function isAuthError(error: unknown): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}
