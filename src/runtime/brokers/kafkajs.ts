import type { Kafka } from "kafkajs";
import { systemClock } from "../context/index.js";
import type { Broker } from "../queue/index.js";
import { openKafkaBroker, type KafkaBrokerOptions } from "./kafka/broker.js";
import { checkOptions } from "./kafka/options.js";
import { createPort } from "./kafkajs/port.js";

export type { KafkaBrokerOptions } from "./kafka/broker.js";

/**
 * Settings of a broker over a kafkajs client; servers, TLS, credentials and logs are the client's.
 *
 * @example const broker = await connectKafkajs(kafka, { compression: "gzip", sessionTimeoutMs: 10_000 });
 */
export interface KafkajsOptions extends KafkaBrokerOptions {
  /** No repetition of a request writes a message twice; on by default. */
  readonly idempotent?: boolean;
  /** An id that no other running process has: each batch is one transaction then. None by default. */
  readonly transactional?: string;
  /** `none` by default. Others than `gzip` need a codec that was registered with kafkajs. */
  readonly compression?: keyof typeof compressions;
  /**
   * Milliseconds without a heartbeat after which a consumer counts as gone and others take over; 30,000 by default.
   * Handlers may take longer.
   */
  readonly sessionTimeoutMs?: number;
}

const compressions = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/**
 * Kafka over a kafkajs client that the program holds already. What it makes of the client, a producer, an admin client
 * and a consumer for each that consumes, ends with `close`; the client stays the program's.
 *
 * @throws {QueueError} `usage` when options make no sense, `disconnected` when no server lets us in in time.
 * @example const broker = await connectKafkajs(new Kafka({ clientId: "orders", brokers: ["localhost:9092"] }));
 */
export async function connectKafkajs(kafka: Kafka, options: KafkajsOptions = {}): Promise<Broker> {
  const { idempotent = true, transactional, compression = "none", sessionTimeoutMs = 30_000 } = options;
  checkOptions({ ...options, sessionTimeoutMs });
  const port = createPort({
    kafka,
    clock: options.clock ?? systemClock,
    idempotent,
    transactionalId: transactional,
    compression: compressions[compression],
    sessionTimeoutMs,
  });
  return openKafkaBroker(port, { ...options, transactional: transactional !== undefined });
}
