/** A running task's place in the pool. */
export interface Slot {
  /** Waits without taking the place of another task; the lane of the task's key stays closed. */
  rest<T>(wait: Promise<T>): Promise<T>;
}

export interface Pool<Item> {
  add(item: Item): void;
  /** Starts nothing new until `resume`. */
  pause(): void;
  resume(): void;
  /** Takes out what has not started. */
  clear(): readonly Item[];
  /** Resolves when no task runs. */
  idle(): Promise<void>;
  readonly running: ReadonlySet<Item>;
}

/**
 * At most `concurrency` tasks at a time; items with the same lane one after the other in the order they came. The
 * number of items waiting is bounded by whoever adds: a broker's prefetch.
 */
export function createPool<Item>(
  concurrency: number,
  laneOf: (item: Item) => string | undefined,
  run: (item: Item, slot: Slot) => Promise<void>,
): Pool<Item> {
  let ready: Item[] = [];
  /** Items behind a running one of the same lane. A lane is here as long as one of its items is started or ready. */
  const lanes = new Map<string, Item[]>();
  const running = new Set<Item>();
  const resting: (() => void)[] = [];
  const idlers: (() => void)[] = [];
  let active = 0;
  let paused = false;

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

  function pump(): void {
    while (active < concurrency) {
      // those that rested have begun already: they go on even when the pool is paused
      const resumed = resting.shift();
      if (resumed !== undefined) {
        active++;
        resumed();
        continue;
      }
      if (paused) return;
      const item = ready.shift();
      if (item === undefined) return;
      active++;
      running.add(item);
      void run(item, slot).finally(() => finish(item));
    }
  }

  function finish(item: Item): void {
    active--;
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
