import { holdProcess, type Clock } from "../../context/index.js";

/** How a consumer that drains waits for its last verdict. */
export interface Idle {
  /** To be called after each verdict. */
  check(): void;
  /**
   * Resolves when nothing is left without a verdict, or the time is over. Undefined where that is so now: then not a
   * moment may pass, in which a verdict could still be given on what is going to be told of as unfinished.
   */
  wait(clock: Clock, withinMs: number): Promise<void> | undefined;
}

/** `isIdle` tells that nothing is left. */
export function createIdle(isIdle: () => boolean): Idle {
  let wake: (() => void) | undefined;
  return {
    check() {
      if (wake !== undefined && isIdle()) wake();
    },
    wait(clock, withinMs) {
      if (withinMs <= 0 || isIdle()) return undefined;
      // a drain is awaited: the process must not end meanwhile
      const letGo = holdProcess();
      return new Promise((resolve) => {
        const end = (): void => {
          wake = undefined;
          cancel();
          letGo();
          resolve();
        };
        const cancel = clock.after(withinMs, end);
        wake = end;
      });
    },
  };
}
