/** Room for messages that a server has not confirmed; who finds none waits for it in turn. */
export interface Places {
  /**
   * Calls `go` once there is room for so many: at once, or after all that came before. A batch takes its places together,
   * so that no other gets between its messages; one that is larger than all the room goes alone. `go` must not throw.
   */
  enter(count: number, go: () => void): void;
  /** Gives places back. */
  leave(count: number): void;
}

/** First come, first served. `limit` is asked each time: a server may have its own. */
export function createPlaces(limit: () => number): Places {
  const waiting: { readonly count: number; readonly go: () => void }[] = [];
  let taken = 0;
  let serving = false;

  /** What a batch gives back while it goes is for those behind it, once it has gone. */
  function serve(): void {
    if (serving) return;
    serving = true;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (taken > 0 && taken + next.count > limit()) break;
      waiting.shift();
      taken += next.count;
      next.go();
    }
    serving = false;
  }

  return {
    enter(count, go) {
      waiting.push({ count, go });
      serve();
    },
    leave(count) {
      taken -= count;
      serve();
    },
  };
}
