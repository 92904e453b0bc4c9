/**
 * Keeps the process alive until the function it returns is called. The runtime's timers let a process end, for most of
 * them are for what may happen; a call that waits for its next attempt does happen.
 */
export function holdProcess(): () => void {
  const held = setInterval(() => {}, 2 ** 30);
  return () => clearInterval(held);
}
