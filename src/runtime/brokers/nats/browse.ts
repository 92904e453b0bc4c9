import { JetStreamApiCodes, type JetStreamManager } from "@nats-io/jetstream";
import type { BrokerDelivery } from "../../queue/index.js";
import { browsed } from "../shared/browsed.js";
import { fromHeaders } from "./headers.js";
import { codeOf } from "./topology.js";

export interface BrowseRequest {
  readonly stream: string;
  readonly subject: string;
  /** What this consumer has acknowledged without a gap is not shown. */
  readonly durable: string;
  readonly limit: number;
}

/** Makes a delivery that nobody can settle of a stored message. */
export interface Browsed {
  (address: string, group: string): BrokerDelivery;
  readonly subject: string;
}

/** Reads a stream message by message, oldest first, without a consumer: nothing is taken, nothing remains. */
export async function* browseStream(jsm: JetStreamManager, request: BrowseRequest): AsyncIterable<Browsed> {
  const { stream, subject, durable, limit } = request;
  const info = await jsm.consumers.info(stream, durable).catch(() => undefined);
  let seq = (info?.ack_floor.stream_seq ?? 0) + 1;
  for (let count = 0; count < limit; count++) {
    const query = { seq, next_by_subj: subject };
    const stored = await jsm.streams.getMessage(stream, query).catch((error: unknown) => {
      if (codeOf(error) === JetStreamApiCodes.NoMessageFound) return null;
      throw error;
    });
    if (stored === null) return;
    seq = stored.seq + 1;
    const position = `${stream}#${stored.seq}`;
    const read = (address: string, group: string): BrokerDelivery =>
      browsed(fromHeaders(stored.header, stored.data, address, position).message, {
        group,
        position,
        redelivered: false,
      });
    yield Object.assign(read, { subject: stored.subject });
  }
}
