import { systemClock } from "../context/index.js";
import { ResetCode, type HttpStream } from "./http.js";

/** How often replies are looked at that are not read: one timer for all, for nearly all are read at once. */
const lookEveryMs = 500;

const unread = new Map<HttpStream, number>();
let watching = false;

/**
 * A reply was given in full. A caller that has not read it by the deadline of its call is let go with what waits for
 * it: after that nobody waits for the reply.
 */
export function awaitReader(stream: HttpStream, deadline: number | undefined): void {
  if (deadline === undefined) return;
  unread.set(stream, deadline);
  if (watching) return;
  watching = true;
  systemClock.after(lookEveryMs, look);
}

/** The stream is over. */
export function forgetReader(stream: HttpStream): void {
  unread.delete(stream);
}

function look(): void {
  const now = systemClock.now();
  for (const [stream, deadline] of unread) {
    if (now < deadline) continue;
    unread.delete(stream);
    stream.reset(ResetCode.CANCEL);
  }
  watching = unread.size > 0;
  if (watching) systemClock.after(lookEveryMs, look);
}
