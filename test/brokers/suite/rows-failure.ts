import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { deadHeaders, messageHeaders, type OutgoingMessage } from "../../../src/runtime/queue/index.js";
import {
  expectEmpty,
  itemsOf,
  lettersAt,
  numbers,
  send,
  sorted,
  uniqueAddress,
  rowTitle,
  type SuiteContext,
} from "./subject.js";
import { eventually } from "./workers.js";

/** How much earlier than asked for a timer may be: clocks of two processes, rounded to milliseconds. */
const toleranceMs = 15;

/** Rows about failure, and what messages carry. */
export function describeFailure(context: SuiteContext): void {
  const { subject, cells } = context;
  const { bindings = {} } = subject;
  const row = rowTitle(subject);

  test(
    row(`M37 T2: unequal delays, the consumer killed in between: no handler runs early, others keep flowing`),
    { timeout: 40_000 },
    async () => {
      const [, second, other] = context.workers();
      const first = await context.spawn("retrying");
      const address = uniqueAddress("retry");
      const delaysMs = [1_200, 300];
      const task = { address, bindings, ref: address, retry: { maxAttempts: 4, quick: 1, delaysMs } };
      const shipping = { ...task, group: "shipping", concurrency: 2, behaviour: { failAttempts: [1, 2] } };
      await first.start(shipping);
      await other.start({ ...task, group: "billing" });
      const poison = { n: -1, key: "poison" };
      await send(context.broker(), task, [poison, ...itemsOf(20)], { id: ({ n }) => `${address}#${n}` });
      // the broker has it, or, where the consumer keeps it, the others were not held up
      const local = cells.delayedRetry === "local";
      await eventually(() => {
        expect(first.reports(address, local ? "failed" : "retried")).toHaveLength(1);
        expect(sorted(first.reports(address, "done"))).toEqual(numbers(20));
      });
      const [failed] = first.reports(address, "failed");
      // long before it is due
      expect(first.reports(address, "done").every(({ at }) => at < (failed?.at ?? 0) + 1_200)).toBe(true);
      if (!local) {
        await first.kill();
        await second.start(shipping);
      }
      const later = local ? first : second;
      await eventually(() => expect(later.reports(address, "done").filter(({ n }) => n === -1)).toHaveLength(1));
      const runs = later.reports(address, "started").filter(({ n, attempt }) => n === -1 && attempt > 1);
      expect(runs.map(({ attempt }) => attempt)).toEqual([2, 3]);
      const [secondRun, thirdRun] = runs;
      expect((secondRun?.at ?? 0) - (failed?.at ?? 0)).toBeGreaterThanOrEqual(1_200 - toleranceMs);
      const secondFailure = later.reports(address, "failed").find(({ attempt }) => attempt === 2);
      expect((thirdRun?.at ?? 0) - (secondFailure?.at ?? 0)).toBeGreaterThanOrEqual(300 - toleranceMs);
      // the other group has retries of its own: none
      const elsewhere = other.reports(address, "started").filter(({ n }) => n === -1);
      expect(elsewhere.map(({ attempt }) => attempt)).toEqual([1]);
      await expectEmpty(context.broker(), { address, group: "shipping" });
    },
  );

  test(
    row(`M37 T2: more poison messages than are fetched at a time wait for long, all the others pass meanwhile`),
    { timeout: 40_000 },
    async () => {
      const [one, , other] = context.workers();
      const address = uniqueAddress("much-poison");
      const delayMs = 5_000;
      const task = { address, bindings, ref: address, retry: { maxAttempts: 2, quick: 1, delaysMs: [delayMs] } };
      await one.start({ ...task, group: "shipping", concurrency: 1, buffer: 4, behaviour: { failAttempts: [1] } });
      await other.start({ ...task, group: "billing" });
      const poison = numbers(25).map((n) => ({ n: -1 - n, key: `poison-${n}` }));
      await send(context.broker(), task, poison);
      await send(context.broker(), task, itemsOf(25));
      await eventually(() => {
        expect(one.reports(address, "failed")).toHaveLength(25);
        expect(sorted(one.reports(address, "done").filter(({ n }) => n >= 0))).toEqual(numbers(25));
      });
      const firstDue = Math.min(...one.reports(address, "failed").map(({ at }) => at)) + delayMs;
      const passed = one.reports(address, "done").filter(({ n }) => n >= 0);
      expect(Math.max(...passed.map(({ at }) => at))).toBeLessThan(firstDue);
      await eventually(() => expect(one.reports(address, "done")).toHaveLength(50), 20_000);
      const again = one.reports(address, "started").filter(({ attempt }) => attempt === 2);
      expect(sorted(again)).toEqual(sorted(poison));
      for (const { n, at } of again) {
        const failed = one.reports(address, "failed").find((report) => report.n === n);
        expect(at - (failed?.at ?? 0)).toBeGreaterThanOrEqual(delayMs - toleranceMs);
      }
      await eventually(() => expect(other.reports(address, "done")).toHaveLength(50));
      await expectEmpty(context.broker(), { address, group: "shipping" });
    },
  );

  test.runIf(cells.deadLetter === "yes")(
    row(`M38 T11: a poison message is among the dead letters with reason, attempts, origin and traceparent`),
    async () => {
      const [one, two, other] = context.workers();
      const broker = context.broker();
      const address = uniqueAddress("poison");
      const task = { address, bindings, ref: address, retry: { maxAttempts: 3, quick: 2, delaysMs: [100] } };
      const behaviour = { failAttempts: [1, 2, 3] };
      const place = broker.deadLetterAddress(address, "shipping", bindings);
      const seen: OutgoingMessage[] = [];
      const source = { address: place, group: "", prefetch: 10 };
      const watch =
        cells.browse === "yes"
          ? undefined
          : await broker.consume(source, (batch) => {
              seen.push(...batch);
              for (const delivery of batch) void delivery.ack();
            });
      await Promise.all([
        one.start({ ...task, group: "shipping", behaviour }),
        two.start({ ...task, group: "shipping", behaviour }),
        other.start({ ...task, group: "billing" }),
      ]);
      const traceId = randomUUID().replaceAll("-", "");
      await send(broker, task, [{ n: -1, key: "k-1" }], {
        id: () => `${address}#poison`,
        headers: { "x-tenant": "acme" },
      });
      await send(broker, task, itemsOf(20));
      await eventually(() => {
        const dead = [...one.reports(address, "dead"), ...two.reports(address, "dead")];
        expect(dead.map(({ id }) => id)).toEqual([`${address}#poison`]);
        expect(sorted([...one.reports(address, "done"), ...two.reports(address, "done")])).toEqual(numbers(20));
        // the other group handled it
        expect(sorted(other.reports(address, "done"))).toEqual([-1, ...numbers(20)]);
      });
      const failures = [...one.reports(address, "failed"), ...two.reports(address, "failed")];
      expect(failures.map(({ attempt }) => attempt).sort()).toEqual([1, 2, 3]);
      if (watch !== undefined) await eventually(() => expect(seen).toHaveLength(1));
      const letters = watch === undefined ? await lettersAt(broker, place) : seen;
      expect(letters).toHaveLength(1);
      const [letter] = letters;
      expect(letter?.id).toBe(`${address}#poison`);
      expect(JSON.parse(new TextDecoder().decode(letter?.body))).toEqual({ n: -1, key: "k-1" });
      const [failure] = failures;
      expect(letter?.headers).toMatchObject({
        "x-tenant": "acme",
        traceparent: failure?.headers["traceparent"],
        [deadHeaders.reason]: "exhausted: attempt 3 of -1",
        [deadHeaders.class]: "TypeError",
        [deadHeaders.attempts]: "3",
        [deadHeaders.address]: address,
        [deadHeaders.group]: "shipping",
        [deadHeaders.key]: "k-1",
        [deadHeaders.messageId]: `${address}#poison`,
      });
      expect(letter?.headers["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      expect(letter?.headers[deadHeaders.position]).toBeTruthy();
      expect(Date.parse(letter?.headers[deadHeaders.firstAt] ?? "")).toBeGreaterThan(0);
      expect(traceId).toHaveLength(32);
      // browsing takes nothing
      if (watch === undefined) expect(await lettersAt(broker, place)).toHaveLength(1);
      await watch?.drain(1_000);
      await expectEmpty(broker, { address, group: "shipping" });
    },
  );

  test.runIf(cells.headers === "yes")(
    row(`M40 T13: id, key and headers arrive in the other process unchanged, odd names too`),
    async () => {
      const [one, , other] = context.workers();
      const address = uniqueAddress("headers");
      const task = { address, bindings, ref: address };
      await one.start({ ...task, group: "shipping" });
      await other.start({ ...task, group: "billing" });
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const headers = {
        tracestate: "vendor=1",
        baggage: "tenant=acme,user=%C3%A4",
        "x-note": "ä ☃ = value, with: signs",
        constructor: "data",
        key: "not the key",
        id: "not the id",
      };
      const [message] = itemsOf(1);
      if (message === undefined) throw new Error("no item");
      await send(context.broker(), task, [message], { id: () => `${address}#1`, headers: { ...headers, traceparent } });
      for (const worker of [one, other]) {
        await eventually(() => expect(worker.reports(address, "done")).toHaveLength(1));
        const [got] = worker.reports(address, "done");
        expect(got).toMatchObject({ id: `${address}#1`, key: "k0", address, attempt: 1 });
        expect(got?.headers).toMatchObject({ ...headers, [messageHeaders.id]: `${address}#1` });
        expect(got?.headers["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      }
    },
  );

  test.runIf(cells.requestReply === "yes")(
    row(`M30: requests to two processes are answered to the inbox of the one that asked`),
    async () => {
      const [one, two, other] = context.workers();
      const broker = context.broker();
      expect(broker.openInbox, "declared, so it must be there").toBeTypeOf("function");
      const address = uniqueAddress("ask");
      const task = { address, bindings, ref: address, buffer: 1 };
      await Promise.all([
        one.start({ ...task, group: "answering", behaviour: { replies: true } }),
        two.start({ ...task, group: "answering", behaviour: { replies: true } }),
        other.start({ ...task, group: "auditing" }),
      ]);
      const mine: OutgoingMessage[] = [];
      const theirs: OutgoingMessage[] = [];
      const inbox = await broker.openInbox?.((messages) => mine.push(...messages));
      const second = await broker.openInbox?.((messages) => theirs.push(...messages));
      expect(inbox?.address).toBeTruthy();
      expect(second?.address).not.toBe(inbox?.address);
      for (const item of itemsOf(20)) {
        const headers = { "x-reply-to": inbox?.address ?? "", "x-correlation-id": `c${item.n}` };
        await send(broker, task, [item], { headers });
      }
      await eventually(() => expect(mine).toHaveLength(20));
      const answers = mine.map(({ headers, body }) => [headers["x-correlation-id"], new TextDecoder().decode(body)]);
      expect(new Map(answers.map(([id, text]) => [id, text]))).toEqual(
        new Map(numbers(20).map((n) => [`c${n}`, JSON.stringify({ n: n * 10 })])),
      );
      expect(theirs).toEqual([]);
      await eventually(() => expect(other.reports(address, "done")).toHaveLength(20));
      await inbox?.close();
      await second?.close();
    },
  );
}
