import type { Clock, Random } from "../../context/index.js";
import type { Link } from "./link.js";
import { trim } from "./scripts.js";

/** Deletes entries that all groups of a stream are done with, while the stream is consumed here. */
export interface Trimmer {
  /** Returns what ends the use. */
  use(stream: string): () => void;
  close(): void;
}

export function createTrimmer(input: {
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly everyMs: number;
  readonly retainMs: number;
}): Trimmer {
  const { link, clock, random, everyMs, retainMs } = input;
  const uses = new Map<string, number>();
  let cancel: (() => void) | undefined;

  function schedule(): void {
    // not all processes of a fleet at the same moment
    cancel = clock.after(everyMs * (0.75 + random() / 2), () => {
      // a stream that is gone, or no connection: the next time will come
      for (const stream of uses.keys()) link.run(trim, [stream], [retainMs]).catch(() => {});
      schedule();
    });
  }

  return {
    use(stream) {
      uses.set(stream, (uses.get(stream) ?? 0) + 1);
      if (cancel === undefined) schedule();
      return () => {
        const left = (uses.get(stream) ?? 1) - 1;
        if (left > 0) uses.set(stream, left);
        else uses.delete(stream);
      };
    },
    close: () => cancel?.(),
  };
}
