import type { ConnectionOptions, fetchV13 } from "@platformatic/kafka";

export type FetchResponsePartition = fetchV13.FetchResponsePartition;
export type FetchResponse = fetchV13.FetchResponse;

/** What every object of the client is made with. */
export interface ClientSettings extends ConnectionOptions {
  readonly clientId: string;
  readonly bootstrapBrokers: string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly requestTimeout: number;
  /** How often one request is made again before it fails; going on after that is ours. */
  readonly retries: number;
  readonly retryDelay: number;
  readonly autocreateTopics: false;
}
