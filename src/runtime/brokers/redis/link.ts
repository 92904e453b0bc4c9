import { setMaxListeners } from "node:events";
import { createClient, RESP_TYPES } from "redis";
import { sleep, type Clock, type Random } from "../../context/index.js";
import { QueueError, toError } from "../../queue/index.js";
import type { Field } from "./entry.js";
import type { Script } from "./scripts.js";

/** What Redis answers, in the second version of its protocol: lists, no maps. Texts are bytes where that was asked for. */
export type Reply = string | number | Buffer | null | readonly Reply[];

/** As much of a node-redis client as is needed to make others like it. */
export interface RedisClientLike {
  duplicate(overrides?: object): unknown;
}

interface Client {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: Field[], options?: object): Promise<unknown>;
  on(event: string, listener: (error: Error) => void): unknown;
}

/** One connection that comes back after it was lost; commands fail while there is none. */
export interface Link {
  readonly state: "up" | "down" | "closed";
  readonly lastError: Error | undefined;
  /** @throws {QueueError} `disconnected` when that takes too long, `refused` when Redis does not let us in, `closed`. */
  ready(withinMs: number): Promise<void>;
  /** A command; texts of the answer are strings. */
  send(args: Field[]): Promise<Reply>;
  /** A command; texts of the answer are bytes. */
  fetch(args: Field[]): Promise<Reply>;
  /** A script; `bytes`: texts of the answer are. */
  run(script: Script, keys: readonly string[], args: readonly (Field | number)[], bytes?: boolean): Promise<Reply>;
  close(): void;
}

export interface LinkInput {
  readonly source: string | RedisClientLike;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Called for every connection that stands. */
  readonly onUp: () => void;
}

const asBytes = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };
const greetEveryMs = 200;
const firstDelayMs = 100;
const longestDelayMs = 5_000;
/** A server that says nothing for that long is gone; a ping in between keeps a quiet one. */
const silenceMs = 20_000;
const pingMs = 5_000;

