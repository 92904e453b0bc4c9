import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { BrokerDelivery } from "../../../src/runtime/queue/index.js";
import { expectEmpty, itemsOf, numbers, send, sorted, uniqueAddress, rowTitle, type SuiteContext } from "./subject.js";
import type { Report } from "./worker.js";
import { eventually } from "./workers.js";

/** Rows about how messages reach consumers, in two processes of one group and a third of another. */
export function describeDelivery(context: SuiteContext): void {
  const { subject, cells } = context;
  const { bindings = {} } = subject;
  const row = rowTitle(subject);

  test(row(`M31: two processes share a group's messages, a second group gets all of them`), async () => {
    const [one, two, other] = context.workers();
    const address = uniqueAddress("share");
    const task = { address, bindings, concurrency: 2, buffer: 2, behaviour: { workMs: 3 } };
    await Promise.all([
      one.start({ ...task, ref: address, group: "shipping" }),
      two.start({ ...task, ref: address, group: "shipping" }),
      other.start({ ...task, ref: address, group: "billing" }),
    ]);
    const enough = (): void => {
      expect(one.reports(address, "done").length).toBeGreaterThan(0);
      expect(two.reports(address, "done").length).toBeGreaterThan(0);
    };
    // a group that is still sharing out its partitions may give all of a first lot to one of them
    let sent = 0;
    for (let round = 0; round < 20 && sent < 1_200; round++) {
      await send(context.broker(), task, itemsOf(60, sent));
      sent += 60;
      await eventually(() => expect(other.reports(address, "done")).toHaveLength(sent));
      await eventually(() => {
        expect(one.reports(address, "done").length + two.reports(address, "done").length).toBe(sent);
      });
      if (one.reports(address, "done").length > 0 && two.reports(address, "done").length > 0) break;
    }
    enough();
    expect(sorted([...one.reports(address, "done"), ...two.reports(address, "done")])).toEqual(numbers(sent));
    expect(sorted(other.reports(address, "done"))).toEqual(numbers(sent));
    await expectEmpty(context.broker(), { address, group: "shipping" });
    await expectEmpty(context.broker(), { address, group: "billing" });
  });

  test.runIf(cells.redelivery === "yes")(
    row(`M31: what a process killed (-9) in mid-handle had goes to the next, nothing is lost`),
    { timeout: 40_000 },
    async () => {
      const [, survivor, other] = context.workers();
      const victim = await context.spawn("victim");
      const address = uniqueAddress("crash");
      const task = { address, bindings, buffer: 5, concurrency: 3 };
      await victim.start({ ...task, ref: address, group: "shipping", behaviour: { hangFrom: 2 } });
      await other.start({ ...task, ref: address, group: "billing" });
      await send(context.broker(), task, itemsOf(20));
      await eventually(() => expect(victim.reports(address, "started").length).toBeGreaterThanOrEqual(3));
      await victim.kill();
      await survivor.start({ ...task, ref: address, group: "shipping" });
      await eventually(() => {
        const done = new Set(
          [...victim.reports(address, "done"), ...survivor.reports(address, "done")].map(({ n }) => n),
        );
        expect([...done].sort((a, b) => a - b)).toEqual(numbers(20));
      }, 30_000);
      const hung = victim.reports(address, "started").filter(({ n }) => n >= 2);
      for (const { n } of hung) expect(sorted(survivor.reports(address, "done"))).toContain(n);
      await eventually(() => expect(sorted(other.reports(address, "done"))).toEqual(numbers(20)));
      await expectEmpty(context.broker(), { address, group: "shipping" });
    },
  );

  test.runIf(cells.keyOrder === "yes")(
    row(`M32: order holds within each key while 8 handlers of one process run, in each group`),
    async () => {
      const [one, , other] = context.workers();
      const address = uniqueAddress("order");
      const task = { address, bindings, concurrency: 8, buffer: 32, order: "key" as const };
      const behaviour = { uneven: true };
      await one.start({ ...task, ref: address, group: "shipping", behaviour });
      await other.start({ ...task, ref: address, group: "billing", behaviour });
      await send(context.broker(), task, itemsOf(160));
      await eventually(() => {
        expect(one.reports(address, "done")).toHaveLength(160);
        expect(other.reports(address, "done")).toHaveLength(160);
      });
      for (const worker of [one, other]) {
        expectOrder(worker.reports(address));
        expect(mostAtOnce(worker.reports(address))).toBeGreaterThan(1);
        expect(mostAtOnce(worker.reports(address))).toBeLessThanOrEqual(8);
      }
    },
  );

  test.runIf(cells.openParameters === "yes")(
    row(`M31: a parameterised address is consumed with its parameters open, shared and fanned out`),
    async () => {
      const [one, two, other] = context.workers();
      const prefix = uniqueAddress("open").replace(".", "/");
      const address = `${prefix}/{tenant}/orders/{order}`;
      const task = { ref: address, address, bindings, parameters: ["tenant", "order"], buffer: 2 };
      await Promise.all([
        one.start({ ...task, group: "shipping" }),
        two.start({ ...task, group: "shipping" }),
        other.start({ ...task, group: "billing" }),
      ]);
      const concrete = numbers(12).map((n) => `${prefix}/tenant-${n}/orders/${n % 3}`);
      for (const n of numbers(12)) {
        await send(context.broker(), task, [{ n }], { params: { tenant: `tenant-${n}`, order: String(n % 3) } });
      }
      await eventually(() => {
        expect(sorted(other.reports(address, "done"))).toEqual(numbers(12));
        expect(sorted([...one.reports(address, "done"), ...two.reports(address, "done")])).toEqual(numbers(12));
      });
      for (const { n, address: at, params } of other.reports(address, "done")) {
        expect(at).toBe(concrete[n]);
        expect(params).toEqual({ tenant: `tenant-${n}`, order: String(n % 3) });
      }
    },
  );

  test.runIf(cells.batch === "yes")(
    row(`M34: deliveries come several at a time and are acknowledged together`),
    async () => {
      const broker = context.broker();
      const address = uniqueAddress("batch");
      const [, , other] = context.workers();
      const task = { address, bindings };
      await other.start({ ...task, ref: address, group: "billing", concurrency: 100, buffer: 100 });
      const groups = [{ group: "shipping", retryDelaysMs: [], deadLetter: undefined }];
      await broker.ensure({ addresses: [{ address, groups, bindings }] });
      await send(broker, task, itemsOf(300));
      const held: BrokerDelivery[] = [];
      const sizes: number[] = [];
      const acks: Promise<void>[] = [];
      const consumer = await broker.consume({ address, group: "shipping", prefetch: 100, bindings }, (batch) => {
        sizes.push(batch.length);
        held.push(...batch);
        // all verdicts of what is held in one turn
        if (held.length % 100 === 0) acks.push(...held.slice(-100).map((delivery) => delivery.ack()));
      });
      await eventually(() => expect(held).toHaveLength(300));
      await Promise.all(acks);
      expect(new Set(held.map(({ id }) => id)).size).toBe(300);
      expect(Math.max(...sizes)).toBeGreaterThan(1);
      expect(sizes.length).toBeLessThan(300);
      expect(await consumer.drain(2_000)).toEqual([]);
      await expectEmpty(broker, { address, group: "shipping" });
      await eventually(() => expect(sorted(other.reports(address, "done"))).toEqual(numbers(300)));
    },
  );

  test.runIf(cells.redelivery === "yes" && cells.browse === "yes")(
    row(`M31 M34: verdicts in any order over many turns: what had none comes again, what was acknowledged does not`),
    async () => {
      const broker = context.broker();
      const address = uniqueAddress("verdicts");
      const task = { address, bindings };
      const groups = [{ group: "shipping", retryDelaysMs: [], deadLetter: undefined }];
      await broker.ensure({ addresses: [{ address, groups, bindings }] });
      await send(broker, task, itemsOf(200), { id: ({ n }) => `v${n}` });
      const held: BrokerDelivery[] = [];
      const consumer = await broker.consume({ address, group: "shipping", prefetch: 200, bindings }, (batch) => {
        held.push(...batch);
      });
      await eventually(() => expect(held).toHaveLength(200));
      // the same at every run: a failure can be repeated
      const random = mulberry32(200);
      const shuffled = held.map((delivery) => [random(), delivery] as const).sort(([a], [b]) => a - b);
      const acked = shuffled.slice(0, 160).map(([, delivery]) => delivery);
      for (let at = 0; at < acked.length; at += 1 + Math.floor(random() * 12)) {
        for (const delivery of acked.slice(at, at + 12)) delivery.ack().catch(() => {});
        await turn();
      }
      const open = shuffled.slice(160).map(([, { id }]) => id);
      expect((await consumer.drain(0)).map(({ id }) => id).sort()).toEqual(open.slice().sort());
      const again: string[] = [];
      const next = await broker.consume({ address, group: "shipping", prefetch: 200, bindings }, (batch) => {
        for (const delivery of batch) {
          again.push(delivery.id);
          void delivery.ack();
        }
      });
      await eventually(() => expect(new Set(again)).toEqual(new Set([...again, ...open])));
      // acknowledging by position, Kafka gives everything from the lowest open one again; nobody loses one
      if (subject.id !== "kafka") expect(again.slice().sort()).toEqual(open.slice().sort());
      expect(await next.drain(2_000)).toEqual([]);
      await expectEmpty(broker, { address, group: "shipping" });
    },
  );

  test.runIf(cells.redelivery === "yes")(
    row(`M39 T12: a process that drains finishes what runs, the next one gets the rest, nobody anything twice`),
    { timeout: 40_000 },
    async () => {
      const [one, two, other] = context.workers();
      const address = uniqueAddress("drain");
      const task = { address, bindings, concurrency: 2, buffer: 8 };
      await other.start({ ...task, ref: address, group: "billing" });
      await one.start({ ...task, ref: address, group: "shipping", behaviour: { workMs: 100 } });
      await send(context.broker(), task, itemsOf(40));
      await eventually(() => expect(one.reports(address, "done").length).toBeGreaterThanOrEqual(4));
      expect(await one.drain(address, 10_000)).toEqual([]);
      const before = one.reports(address, "done").length;
      expect(before).toBeLessThan(40);
      expect(one.reports(address, "started")).toHaveLength(before);
      await two.start({ ...task, ref: address, group: "shipping" });
      await eventually(() => expect(two.reports(address, "done").length).toBeGreaterThanOrEqual(40 - before), 30_000);
      expect(sorted([...one.reports(address, "done"), ...two.reports(address, "done")])).toEqual(numbers(40));
      expect(one.reports(address, "done")).toHaveLength(before);
      await eventually(() => expect(sorted(other.reports(address, "done"))).toEqual(numbers(40)));
      await expectEmpty(context.broker(), { address, group: "shipping" });
    },
  );
}

/** Within each key, runs begin after the one before has ended, in the order of publishing. */
function expectOrder(reports: readonly Report[]): void {
  const keys = new Map<string | null, string[]>();
  for (const { key, event, n } of reports) keys.set(key, [...(keys.get(key) ?? []), `${event} ${n}`]);
  expect(keys.size).toBe(16);
  for (const [key, events] of keys) {
    const own = numbers(160).filter((n) => `k${n % 16}` === key);
    expect(events).toEqual(own.flatMap((n) => [`started ${n}`, `done ${n}`]));
  }
}

function mostAtOnce(reports: readonly Report[]): number {
  let now = 0;
  let most = 0;
  for (const { event } of reports) {
    now += event === "started" ? 1 : event === "done" ? -1 : 0;
    most = Math.max(most, now);
  }
  return most;
}

/** Random numbers that are the same at every run. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
