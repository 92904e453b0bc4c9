import { QueueError, toError } from "../../queue/index.js";

/** What to do about a failed request. */
export type FailureKind =
  /** Another try may work: no connection, no leader, a coordinator that loads. */
  | "retriable"
  /** There is no such topic. */
  | "unknown_topic"
  /** The server does not let us in, or not there. */
  | "denied"
  /** A batch or a message is larger than the server takes. */
  | "too_large"
  /** The group was formed anew: the generation of the request is over. */
  | "rebalance"
  /** The producer's id or sequence is no longer valid: it needs a new one. */
  | "fenced"
  /** The note that goes with a commit is larger than the server takes. */
  | "metadata_too_large"
  | "refused";

/** A failed request to Kafka, whichever client made it. */
export class KafkaFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, cause: unknown) {
    super(message, { cause });
    this.name = "KafkaFailure";
    this.kind = kind;
  }
}

const kinds: Readonly<Record<string, FailureKind>> = {
  UNKNOWN_TOPIC_OR_PARTITION: "unknown_topic",
  UNKNOWN_TOPIC_ID: "retriable",
  INVALID_TOPIC_EXCEPTION: "unknown_topic",
  MESSAGE_TOO_LARGE: "too_large",
  RECORD_LIST_TOO_LARGE: "too_large",
  OFFSET_METADATA_TOO_LARGE: "metadata_too_large",
  ILLEGAL_GENERATION: "rebalance",
  UNKNOWN_MEMBER_ID: "rebalance",
  REBALANCE_IN_PROGRESS: "rebalance",
  FENCED_INSTANCE_ID: "rebalance",
  OUT_OF_ORDER_SEQUENCE_NUMBER: "fenced",
  DUPLICATE_SEQUENCE_NUMBER: "fenced",
  UNKNOWN_PRODUCER_ID: "fenced",
  INVALID_PRODUCER_EPOCH: "fenced",
  INVALID_PRODUCER_ID_MAPPING: "fenced",
  INVALID_TXN_STATE: "fenced",
  PRODUCER_FENCED: "fenced",
  TOPIC_AUTHORIZATION_FAILED: "denied",
  GROUP_AUTHORIZATION_FAILED: "denied",
  CLUSTER_AUTHORIZATION_FAILED: "denied",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "denied",
  SASL_AUTHENTICATION_FAILED: "denied",
  UNSUPPORTED_SASL_MECHANISM: "denied",
  ILLEGAL_SASL_STATE: "denied",
};

/** The kind of a protocol error by its name in Kafka's table; `retriable` is what that table says of others. */
export function kindOfProtocolError(name: string, retriable: boolean): FailureKind {
  return kinds[name] ?? (retriable ? "retriable" : "refused");
}

/** A failure as the contract's error, with what was being done in front. */
export function toQueueError(what: string, thrown: unknown): QueueError {
  if (thrown instanceof QueueError) return thrown;
  const error = toError(thrown);
  const text = `${what}: ${error.message}`;
  const kind = error instanceof KafkaFailure ? error.kind : "refused";
  switch (kind) {
    case "retriable":
    case "rebalance":
      return new QueueError("disconnected", text, { cause: error });
    case "unknown_topic":
      return new QueueError("topology", text, { cause: error });
    case "denied":
    case "too_large":
    case "fenced":
    case "metadata_too_large":
    case "refused":
      return new QueueError("refused", text, { cause: error });
  }
}
