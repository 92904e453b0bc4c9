import { compressMessage, type Compression } from "./compression.js";
import type { OutgoingMessage, PublishResult } from "./types.js";

type PublishBatch = (batch: readonly OutgoingMessage[]) => Promise<readonly PublishResult[]>;

/** The way of batches to a broker. */
export interface HandOver {
  /** The message is to be compressed when its batch is published. */
  compress(message: OutgoingMessage, compression: Compression): void;
  /** It is not going to be published. */
  forget(message: OutgoingMessage): void;
  readonly publish: PublishBatch;
}

/** Hands batches to the broker in the order in which they came, also where one has to be compressed first. */
export function createHandOver(publish: PublishBatch): HandOver {
  const wanted = new Map<OutgoingMessage, Compression>();
  /** Resolves when the batch before has been handed over. */
  let before: Promise<void> | undefined;

  async function prepare(batch: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    return Promise.all(
      batch.map((message) => {
        const compression = wanted.get(message);
        wanted.delete(message);
        return compression === undefined ? message : compressMessage(message, compression);
      }),
    );
  }

  return {
    compress: (message, compression) => void wanted.set(message, compression),
    forget: (message) => void wanted.delete(message),
    publish(batch) {
      if (before === undefined && wanted.size === 0) return publish(batch);
      const earlier = before;
      const ready = prepare(batch).then(async (messages) => {
        await earlier;
        return messages;
      });
      const result = ready.then(publish);
      const turn = ready.then(
        () => {},
        () => {},
      );
      before = turn;
      void turn.then(() => {
        if (before === turn) before = undefined;
      });
      return result;
    },
  };
}