export function createLink({ source, name, clock, random, onUp }: LinkInput): Link {
  const stop = new AbortController();
  // as many may wait for it as there are publishers while the connection is gone
  setMaxListeners(0, stop.signal);
  let wasUp = false;
  /** This connection works. */
  let greeted = false;
  let lastError: Error | undefined;
  let fatal: QueueError | undefined;
  let waiting: { up(): void; down(error: QueueError): void }[] = [];

  /** Milliseconds until the next attempt; false: it cannot get better. */
  function strategy(retries: number, cause: Error): number | false {
    lastError = cause;
    if (stop.signal.aborted) return false;
    if (!wasUp && isDenied(cause)) {
      refuse(cause);
      return false;
    }
    // all of a fleet must not come back in the same millisecond
    return Math.min(firstDelayMs * 2 ** Math.min(retries, 10), longestDelayMs) * (0.5 + random());
  }

  function refuse(cause: unknown): void {
    fatal = new QueueError(
      "refused",
      `Redis denies access, check user, password and rights: ${toError(cause).message}`,
      {
        cause,
      },
    );
    for (const { down } of waiting.splice(0)) down(fatal);
  }

  /** A server that wants a password lets one connect without, and one that starts answers before it can work. */
  async function greet(): Promise<void> {
    while (client.isReady && !stop.signal.aborted) {
      try {
        await client.sendCommand(["PING"]);
        wasUp = true;
        greeted = true;
        lastError = undefined;
        for (const { up } of waiting.splice(0)) up();
        return onUp();
      } catch (error) {
        lastError = toError(error);
        if (!wasUp && isDenied(lastError)) {
          refuse(lastError);
          return client.destroy();
        }
        await sleep(clock, greetEveryMs, stop.signal).catch(() => {});
      }
    }
  }

  const options = {
    name,
    // lists in place of maps, whatever the program's own client speaks
    RESP: 2 as const,
    // a command must fail while there is no connection: what became of it would be unknown otherwise
    disableOfflineQueue: true,
    commandsQueueMaxLength: 20_000,
    // else a timer and a signal for each command, a sixth of what it costs: silence of the server ends them all
    commandOptions: { timeout: 0 },
    pingInterval: pingMs,
    socket: { reconnectStrategy: strategy, connectTimeout: 10_000, socketTimeout: silenceMs, noDelay: true },
  };
  const client = openClient(source, options);
  // without a listener an error event would end the process
  client.on("error", (error) => {
    lastError = error;
  });
  client.on("reconnecting", () => {
    greeted = false;
  });
  client.on("ready", () => void greet());
  // what goes wrong is told by the events
  client.connect().catch(() => {});

  const link: Link = {
    get state() {
      if (stop.signal.aborted) return "closed";
      return client.isReady && greeted ? "up" : "down";
    },
    get lastError() {
      return lastError;
    },
    ready(withinMs) {
      if (stop.signal.aborted) return Promise.reject(new QueueError("closed", "the broker is closed"));
      if (fatal !== undefined) return Promise.reject(fatal);
      if (link.state === "up") return Promise.resolve();
      return new Promise((resolve, reject) => {
        const settle = (outcome: () => void): void => {
          cancel();
          stop.signal.removeEventListener("abort", onStop);
          waiting = waiting.filter((other) => other !== entry);
          outcome();
        };
        const entry = {
          up: () => settle(resolve),
          down: (error: QueueError) => settle(() => reject(error)),
        };
        const onStop = (): void => entry.down(new QueueError("closed", "the broker was closed"));
        const cancel = clock.after(withinMs, () => {
          const why = lastError === undefined ? "" : `: ${lastError.message}`;
          const text = `no connection to Redis within ${withinMs} ms${why}`;
          entry.down(new QueueError("disconnected", text, { cause: lastError }));
        });
        stop.signal.addEventListener("abort", onStop, { once: true });
        waiting.push(entry);
      });
    },
    // sound: with the mapping that is asked for, this is all that Redis can answer
    send: (args) => client.sendCommand(args) as Promise<Reply>,
    fetch: (args) => client.sendCommand(args, asBytes) as Promise<Reply>,
    async run(script, keys, args, bytes = false) {
      const rest = [String(keys.length), ...keys, ...args.map((arg) => (typeof arg === "number" ? String(arg) : arg))];
      const ask = bytes ? link.fetch : link.send;
      try {
        return await ask(["EVALSHA", script.sha, ...rest]);
      } catch (error) {
        // unknown to a server that was restarted
        if (!toError(error).message.startsWith("NOSCRIPT")) throw error;
        return ask(["EVAL", script.text, ...rest]);
      }
    },
    close() {
      if (stop.signal.aborted) return;
      stop.abort();
      try {
        client.destroy();
      } catch {
        // it never was open
      }
    },
  };
  return link;
}

function openClient(source: string | RedisClientLike, options: object): Client {
  // sound: both give a node-redis client, whose type depends on what it was made with
  return (typeof source === "string" ? createClient({ ...options, url: source }) : source.duplicate(options)) as Client;
}

/** Redis did not let us in; trying again with the same name and password is in vain. */
export function isDenied(error: unknown): boolean {
  return /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password)/.test(toError(error).message);
}

/** An error of a command, as the one of queues. */
export function queueError(place: string, cause: unknown): QueueError {
  if (cause instanceof QueueError) return cause;
  const error = toError(cause);
  const text = `${place}: ${error.message}`;
  // Redis' own errors begin with a word in capitals; what else goes wrong is the connection
  const [, word] = /^([A-Z]{2,}) /.exec(error.message) ?? [];
  if (word === undefined) return new QueueError("disconnected", text, { cause });
  if (word === "OOM") return new QueueError("full", text, { cause });
  if (word === "WRONGTYPE") return new QueueError("topology", `${text}: the key is used for something else`, { cause });
  return new QueueError("refused", text, { cause });
}
