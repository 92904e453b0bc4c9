import type { IPublishPacket } from "mqtt";
import type { Clock } from "../../context/index.js";
import {
  copyHeaders,
  messageHeaders,
  numberHeader,
  QueueError,
  type BrokerConsumer,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";
import { createIdle } from "../shared/idle.js";
import type { Entry, Session } from "./session.js";

export interface ConsumerInput {
  readonly clock: Clock;
  readonly group: string;
  readonly prefetch: number;
  /** Messages at QoS 0 that wait here, at most: the server does not slow down, what is more is lost. */
  readonly maxPending: number;
  readonly read: (packet: IPublishPacket) => OutgoingMessage;
  readonly position: (packetId: number | undefined, arrival: number) => string;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  /** Acknowledges what has a verdict and leaves the sessions to the server. */
  readonly leave: () => Promise<void>;
}

/** What is delivered, or is about to be. */
interface Waiting {
  readonly entry: Entry;
  readonly message: OutgoingMessage;
  readonly redelivered: boolean;
}

/** Takes what sessions bring. */
export interface MqttConsumer extends BrokerConsumer {
  receive(session: Session, packet: IPublishPacket): void;
  /** The messages of a session are somebody else's now; verdicts on them come too late. */
  drop(session: Session): void;
  /** Messages at QoS 0 that found no room. */
  readonly lost: number;
}

export function createConsumer(input: ConsumerInput): MqttConsumer {
  const { clock } = input;
  const open = new Map<BrokerDelivery, Waiting>();
  const delayed = new Map<Waiting, () => void>();
  let ready: Waiting[] = [];
  let lost = 0;
  let paused = false;
  let stopped = false;
  let scheduled = false;
  const idle = createIdle(() => open.size === 0);
  let closing: Promise<readonly BrokerDelivery[]> | undefined;

  /** Everything that one read of the socket brought is one batch. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      hand();
    });
  }

  function hand(): void {
    if (paused || stopped || ready.length === 0) return;
    const room = Math.max(0, input.prefetch - open.size);
    const batch = ready.splice(0, room).map((waiting) => {
      const delivery = createDelivery(waiting);
      open.set(delivery, waiting);
      return delivery;
    });
    if (batch.length > 0) input.deliver(batch);
  }

  function createDelivery(waiting: Waiting): BrokerDelivery {
    const { entry, message } = waiting;
    const attempt = numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1;

    function take(): void {
      if (!open.delete(delivery)) {
        throw new QueueError("too_late", `${message.id} has a verdict already, or its session is gone`);
      }
      idle.check();
      schedule();
    }

    const delivery: BrokerDelivery = {
      ...message,
      group: input.group,
      position: input.position(entry.packetId, entry.arrival),
      attempt,
      redelivered: waiting.redelivered,
      ack: async () => {
        take();
        entry.session.acknowledge(entry);
      },
      // the server gives nothing back while the session lasts, so it waits here, unacknowledged
      nack: async (delayMs = 0, headers = {}) => {
        take();
        const counted = delayMs > 0 ? { [messageHeaders.attempt]: String(attempt + 1) } : {};
        const again: Waiting = {
          entry,
          message: { ...message, headers: copyHeaders(message.headers, counted, headers) },
          redelivered: true,
        };
        if (delayMs <= 0) return insert(again);
        const back = (): void => {
          delayed.delete(again);
          ready.push(again);
          schedule();
        };
        delayed.set(again, clock.after(delayMs, back));
      },
      // nothing runs out while the session lasts
      extend: async () => {},
    };
    return delivery;
  }

  /** Back to where it stood, before everything that came later. */
  function insert(waiting: Waiting): void {
    const at = ready.findIndex(({ entry }) => entry.arrival > waiting.entry.arrival);
    ready.splice(at < 0 ? ready.length : at, 0, waiting);
    schedule();
  }

  async function close(withinMs: number): Promise<readonly BrokerDelivery[]> {
    paused = true;
    const wait = idle.wait(clock, withinMs);
    if (wait !== undefined) await wait;
    stopped = true;
    for (const cancel of delayed.values()) cancel();
    delayed.clear();
    ready = [];
    const unfinished = [...open.keys()];
    open.clear();
    await input.leave();
    return unfinished;
  }

  return {
    get lost() {
      return lost;
    },
    receive(session, packet) {
      if (stopped) return;
      if (packet.qos === 0 && ready.length + delayed.size >= input.maxPending) {
        lost++;
        return;
      }
      const entry = session.receive(packet, input.read);
      if (entry === undefined) return;
      ready.push({ entry, message: entry.message, redelivered: entry.redelivered });
      schedule();
    },
    drop(session) {
      const gone = new Set(session.clear());
      if (gone.size === 0) return;
      ready = ready.filter(({ entry }) => !gone.has(entry));
      for (const [waiting, cancel] of delayed) {
        if (!gone.has(waiting.entry)) continue;
        cancel();
        delayed.delete(waiting);
      }
      for (const [delivery, { entry }] of open) if (gone.has(entry)) open.delete(delivery);
      idle.check();
      schedule();
    },
    pause() {
      paused = true;
    },
    resume() {
      if (stopped) return;
      paused = false;
      schedule();
    },
    drain: (withinMs) => (closing ??= close(withinMs)),
  };
}
