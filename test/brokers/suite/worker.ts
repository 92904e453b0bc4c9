import { setTimeout as wait } from "node:timers/promises";
import {
  consume,
  jsonPayload,
  shape,
  type Broker,
  type ChannelInfo,
  type Consumer,
  type RetryPolicy,
} from "../../../src/runtime/queue/index.js";

type PayloadType<T, Init> = ChannelInfo<T, Init>["message"];

/** The message of all tests of the suite. */
export interface Item {
  readonly n: number;
  readonly key?: string;
}

export const item: PayloadType<Item, Item> = jsonPayload<Item>(
  "Item",
  shape.object({ required: { n: shape.integer() }, optional: { key: shape.string() } }),
);

/** What a consumer is told to do: plain JSON, it may live in another process. */
export interface Task {
  /** Names the consumer in reports. */
  readonly ref: string;
  readonly address: string;
  readonly parameters?: readonly string[];
  readonly group: string;
  readonly concurrency?: number;
  readonly buffer?: number;
  readonly order?: "none" | "key" | "strict";
  readonly retry?: RetryPolicy | false;
  /** True by default. */
  readonly deadLetter?: boolean;
  /** Of the channel, for brokers whose defaults do not fit a test. */
  readonly bindings?: Readonly<Record<string, unknown>>;
  readonly behaviour?: Behaviour;
}

export interface Behaviour {
  /** Milliseconds of work. */
  readonly workMs?: number;
  /** From 0 to 3 milliseconds more, different for neighbours. */
  readonly uneven?: boolean;
  /** Messages from this number on never end. */
  readonly hangFrom?: number;
  /** Messages with a number below 0 fail on these attempts. */
  readonly failAttempts?: readonly number[];
  /** Answers to the header `x-reply-to` with ten times the number. */
  readonly replies?: boolean;
}

/** What a consumer says about each run of its handler. */
export interface Report {
  readonly ref: string;
  /** `retried`: the broker has the delayed message; `dead`: it has the dead letter. These two know the id alone. */
  readonly event: "started" | "done" | "failed" | "retried" | "dead";
  readonly n: number;
  readonly attempt: number;
  readonly redelivered: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
  readonly key: string | null;
  readonly address: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

const nothing = { n: 0, attempt: 0, redelivered: false, key: null, address: "", params: {}, headers: {} };

/** A channel as a document would describe it. */
export function channelOf(
  task: Pick<Task, "address" | "parameters" | "bindings">,
): ChannelInfo<Item, Item, Record<string, string>> {
  return {
    id: "items",
    address: task.address,
    parameters: (task.parameters ?? []).map((name) => ({ name })),
    message: item,
    contentType: "application/json",
    key: "$message.payload#/key",
    bindings: task.bindings ?? {},
    consumer: {},
  };
}

/** Consumers of one broker object, driven by tasks. */
export interface TaskRunner {
  start(task: Task): Promise<void>;
  /** Resolves to the ids of what was not finished. */
  drain(ref: string, withinMs: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

export function createTaskRunner(broker: Broker, report: (report: Report) => void): TaskRunner {
  const consumers = new Map<string, Consumer>();
  return {
    async start(task) {
      const { behaviour = {} } = task;
      const consumer = await consume(
        broker,
        channelOf(task),
        async ({ n }, { attempt, redelivered, id, key = null, address, params, headers }) => {
          const say = (event: Report["event"]): void =>
            report({
              ref: task.ref,
              event,
              n,
              attempt,
              redelivered,
              at: Date.now(),
              id,
              key,
              address,
              params: { ...params },
              headers: { ...headers },
            });
          say("started");
          if (behaviour.hangFrom !== undefined && n >= behaviour.hangFrom) await new Promise(() => {});
          if (behaviour.workMs !== undefined) await wait(behaviour.workMs);
          if (behaviour.uneven === true) await wait((n * 7) % 4);
          if (n < 0 && behaviour.failAttempts?.includes(attempt) === true) {
            say("failed");
            throw new TypeError(`attempt ${attempt} of ${n}`);
          }
          if (behaviour.replies === true) await reply(broker, n, headers);
          say("done");
        },
        {
          group: task.group,
          concurrency: task.concurrency,
          buffer: task.buffer,
          order: task.order,
          retry: task.retry,
          deadLetter: task.deadLetter ?? true,
          // a test makes most of its messages fail
          killSwitch: false,
          onEvent: (event) => {
            if (event.kind !== "retried" && event.kind !== "dead") return;
            report({ ...nothing, ref: task.ref, event: event.kind, id: event.id, at: Date.now() });
          },
        },
      );
      consumers.set(task.ref, consumer);
    },
    async drain(ref, withinMs) {
      return ((await consumers.get(ref)?.drain(withinMs)) ?? []).map(({ id }) => id);
    },
    async close() {
      await Promise.all([...consumers.values()].map((consumer) => consumer.drain(0)));
    },
  };
}

async function reply(broker: Broker, n: number, headers: Readonly<Record<string, string>>): Promise<void> {
  const address = headers["x-reply-to"];
  const correlation = headers["x-correlation-id"];
  if (address === undefined || correlation === undefined) return;
  const [result] = await broker.publish([
    {
      address,
      id: `reply-to-${correlation}`,
      headers: { "x-correlation-id": correlation },
      contentType: "application/json",
      body: new TextEncoder().encode(JSON.stringify({ n: n * 10 })),
    },
  ]);
  if (result?.ok !== true) throw result?.error ?? new Error("no result");
}
