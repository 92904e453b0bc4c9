import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Broker } from "../../src/runtime/queue/index.js";
import { bundleProgram } from "../support/program.js";
import { describeBrokerContract } from "./contract.js";
import { describeDelivery } from "./suite/rows-delivery.js";
import { describeFailure } from "./suite/rows-failure.js";
import { describeOutage } from "./suite/rows-outage.js";
import { rowTitle, type BrokerSubject, type SuiteContext } from "./suite/subject.js";
import { brokerTable, declarationOf } from "./suite/table.js";
import { localWorker, processWorker, type Worker } from "./suite/workers.js";

export type { ConnectBroker } from "./suite/client.js";
export type { BrokerSubject } from "./suite/subject.js";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * The behaviour suite: the rows of the table (`suite/table.ts`) that a broker has, the same for all of them. Consumers
 * run in processes of their own where the broker can be reached from several.
 *
 * @example
 * describeBroker({
 *   id: "redis",
 *   mission: "M25",
 *   title: `Redis ${server.version}`,
 *   url: server.url,
 *   connect,
 *   clientModule: fileURLToPath(new URL("./clients/redis.ts", import.meta.url)),
 *   startOwn: startRedis,
 * });
 */
export function describeBroker(subject: BrokerSubject): void {
  const cells = brokerTable[subject.id];
  const { title, clientModule } = subject;
  // up while the others run
  const own = cells.reconnect === "yes" ? subject.startOwn?.() : undefined;
  own?.catch(() => {});

  describeBrokerContract(title, () => subject.connect(subject.url, { member: "contract" }), cells, subject);

  const timeout = subject.concurrent === true ? 40_000 : 20_000;
  describe.concurrent(`${title} and several processes`, { timeout }, () => {
    let broker: Broker | undefined;
    let workers: readonly Worker[] = [];
    let program: Promise<string> | undefined;
    const spawned: Worker[] = [];

    const context: SuiteContext = {
      subject,
      cells,
      broker: () => broker ?? missing(),
      workers: () => {
        const [one, two, three] = workers;
        return one === undefined || two === undefined || three === undefined ? missing() : [one, two, three];
      },
      async spawn(member, url = subject.url) {
        const worker =
          program === undefined
            ? localWorker(broker ?? missing())
            : await processWorker(await program, url, `${member}-${spawned.length}`);
        spawned.push(worker);
        return worker;
      },
    };

    beforeAll(async () => {
      if (clientModule !== undefined) {
        await mkdir(file("../../node_modules/.cache/wirespan-tests/"), { recursive: true });
        const instead = new Map([[file("./suite/client.ts"), clientModule]]);
        program = bundleProgram(file("./suite/program.ts"), `broker-${subject.id}`, instead);
      }
      broker = await subject.connect(subject.url, { member: "test" });
      workers = await Promise.all(["one", "two", "three"].map((member) => context.spawn(member)));
    }, 30_000);
    afterAll(async () => {
      await Promise.all(spawned.map((worker) => worker.kill()));
      await broker?.close();
      await (await own)?.stop();
    }, 30_000);

    test(rowTitle(subject)("M31: it declares what the table of capabilities says, no less and no more"), () => {
      expect(context.broker().id).toBe(subject.id);
      expect(context.broker().capabilities).toEqual(declarationOf(subject.id));
    });

    // the longest first
    describeOutage(context, own);
    describeDelivery(context);
    describeFailure(context);
  });
}

function missing(): never {
  throw new Error("asked before the tests run");
}
