import type { Clock } from "../context/index.js";
import type { HeartbeatOptions } from "./types.js";

/** Watches over one socket. */
export interface Heartbeat {
  /** Something came. */
  heard(): void;
  /** While the socket is not read, nothing can come: silence says nothing then. */
  deaf(is: boolean): void;
  stop(): void;
}

const none: Heartbeat = { heard: () => {}, deaf: () => {}, stop: () => {} };

/** Pings, and reports a peer from which nothing came in time after one. */
export function startHeartbeat(
  clock: Clock,
  options: HeartbeatOptions | false,
  ping: (() => void) | undefined,
  onDead: () => void,
): Heartbeat {
  if (options === false || ping === undefined) return none;
  const { intervalMs = 30_000, timeoutMs = 10_000 } = options;
  let heard = false;
  let deaf = false;
  let cancel = clock.after(intervalMs, beat);

  function beat(): void {
    heard = false;
    ping?.();
    cancel = clock.after(timeoutMs, () => {
      if (!heard && !deaf) return onDead();
      cancel = clock.after(Math.max(0, intervalMs - timeoutMs), beat);
    });
  }

  return {
    heard: () => (heard = true),
    deaf(is) {
      // what comes first after a pause was on its way all the time
      if (deaf && !is) heard = true;
      deaf = is;
    },
    stop: () => cancel(),
  };
}
