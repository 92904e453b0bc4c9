import type { Clock } from "../context/index.js";
import { checkRate, createTokenBucket, type Rate } from "../resilience/index.js";

/** Whether more may be begun now. */
export interface Admission {
  /** Takes what one message costs, or holds the consumer until there is as much. */
  readonly admit: () => boolean;
  /** What was admitted are so many: what they cost beyond the first is paid before the next, and none costs nothing. */
  spend(count: number): void;
}

/** A rate limit that stops fetching instead of refusing. */
export function createAdmission(rate: Rate, clock: Clock, hold: () => void, release: () => void): Admission {
  const { burst } = checkRate(rate);
  const bucket = createTokenBucket({ ...rate, clock });
  const most = Math.floor(burst);
  let debt = 0;
  let waits = false;

  function take(count: number): boolean {
    const waitMs = bucket.take(count);
    if (waitMs === 0) return true;
    waits = true;
    hold();
    clock.after(Math.ceil(waitMs), () => {
      waits = false;
      release();
    });
    return false;
  }

  return {
    admit() {
      if (waits) return false;
      if (debt < 0) {
        debt++;
        return true;
      }
      while (debt > 0) {
        const part = Math.min(debt, most);
        if (!take(part)) return false;
        debt -= part;
      }
      return take(1);
    },
    spend(count) {
      debt += count - 1;
    },
  };
}
