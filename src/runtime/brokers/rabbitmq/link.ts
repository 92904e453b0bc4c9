import { setMaxListeners } from "node:events";
import { connect, type Channel, type ChannelModel } from "amqplib";
import { sleep, type Clock, type Random } from "../../context/index.js";
import { QueueError, toError } from "../../queue/index.js";
import { coalesceWrites, socketBufferBytes } from "./coalesce.js";

/** One connection that comes back after it was lost. */
export interface Link {
  readonly state: "up" | "down" | "closed";
  /** The server has stopped reading from publishers (a memory or disk alarm). */
  readonly blocked: boolean;
  readonly lastError: Error | undefined;
  /** The connection, once there is one. @throws {QueueError} `disconnected` when that takes too long, `closed`. */
  ready(withinMs: number): Promise<ChannelModel>;
  /** Runs something on a channel of its own, closed afterwards. */
  withChannel<T>(withinMs: number, use: (channel: Channel) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface LinkInput {
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The server has let us in before: whatever it says now, it may say something else later. */
  readonly letIn: boolean;
  /** Called for every connection before anybody gets it: restores what was declared. */
  readonly onUp: (model: ChannelModel) => Promise<void>;
}

const firstDelayMs = 100;
const longestDelayMs = 5_000;

export function createLink({ url, name, clock, random, letIn, onUp }: LinkInput): Link {
  const stop = new AbortController();
  // as many may wait for it as there are publishers while the connection is gone
  setMaxListeners(0, stop.signal);
  let model: ChannelModel | undefined;
  let blocked = false;
  let lastError: Error | undefined;
  let wasUp = letIn;
  let denied: QueueError | undefined;
  let waiting: { up(model: ChannelModel): void; down(error: QueueError): void }[] = [];

  async function open(): Promise<ChannelModel> {
    const options = {
      noDelay: true,
      timeout: 10_000,
      highWaterMark: socketBufferBytes,
      clientProperties: { connection_name: name },
    };
    const opened = await connect(url, options);
    coalesceWrites(opened);
    // without a listener an error event would end the process; the close event that follows reconnects
    opened.on("error", (error: Error) => {
      lastError = error;
    });
    opened.on("blocked", () => {
      blocked = true;
    });
    opened.on("unblocked", () => {
      blocked = false;
    });
    let lost = false;
    opened.on("close", () => {
      lost = true;
      if (model !== opened) return;
      model = undefined;
      blocked = false;
      if (!stop.signal.aborted) void run();
    });
    try {
      await onUp(opened);
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
    if (lost) throw new Error("the connection was lost while it was set up");
    return opened;
  }

  async function run(): Promise<void> {
    // without a connection nothing else keeps the process alive, and a consumer must be there when the broker is
    const held = setInterval(() => {}, 2 ** 31 - 1);
    try {
      await connectUntilUp();
    } finally {
      clearInterval(held);
    }
  }

  async function connectUntilUp(): Promise<void> {
    for (let delay = firstDelayMs; !stop.signal.aborted; delay = Math.min(delay * 2, longestDelayMs)) {
      try {
        const opened = await open();
        if (stop.signal.aborted) return await opened.close();
        model = opened;
        lastError = undefined;
        wasUp = true;
        for (const { up } of waiting.splice(0)) up(opened);
        return;
      } catch (error) {
        lastError = toError(error);
        // what was good once may become good again (rights being changed); what never was is a mistake
        if (!wasUp && isDenied(lastError)) {
          denied = new QueueError("refused", deniedText(lastError, url), { cause: lastError });
          for (const { down } of waiting.splice(0)) down(denied);
          return;
        }
        // all of a fleet must not come back in the same millisecond
        await sleep(clock, delay * (0.5 + random()), stop.signal).catch(() => {});
      }
    }
  }

  const link: Link = {
    get state() {
      if (stop.signal.aborted) return "closed";
      return model === undefined ? "down" : "up";
    },
    get blocked() {
      return blocked;
    },
    get lastError() {
      return lastError;
    },
    ready(withinMs) {
      if (stop.signal.aborted) return Promise.reject(new QueueError("closed", "the broker is closed"));
      if (denied !== undefined) return Promise.reject(denied);
      if (model !== undefined) return Promise.resolve(model);
      return new Promise((resolve, reject) => {
        const settle = (outcome: () => void): void => {
          cancel();
          stop.signal.removeEventListener("abort", onStop);
          waiting = waiting.filter((other) => other !== entry);
          outcome();
        };
        const entry = {
          up: (opened: ChannelModel) => settle(() => resolve(opened)),
          down: (error: QueueError) => settle(() => reject(error)),
        };
        const onStop = (): void => entry.down(new QueueError("closed", "the broker was closed"));
        const cancel = clock.after(withinMs, () => {
          const why = lastError === undefined ? "" : `: ${lastError.message}`;
          entry.down(
            new QueueError("disconnected", `no connection to RabbitMQ within ${withinMs} ms${why}`, {
              cause: lastError,
            }),
          );
        });
        stop.signal.addEventListener("abort", onStop, { once: true });
        waiting.push(entry);
      });
    },
    async withChannel(withinMs, use) {
      const channel = await (await link.ready(withinMs)).createChannel();
      channel.on("error", () => {});
      try {
        return await use(channel);
      } finally {
        await channel.close().catch(() => {});
      }
    },
    async close() {
      if (stop.signal.aborted) return;
      stop.abort();
      const open = model;
      model = undefined;
      await open?.close().catch(() => {});
    },
  };
  void run();
  return link;
}

/** What the client library says of a server that answers to the name of a virtual host by closing the connection. */
const noHost = /ConnectionOpenOk; got <ConnectionClose/;

/** The server knows us, and does not let us in: 403 ACCESS_REFUSED, or 530 NOT_ALLOWED for a virtual host. */
function isDenied({ message }: Error): boolean {
  return /ACCESS[_-]REFUSED|NOT[_-]ALLOWED|\b403\b|\b530\b/.test(message) || noHost.test(message);
}

function deniedText({ message }: Error, url: string): string {
  if (!noHost.test(message)) return `RabbitMQ denies access, check user, password and virtual host: ${message}`;
  // the server said which, the client library does not
  const why = "there is none of that name, the user has no right to it, or a limit is reached";
  return `RabbitMQ denies access to the virtual host ${JSON.stringify(hostOf(url))}: ${why}`;
}

function hostOf(url: string): string {
  const path = new URL(url).pathname.slice(1);
  try {
    return path === "" ? "/" : decodeURIComponent(path);
  } catch {
    return path;
  }
}
