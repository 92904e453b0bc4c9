import { isOwn, maxCount, origins, type Origin, type Place } from "./place.js";
import type { Field } from "./entry.js";
import { finish, giveBack, later, replace } from "./scripts.js";

/** Tells Redis what became of entries: all verdicts of one turn of the event loop in one command for each stream. */
export interface Verdicts {
  ack(origin: Origin, id: string): void;
  /** To the next consumer, in place, as if it had not been delivered. */
  giveBack(origin: Origin, id: string): void;
  /** The same for what a consumer leaves behind; counted as a delivery. */
  leave(origin: Origin, ids: readonly string[]): Promise<void>;
  /** A changed copy behind what is due. False: the entry is no longer ours. */
  replace(origin: Origin, id: string, fields: readonly Field[]): Promise<boolean>;
  later(origin: Origin, id: string, fields: readonly Field[], delayMs: number): Promise<boolean>;
  /** True while a verdict is on its way. */
  readonly busy: boolean;
  /** Sends what waits; what finds no connection is kept for the next time. */
  flush(): Promise<void>;
}

export function createVerdicts(place: Place, onFlush: () => void, onSent: (returned: boolean) => void): Verdicts {
  const { link, keys, group, consumer } = place;
  const acks: Record<Origin, string[]> = { main: [], redeliver: [] };
  const returns: Record<Origin, string[]> = { main: [], redeliver: [] };
  let planned = false;
  let running: Promise<void> | undefined;

  function plan(): void {
    if (planned) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      void flush();
    });
  }

  async function flush(): Promise<void> {
    // one after the other: what fails keeps its place
    for (let current = running; current !== undefined; current = running) await current;
    if (origins.every((origin) => acks[origin].length + returns[origin].length === 0)) return;
    running = send().finally(() => {
      running = undefined;
    });
    onFlush();
    await running;
  }

  async function send(): Promise<void> {
    const work: Promise<void>[] = [];
    let returned = false;
    for (const origin of origins) {
      const done = acks[origin].splice(0, maxCount);
      const given = returns[origin].splice(0, maxCount);
      if (acks[origin].length + returns[origin].length > 0) plan();
      // nothing is lost without a connection: the entries are still ours when it is back
      if (done.length > 0) work.push(sendAcks(origin, done).catch(() => void acks[origin].unshift(...done)));
      if (given.length === 0) continue;
      returned = true;
      work.push(sendReturns(origin, given, 1).catch(() => void returns[origin].unshift(...given)));
    }
    await Promise.all(work);
    // in the turn after this promise: until then it is still on its way
    setImmediate(() => onSent(returned));
  }

  async function sendAcks(origin: Origin, ids: readonly string[]): Promise<void> {
    if (isOwn(place, origin)) await link.run(finish, [keys[origin]], [group, ...ids]);
    else await link.send(["XACK", keys[origin], group, ...ids]);
  }

  async function sendReturns(origin: Origin, ids: readonly string[], uncount: number): Promise<void> {
    await link.run(giveBack, [keys[origin], place.wake], [group, consumer, uncount, ...ids]);
  }

  const own = (origin: Origin, id: string): (string | number)[] => [group, consumer, id, isOwn(place, origin) ? 1 : 0];

  return {
    get busy() {
      return planned || running !== undefined;
    },
    ack(origin, id) {
      acks[origin].push(id);
      plan();
    },
    giveBack(origin, id) {
      returns[origin].push(id);
      plan();
    },
    async leave(origin, ids) {
      for (let at = 0; at < ids.length; at += maxCount) await sendReturns(origin, ids.slice(at, at + maxCount), 0);
    },
    replace: async (origin, id, fields) =>
      (await link.run(replace, [keys[origin], keys.redeliver], [...own(origin, id), ...fields])) === 1,
    async later(origin, id, fields, delayMs) {
      // the same id may stand in both streams
      const mark = origin === "main" ? "m" : "r";
      return (await link.run(later, [keys[origin], place.retry], [...own(origin, id), delayMs, mark, ...fields])) === 1;
    },
    flush,
  };
}
