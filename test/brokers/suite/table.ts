import type { Capabilities } from "../../../src/runtime/queue/index.js";

/** The brokers that the suite knows. */
export type BrokerId = "memory" | "rabbitmq" | "kafka" | "redis" | "nats" | "nats-core" | "mqtt";

/** What the suite has tests for. */
export type Row =
  | "confirms"
  | "redelivery"
  | "competing"
  | "fanOut"
  | "keyOrder"
  | "openParameters"
  | "batch"
  | "delayedRetry"
  | "deadLetter"
  | "browse"
  | "headers"
  | "requestReply"
  | "durable"
  | "reconnect";

/** `yes`: the broker does it; `local`: the consumer's process does, for a broker that cannot; `no`: refused. */
export type Cell = "yes" | "local" | "no";

const everything: Readonly<Record<Row, Cell>> = {
  confirms: "yes",
  redelivery: "yes",
  competing: "yes",
  fanOut: "yes",
  keyOrder: "yes",
  openParameters: "yes",
  batch: "yes",
  delayedRetry: "yes",
  deadLetter: "yes",
  browse: "yes",
  headers: "yes",
  requestReply: "yes",
  durable: "yes",
  reconnect: "yes",
};

/**
 * What each broker must be able to do. A broker that declares less fails a test, and so does one that declares more: a
 * row that nobody tests is no row.
 */
export const brokerTable: Readonly<Record<BrokerId, Readonly<Record<Row, Cell>>>> = {
  memory: { ...everything, durable: "no", reconnect: "no" },
  rabbitmq: everything,
  kafka: { ...everything, openParameters: "no" },
  redis: { ...everything, openParameters: "no" },
  nats: everything,
  "nats-core": {
    ...everything,
    confirms: "no",
    redelivery: "no",
    keyOrder: "no",
    batch: "no",
    delayedRetry: "local",
    browse: "no",
    durable: "no",
  },
  // order per key is the pipeline's; it holds wherever one process gets the messages of a key in order
  mqtt: { ...everything, batch: "no", delayedRetry: "local", browse: "no", durable: "no" },
};

/** What a broker must say of itself according to its row of the table. */
export function declarationOf(id: BrokerId): Capabilities {
  const cells = brokerTable[id];
  return {
    confirms: cells.confirms === "yes",
    redelivery: cells.redelivery === "yes",
    fanOut: cells.fanOut === "yes",
    openParameters: cells.openParameters === "yes",
    batch: cells.batch === "yes",
    // in the consumer's process: nothing that the broker could promise
    delayedRetry: cells.delayedRetry === "yes",
    deadLetter: cells.deadLetter === "yes",
    browse: cells.browse === "yes",
    headers: cells.headers === "yes",
    requestReply: cells.requestReply === "yes",
    durable: cells.durable === "yes",
    reconnect: cells.reconnect === "yes",
  };
}
