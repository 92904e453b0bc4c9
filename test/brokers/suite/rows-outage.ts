import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { encodeMessage, isQueueError, publisherTopology, toError } from "../../../src/runtime/queue/index.js";
import type { OwnServer } from "../../support/services/kind.js";
import { expectEmpty, itemsOf, numbers, uniqueAddress, rowTitle, type SuiteContext } from "./subject.js";
import { channelOf } from "./worker.js";
import { eventually } from "./workers.js";

/** Rows about brokers that go away, are not there, or do not let us in. `own`: a server to be killed. */
export function describeOutage(context: SuiteContext, own: Promise<OwnServer | undefined> | undefined): void {
  const { subject, cells } = context;
  const { bindings = {} } = subject;
  const row = rowTitle(subject);

  test.runIf(cells.reconnect === "yes" && own !== undefined)(
    cells.durable === "yes"
      ? row(`M29: the broker killed (-9) in mid-run: consumers come back, no confirmed message is lost`)
      : row(`M29: the broker killed (-9) in mid-run: publishers and consumers come back with their topology`),
    { timeout: 90_000 },
    async (testContext) => {
      const server = await own;
      if (server === undefined) return testContext.skip();
      const broker = await subject.connect(server.url, { member: "publisher" });
      const address = uniqueAddress("outage");
      const task = { address, bindings, ref: address, concurrency: 8, retry: false as const };
      const channel = channelOf(task);
      const [one, two] = await Promise.all([context.spawn("first", server.url), context.spawn("second", server.url)]);
      let stopped = await context.spawn("stopped", server.url);
      try {
        const shipping = { ...task, group: "shipping", behaviour: { workMs: 1 } };
        await Promise.all([one.start(shipping), two.start(shipping)]);
        // a group whose consumer is not there while messages come
        await stopped.start({ ...task, group: "billing" });
        await stopped.kill();
        await broker.ensure(publisherTopology(channel));

        const confirmed = new Set<number>();
        const publishAll = async (from: number, to: number): Promise<void> => {
          for (let n = from; n < to; n += 20) {
            const items = itemsOf(Math.min(20, to - n), n);
            const results = await broker.publish(items.map((item) => encodeMessage(channel, item)));
            results.forEach(({ ok }, i) => ok && confirmed.add(n + i));
          }
        };
        const publishing = publishAll(0, 1_000);
        await eventually(() => expect(confirmed.size).toBeGreaterThanOrEqual(300));
        await server.kill();
        const back = server.restart();
        // those that were on their way fail or are confirmed later; none may stay unsettled
        await publishing;
        await back;
        await eventually(async () => expect(await broker.health()).toMatchObject({ ok: true }), 30_000);
        await eventually(async () => {
          const missing = numbers(1_000).filter((n) => !confirmed.has(n));
          for (const n of missing) {
            const [result] = await broker.publish([encodeMessage(channel, { n, key: `k${n % 16}` })]);
            if (result?.ok === true) confirmed.add(n);
          }
          expect(confirmed.size).toBe(1_000);
        }, 30_000);

        const handled = (): Set<number> => {
          const done = [...one.reports(address, "done"), ...two.reports(address, "done")];
          return new Set(done.map(({ n }) => n));
        };
        if (cells.durable === "yes") {
          await eventually(() => expect(numbers(1_000).filter((n) => !handled().has(n))).toEqual([]), 40_000);
          stopped = await context.spawn("stopped", server.url);
          await stopped.start({ ...task, group: "billing" });
          await eventually(() => {
            const got = new Set(stopped.reports(address, "done").map(({ n }) => n));
            expect(numbers(1_000).filter((n) => !got.has(n))).toEqual([]);
          }, 40_000);
          await expectEmpty(broker, { address, group: "shipping" });
          await expectEmpty(broker, { address, group: "billing" });
        }
        // what is published afterwards reaches consumers that were there before
        await eventually(async () => {
          await broker.publish([encodeMessage(channel, { n: 5_000, key: "late" })]);
          expect(handled()).toContain(5_000);
        }, 30_000);
      } finally {
        await Promise.all([one.kill(), two.kill(), stopped.kill()]);
        await broker.close();
      }
    },
  );

  test.runIf(subject.url !== "")(row(`M31: no broker at start is an error in time that names no secret`), async () => {
    const port = await freePort();
    const url = subject.absent?.(port) ?? withPort(subject.url, port);
    const since = Date.now();
    const error = await subject
      .connect(url, { member: "absent", connectWithinMs: 700 })
      .then(() => new Error("it connected"), toError);
    expect(error).toMatchObject({ name: "QueueError", code: "disconnected" });
    expect(Date.now() - since).toBeLessThan(6_000);
  });

  test.runIf(subject.wrongCredentials !== undefined)(
    row(`M31: wrong credentials are an error at once, without the password in it`),
    async (testContext) => {
      const url = await subject.wrongCredentials?.();
      if (url === undefined) return testContext.skip();
      const since = Date.now();
      const error = await subject
        .connect(url, { member: "stranger", connectWithinMs: 15_000 })
        .then(() => new Error("it connected"), toError);
      expect(isQueueError(error), String(error)).toBe(true);
      // no endless trying of what cannot get better
      expect(Date.now() - since).toBeLessThan(10_000);
      expect(error.message).toMatch(/credential|password|access|auth|login|user/i);
      const password = /\/\/[^:]*:([^@]*)@/.exec(url)?.[1] ?? "wrong-secret";
      expect(`${error.message} ${String(error.cause)}`).not.toContain(password);
    },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function withPort(url: string, port: number): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}
