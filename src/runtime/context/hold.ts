let holders = 0;
let held: ReturnType<typeof setInterval> | undefined;

/**
 * Keeps the process alive until the function it returns is called. The runtime's timers let a process end, for most of
 * them are for what may happen; what a caller awaits does happen.
 */
export function holdProcess(): () => void {
  if (holders++ === 0) held = setInterval(() => {}, 2 ** 30);
  let over = false;
  return () => {
    if (over) return;
    over = true;
    if (--holders === 0) clearInterval(held);
  };
}
