import { setMaxListeners } from "node:events";
import { sleep, type Clock, type Random } from "../../context/index.js";
import { QueueError, type BrokerConsumer, type BrokerDelivery } from "../../queue/index.js";
import { createIdle } from "../shared/idle.js";
import { RedisDelivery, type Settler } from "./delivery.js";
import { fromFields, toFields } from "./entry.js";
import { maxCount, origins, type Origin, type Place } from "./place.js";
import { createReader } from "./reader.js";
import { listOf, type RawEntry } from "./reply.js";
import { startUpkeep } from "./upkeep.js";
import { createVerdicts } from "./verdicts.js";
import type { Watcher } from "./watcher.js";

export interface ConsumerInput {
  readonly place: Place;
  readonly watcher: Watcher;
  readonly clock: Clock;
  readonly random: Random;
  /** As messages say them. */
  readonly address: string;
  readonly group: string;
  readonly prefetch: number;
  readonly claimIdleMs: number;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  /** Creates streams and groups again that the server lost. */
  readonly restore: () => Promise<void>;
  readonly onClosed: () => void;
}

export interface RedisConsumer extends BrokerConsumer {
  /** There is a connection again: sends what waits, looks for everything. */
  wakeUp(): void;
}

const retryMs = 500;
/** What a message that could not be delayed waits in the consumer's hands, at most; bounds how fast it goes round. */
const heldMs = 1_000;

