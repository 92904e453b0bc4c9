import type { Clock } from "../../context/index.js";
import { QueueError, toError, type OutgoingMessage, type PublishResult } from "../../queue/index.js";
import { createPlaces } from "../shared/places.js";
import { toFields } from "./entry.js";
import { queueError, type Link } from "./link.js";

/** Appends messages to streams. */
export interface Publisher {
  /** A result per message once Redis has answered. Never rejects. */
  publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishResult[]>;
}

/** Messages without an answer at one time; further ones wait. */
const maxInFlight = 4_096;

/**
 * Commands of one turn go out in one write, and so do those of all batches of a turn: node-redis writes once per turn.
 * `NOMKSTREAM`: a stream that nobody declared is an error and not one more stream that nobody reads.
 */
export function createPublisher(input: {
  readonly link: Link;
  readonly clock: Clock;
  readonly withinMs: number;
  readonly streamOf: (address: string) => string;
}): Publisher {
  const { link, clock, withinMs, streamOf } = input;
  const places = createPlaces(() => maxInFlight);

  function append(message: OutgoingMessage): Promise<PublishResult> | PublishResult {
    let args;
    try {
      args = ["XADD", streamOf(message.address), "NOMKSTREAM", "*", ...toFields(message)];
    } catch (error) {
      return { ok: false, error: toError(error) };
    }
    return link.send(args).then(
      (id): PublishResult =>
        id === null
          ? { ok: false, error: new QueueError("unroutable", `${message.address}: there is no such stream`) }
          : { ok: true, position: String(id) },
      (error: unknown): PublishResult => ({ ok: false, error: queueError(message.address, error) }),
    );
  }

  function sendAll(batch: readonly OutgoingMessage[]): Promise<readonly PublishResult[]> {
    const sent = batch.map(append);
    const results: (PublishResult | undefined)[] = batch.map(() => undefined);
    return new Promise((resolve) => {
      const cancel = clock.after(withinMs, () =>
        resolve(
          results.map((result, i) => {
            if (result !== undefined) return result;
            const text = `${batch[i]?.address}: no answer within ${withinMs} ms`;
            return { ok: false, error: new QueueError("timeout", text) };
          }),
        ),
      );
      void Promise.all(sent.map(async (result, i) => (results[i] = await result))).then((all) => {
        cancel();
        resolve(all);
      });
    });
  }

  return {
    async publish(batch) {
      if (batch.length === 0) return [];
      await new Promise<void>((go) => places.enter(batch.length, go));
      try {
        if (link.state !== "up") await link.ready(withinMs);
        return await sendAll(batch);
      } catch (error) {
        return batch.map(() => ({ ok: false, error: toError(error) }));
      } finally {
        places.leave(batch.length);
      }
    },
  };
}
