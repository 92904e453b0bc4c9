import type { Clock } from "../../context/index.js";
import { copyHeaders, messageHeaders, type BrokerConsumer, type BrokerDelivery } from "../../queue/index.js";
import { createIdle, type Idle } from "../shared/idle.js";
import { MemoryDelivery, type Entry, type Settler } from "./delivery.js";

/** One group's copy of what was published to an address. */
export interface MemoryGroup {
  /** Messages without a final verdict: waiting, delayed or delivered. */
  readonly size: number;
  /** Those of them that no consumer has. */
  readonly waiting: number;
  add(entry: Entry): void;
  consume(prefetch: number, deliver: (batch: readonly BrokerDelivery[]) => void): BrokerConsumer;
  entries(): readonly Entry[];
  close(): Promise<void>;
}

interface Member {
  readonly prefetch: number;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  readonly outstanding: Set<MemoryDelivery>;
  readonly settler: Settler;
  readonly idle: Idle;
  paused: boolean;
  closed: boolean;
}

export function createMemoryGroup(input: {
  readonly name: string;
  readonly clock: Clock;
  readonly maxMessages: number;
}): MemoryGroup {
  const { name, clock } = input;
  let ready: Entry[] = [];
  let head = 0;
  const delayed = new Map<Entry, () => void>();
  const members: Member[] = [];
  let turn = 0;
  let scheduled = false;
  let outstanding = 0;

  /** Deliveries start in a turn of their own, so that publishers never run handlers. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      dispatch();
    });
  }

  function next(): Entry | undefined {
    while (head < ready.length) {
      const entry = ready[head++];
      if (head > 1024 && head * 2 > ready.length) {
        ready = ready.slice(head);
        head = 0;
      }
      if (entry !== undefined && !expired(entry)) return entry;
    }
    return undefined;
  }

  function expired({ message }: Entry): boolean {
    return message.expiresAt !== undefined && message.expiresAt <= clock.now();
  }

  function freeMember(): Member | undefined {
    for (let i = 0; i < members.length; i++) {
      const member = members[(turn + i) % members.length];
      if (member !== undefined && !member.paused && !member.closed && member.outstanding.size < member.prefetch) {
        turn = (turn + i + 1) % members.length;
        return member;
      }
    }
    return undefined;
  }

  function dispatch(): void {
    const batches = new Map<Member, BrokerDelivery[]>();
    for (let member = freeMember(); member !== undefined; member = freeMember()) {
      const entry = next();
      if (entry === undefined) break;
      const delivery = new MemoryDelivery(entry, name, member.settler);
      member.outstanding.add(delivery);
      outstanding++;
      const batch = batches.get(member);
      if (batch === undefined) batches.set(member, [delivery]);
      else batch.push(delivery);
    }
    for (const [member, batch] of batches) member.deliver(batch);
  }

  function giveBack(...[{ entry, attempt }, delayMs, headers]: Parameters<Settler["giveBack"]>): void {
    if (delayMs <= 0 && headers === undefined) return insert({ ...entry, redelivered: true });
    const { message, position } = entry;
    const counted = { [messageHeaders.attempt]: String(attempt + (delayMs > 0 ? 1 : 0)) };
    const all = Object.freeze(copyHeaders(message.headers, counted, headers ?? {}));
    const again: Entry = { message: { ...message, headers: all }, position, crashes: 0, redelivered: true };
    if (delayMs <= 0) return append(again);
    delayed.set(
      again,
      clock.after(delayMs, () => delayed.delete(again) && append(again)),
    );
  }

  function append(entry: Entry): void {
    ready.push(entry);
    schedule();
  }

  /** Back to where it stood, before everything that was published later. */
  function insert(entry: Entry): void {
    let at = head;
    while (at < ready.length && (ready[at]?.position ?? 0) < entry.position) at++;
    if (at === head && head > 0) ready[--head] = entry;
    else ready.splice(at, 0, entry);
    schedule();
  }

  function leave(member: Member): void {
    member.closed = true;
    const index = members.indexOf(member);
    if (index >= 0) members.splice(index, 1);
    const left = [...member.outstanding].map(({ entry }) => entry).sort((a, b) => b.position - a.position);
    outstanding -= member.outstanding.size;
    member.outstanding.clear();
    for (const entry of left) insert({ ...entry, crashes: entry.crashes + 1, redelivered: true });
  }

  return {
    get size() {
      return ready.length - head + delayed.size + outstanding;
    },
    get waiting() {
      return ready.length - head + delayed.size;
    },
    add: append,
    consume(prefetch, deliver) {
      const held: Member["outstanding"] = new Set();
      const idle = createIdle(() => held.size === 0);
      const settler: Settler = {
        settle(delivery) {
          if (!held.delete(delivery)) return false;
          outstanding--;
          idle.check();
          schedule();
          return true;
        },
        giveBack,
      };
      const member: Member = { prefetch, deliver, outstanding: held, settler, idle, paused: false, closed: false };
      members.push(member);
      schedule();
      return {
        pause: () => {
          member.paused = true;
        },
        resume: () => {
          member.paused = false;
          schedule();
        },
        drain: async (withinMs) => {
          member.paused = true;
          const wait = idle.wait(clock, withinMs);
          if (wait !== undefined) await wait;
          const unfinished = [...held];
          leave(member);
          return unfinished;
        },
      };
    },
    entries: () => [...ready.slice(head), ...delayed.keys()],
    close: async () => {
      for (const cancel of delayed.values()) cancel();
      for (const member of members.slice()) leave(member);
    },
  };
}
