import { toError } from "../../queue/index.js";
import { KafkaFailure, kindOfProtocolError, type FailureKind } from "../kafka/failure.js";

const maxDepth = 8;

/** An error of the client as one that says what to do about it. */
export function failureOf(thrown: unknown): KafkaFailure {
  if (thrown instanceof KafkaFailure) return thrown;
  let found: { readonly kind: FailureKind; readonly text: string } | undefined;
  let error: unknown = thrown;
  // the tries are wrapped around what went wrong
  for (let depth = 0; depth < maxDepth && error instanceof Error; depth++) {
    const kind = kindOf(error);
    if (kind !== undefined) found = { kind, text: textOf(error) };
    error = error.cause;
  }
  return new KafkaFailure(found?.kind ?? "refused", found?.text ?? toError(thrown).message, thrown);
}

function textOf(error: Error): string {
  const type: unknown = "type" in error ? error.type : undefined;
  return typeof type === "string" ? `${error.message} [${type}]` : error.message;
}

function kindOf(error: Error): FailureKind | undefined {
  const type: unknown = "type" in error ? error.type : undefined;
  if (typeof type === "string") return kindOfProtocolError(type, "retriable" in error && error.retriable === true);
  switch (error.name) {
    case "KafkaJSSASLAuthenticationError":
      return "denied";
    case "KafkaJSConnectionError":
    case "KafkaJSConnectionClosedError":
    case "KafkaJSRequestTimeoutError":
    case "KafkaJSBrokerNotFound":
    case "KafkaJSMetadataNotLoaded":
    case "KafkaJSTopicMetadataNotLoaded":
    case "KafkaJSNoBrokerAvailableError":
    case "KafkaJSGroupCoordinatorNotFound":
    case "KafkaJSLockTimeout":
      return "retriable";
    default:
      if (error.message.includes("producer is disconnected")) return "retriable";
      // what wraps the tries says nothing by itself
      return undefined;
  }
}

/** Awaits a request, failing with a `KafkaFailure`. */
export async function request<T>(made: Promise<T>): Promise<T> {
  try {
    return await made;
  } catch (error) {
    throw failureOf(error);
  }
}
