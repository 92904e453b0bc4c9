import { stat } from "node:fs/promises";

/** chokidar drops a change that follows another of the same file within 50 ms. */
const laterMs = 70;

/** Looks at files again after an event, so that a dropped one is made good. */
export interface SecondLook {
  /** An event came for this path. */
  noticed(path: string): void;
  /** A run is about to take these paths as they are now. */
  taken(paths: readonly string[]): Promise<void>;
  close(): void;
}

/** `missed` is told of paths that have changed since a run took them. */
export function createSecondLook(missed: (path: string) => void): SecondLook {
  const stamps = new Map<string, string>();
  const timers = new Set<NodeJS.Timeout>();
  return {
    noticed(path) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        void stampOf(path).then((stamp) => {
          if (stamp !== stamps.get(path)) missed(path);
        });
      }, laterMs);
      timers.add(timer);
    },
    async taken(paths) {
      const taken = await Promise.all(paths.map(stampOf));
      paths.forEach((path, i) => stamps.set(path, taken[i] ?? ""));
    },
    close() {
      timers.forEach(clearTimeout);
      timers.clear();
    },
  };
}

async function stampOf(path: string): Promise<string> {
  return stat(path).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
    () => "",
  );
}
