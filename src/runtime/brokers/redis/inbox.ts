import { randomUUID } from "node:crypto";
import type { Clock } from "../../context/index.js";
import type { Inbox, OutgoingMessage } from "../../queue/index.js";
import { fromFields } from "./entry.js";
import { streamEntries } from "./reply.js";
import type { Link } from "./link.js";
import type { Watched, Watcher } from "./watcher.js";

/** How long the stream of a process that is gone stays. */
const lifeMs = 60_000;
const readCount = 256;

export interface RedisInbox extends Inbox {
  /** There is a connection again: makes the stream again, should the server have lost it. */
  renew(): void;
}

/** A stream of one process: it expires with its owner, and what was read is deleted. */
export async function openInbox(input: {
  readonly link: Link;
  readonly watcher: Watcher;
  readonly clock: Clock;
  readonly streamOf: (address: string) => string;
  readonly deliver: (messages: readonly OutgoingMessage[]) => void;
}): Promise<RedisInbox> {
  const { link, watcher, clock, deliver } = input;
  const address = `wirespan.inbox.${randomUUID()}`;
  const key = input.streamOf(address);
  let seen = "0-0";
  let closed = false;
  let cancel = (): void => {};

  /** The stream, also after the server lost it; the group is only what a stream without entries is made of. */
  async function keepAlive(): Promise<void> {
    await link.send(["XGROUP", "CREATE", key, "inbox", "0", "MKSTREAM"]).catch((error: unknown) => {
      if (!String(error).includes("BUSYGROUP")) throw error;
    });
    await link.send(["PEXPIRE", key, String(lifeMs)]);
  }

  function schedule(): void {
    cancel = clock.after(lifeMs / 4, () => {
      if (closed) return;
      // without a connection there is nothing to keep
      void keepAlive().catch(() => {});
      schedule();
    });
  }

  const watched: Watched = {
    streams: () => (closed ? [] : [[key, seen]]),
    async wake() {
      const reply = await link.fetch(["XREAD", "COUNT", String(readCount), "STREAMS", key, seen]);
      const entries = streamEntries(reply);
      const last = entries.at(-1);
      if (last === undefined || closed) return;
      seen = last.id;
      await link.send(["XTRIM", key, "MINID", `${seen}`]).catch(() => {});
      deliver(entries.map(({ id, fields }) => fromFields(fields, address, id)));
    },
  };

  await keepAlive();
  schedule();
  watcher.add(watched);
  return {
    address,
    renew: () => void keepAlive().catch(() => {}),
    async close() {
      if (closed) return;
      closed = true;
      cancel();
      watcher.remove(watched);
      await link.send(["DEL", key]).catch(() => {});
    },
  };
}
