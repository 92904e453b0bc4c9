import type { Clock } from "../../context/index.js";
import { KafkaFailure, toQueueError } from "./failure.js";
import type { KafkaPort, NewTopic } from "./port.js";
import { persist } from "./wait.js";

/** What is known about topics: asked for once a minute at most. */
export interface Topics {
  /** The number of partitions, if that was asked for lately. */
  known(topic: string): number | undefined;
  /** Asks; undefined when there is no such topic. @throws {QueueError} when no server answers in time. */
  partitions(topic: string, withinMs: number): Promise<number | undefined>;
  /** Creates one where there is none; never changes one that exists. @throws {QueueError} `topology`, … */
  create(topic: NewTopic, withinMs: number): Promise<void>;
  forget(topic: string): void;
}

const maxAgeMs = 60_000;
const maxTopics = 10_000;
export function createTopics(port: KafkaPort, clock: Clock): Topics {
  const counts = new Map<string, { readonly count: number; readonly until: number }>();
  const asking = new Map<string, Promise<number | undefined>>();

  function note(topic: string, count: number): void {
    if (counts.size >= maxTopics) counts.clear();
    counts.set(topic, { count, until: clock.now() + maxAgeMs });
  }

  const topics: Topics = {
    known(topic) {
      const entry = counts.get(topic);
      return entry !== undefined && entry.until > clock.now() ? entry.count : undefined;
    },
    partitions(topic, withinMs) {
      let asked = asking.get(topic);
      if (asked === undefined) {
        asked = persist(clock, withinMs, () => port.partitions(topic))
          .then((count) => {
            if (count !== undefined) note(topic, count);
            return count;
          })
          .finally(() => asking.delete(topic));
        asking.set(topic, asked);
      }
      return asked;
    },
    async create(topic, withinMs) {
      const { topic: name } = topic;
      if (topics.known(name) !== undefined) return;
      try {
        if ((await topics.partitions(name, withinMs)) !== undefined) return;
        await persist(clock, withinMs, () => port.createTopic(topic));
        // the server that answers next may not know of it yet
        await persist(clock, withinMs, async () => {
          if ((await topics.partitions(name, withinMs)) !== undefined) return;
          throw new KafkaFailure("retriable", `${name} was created and is not to be seen`, undefined);
        });
      } catch (error) {
        throw toQueueError(`topic ${name}`, error);
      }
    },
    forget: (topic) => {
      counts.delete(topic);
    },
  };
  return topics;
}
