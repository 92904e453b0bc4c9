import { constants, type ServerHttp2Session } from "node:http2";
import type { Clock } from "../../context/index.js";

/** What a server of gRPC says to a client that pings too often. */
export const tooManyPings = "too_many_pings";

/** Pings too early that are overlooked. */
const patience = 2;

/** More than the answers to a few pings: the server has sent something of its own. */
const ownBytes = 256;

/**
 * Says goodbye to a client that pings again and again, more often than allowed, without a call that gives it reason to.
 * Pings between which the server sent something are none of these: clients measure the line with them.
 */
export function guardPings(session: ServerHttp2Session, minIntervalMs: number, clock: Clock): void {
  let last = -Infinity;
  let sent = 0;
  let strikes = 0;
  session.on("ping", () => {
    const now = clock.now();
    const { bytesWritten } = session.socket;
    if (bytesWritten - sent > ownBytes) strikes = 0;
    else if (now - last < minIntervalMs) strikes++;
    last = now;
    sent = bytesWritten;
    if (strikes <= patience || session.destroyed) return;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, undefined, Buffer.from(tooManyPings));
    // once that is written
    setImmediate(() => session.destroy());
  });
}
