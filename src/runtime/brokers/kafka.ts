import type { ConnectionOptions, SASLOptions } from "@platformatic/kafka";
import { systemClock } from "../context/index.js";
import type { Broker } from "../queue/index.js";
import { openKafkaBroker, type KafkaBrokerOptions } from "./kafka/broker.js";
import { createPort } from "./kafka/client/port.js";
import { parseServers } from "./kafka/client/servers.js";
import { checkOptions } from "./kafka/options.js";

export type { KafkaBrokerOptions } from "./kafka/broker.js";

/**
 * Settings of a connection to Kafka.
 *
 * @example
 * const broker = await connectKafka("kafka-1.example.com:9093,kafka-2.example.com:9093", {
 *   clientId: "orders",
 *   tls: true,
 *   sasl: { mechanism: "SCRAM-SHA-512", username: "orders", password: process.env.KAFKA_PASSWORD },
 *   compression: "gzip",
 * });
 */
export interface KafkaOptions extends KafkaBrokerOptions {
  /** Shown in the server's logs and quotas; `wirespan` by default. A consumer's `clientId` binding goes before. */
  readonly clientId?: string;
  /** True, or node's options of a TLS connection: certificates, keys. Off by default; `kafka-secure:` switches it on. */
  readonly tls?: boolean | NonNullable<ConnectionOptions["tls"]>;
  /** How to log in; by default as the address says, with SASL/PLAIN, else not at all. */
  readonly sasl?: SASLOptions;
  /** No repetition of a request writes a message twice; on by default. Needs the right `IdempotentWrite` on old servers. */
  readonly idempotent?: boolean;
  /**
   * An id that no other running process has: each batch is one transaction then, of which consumers see all or
   * nothing, and a process that starts with the id ends what its predecessor left open. None by default.
   */
  readonly transactional?: string;
  /** `none` by default. `snappy`, `lz4` and `zstd` need what the client library asks for. */
  readonly compression?: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /**
   * Milliseconds without a heartbeat after which a consumer counts as gone and others take over; 30,000 by default.
   * The server has limits (6 seconds to 30 minutes by default). Handlers may take longer.
   */
  readonly sessionTimeoutMs?: number;
}

/**
 * Kafka over `@platformatic/kafka`: one producer for all that is published, a group member for each consumer. Offsets
 * are committed after the verdicts; failed messages wait in retry topics.
 *
 * @throws {QueueError} `usage` when address or options make no sense, `disconnected` when no server lets us in in time,
 * at once when it refuses the credentials.
 * @example
 * const broker = await connectKafka("localhost:9092");
 * await publishUserCreated(broker, { id: "u1", email: "ada@example.com" });
 */
export async function connectKafka(servers: string | readonly string[], options: KafkaOptions = {}): Promise<Broker> {
  const { clientId = "wirespan", idempotent = true, transactional, compression = "none" } = options;
  const { connectWithinMs = 10_000, sessionTimeoutMs = 30_000, clock = systemClock } = options;
  checkOptions({ ...options, sessionTimeoutMs });
  const { hosts, tls, credentials } = parseServers(servers);
  const sasl =
    options.sasl ?? (credentials === undefined ? undefined : { mechanism: "PLAIN" as const, ...credentials });
  const secure = options.tls ?? tls;
  const port = createPort({
    settings: {
      clientId,
      bootstrapBrokers: [...hosts],
      timeout: 10_000,
      connectTimeout: Math.min(5_000, connectWithinMs),
      requestTimeout: 15_000,
      retries: 2,
      retryDelay: 100,
      autocreateTopics: false,
      ...(secure === false ? {} : { tls: secure === true ? {} : secure, tlsServerName: true }),
      ...(sasl === undefined ? {} : { sasl }),
    },
    clock,
    idempotent,
    transactionalId: transactional,
    compression,
    sessionTimeoutMs,
  });
  return openKafkaBroker(port, { ...options, transactional: transactional !== undefined });
}
