import type { GatherLimits, GatherOptions } from "./gather.js";
import { checkWhole, contractOf, type ConsumeOptions } from "./settings.js";
import type { ChannelInfo } from "./types.js";

/**
 * Settings of one consumer of batches. `concurrency` counts batches, `timeoutMs` holds for a batch.
 *
 * @example await consumeUserCreatedBatch(broker, insertUsers, { batch: { size: 500, lingerMs: 200 }, concurrency: 2 });
 */
export interface ConsumeBatchOptions extends ConsumeOptions {
  /**
   * When a batch is complete: at `size` messages (100), at `bytes` bytes of bodies (4 MiB), or `lingerMs` after its first
   * message came (100). While all handlers are busy batches grow up to those limits.
   */
  readonly batch?: GatherOptions | undefined;
}

const defaultBytes = 4 * 1_024 * 1_024;

/** The limits of batches, merged. @throws {QueueError} `usage`. */
export function resolveBatch<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  options: ConsumeBatchOptions,
): GatherLimits {
  const contract = contractOf(channel, options.operation).batch;
  const { batch } = options;
  const size = batch?.size ?? contract?.size ?? 100;
  const bytes = batch?.bytes ?? contract?.bytes ?? defaultBytes;
  const lingerMs = batch?.lingerMs ?? contract?.lingerMs ?? 100;
  checkWhole("batch.size", size, 1);
  checkWhole("batch.bytes", bytes, 1);
  checkWhole("batch.lingerMs", lingerMs, 0);
  return { size, bytes, lingerMs };
}
