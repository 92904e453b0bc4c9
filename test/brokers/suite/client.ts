import type { Broker } from "../../../src/runtime/queue/index.js";

/** How a test connects; the same function in the test's process and in others. */
export type ConnectBroker = (url: string, options: ConnectOptions) => Promise<Broker>;

export interface ConnectOptions {
  /** Different for each process that runs at a time, equal after a restart; for brokers that need to know. */
  readonly member: string;
  /** Milliseconds; the broker's default. */
  readonly connectWithinMs?: number | undefined;
}

/** Stands for the client of the broker under test: the bundler puts that in place of this file. */
export const connect: ConnectBroker = () => Promise.reject(new Error("no broker's client was bundled"));
