import type { Clock } from "../../context/index.js";
import { acknowledged, QueueError, toError } from "../../queue/index.js";
import { createIdle } from "../shared/idle.js";
import type { KafkaDelivery, Settler } from "./delivery.js";
import type { Gate } from "./gate.js";
import type { Partition } from "./partition.js";
import { delayDelivery, type Retries } from "./retries.js";

/** Deliveries without a verdict, and what becomes of them. */
export interface Verdicts extends Settler {
  readonly open: ReadonlySet<KafkaDelivery>;
  add(delivery: KafkaDelivery): void;
  /** Those of a partition that is gone are refused from now on. */
  drop(partition: Partition): void;
  /** Resolves once none is open, or after that time; undefined where that is so now. */
  idle(withinMs: number): Promise<void> | undefined;
  /** Refuses all that are open from now on, and names them. */
  end(): readonly KafkaDelivery[];
}

/** While the gate is shut nobody knows whose a partition is: acknowledgements wait there. */
export function createVerdicts(input: {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly retries: Retries;
  /** Ends waiting in the hands of this consumer. */
  readonly signal: AbortSignal;
  readonly onSettled: () => void;
  /** A retry topic was made for a message. */
  readonly onNewRetry: () => void;
}): Verdicts {
  const { clock, gate, onSettled } = input;
  const open = new Set<KafkaDelivery>();
  const idle = createIdle(() => open.size === 0);

  /** Throws unless a verdict may still be given. */
  function check(delivery: KafkaDelivery): void {
    if (open.has(delivery)) return;
    const text = `${delivery.id} has a verdict already, or its partition is not this consumer's any more`;
    throw new QueueError("too_late", text);
  }

  function settle(delivery: KafkaDelivery): void {
    open.delete(delivery);
    idle.check();
    onSettled();
  }

  function finish(delivery: KafkaDelivery): void {
    check(delivery);
    delivery.entry.partition.finish(delivery.entry);
    settle(delivery);
  }

  /** Needs no gate: whoever has the partition then, it comes again. */
  function giveBack(delivery: KafkaDelivery, headers?: Readonly<Record<string, string>>): void {
    check(delivery);
    delivery.entry.partition.giveBack(delivery.entry, headers);
    settle(delivery);
  }

  function ack(delivery: KafkaDelivery): Promise<void> {
    const wait = gate.pass();
    if (wait !== undefined) return wait.then(() => finish(delivery));
    try {
      finish(delivery);
      return acknowledged;
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async function nack(
    delivery: KafkaDelivery,
    delayMs: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void> {
    if (delayMs <= 0) return giveBack(delivery, headers);
    check(delivery);
    const delayed = await delayDelivery(input, delivery, delayMs, headers);
    if (delayed.error === undefined) {
      if (delayed.isNew) input.onNewRetry();
      return ack(delivery);
    }
    if (open.has(delivery)) giveBack(delivery, delayed.headers);
    throw delayed.error;
  }

  return {
    open,
    ack,
    nack,
    add: (delivery) => void open.add(delivery),
    drop(partition) {
      for (const delivery of open) if (delivery.entry.partition === partition) open.delete(delivery);
      idle.check();
    },
    idle: (withinMs) => idle.wait(clock, withinMs),
    end() {
      const left = [...open];
      open.clear();
      return left;
    },
  };
}
