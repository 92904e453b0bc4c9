/** A running task's place in the pool. */
export interface Slot {
  /** Waits without taking the place of another task; the lane of the task's key stays closed. */
  rest<T>(wait: Promise<T>): Promise<T>;
}

/** A place that several parts of a task use at a time: it is given up when the first rests, and taken again once. */
export function sharedSlot(slot: Slot): Slot {
  const waits = new Set<Promise<unknown>>();
  let away: Promise<void> | undefined;

  async function untilNone(): Promise<void> {
    while (waits.size > 0) await Promise.allSettled(waits);
  }

  return {
    async rest(wait) {
      waits.add(wait);
      away ??= slot.rest(untilNone()).finally(() => (away = undefined));
      const back = away;
      try {
        return await wait;
      } finally {
        waits.delete(wait);
        await back;
      }
    },
  };
}

/** At most so many tasks at a time. */
export interface Pool<Item> {
  /** True when an item that is added now would begin at once. */
  readonly free: boolean;
  add(item: Item): void;
  /** Starts nothing new until `resume`. */
  pause(): void;
  resume(): void;
  /** Takes out what has not started. */
  clear(): readonly Item[];
  /** Resolves when no task runs or concludes. */
  idle(): Promise<void>;
  /** What was started and is not concluded. */
  readonly running: ReadonlySet<Item>;
}

/** What the items of a pool are for. Both call `done` with the item once, at once or later, and never throw. */
export interface PoolWork<Item, Outcome> {
  /** Takes a place. */
  run(item: Item, slot: Slot, done: (item: Item, outcome: Outcome) => void): void;
  /** Takes none: it may wait for a broker while the next item runs. */
  conclude(item: Item, outcome: Outcome, done: (item: Item) => void): void;
}

/** What decides about the items of a pool from outside. */
export interface PoolHooks {
  /** Asked before each item begins; who says no calls `resume` when it may. */
  readonly admit?: (() => boolean) | undefined;
  /** Called when a place is free and nothing is there to begin. */
  readonly onFree?: (() => void) | undefined;
}

/**
 * At most `concurrency` tasks at a time; items with the same lane one after the other in the order they came. The lane
 * stays closed until an item is concluded. The number of items waiting or concluding is bounded by whoever adds: a
 * broker's prefetch. Callbacks in place of promises, for each of those costs as much as the rest of the work, and the
 * same ones for all items.
 */
export function createPool<Item, Outcome>(
  concurrency: number,
  laneOf: (item: Item) => string | undefined,
  { run, conclude }: PoolWork<Item, Outcome>,
  { admit = () => true, onFree = () => {} }: PoolHooks = {},
): Pool<Item> {
  let ready: Item[] = [];
  /** Items behind a running one of the same lane. A lane is here as long as one of its items is started or ready. */
  const lanes = new Map<string, Item[]>();
  const running = new Set<Item>();
  const resting: (() => void)[] = [];
  const idlers: (() => void)[] = [];
  let active = 0;
  let paused = false;
  let pumping = false;

  const slot: Slot = {
    async rest(wait) {
      active--;
      pump();
      try {
        return await wait;
      } finally {
        await new Promise<void>((resolve) => {
          resting.push(resolve);
          pump();
        });
      }
    },
  };

  /** Items may be done at once, and call again: the loop that runs goes on with what they left. */
  function pump(): void {
    if (pumping) return;
    pumping = true;
    try {
      while (active < concurrency && beginNext());
    } finally {
      pumping = false;
    }
  }

  /** False when nothing is there to begin, or may. */
  function beginNext(): boolean {
    // those that rested have begun already: they go on even when the pool is paused
    const resumed = resting.shift();
    if (resumed !== undefined) {
      active++;
      resumed();
      return true;
    }
    // who does not admit an item pumps again, by `resume`
    if (paused) return false;
    if (ready.length === 0) onFree();
    if (ready.length === 0 || !admit()) return false;
    const item = ready.shift();
    if (item === undefined) return false;
    active++;
    running.add(item);
    run(item, slot, ended);
    return true;
  }

  function ended(item: Item, outcome: Outcome): void {
    active--;
    conclude(item, outcome, finish);
    pump();
  }

  function finish(item: Item): void {
    running.delete(item);
    const lane = laneOf(item);
    const behind = lane === undefined ? undefined : lanes.get(lane);
    if (lane !== undefined && behind !== undefined) {
      const next = behind.shift();
      if (next === undefined) lanes.delete(lane);
      else ready.push(next);
    }
    pump();
    if (running.size === 0) idlers.splice(0).forEach((wake) => wake());
  }

  return {
    running,
    get free() {
      return !paused && active < concurrency && resting.length === 0 && ready.length === 0;
    },
    add(item) {
      const lane = laneOf(item);
      const behind = lane === undefined ? undefined : lanes.get(lane);
      if (behind !== undefined) {
        behind.push(item);
        return;
      }
      if (lane !== undefined) lanes.set(lane, []);
      ready.push(item);
      pump();
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      pump();
    },
    clear() {
      const items = [...ready, ...[...lanes.values()].flat()];
      ready = [];
      lanes.clear();
      for (const item of running) {
        const lane = laneOf(item);
        if (lane !== undefined) lanes.set(lane, []);
      }
      return items;
    },
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}
