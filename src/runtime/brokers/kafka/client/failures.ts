import { toError } from "../../../queue/index.js";
import { KafkaFailure, kindOfProtocolError, type FailureKind } from "../failure.js";

const maxLeaves = 100;

/** An error of the client as one that says what to do about it: it nests the errors of tries, servers and partitions. */
export function failureOf(thrown: unknown): KafkaFailure {
  if (thrown instanceof KafkaFailure) return thrown;
  const leaves: { readonly kind: FailureKind | undefined; readonly text: string }[] = [];
  collect(thrown, leaves);
  const chosen =
    leaves.find(({ kind }) => kind === "denied") ??
    leaves.findLast(({ kind }) => kind !== undefined && kind !== "retriable") ??
    leaves.findLast(({ kind }) => kind !== undefined) ??
    leaves.at(-1);
  return new KafkaFailure(chosen?.kind ?? "refused", chosen?.text ?? toError(thrown).message, thrown);
}

function collect(thrown: unknown, leaves: { kind: FailureKind | undefined; text: string }[], above = ""): void {
  if (leaves.length >= maxLeaves || !(thrown instanceof Error)) return;
  const nested: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  const kind = kindOf(thrown);
  const own = messageOf(thrown);
  const text = above === "" || own === "" ? own || above : `${above} (${own})`;
  if (nested.length > 0) for (const error of nested) collect(error, leaves);
  else if (thrown.cause instanceof Error) {
    collect(thrown.cause, leaves, text);
    if (kind !== undefined) leaves.splice(-1, 0, { kind, text });
  } else leaves.push({ kind, text });
}

function messageOf(error: Error): string {
  const id: unknown = "apiId" in error ? error.apiId : undefined;
  const told: unknown = "serverErrorMessage" in error ? error.serverErrorMessage : undefined;
  const name = typeof id === "string" ? ` [${id}]` : "";
  return `${error.message}${name}${typeof told === "string" ? ` ${told}` : ""}`;
}

function kindOf(error: Error): FailureKind | undefined {
  const id: unknown = "apiId" in error ? error.apiId : undefined;
  if (typeof id === "string") return kindOfProtocolError(id, "canRetry" in error && error.canRetry === true);
  switch ("code" in error ? error.code : undefined) {
    case "PLT_KFK_AUTHENTICATION":
      return "denied";
    case "PLT_KFK_NETWORK":
    case "PLT_KFK_TIMEOUT":
      return "retriable";
    case "PLT_KFK_USER":
      return error.message.startsWith("Unknown topic") ? "unknown_topic" : "refused";
    default:
      // of node's sockets, or a pool that is being closed
      return "syscall" in error || error.message.includes("pool is closed") ? "retriable" : undefined;
  }
}

/** Connections of one object of the client. */
export type Connections = Iterable<readonly [string, { close(callback: () => void): void }]>;

/**
 * The failure of a request over these connections. After one that timed out they are closed: the client (1.35) reads
 * nothing more from a connection on which an answer comes too late.
 */
export function failedOn(connections: Connections, thrown: unknown): KafkaFailure {
  const failure = failureOf(thrown);
  if (failure.message.includes("timed out")) for (const [, connection] of connections) connection.close(() => {});
  return failure;
}

/** Awaits a request, failing with a `KafkaFailure`. */
export async function request<T>(made: Promise<T>, connections: Connections = []): Promise<T> {
  try {
    return await made;
  } catch (error) {
    throw failedOn(connections, error);
  }
}
