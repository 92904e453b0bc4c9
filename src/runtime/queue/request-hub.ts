import { checkBody, inflate, isCompressed, type BodyLimits } from "./compression.js";
import { decodePayload } from "./decode.js";
import { QueueError, toError } from "./errors.js";
import { messageExpression } from "./expression.js";
import { messageHeaders } from "./headers.js";
import { failureOfHeaders } from "./reply-error.js";
import type { ReplyInfo } from "./request-types.js";
import type { Broker, OutgoingMessage } from "./types.js";
import { isUnion } from "./union.js";

/** Requests that await their replies at one inbox. */
export interface RequestHub {
  /** Where replies are awaited. */
  readonly address: string;
  /** Waits for the reply to a request; what comes back takes it off the list. @throws {QueueError} `full`. */
  expect<R, RInit>(correlationId: string, info: ReplyInfo<R, RInit>, settle: Settle<R>): () => void;
  /** Listens at an address of a contract, too, from the first call on. */
  listen(address: string, group: string): Promise<void>;
}

/** Called once. */
export type Settle<R> = (outcome: { readonly value: R } | { readonly error: Error }) => void;

interface Pending {
  arrive(message: OutgoingMessage): void;
}

const maxPending = 10_000;
const listenPrefetch = 256;
/** Replies come from strangers, too. */
const limits: BodyLimits = { maxBytes: 64 * 1_024 * 1_024, maxInflatedBytes: 64 * 1_024 * 1_024 };

const hubs = new WeakMap<Broker, Promise<RequestHub>>();

/** The one inbox of a broker, shared by all of its requests. */
export function hubOf(broker: Broker): Promise<RequestHub> {
  let hub = hubs.get(broker);
  if (hub === undefined) {
    hub = openHub(broker);
    hubs.set(broker, hub);
    hub.catch(() => hubs.delete(broker));
  }
  return hub;
}

async function openHub(broker: Broker): Promise<RequestHub> {
  if (!broker.capabilities.requestReply || broker.openInbox === undefined) {
    throw new QueueError("usage", `${broker.id} has no place for replies: requests cannot be made over it`);
  }
  const pending = new Map<string, Pending>();
  /** Contracts that say where else replies tell what they belong to. */
  const located = new Set<ReplyInfo<unknown, never>>();
  const listening = new Map<string, Promise<void>>();

  function receive(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) {
      // what nobody waits for any more came too late
      for (const id of idsOf(message, located)) {
        const found = pending.get(id);
        if (found === undefined) continue;
        pending.delete(id);
        found.arrive(message);
        break;
      }
    }
  }

  async function open(address: string, group: string): Promise<void> {
    const groups = [{ group, retryDelaysMs: [], deadLetter: undefined }];
    await broker.ensure({ addresses: [{ address, groups, bindings: {} }] });
    await broker.consume({ address, group, prefetch: listenPrefetch }, (batch) => {
      receive(batch);
      // what nobody waits for is for nobody: the group is this process's own
      for (const delivery of batch) delivery.ack().catch(() => {});
    });
  }

  const inbox = await broker.openInbox(receive);
  return {
    address: inbox.address,
    listen(address, group) {
      const place = `${address.length}:${address}:${group}`;
      let done = listening.get(place);
      if (done === undefined) {
        done = open(address, group);
        listening.set(place, done);
        done.catch(() => listening.delete(place));
      }
      return done;
    },
    expect(correlationId, info, settle) {
      if (pending.size >= maxPending) {
        throw new QueueError("full", `${maxPending} requests await their replies already`);
      }
      if (pending.has(correlationId)) {
        throw new QueueError("usage", `a request with the correlation id ${correlationId} awaits its reply already`);
      }
      if (info.correlationId !== undefined) located.add(info);
      pending.set(correlationId, {
        arrive: (message) => {
          readReply(message, info).then(
            (value) => settle({ value }),
            (error: unknown) => settle({ error: toError(error) }),
          );
        },
      });
      return () => void pending.delete(correlationId);
    },
  };
}

/** What a reply may belong to, the usual place first. */
function* idsOf(message: OutgoingMessage, located: ReadonlySet<ReplyInfo<unknown, never>>): Generator<string> {
  const usual = message.headers[messageHeaders.correlationId];
  if (usual !== undefined) yield usual;
  for (const info of located) {
    const id = correlationIdOf(message, info);
    if (id !== undefined) yield id;
  }
}

/** Where that contract says it is. */
function correlationIdOf(message: OutgoingMessage, info: ReplyInfo<unknown, never>): string | undefined {
  const { correlationId = "" } = info;
  if (correlationId.startsWith("$message.header")) return messageExpression(correlationId)(undefined, message.headers);
  if (isCompressed(message) || message.body.length > limits.maxBytes) return undefined;
  try {
    const value = decodePayload(info.message, message, message.body, info.contentType);
    return messageExpression(correlationId)(payloadOf(info, value), message.headers);
  } catch {
    // a reply to another contract
    return undefined;
  }
}

/** What expressions look into: of a union the value of its case. */
export function payloadOf<R, RInit>({ message }: Pick<ReplyInfo<R, RInit>, "message">, value: unknown): unknown {
  // sound: a union's value is one of its cases
  return isUnion(message) ? (value as { readonly value: unknown }).value : value;
}

async function readReply<R, RInit>(message: OutgoingMessage, info: ReplyInfo<R, RInit>): Promise<R> {
  const failure = failureOfHeaders(message.headers);
  if (failure !== undefined) throw failure;
  checkBody(message, limits);
  const body = isCompressed(message) ? await inflate(message, limits) : message.body;
  return decodePayload(info.message, message, body, info.contentType);
}
