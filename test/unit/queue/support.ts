import type { Clock } from "../../../src/runtime/context/index.js";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import {
  consume,
  jsonPayload,
  shape,
  type Broker,
  type BrokerDelivery,
  type ChannelInfo,
  type ConsumeOptions,
  type Consumer,
  type ConsumerEvent,
  type MessageHandler,
} from "../../../src/runtime/queue/index.js";

/** A clock that stands until it is told to go on. */
export interface FakeClock extends Clock {
  /** Lets time pass; timers that fall due run in order, and what they start gets its turn in between. */
  pass(ms: number): Promise<void>;
  readonly timers: number;
}

export function createFakeClock(start = 1_000_000): FakeClock {
  let now = start;
  let pending: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      pending.push(timer);
      return () => {
        pending = pending.filter((other) => other !== timer);
      };
    },
    get timers() {
      return pending.length;
    },
    async pass(ms) {
      const end = now + ms;
      await turn();
      for (;;) {
        const next = pending.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        pending = pending.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.run();
        await turn();
      }
      now = end;
      await turn();
    },
  };
}

/** Lets everything that is ready run. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
}

export interface Item {
  n: number;
  key?: string;
}

export function itemChannel(more: Partial<ChannelInfo<Item>> = {}): ChannelInfo<Item> {
  return {
    id: "items",
    address: "items",
    message: jsonPayload<Item>(
      "Item",
      shape.object({ required: { n: shape.integer() }, optional: { key: shape.string() } }),
    ),
    contentType: "application/json",
    bindings: {},
    consumer: { group: "g" },
    ...more,
  };
}

/** A memory broker on a fake clock, and what its consumers report. */
export interface Setup {
  readonly clock: FakeClock;
  readonly broker: Broker;
  readonly events: ConsumerEvent[];
}

export function setup(): Setup {
  const clock = createFakeClock();
  // 0.5 puts every jittered delay at its middle
  return { clock, broker: createMemoryBroker({ clock, random: () => 0.5 }), events: [] };
}

export async function consumeItems(
  { broker, events }: Setup,
  handler: MessageHandler<Item>,
  options: ConsumeOptions = {},
  channel: ChannelInfo<Item> = itemChannel(),
): Promise<Consumer> {
  return consume(broker, channel, handler, { ...options, onEvent: (event) => void events.push(event) });
}

export async function deadLetters(broker: Broker, address = "items.g.dead"): Promise<BrokerDelivery[]> {
  const found: BrokerDelivery[] = [];
  for await (const letter of broker.browse(address, { limit: 100 })) found.push(letter);
  return found;
}