/** A consumer of a group: reads its stream and what is redelivered, and keeps what it has from being claimed. */
export function createConsumer(input: ConsumerInput): RedisConsumer {
  const { place, watcher, clock, group, prefetch } = input;
  const { link, keys } = place;
  /** Deliveries without a verdict, by the id of their entry. */
  const open: Readonly<Record<Origin, Map<string, RedisDelivery>>> = { main: new Map(), redeliver: new Map() };
  const stop = new AbortController();
  // as many may wait for it as the prefetch allows
  setMaxListeners(0, stop.signal);
  let paused = false;
  let stopped = false;
  let retry: (() => void) | undefined;

  const openCount = (): number => open.main.size + open.redeliver.size;
  const free = (): number => (paused || stopped ? 0 : Math.min(prefetch - openCount(), maxCount));

  const idle = createIdle(() => openCount() === 0 && !verdicts.busy);
  const verdicts = createVerdicts(
    place,
    // there is room: fetched in the same write
    () => reader.request(),
    (returned) => {
      idle.check();
      if (returned) reader.expect("returned");
    },
  );
  const reader = createReader({ place, free, hand, onError: recover, onIdle: () => watcher.poke() });

  function isOpen({ origin, entry }: RedisDelivery): boolean {
    return open[origin].has(entry);
  }

  function close({ origin, entry }: RedisDelivery): void {
    open[origin].delete(entry);
    idle.check();
  }

  /** Has the entry replaced by something that carries these headers. Where that fails it goes back after that time. */
  async function move(
    delivery: RedisDelivery,
    headers: Readonly<Record<string, string>>,
    failedMs: number,
    run: (fields: ReturnType<typeof toFields>) => Promise<boolean>,
  ): Promise<void> {
    let moved: boolean;
    try {
      moved = await run(toFields(delivery, headers));
    } catch (error) {
      if (failedMs > 0) await sleep(clock, failedMs, stop.signal).catch(() => {});
      // whether it was done is not known: if not, the entry is still ours and goes back, else this does nothing
      if (isOpen(delivery)) settler.giveBack(delivery);
      throw error;
    }
    close(delivery);
    reader.request();
    if (!moved) throw new QueueError("too_late", `${delivery.id}: another consumer has it`);
  }

  const settler: Settler = {
    isOpen,
    ack(delivery) {
      close(delivery);
      verdicts.ack(delivery.origin, delivery.entry);
    },
    giveBack(delivery) {
      close(delivery);
      verdicts.giveBack(delivery.origin, delivery.entry);
    },
    async replace(delivery, headers) {
      const { origin, entry } = delivery;
      await move(delivery, headers, 0, (fields) => verdicts.replace(origin, entry, fields));
      reader.expect("redeliver");
    },
    async later(delivery, delayMs, headers) {
      const { origin, entry } = delivery;
      const whole = Math.ceil(delayMs);
      const failedMs = Math.min(whole, heldMs);
      await move(delivery, headers, failedMs, (fields) => verdicts.later(origin, entry, fields, whole));
      upkeep.planMove(whole);
    },
    keep: (delivery) => keepOpen(delivery.origin, [delivery.entry]),
  };

  async function keepOpen(origin: Origin, ids: readonly string[]): Promise<void> {
    // this process stood still for so long that others took them
    for (const id of await upkeep.keep(origin, ids)) {
      const delivery = open[origin].get(id);
      if (delivery !== undefined) close(delivery);
    }
  }

  function hand(origin: Origin, entries: readonly RawEntry[], again: boolean): void {
    if (entries.length === 0) return;
    const batch: RedisDelivery[] = [];
    for (const entry of entries) {
      const { id, deliveries, fields } = entry;
      if (open[origin].has(id)) continue;
      const message = fromFields(fields, input.address, id);
      batch.push(new RedisDelivery(message, { group, origin, entry: id, deliveries, again }, settler));
    }
    if (batch.length === 0) return;
    for (const delivery of batch) open[origin].set(delivery.entry, delivery);
    if (!stopped) return input.deliver(batch);
    // it came while the consumer was closed
    for (const delivery of batch) settler.giveBack(delivery);
  }

  async function recover(error: unknown): Promise<void> {
    if (stopped) return;
    // the stream or its group is gone: with its server's memory, perhaps
    if (String(error).includes("NOGROUP")) await input.restore().catch(() => {});
    // whatever it was, nobody else would fetch again
    retry ??= clock.after(retryMs, () => {
      retry = undefined;
      reader.expect();
    });
  }

  const upkeep = startUpkeep({
    place,
    clock,
    random: input.random,
    claimIdleMs: input.claimIdleMs,
    free,
    async keepAll() {
      await verdicts.flush();
      for (const origin of origins) await keepOpen(origin, [...open[origin].keys()]);
    },
    hand,
    onMoved: () => reader.expect("redeliver"),
    onError: recover,
  });

  async function drain(withinMs: number): Promise<readonly BrokerDelivery[]> {
    paused = true;
    if (link.state === "up") await reader.idle();
    const wait = idle.wait(clock, withinMs);
    if (wait !== undefined) await wait;
    stopped = true;
    stop.abort();
    watcher.remove(reader.watched);
    upkeep.stop();
    retry?.();
    const unfinished = origins.flatMap((origin) => [...open[origin].values()]);
    for (const origin of origins) open[origin].clear();
    if (link.state === "up") await leave(unfinished).catch(() => {});
    input.onClosed();
    return unfinished;
  }

  /** Sends what is left to send; what has no verdict goes to the next consumer. */
  async function leave(unfinished: readonly RedisDelivery[]): Promise<void> {
    await reader.idle();
    await verdicts.flush();
    for (const origin of origins) {
      const ids = unfinished.filter((delivery) => delivery.origin === origin).map(({ entry }) => entry);
      await verdicts.leave(origin, ids);
      // deleting a consumer forgets what it holds: only one that holds nothing
      const held = await link.send(["XPENDING", keys[origin], place.group, "-", "+", "1", place.consumer]);
      if (listOf(held).length === 0)
        await link.send(["XGROUP", "DELCONSUMER", keys[origin], place.group, place.consumer]);
    }
  }

  let draining: Promise<readonly BrokerDelivery[]> | undefined;
  reader.request();
  watcher.add(reader.watched);
  return {
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      reader.expect();
    },
    drain: (withinMs) => (draining ??= drain(withinMs)),
    wakeUp() {
      void verdicts.flush();
      upkeep.planMove(0);
      reader.expect();
    },
  };
}
