import { queueDefaults } from "../policy/index.js";
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

/** The limits of batches, merged. @throws {QueueError} `usage`. */
export function resolveBatch<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  options: ConsumeBatchOptions,
): GatherLimits {
  const contract = contractOf(channel, options.operation).batch;
  const { batch } = options;
  const size = batch?.size ?? contract?.size ?? queueDefaults.batch.size;
  const bytes = batch?.bytes ?? contract?.bytes ?? queueDefaults.batch.bytes;
  const lingerMs = batch?.lingerMs ?? contract?.lingerMs ?? queueDefaults.batch.lingerMs;
  checkWhole("batch.size", size, 1);
  checkWhole("batch.bytes", bytes, 1);
  checkWhole("batch.lingerMs", lingerMs, 0);
  return { size, bytes, lingerMs };
}
