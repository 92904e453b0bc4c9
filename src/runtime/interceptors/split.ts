import type { Random } from "../context/index.js";
import {
  createLayer,
  throughTransport,
  type Call,
  type CallContext,
  type Interceptor,
  type Transport,
} from "../rpc/index.js";

/** Where a share of the calls goes. */
export interface SplitTarget {
  readonly transport: Transport;
  /** Its share is its weight over the sum of all: 80 of 80 + 20. 0 sends it nothing. */
  readonly weight: number;
}

/** Settings of {@link split}. */
export interface SplitOptions {
  /**
   * Calls with the same key go to the same target, as long as weights stay; and when they change, as few keys as
   * possible move. Calls for which it gives undefined are spread at random, as all are by default.
   */
  readonly key?: ((context: CallContext) => string | undefined) | undefined;
  readonly random?: Random | undefined;
}

/** What inner layers see of the choice. */
export interface SplitContext {
  /** Which target the call goes to, by its name. */
  readonly target: string;
}

/**
 * Sends each call of a client over one of several transports, by weight, in place of the client's own. It chooses once
 * for each call, so that breakers, limits and retries further in belong to one target.
 *
 * @throws {RangeError} for weights that are no numbers from 0 up, or all 0.
 * @example
 * const layers = chain().use(split({
 *   stable: { transport: createHttp2Transport("users:50051"), weight: 95 },
 *   canary: { transport: createHttp2Transport("users-canary:50051"), weight: 5 },
 * }, { key: ({ metadata }) => metadata.get("x-user-id") }));
 */
export function split(
  targets: Readonly<Record<string, SplitTarget>>,
  { key, random = Math.random }: SplitOptions = {},
): Interceptor<SplitContext> {
  const choose = createChoice(targets);
  const layer = createLayer(<I, O>(call: Call<I, O, {}>) => {
    const sticky = key?.(call.context);
    const { name, transport } = choose(sticky === undefined ? random() : fractionOf(sticky));
    return { call: call.with(throughTransport(transport)).with({ target: name }) };
  });
  // sound because the plan adds it
  return layer as Interceptor<SplitContext>;
}

interface Choice {
  readonly name: string;
  readonly transport: Transport;
  /** Where its part of the range from 0 to 1 ends. */
  readonly end: number;
}

function createChoice(targets: Readonly<Record<string, SplitTarget>>): (at: number) => Choice {
  const entries = Object.entries(targets);
  for (const [name, { weight }] of entries) {
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`split: the weight of ${name} is ${weight}; it must be a number from 0 up`);
    }
  }
  const total = entries.reduce((sum, [, { weight }]) => sum + weight, 0);
  let sum = 0;
  const choices = entries
    .filter(([, { weight }]) => weight > 0)
    .map(([name, { transport, weight }]): Choice => ({ name, transport, end: (sum += weight) / total }));
  const last = choices.at(-1);
  if (last === undefined) throw new RangeError("split: no target has a weight above 0");
  // the sum of fractions may end below 1
  return (at) => choices.find(({ end }) => at < end) ?? last;
}

/** A text as a number in [0, 1), evenly spread: FNV-1a with a final mix. The same in every process. */
function fractionOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
