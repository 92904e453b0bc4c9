import { origins, type Origin, type Place } from "./place.js";
import { listOf, rawEntries, streamEntries, type RawEntry } from "./reply.js";
import { lastIds, takeReturned } from "./scripts.js";
import type { Watched } from "./watcher.js";

/** Fetches what there is for a consumer, and knows when there is nothing. */
export interface Reader {
  /** Fetches if there is room and there may be something. One fetch at a time; what is asked meanwhile comes next. */
  request(): void;
  /** Looks at these again, or at all. */
  expect(what?: Origin | "returned"): void;
  /** Resolves when no fetch is under way. */
  idle(): Promise<void>;
  readonly watched: Watched;
}

export function createReader(input: {
  readonly place: Place;
  /** Room for that many entries. */
  readonly free: () => number;
  readonly hand: (origin: Origin, entries: readonly RawEntry[], again: boolean) => void;
  readonly onError: (error: unknown) => Promise<void>;
  /** Everything was fetched: what comes now is the watcher's to see. */
  readonly onIdle: () => void;
}): Reader {
  const { place, free, hand } = input;
  const { link, keys, group, consumer } = place;
  /** Up to where each stream was seen, and whether there may be more for us. */
  const seen: Record<Origin, string> = { main: "0-0", redeliver: "0-0" };
  const more: Record<Origin, boolean> = { main: true, redeliver: true };
  let returned = true;
  /** The last time that somebody gave something back, as far as it is known here. */
  let woken = "0-0";
  /** Whether the watcher needs to be told where the streams end, because nothing was found that shows it. */
  let asksEnd = true;
  let reading: Promise<void> | undefined;
  let again = false;

  const hasWork = (): boolean => free() > 0 && (more.main || more.redeliver || returned);

  function request(): void {
    if (reading !== undefined) {
      again = true;
      return;
    }
    if (!hasWork()) return;
    reading = readAll()
      .catch(input.onError)
      .finally(() => {
        reading = undefined;
        if (again) {
          again = false;
          request();
        }
        input.onIdle();
      });
  }

  async function readAll(): Promise<void> {
    while (hasWork()) {
      // what was given back stands before everything that nobody has had yet
      if (returned) await readReturned();
      // asked for before the streams are read: what comes later is the watcher's to see
      const ends = asksEnd ? listOf(await link.run(lastIds, [keys.main, keys.redeliver], [])).map(String) : undefined;
      let found = 0;
      if (more.redeliver && free() > 0) found += await readStream("redeliver", ends?.[1]);
      if (more.main && free() > 0) found += await readStream("main", ends?.[0]);
      asksEnd = found === 0 && ends === undefined;
    }
  }

  async function readStream(origin: Origin, end: string | undefined): Promise<number> {
    const count = String(free());
    const command = ["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", keys[origin], ">"];
    const entries = streamEntries(await link.fetch(command));
    const highest = entries.at(-1)?.id ?? end;
    if (highest !== undefined) seen[origin] = highest;
    more[origin] = entries.length === Number(count) || highest === undefined;
    hand(origin, entries, false);
    return entries.length;
  }

  async function readReturned(): Promise<void> {
    returned = false;
    for (const origin of origins) {
      const count = free();
      if (count > 0) {
        const entries = rawEntries(await link.run(takeReturned, [keys[origin]], [group, consumer, count], true));
        hand(origin, entries, true);
        if (entries.length < count) continue;
      }
      returned = true;
      return;
    }
  }

  return {
    request,
    expect(what) {
      if (what === undefined || what === "returned") returned = true;
      if (what !== "returned") {
        for (const origin of what === undefined ? origins : [what]) more[origin] = true;
      }
      if (what === undefined) asksEnd = true;
      request();
    },
    async idle() {
      // one that was noted meanwhile begins as soon as the one before has ended
      for (let current = reading; current !== undefined; current = reading) await current;
    },
    watched: {
      streams() {
        if (free() <= 0 || reading !== undefined) return [];
        const quiet = origins.filter((origin) => !more[origin]).map((origin) => [keys[origin], seen[origin]] as const);
        return [...quiet, [place.wake, woken]];
      },
      async wake(key, id) {
        if (key === place.wake) {
          returned = true;
          woken = id;
        } else more[key === keys.main ? "main" : "redeliver"] = true;
        request();
        await reading;
      },
    },
  };
}
