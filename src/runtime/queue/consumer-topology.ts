import { isRecord } from "./json.js";
import type { ConsumerSettings } from "./settings.js";
import type { ChannelInfo, Topology } from "./types.js";

/** Binding objects of the channel with those of the operation, which have keys of their own, over them. */
export function sourceBindings(
  channel: Readonly<Record<string, unknown>>,
  operation: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = { ...channel };
  for (const [protocol, binding] of Object.entries(operation)) {
    const before = merged[protocol];
    merged[protocol] = isRecord(before) && isRecord(binding) ? { ...before, ...binding } : binding;
  }
  return merged;
}

/** What a consumer needs of its broker. */
export function consumerTopology<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  settings: Pick<ConsumerSettings, "address" | "source" | "retry" | "idleMs" | "deadLetter" | "order">,
): Topology {
  const { retry, deadLetter, idleMs } = settings;
  const delays = settings.order === "strict" ? [] : retry.delaysMs;
  const retryDelaysMs = [...new Set([...delays, ...(deadLetter === undefined ? [idleMs] : [])])].sort((a, b) => a - b);
  return {
    addresses: [
      {
        address: settings.address,
        groups: [{ group: settings.source, retryDelaysMs, deadLetter }],
        bindings: channel.bindings,
      },
    ],
  };
}
