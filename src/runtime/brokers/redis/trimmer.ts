import type { Clock, Random } from "../../context/index.js";
import { recordOf } from "../../queue/index.js";
import type { Link } from "./link.js";
import { trim } from "./scripts.js";

/** What is kept although all groups are done with it: nothing unless one of these is given. */
export interface Retention {
  /** Milliseconds. */
  readonly ageMs: number | undefined;
  /** Entries. */
  readonly length: number | undefined;
}

/** What the contract's `x-redis` says. */
export function retentionOf(bindings: Readonly<Record<string, unknown>>, defaults: Retention): Retention {
  const { retainMs, maxLength } = recordOf(bindings["x-redis"]);
  return {
    ageMs: typeof retainMs === "number" ? retainMs : defaults.ageMs,
    length: typeof maxLength === "number" ? maxLength : defaults.length,
  };
}

/** Deletes entries that all groups of a stream are done with, while the stream is consumed here. */
export interface Trimmer {
  /** Returns what ends the use. */
  use(stream: string, retention: Retention): () => void;
  close(): void;
}

export function createTrimmer(input: {
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly everyMs: number;
}): Trimmer {
  const { link, clock, random, everyMs } = input;
  const uses = new Map<string, Retention[]>();
  let cancel: (() => void) | undefined;

  function schedule(): void {
    // not all processes of a fleet at the same moment
    cancel = clock.after(everyMs * (0.75 + random() / 2), () => {
      // a stream that is gone, or no connection: the next time will come
      for (const [stream, [rule]] of uses) {
        link.run(trim, [stream], [rule?.ageMs ?? -1, rule?.length ?? -1]).catch(() => {});
      }
      schedule();
    });
  }

  return {
    use(stream, retention) {
      const mine = { ...retention };
      uses.set(stream, [...(uses.get(stream) ?? []), mine]);
      if (cancel === undefined) schedule();
      return () => {
        const left = (uses.get(stream) ?? []).filter((other) => other !== mine);
        if (left.length > 0) uses.set(stream, left);
        else uses.delete(stream);
      };
    },
    close: () => cancel?.(),
  };
}
